"""Data subject requests: from the member's word to the package or the certificate.

May read profiles and the ledger in full, for the member they are about; destroys keys, and is
the only room handed the power to. Called by doors and jobs; knows no HTTP.
"""
