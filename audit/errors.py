"""What can go wrong with the record.

    RecordError
    ├── OutsideTransaction  an entry was to be written outside the transaction it records
    ├── EntryInvalid        an entry that would not be fit to stay for ever
    ├── EntryUnknown        no such entry
    ├── EntryPending        the entry is durable, but has no leaf number yet; ask again
    ├── TileUnknown         no such tile, bundle or checkpoint
    ├── NotAlone            the check was not the first thing in its transaction
    ├── ExportRefused       the folder to export into cannot be used
    └── RecordTampered      the database's record is not what was signed

`audit.verify` has an error of its own, because it stands alone.
"""

from kernel.errors import Conflict, Invalid, NotFound, TillitError, Unavailable


class RecordError(TillitError):
    slug = "record"


class OutsideTransaction(RecordError, Conflict):
    slug = "record-outside-transaction"


class EntryInvalid(RecordError, Invalid):
    slug = "record-entry-invalid"


class EntryUnknown(RecordError, NotFound):
    slug = "record-entry-unknown"


class EntryPending(RecordError, NotFound):
    slug = "record-entry-pending"


class TileUnknown(RecordError, NotFound):
    slug = "record-tile-unknown"


class NotAlone(RecordError, Conflict):
    slug = "record-check-not-alone"


class ExportRefused(RecordError, Conflict):
    slug = "record-export-refused"


class RecordTampered(RecordError, Unavailable):
    slug = "record-tampered"
