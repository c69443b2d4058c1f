"""The reading half of an import: a mapping and a file become checked, neutral values.

Nothing here knows the database. A file is read through and every line checked before the
first value is handed out, so that whoever writes never has to take half of a file back.
"""

from api.imports.consents import ConsentFile, ConsentLine, read_consents
from api.imports.errors import ImportRefused, MappingRefused
from api.imports.events import PurchaseFile, read_purchases
from api.imports.loading import consents_of, events_of, load_mapping, members_of, parse_mapping
from api.imports.mapping import Mapping
from api.imports.members import MemberLine, MembersFile, read_members
from api.imports.purchases import Item, MemberPurchases, Purchase

__all__ = [
    "ConsentFile",
    "ConsentLine",
    "ImportRefused",
    "Item",
    "Mapping",
    "MappingRefused",
    "MemberLine",
    "MemberPurchases",
    "MembersFile",
    "Purchase",
    "PurchaseFile",
    "consents_of",
    "events_of",
    "load_mapping",
    "members_of",
    "parse_mapping",
    "read_consents",
    "read_members",
    "read_purchases",
]
