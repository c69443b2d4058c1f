"""What letters say: from the case to the words, in the member's language.

Pure. Each kind has a function that gives its blocks; what all letters have is put around them.
"""

from collections.abc import Callable, Mapping

from msgspec import structs

from dsar.letters.answers import answer, farewell
from dsar.letters.cases import Case, Missing
from dsar.letters.kinds import Kind
from dsar.letters.refusals import refusal
from dsar.letters.routes import routes
from dsar.letters.wording import Wording, mark
from dsar.letters.written import Block, Sender, Written, salt
from dsar.states import Right
from dsar.words import Delay

_SUBJECTS: Mapping[Kind, str] = {
    Kind.ACKNOWLEDGEMENT: mark("We have received your request"),
    Kind.IDENTITY_QUERY: mark("We need to know that it is you who asked"),
    Kind.EXTENSION: mark("Your request takes longer"),
    Kind.REFUSAL: mark("Our decision about your request"),
    Kind.ANSWER: mark("The answer to your request"),
    Kind.RELEASE: mark("The restriction of your data is about to end"),
    Kind.FAREWELL: mark("Your data has been erased"),
}
_ASKED: Mapping[Right, str] = {
    Right.ACCESS: mark(
        "On {received} you asked for a copy of your data, and to be told how it is used "
        "(Article 15 of the GDPR)."
    ),
    Right.RECTIFICATION: mark(
        "On {received} you asked us to correct data about you (Article 16 of the GDPR)."
    ),
    Right.ERASURE: mark("On {received} you asked us to erase your data (Article 17 of the GDPR)."),
    Right.RESTRICTION: mark(
        "On {received} you asked us to restrict the use of your data (Article 18 of the GDPR)."
    ),
    Right.RELEASE: mark(
        "On {received} we received a request to end the restriction of your data "
        "(Article 18 of the GDPR)."
    ),
    Right.PORTABILITY: mark(
        "On {received} you asked for your data in a form that you can take elsewhere "
        "(Article 20 of the GDPR)."
    ),
    Right.OBJECTION: mark(
        "On {received} you objected to how we use your data (Article 21 of the GDPR)."
    ),
    Right.REVIEW: mark(
        "On {received} you asked for a human to look again at an automated decision about you "
        "(Article 22 of the GDPR)."
    ),
    Right.WITHDRAWAL: mark("On {received} you took back a consent (Article 7(3) of the GDPR)."),
}
_WHY_LATER: Mapping[Delay, str] = {
    Delay.COMPLEX: mark("The reason is that what you ask for is complex."),
    Delay.MANY: mark("The reason is that we have received many requests."),
}
#: How an identifier is proved, by how members are found by it.
_PROVE: Mapping[str, str] = {
    "email": mark("your e-mail address: we send a code to the address that we have"),
    "phone": mark("your telephone number: we send a code to the number that we have"),
    "member_number": mark("your member number: tell us of a recent purchase you made with it"),
}


def write(kind: Kind, case: Case) -> Written:
    """The whole letter. Done again, it differs in its salt alone."""
    request, controller = case.request, case.active.programme.controller
    say = Wording.of(request.language)
    blocks = _BLOCKS[kind](case, say)
    asked = say.say(_ASKED[request.right], received=say.day(request.received))
    return Written(
        kind=kind.value,
        language=say.language.code,
        reference=request.id,
        day=case.today,
        subject=say.say(_SUBJECTS[kind]),
        to=case.name or "",
        greeting=say.say("Dear {name},", name=case.name) if case.name else say.say("Hello,"),
        plain_greeting=say.say("Hello,"),
        blocks=(Block(asked), *blocks, _ask_us(case, say, apart=any(b.heading for b in blocks))),
        closing=say.say("Kind regards,"),
        sender=Sender(controller.name, _lines(controller.address), controller.contact),
        salt=salt(),
    )


def _acknowledgement(case: Case, say: Wording) -> list[Block]:
    stranger = Block(
        say.say(
            "Was it not you who asked? Then write to us as soon as you can, and we stop the "
            "request."
        )
    )
    if case.request.overdue(case.today):
        # A letter that was found late: no day is promised that is past, and nothing is put off.
        late = say.say(
            "You should have had our answer by {due}. It is late, and we are sorry for that; you "
            "will have it as soon as we can. It costs you nothing.",
            due=_due(case, say),
        )
        where, *rest = routes(case, say)
        return [Block(late), structs.replace(where, heading=""), *rest, stranger]
    return [
        Block(say.say("You will have our answer by {due} at the latest.", due=_due(case, say))),
        Block(
            say.say(
                "Should we need more time, we tell you so before that day, and why. It costs you "
                "nothing."
            )
        ),
        stranger,
    ]


def _identity_query(case: Case, say: Wording) -> list[Block]:
    one = case.any_will_do and len(case.missing) > 1
    lead = say.say("Show us one of these:") if one else say.say("Show us this:")
    blocks = [
        Block(
            say.say(
                "Before we can do it, we need to know that it was you who asked: otherwise "
                "somebody else could get hold of your data, or have it changed or erased "
                "(Article 12(6) of the GDPR)."
            )
        ),
        Block(lead, points=tuple(_prove(missing, say) for missing in case.missing)),
    ]
    if case.links.identity is not None:
        blocks.append(Block(say.say("You do it here:"), link=case.links.identity))
    else:
        blocks.append(Block(say.say("You do it where you asked, or by writing to us.")))
    blocks.append(
        Block(
            say.say("Please send us no copy of your passport or identity card: we do not need it.")
        )
    )
    return [*blocks, *_clock(case, say)]


def _clock(case: Case, say: Wording) -> list[Block]:
    """That the time stands still, or that it does not; and when the question is given up."""
    if case.request.paused:
        stands = say.say(
            "Until we know, the time that we have for our answer stands still. Then it runs on."
        )
    elif case.request.overdue(case.today):
        stands = say.say(
            "Our answer should have come by {due}: it is late, and waits for this alone.",
            due=_due(case, say),
        )
    else:
        stands = say.say("Our answer is due by {due} all the same.", due=_due(case, say))
    if case.closes is None:
        return [Block(stands)]
    ends = say.say(
        "If we do not know by {closes}, we close the request. You can ask again at any time.",
        closes=say.day(case.closes),
    )
    return [Block(f"{stands} {ends}")]


def _extension(case: Case, say: Wording) -> list[Block]:
    assert isinstance(case.reason, Delay)
    return [
        Block(
            say.say(
                "We need more than a month for it. You will have our answer by {due} at the "
                "latest (Article 12(3) of the GDPR).",
                due=_due(case, say),
            )
        ),
        Block(say.say(_WHY_LATER[case.reason])),
        *routes(case, say),
    ]


def _release(_: Case, say: Wording) -> list[Block]:
    return [
        Block(
            say.say(
                "The restriction ends shortly after this letter has been sent (Article 18(3) of "
                "the GDPR). Your data is then used again as before, in keeping with what you have "
                "said yes and no to."
            )
        ),
        Block(
            say.say(
                "If you do not want that, you can ask for a new restriction, object, or take back "
                "a consent: at any time, and free of charge."
            )
        ),
    ]


_BLOCKS: Mapping[Kind, Callable[[Case, Wording], list[Block]]] = {
    Kind.ACKNOWLEDGEMENT: _acknowledgement,
    Kind.IDENTITY_QUERY: _identity_query,
    Kind.EXTENSION: _extension,
    Kind.REFUSAL: refusal,
    Kind.ANSWER: answer,
    Kind.RELEASE: _release,
    Kind.FAREWELL: farewell,
}


def _ask_us(case: Case, say: Wording, *, apart: bool) -> Block:
    """Whom to write to: the controller and, where there is one, its data protection officer.

    `apart`: what comes before has headings, and this is no part of it.
    """
    programme = case.active.programme
    text = say.say(
        "Do you have questions? You reach us at {contact}. Give the reference {reference}.",
        contact=programme.controller.contact,
        reference=case.request.id,
    )
    if programme.dpo is not None:
        text += " " + say.say(
            "You can also turn to our data protection officer: {name}, {contact}.",
            name=programme.dpo.name,
            contact=programme.dpo.contact,
        )
    return Block(text, heading=say.say("Questions") if apart else "")


def _prove(missing: Missing, say: Wording) -> str:
    known = _PROVE.get(missing.lookup)
    return say.say(known) if known else say.category(missing.category)


def _due(case: Case, say: Wording) -> str:
    return say.day(case.due or case.request.due)


def _lines(address: str | None) -> tuple[str, ...]:
    """A postal address as it is written on an envelope, from one line with commas."""
    parts = (one.strip() for one in (address or "").replace("\n", ",").split(","))
    return tuple(one for one in parts if one)
