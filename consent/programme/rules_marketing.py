"""Rules about marketing: what it may rest on, and that members can always stop it."""

from collections.abc import Iterator

from consent.programme.declarations import Channel, LegalBasis, Purpose
from consent.programme.mistakes import key_of
from consent.programme.model import Programme
from consent.programme.vocabulary import MARKETING, OFFERS
from kernel.errors import Problem

#: Electronic mail, as Directive 2002/58/EC calls it: text that waits until it is fetched.
_MAIL = frozenset({Channel.EMAIL, Channel.SMS, Channel.APP})
_NOTHING_TO_CHOOSE = (LegalBasis.CONTRACT, LegalBasis.LEGAL_OBLIGATION)

Problems = Iterator[Problem]


def marketing(programme: Programme) -> Problems:
    for name, purpose in programme.purposes.items():
        if not _is_marketing(purpose):
            continue
        place = key_of("purposes", name, "direct_marketing")
        if purpose.legal_basis in _NOTHING_TO_CHOOSE:
            yield Problem(
                place,
                f"marketing cannot rest on {purpose.legal_basis}",
                "give it a purpose of its own, with consent or legitimate_interest",
            )
        elif not purpose.direct_marketing:
            yield Problem(
                place,
                f"{purpose.dpv} is marketing, and an objection to marketing would not stop it "
                "(Art. 21(2) and (3))",
                "write direct_marketing = true, or another dpv if it is none",
            )


def doubtful_marketing(programme: Programme) -> Problems:
    """Warnings."""
    for name, purpose in programme.purposes.items():
        if purpose.dpv in OFFERS and purpose.channels and not purpose.direct_marketing:
            yield Problem(
                key_of("purposes", name, "direct_marketing"),
                "what is sent to members to interest them in more is direct marketing (Art. 21(2))",
                "write direct_marketing = true, if it is",
            )
        if _is_marketing(purpose) and purpose.legal_basis is LegalBasis.LEGITIMATE_INTEREST:
            yield from _unasked(key_of("purposes", name, "legal_basis"), purpose)


def _is_marketing(purpose: Purpose) -> bool:
    return purpose.direct_marketing or purpose.dpv in MARKETING


def _unasked(place: str, purpose: Purpose) -> Problems:
    """Marketing that reaches members without their having been asked."""
    mail = [channel for channel in dict.fromkeys(purpose.channels) if channel in _MAIL]
    if mail:
        yield Problem(
            place,
            f"marketing by {', '.join(mail)} needs consent, save to customers about products of "
            "your own like those they bought, with a way out in each message "
            "(Directive 2002/58/EC, Art. 13(1) and (2))",
            "rest it on consent, unless it keeps within that",
        )
    if Channel.PHONE in purpose.channels:
        yield Problem(
            place,
            "whether marketing by phone needs consent is for the law of each country "
            "(Directive 2002/58/EC, Art. 13(3))",
            "rest it on consent, unless the members' countries let you call",
        )
