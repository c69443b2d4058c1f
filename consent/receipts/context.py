"""The JSON-LD context and the schema of receipts: two files that never change, by their digest."""

from hashlib import sha256
from importlib.resources import files

_FILES = files("consent.receipts")

#: What `GET /v1/contexts/receipt-v1.jsonld` hands out, byte for byte.
CONTEXT_FILE = _FILES.joinpath("receipt-v1.jsonld").read_bytes()
#: The context's name holds its digest: nobody, not even we, can put another behind it.
CONTEXT = f"urn:tillit:context:receipt-v1:{sha256(CONTEXT_FILE).hexdigest()}"
SCHEMA_FILE = _FILES.joinpath("receipt-v1.schema.json").read_bytes()

RECEIPT = "ConsentReceipt"
PROFILE = "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr"
RECORD_PROFILE = "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr"
