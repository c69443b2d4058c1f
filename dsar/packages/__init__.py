"""The answers to access and portability requests (Arts. 15 and 20): everything, in words.

gathering   opens what hangs on proved identifiers, and nothing else
contents    arranges it for access, with its parts kept, processing, past, left_out
portable    arranges what can be taken elsewhere
wording     says codes in the member's language; terms, meanings, request_words
pages, sheets, zipping   the files
keeping     seals, hands out and deletes; encrypting puts a passphrase on it
"""

from dsar.packages.encrypting import Locked, lock
from dsar.packages.keeping import Fetched, Package, expire, fetch, make

__all__ = ["Fetched", "Locked", "Package", "expire", "fetch", "lock", "make"]
