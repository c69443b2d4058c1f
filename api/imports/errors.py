"""The errors of importing.

ImportRefused        the file cannot be taken as it is; nothing of it was
└── MappingRefused   the mapping cannot be used, or not for this file

Places name the file, the line and the column, or the mapping's key. What stands in the file
is never repeated: it may be about a member.
"""

from kernel.errors import Invalid


class ImportRefused(Invalid):
    slug = "import-refused"


class MappingRefused(ImportRefused):
    slug = "mapping-refused"
