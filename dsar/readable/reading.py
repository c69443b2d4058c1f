"""What a certificate says, in words: what went, what stayed, who was told, how to check it.

Pure. Reads a certificate that was checked, and what has become of the rest since; it holds nothing
about the person, and neither does what is made of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from consent.programme import Programme
from dsar.certificates import TO_BE_TOLD
from dsar.certified import Answer
from dsar.letters.routes import routes_from
from dsar.letters.wording import Wording
from dsar.outgoing import State
from dsar.readable.words import DESTROYED, DOMAIN, GIVEN_UP, TO_BE_TOLD_BY_HAND, UNANSWERED

#: Under which name the signed certificate lies inside what is read.
FILE = "certificate.json"


@dataclass(frozen=True)
class Part:
    """A heading and what stands below it: paragraphs, then rows of two, then points, then codes.

    `rows`: a thing and how many; `codes`: what a value is called, and the value to be copied.
    """

    heading: str
    said: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    points: tuple[str, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Reading:
    """A certificate to be read. `facts`: what stands at its head; `signed`: the document itself.

    `unfold` and `save`: what a page calls the signed certificate that it holds.
    """

    language: str
    title: str
    controller: str
    contact: str
    reference: str
    day: date
    facts: tuple[tuple[str, str], ...]
    lead: str
    parts: tuple[Part, ...]
    signed: str = field(repr=False)
    unfold: str
    save: str


@dataclass(frozen=True)
class Frame:
    """What a reading needs besides: in which language, by whose programme and clock.

    `address`: ours, at which a certificate can be checked.
    """

    language: str
    programme: Programme
    zone: ZoneInfo
    address: str


def read(document: Mapping[str, Any], found: Answer, frame: Frame) -> Reading:
    """The certificate in words; `found`: that it holds, and what has become of the rest since."""
    assert found.verified
    say = Wording.of(frame.language, DOMAIN)
    said, signed = document["certificate"], _written(document)
    words = Wording.of(frame.language)
    tell = _Telling(say, words, said, found, frame, key=str(document["verifier_key"]))
    facts = (
        (words.say("Reference"), str(said["request"])),
        (say.say("Erased"), tell.moment(said["erased_at"])),
        (say.say("Certified"), tell.moment(said["issued_at"])),
    )
    return Reading(
        language=say.language.code,
        title=say.say("Certificate of erasure"),
        controller=said["controller"],
        contact=said["contact"],
        reference=str(said["request"]),
        day=date.fromisoformat(said["issued_at"][:10]),
        facts=facts,
        lead=say.say(
            "{controller} has erased what it held about a member who asked for it. This "
            "certificate says what was destroyed and what was not. It names nobody: with the "
            "reference you know that it is yours.",
            controller=said["controller"],
        ),
        parts=(
            tell.destroyed(),
            tell.backups(),
            tell.kept(),
            tell.recipients(),
            *tell.by_hand(),
            tell.check(signed),
            *tell.complaints(),
        ),
        signed=signed,
        unfold=say.say("The signed certificate"),
        save=say.say("Save it as a file"),
    )


def _written(document: Mapping[str, Any]) -> str:
    """The document as it was issued, to the byte, however it was sent."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


@dataclass(frozen=True)
class _Telling:
    """The parts of one certificate in one language. `words`: what letters say of the same."""

    say: Wording
    words: Wording
    told: Mapping[str, Any]
    found: Answer
    frame: Frame
    key: str

    def moment(self, at: str) -> str:
        return self.say.language.moment(datetime.fromisoformat(at), self.frame.zone)

    def day(self, at: str) -> str:
        return self.say.day(datetime.fromisoformat(at).astimezone(self.frame.zone).date())

    def destroyed(self) -> Part:
        say, counts = self.say, self.found.destroyed
        names = [*(one for one in DESTROYED if one in counts), *sorted(counts.keys() - DESTROYED)]
        rows = tuple(
            (say.say(DESTROYED[one]) if one in DESTROYED else one, say.language.number(counts[one]))
            for one in names
            if counts[one]
        )
        text = say.say(
            "Deleted for good, by kind and number. The key that it was locked with was destroyed "
            "too."
        )
        return Part(say.say("What was destroyed"), (text,), rows=rows)

    def backups(self) -> Part:
        say, beyond = self.say, self.found.horizon
        if beyond is None:
            locked = self.words.say(
                "Copies in backups stay locked, and nobody will be able to open them once our keys "
                "have been changed."
            )
            second = say.say("A second certificate says so then.")
            text = f"{locked} {second}"
        else:
            passed = beyond["certificate"]["passed_at"]
            text = say.say(
                "The keys of that time were destroyed on {day}. Since then nobody can read what "
                "was erased in any backup.",
                day=self.day(passed),
            )
        return Part(say.say("Backups"), (text,))

    def kept(self) -> Part:
        say = self.say
        heading = say.say("What was kept, and by which law")
        if not self.found.kept:
            return Part(heading, (say.say("Nothing was kept."),))
        lead = self.words.say(
            "A law requires us to keep some of it. It lies apart and is used for nothing else "
            "(Article 17(3)(b) of the GDPR):"
        )
        return Part(heading, (lead,), points=tuple(self._stays(one) for one in self.found.kept))

    def _stays(self, one: Mapping[str, Any]) -> str:
        text = self.words.many(
            "{number} purchase, through {until}: {law}",
            "{number} purchases, through {until}: {law}",
            int(one["count"]),
            until=self.say.day(date.fromisoformat(one["until"])),
            law=one["law"],
        )
        since = self.say.say("Deleted since.")
        return f"{text}. {since}" if one.get("deleted") else text

    def recipients(self) -> Part:
        say = self.say
        told = [one for one in self.found.recipients if one["state"] != TO_BE_TOLD]
        heading = say.say("Who else was told")
        if not told:
            none = say.say("No recipient was told by the system that issued this certificate.")
            return Part(heading, (none,))
        lead = say.say(
            "We told these recipients to erase the data as well (Articles 17(2) and 19 of the "
            "GDPR):"
        )
        codes = tuple(
            (say.say("Answer of {name} (SHA-256)", name=self._name(one)), str(one["answer"]))
            for one in told
            if one.get("answer")
        )
        return Part(heading, (lead,), points=tuple(map(self._answered, told)), codes=codes)

    def by_hand(self) -> tuple[Part, ...]:
        """Whom our own people tell; whether they have, nothing of ours knows."""
        say = self.say
        left = [one for one in self.found.recipients if one["state"] == TO_BE_TOLD]
        if not left:
            return ()
        lead = say.say(
            "These recipients may have had the data as well. No system tells them to erase it: "
            "our staff do (Articles 17(2) and 19 of the GDPR):"
        )
        points = tuple(f"{self._name(one)}: {say.say(TO_BE_TOLD_BY_HAND)}" for one in left)
        return (Part(say.say("Who is told by our staff"), (lead,), points=points),)

    def _name(self, one: Mapping[str, Any]) -> str:
        known = self.frame.programme.recipients.get(one["recipient"])
        return known.name if known is not None else str(one["recipient"])

    def _answered(self, one: Mapping[str, Any]) -> str:
        say = self.say
        if one["state"] == State.DONE:
            what = say.say("has confirmed that it is done")
        else:
            what = say.say(GIVEN_UP.get(one.get("reason") or "", UNANSWERED))
        at = one.get("answered_at")
        who = f"{self._name(one)}, {self.day(at)}" if at else self._name(one)
        return f"{who}: {what}"

    def check(self, signed: str) -> Part:
        say, told = self.say, self.told
        lead = say.say(
            "What counts is the signed certificate, {file}, which is inside this document. To "
            "check it tells nobody who you are:",
            file=FILE,
        )
        ask = say.say(
            "Ask us: send the file to {address}, without signing in. The answer says whether it "
            "holds, and what has been deleted since.",
            address=self.frame.address,
        )
        alone = say.say(
            "Check it without us and without a network, with the free program audit/verify.py of "
            "Tillit: {command}. The key is below; compare it with the one that we publish, or that "
            "somebody else keeps.",
            command=f'python verify.py certificate {FILE} --key "KEY"',
        )
        codes = (
            (say.say("Our public key"), self.key),
            (say.say("The signed certificate (SHA-256)"), sha256(signed.encode()).hexdigest()),
            (say.say("The entry in our record"), str(told["entry"])),
            (say.say("Fingerprint of the destroyed key"), str(told["key_fingerprint"])),
        )
        return Part(say.say("How to check it"), (lead,), points=(ask, alone), codes=codes)

    def complaints(self) -> tuple[Part, ...]:
        """In the letters' own words; and how we are reached."""
        words, country = self.words, self.frame.programme.controller.country
        routes = (Part(b.heading, (b.text,), points=b.points) for b in routes_from(country, words))
        reach = words.say(
            "Do you have questions? You reach us at {contact}. Give the reference {reference}.",
            contact=self.told["contact"],
            reference=self.told["request"],
        )
        return (*routes, Part(words.say("Questions"), (reach,)))
