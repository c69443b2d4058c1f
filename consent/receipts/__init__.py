"""Receipts of what members said about a consent: ISO/IEC TS 27560 in the words of the DPV.

`making` writes one for a line of the ledger, `verifying` checks one with nothing but the file.
"""

from consent.receipts.making import receipt
from consent.receipts.verifying import Verified, verify_file

__all__ = ["Verified", "receipt", "verify_file"]
