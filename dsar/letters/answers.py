"""What was done: the answer to each right, and the farewell of an erasure."""

from collections.abc import Callable, Mapping
from datetime import date

from audit.entries import Fact
from dsar.letters.cases import Case
from dsar.letters.routes import routes
from dsar.letters.wording import Wording
from dsar.letters.written import Block
from dsar.packages.marking import mark
from dsar.states import Right

_CERTIFICATE = mark(
    "A signed certificate shows that the erasure was made, and when. It does not hold your name. "
    "Ask for it at {contact}, and give the reference {reference}; with it you can ask at any time "
    "what was erased."
)
_CERTIFICATE_AT = mark(
    "A signed certificate shows that the erasure was made, and when. It does not hold your name. "
    "You fetch it here, without signing in, and later a second one about backups. You can also ask "
    "for it at {contact} with the reference {reference}."
)


def answer(case: Case, say: Wording) -> list[Block]:
    """By right. An erasure's answer is the farewell."""
    return _ANSWERS[case.request.right](case, say)


def farewell(case: Case, say: Wording) -> list[Block]:
    """What went, what stays and by which law, whom we tell, and how to ask again."""
    gone = say.say(
        "That is done. Everything that we held about you as a member is gone: your details, your "
        "purchases, what you have said yes and no to, and what we had worked out from it. The key "
        "that it was locked with has been destroyed too."
    )
    copies = say.say(
        "Copies in backups stay locked, and nobody will be able to open them once our keys have "
        "been changed."
    )
    blocks = [
        Block(gone),
        Block(copies),
    ]
    if case.told:
        told = say.say(
            "We also tell these recipients to erase your data (Articles 17(2) and 19 of the GDPR):"
        )
        blocks.append(Block(told, points=case.told))
    blocks += _kept(case, say)
    link = case.links.certificate or ""
    proof = _CERTIFICATE_AT if link else _CERTIFICATE
    contact, reference = case.active.programme.controller.contact, case.request.id
    proof = say.say(proof, contact=contact, reference=reference)
    last = say.say(
        "Keep this letter: we cannot tell any more who you are, and this is the last you hear "
        "from us about it."
    )
    blocks += [Block(proof, heading=say.say("The certificate"), link=link), Block(last)]
    # What is kept is a no to a part of what was asked for (Art. 12(4)).
    return [*blocks, *routes(case, say)] if case.kept else blocks


def _kept(case: Case, say: Wording) -> list[Block]:
    heading = say.say("What is kept")
    register = say.say(
        "In our register there remains that a request for erasure was made and carried out, "
        "without anything about you."
    )
    if not case.kept:
        return [Block(register, heading=heading)]
    lead = say.say(
        "A law requires us to keep some of it. It lies apart and is used for nothing else "
        "(Article 17(3)(b) of the GDPR):"
    )
    points = tuple(_kept_point(one, say) for one in case.kept)
    return [Block(lead, heading=heading, points=points), Block(register)]


def _kept_point(one: Fact, say: Wording) -> str:
    assert isinstance(one, Mapping)
    count, until, law = one["count"], one["until"], one["law"]
    assert isinstance(count, int)
    assert isinstance(until, str)
    return say.many(
        "{number} purchase, through {until}: {law}",
        "{number} purchases, through {until}: {law}",
        count,
        until=say.day(date.fromisoformat(until)),
        law=law,
    )


def _access(case: Case, say: Wording) -> list[Block]:
    ready = say.say(
        "It is ready: what we hold about you, where it comes from, what it is used for, who has "
        "had it from us, and how long it is kept."
    )
    return [Block(ready), *_fetch(case, say)]


def _portability(case: Case, say: Wording) -> list[Block]:
    ready = say.say(
        "It is ready, in files that other services can read (JSON and CSV). It holds what you "
        "have given us and what your purchases have left, not what we have worked out ourselves."
    )
    return [Block(ready), *_fetch(case, say)]


def _fetch(case: Case, say: Wording) -> list[Block]:
    if case.expires is None:
        # What was not fetched in time is gone: the letter, read later, must not promise it.
        return [Block(say.say("Ask us again if you want it anew."))]
    fetch = say.say(
        "Sign in where you asked for it, and fetch your copy by {expires} at the latest. After "
        "that we delete the copy, and you can ask for a new one.",
        expires=say.day(case.expires),
    )
    blocks = [Block(fetch)]
    if case.withheld:
        lead = say.say(
            "What hangs on the following is not in it, because it has not been shown to be yours. "
            "You can show it and ask again."
        )
        points = tuple(say.category(one.category) for one in case.withheld)
        blocks.append(Block(lead, points=points))
    return blocks


def _rectification(case: Case, say: Wording) -> list[Block]:
    fields = case.active.programme.fields
    corrected: list[str] = []
    removed: list[str] = []
    for name, value in sorted(case.wish.values.items()):
        category = fields[name].category if name in fields else None
        words = say.category(category) if category else name
        (removed if value is None else corrected).append(words)
    blocks = []
    if corrected:
        blocks.append(Block(say.say("We have corrected this:"), points=tuple(corrected)))
    if removed:
        blocks.append(Block(say.say("We have removed this:"), points=tuple(removed)))
    return [*blocks, *_recipients(case, say)]


def _restriction(case: Case, say: Wording) -> list[Block]:
    done = say.say(
        "That is done. We keep your data and do nothing else with it, but for the few things that "
        "the law allows (Article 18(2) of the GDPR). Before the restriction ends, we tell you."
    )
    return [Block(done), *_recipients(case, say)]


def _release(case: Case, say: Wording) -> list[Block]:
    done = say.say(
        "The restriction has ended. Your data is used again as before, in keeping with what you "
        "have said yes and no to."
    )
    return [Block(done), *_recipients(case, say)]


def _objection(case: Case, say: Wording) -> list[Block]:
    blocks = []
    if case.wish.marketing:
        done = say.say(
            "We do not use your data for direct marketing any more, nor to find out what "
            "marketing would suit you."
        )
        blocks.append(Block(done))
    if case.wish.purposes:
        lead = say.say("We do not use your data for this any more:")
        blocks.append(Block(lead, points=_purposes(case, say)))
    return blocks


def _withdrawal(case: Case, say: Wording) -> list[Block]:
    lead = say.say("We do not use your data for this any more:")
    before = say.say(
        "What was done before you took the consent back remains lawful (Article 7(3) of the GDPR)."
    )
    return [Block(lead, points=_purposes(case, say)), Block(before)]


def _review(case: Case, say: Wording) -> list[Block]:
    lead = say.say("A human with the power to change the decision has looked at it. They found:")
    return [Block(lead), Block(case.wish.outcome, quoted=True), *routes(case, say)]


def _purposes(case: Case, say: Wording) -> tuple[str, ...]:
    known = case.active.programme.purposes
    words = (say.purpose_title(known[one]) if one in known else one for one in case.wish.purposes)
    return tuple(dict.fromkeys(words))


def _recipients(case: Case, say: Wording) -> list[Block]:
    """Who is told (Art. 19), and who has not confirmed it by the day of the letter."""
    blocks = []
    if case.told:
        lead = say.say(
            "We have told these, who may have had the data from us, and they have confirmed it "
            "(Article 19 of the GDPR):"
        )
        blocks.append(Block(lead, points=case.told))
    if case.silent:
        lead = say.say(
            "We are telling these, who may have had the data from us and have not confirmed it yet "
            "(Article 19 of the GDPR):"
        )
        blocks.append(Block(lead, points=case.silent))
    return blocks


_ANSWERS: Mapping[Right, Callable[[Case, Wording], list[Block]]] = {
    Right.ACCESS: _access,
    Right.PORTABILITY: _portability,
    Right.RECTIFICATION: _rectification,
    Right.ERASURE: farewell,
    Right.RESTRICTION: _restriction,
    Right.RELEASE: _release,
    Right.OBJECTION: _objection,
    Right.REVIEW: _review,
    Right.WITHDRAWAL: _withdrawal,
}
