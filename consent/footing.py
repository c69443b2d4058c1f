"""What a purpose stands on when it is asked whether a member may be used for it.

Made once for each programme version and purpose, from this version and those before it: a
consent counts for as long as what it was a consent to still covers what is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from consent.programme.declarations import LegalBasis, Purpose
from consent.programme.model import Programme


@dataclass(frozen=True)
class Silencer:
    """A purpose whose objection counts here; `marketing`: so does one to all direct marketing."""

    purpose: str
    marketing: bool


@dataclass(frozen=True)
class Footing:
    """`accepted`: the terms under which a consent covers what is done today.

    `silencers`: whose objection stops it, itself or the marketing it profiles for (Art. 21(2)).
    `birth_field`: where it is told how old a member is; `children`: members may be children,
    so that an unknown age counts as one (Art. 8).
    """

    purpose: Purpose
    accepted: frozenset[bytes] = frozenset()
    silencers: tuple[Silencer, ...] = ()
    birth_field: str | None = None
    age_of_consent: int = 16
    children: bool = False

    @property
    def needs_consent(self) -> bool:
        return self.purpose.legal_basis is LegalBasis.CONSENT

    @property
    def is_choice(self) -> bool:
        """Whether a member has a say in it: a pause, hours and how often count where they do."""
        return self.purpose.is_choice or bool(self.silencers)

    @property
    def heeds_old_no(self) -> bool:
        """Who refused when consent was asked for is not used under an interest of our own."""
        return self.purpose.legal_basis is LegalBasis.LEGITIMATE_INTEREST

    @property
    def heeds_channels(self) -> bool:
        """What the law demands is delivered whichever way it can be."""
        return self.purpose.legal_basis is not LegalBasis.LEGAL_OBLIGATION

    def youngest(self, today: date) -> date:
        """The latest birth date of somebody who is of the age of consent today."""
        year = today.year - self.age_of_consent
        try:
            return today.replace(year=year)
        except ValueError:  # 29 February: who was born on 1 March is a day short
            return date(year, 2, 28)


def heeds_objection(purpose: Purpose) -> bool:
    """Art. 21(1) for legitimate interest, 21(2) for direct marketing on any basis."""
    return purpose.legal_basis is LegalBasis.LEGITIMATE_INTEREST or purpose.direct_marketing


def footing(programme: Programme, name: str, history: Sequence[Programme] = ()) -> Footing:
    """The footing of a purpose; `history` is every version ever in force, in any order."""
    purpose = programme.purposes[name]
    declared = programme.purposes
    silencers = [Silencer(name, purpose.direct_marketing)] if heeds_objection(purpose) else []
    silencers += [
        Silencer(other, declared[other].direct_marketing)
        for other in purpose.profiles_for
        if other in declared and other != name and heeds_objection(declared[other])
    ]
    return Footing(
        purpose=purpose,
        accepted=accepted(purpose, [one.purposes[name] for one in history if name in one.purposes]),
        silencers=tuple(silencers),
        birth_field=programme.birth_field,
        age_of_consent=programme.age_of_consent,
        children=programme.children.admitted,
    )


def footings_of(programme: Programme, history: Sequence[Programme]) -> dict[str, Footing]:
    """The footing of every purpose."""
    return {name: footing(programme, name, history) for name in programme.purposes}


def accepted(now: Purpose, earlier: Sequence[Purpose]) -> frozenset[bytes]:
    """Terms of consents that still cover the purpose as it is now; none without consent."""
    if now.legal_basis is not LegalBasis.CONSENT:
        return frozenset()
    corrected = [bytes.fromhex(one) for one in now.corrects]
    found = {now.terms(digest) for digest in (*_digests(now).values(), *corrected)}
    for was in earlier:
        if _covers(was, now):
            found |= {
                was.terms(digest)
                for language, digest in _digests(was).items()
                if digest in corrected or _says_the_same(was, now, language)
            }
            found |= {was.terms(digest) for digest in corrected}
    return frozenset(found)


def _digests(purpose: Purpose) -> dict[str, bytes]:
    return {language: purpose.notice_digest(language) for language in purpose.notice}


def _covers(was: Purpose, now: Purpose) -> bool:
    """Whether who said yes to `was` said yes to as much as `now` does."""
    return (
        was.legal_basis is now.legal_basis
        and was.dpv == now.dpv
        and was.explicit >= now.explicit
        and set(was.controllers) >= set(now.controllers)
        and set(was.fields) >= set(now.fields)
    )


def _says_the_same(was: Purpose, now: Purpose, language: str) -> bool:
    """The text in that language stands; or it is shown no more, and the others stand."""
    if language in now.notice:
        return was.notice[language] == now.notice[language]
    common = was.notice.keys() & now.notice.keys()
    return bool(common) and all(was.notice[one] == now.notice[one] for one in common)
