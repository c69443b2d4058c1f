"""What a certificate's words for machines are called: what went, and why a recipient was given up.

English sentences, each the key to every other language (`dsar/locales/LANG/certificates.po`).
"""

from collections.abc import Mapping

from dsar.connectors.trouble import GivingUp
from dsar.letters.wording import mark

DOMAIN = "certificates"

#: What was destroyed, by the name that entries and certificates give it, in the order it is told.
DESTROYED: Mapping[str, str] = {
    "member": mark("The membership itself"),
    "member_key": mark("The key that everything was locked with"),
    "value": mark("Details, such as name and address"),
    "event": mark("Purchases"),
    "unreadable": mark("Of these purchases, such as could not be opened any more"),
    "ledger": mark("Lines about consents and other choices"),
    "lookup": mark("Entries of the index by which members are found"),
    "audit_detail": mark("Sealed details of how the data was used"),
    "package": mark("Packages with copies of the data"),
    "identity": mark("Proofs of identity"),
    "letter": mark("Letters"),
    "outgoing": mark("Messages on their way"),
    "guardianship": mark("Ties to a guardian or a child"),
    "hold": mark("Legal holds that had ended"),
}
#: Why nobody waits for a recipient's answer any more.
GIVEN_UP: Mapping[str, str] = {
    GivingUp.TOLD_OTHERWISE: mark("was told by letter or telephone, and has said that it is done"),
    GivingUp.HOLDS_NOTHING: mark("holds no data about the member"),
    GivingUp.IMPOSSIBLE: mark("could not be told: there is nobody left who could be"),
    GivingUp.DISPROPORTIONATE: mark(
        "has not confirmed it; the effort to go on would be out of all proportion "
        "(Article 19 of the GDPR)"
    ),
}
#: Of a recipient that nothing but our own people tells.
TO_BE_TOLD_BY_HAND = mark("to be told by hand by us")
#: What is said where there is no reason that is known here.
UNANSWERED = mark("was told, and has not confirmed it")
