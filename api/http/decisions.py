"""What services ask before they use somebody's data: may we, field by field, now?"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from api.bootstrap import Tillit, Work
from api.http.bodies import Name
from api.http.callers import admit
from api.http.doors import Asked, Doors, Streamed, Together
from api.http.errors import Misshapen
from api.http.gathering import Gathering
from api.http.idlists import as_json, as_lines, read_ids
from api.tokens import Caller
from audit.entries import ActorType
from consent.batches import Batch, Lines, instead_of_everyone
from consent.deciding import AskingMany
from consent.decision_receipts import decision_receipt
from consent.decisions import Asking, Decision, Part
from consent.rulings import Question
from kernel.errors import TillitError

doors = Doors(ActorType.SERVICE)

MOST = 1_000_000
LIMIT = 64 << 20  # bytes: a million ids, written with room to spare
LINES = "application/x-ndjson"
_IDS = {"type": "array", "items": {"type": "string", "format": "uuid"}}

Fields = Annotated[list[Name], msgspec.Meta(max_length=200)]


class Ask(msgspec.Struct, forbid_unknown_fields=True):
    """May this be done with this member? Without `fields`, all that the purpose has.

    `channel`: may they be contacted by it as well, now? `receipt`: the answer signed, for others.
    """

    purpose: Name
    member: UUID
    action: Name = "read"
    fields: Fields | None = None
    channel: Name | None = None
    receipt: bool = False


class Answered(msgspec.Struct):
    """A yes, or a no with its reason and what would change it: see docs/reasons.md."""

    allowed: bool
    reason: str | None = None
    remedy: str | None = None


class Decided(msgspec.Struct):
    """`allowed`: everything that was asked is. `reason`: the first no.

    `programme`: the version in force; `shard` and `change`: up to which change of the member's
    shard of the sets it was answered, both null when nothing is told about the member. `receipt`:
    the same as a signed document, which `tillit receipt verify` checks offline.
    """

    member: UUID
    allowed: bool
    reason: str | None
    remedy: str | None
    fields: dict[str, Answered]
    channel: Answered | None
    programme: int
    shard: int | None
    change: int | None
    entry: UUID
    receipt: dict[str, Any] | None = None


class AskMany(msgspec.Struct, forbid_unknown_fields=True):
    """The same about `members`, at most a million ids, or about `everyone`.

    `everyone` is for read, segment and contact. `answer`: "set" for counts and the ids of the
    allowed, "lines" for a line each.
    """

    purpose: Name
    members: Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema=_IDS)] = msgspec.field(
        default_factory=msgspec.Raw
    )
    everyone: bool = False
    action: Name = "read"
    fields: Fields | None = None
    channel: Name | None = None
    answer: Literal["set", "lines"] = "set"


class DecidedMany(msgspec.Struct):
    """How many members were asked about, and how many are allowed; `held_back` has the others by
    reason, with ids that are nobody's beside them. Each is counted once. Of everyone nothing is
    counted where the policy refuses it all: then each number is 0.

    `fields` and `channel`: what the policy says, whoever the member is. `changes`: up to which
    change of each shard it was answered.
    """

    asked: int
    allowed: int
    held_back: dict[str, int]
    fields: dict[str, Answered]
    channel: Answered | None
    programme: int
    changes: dict[int, int]
    entry: UUID
    members: Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema=_IDS)] | None = None


_Gathering = Gathering[tuple[Caller, Asking], Decision]


def _gathering(tillit: Tillit) -> _Gathering:
    async def answer(
        work: Work, asked: Sequence[tuple[Caller, Asking]]
    ) -> Sequence[Decision | TillitError]:
        answers: list[Decision | TillitError | None] = []
        admitted = []
        for caller, asking in asked:
            refused = await _refused(work, caller)
            answers.append(refused)
            if refused is None:
                admitted.append(asking)
        decided = iter(await tillit.gate.decide(work.unit, work.active, admitted))
        return [next(decided) if one is None else one for one in answers]

    return Gathering(tillit, answer)


async def _refused(work: Work, caller: Caller) -> TillitError | None:
    try:
        await admit(work, caller, ability=None)
    except TillitError as error:
        return error
    return None


@doors("POST", "/v1/decisions", together=_gathering)
async def decide(asked: Together[_Gathering], ask: Ask) -> Decided:
    """May this service do this, for this purpose, with this member, now? Field by field.

    As of every choice committed before the question came. Unknown always means no. On record
    before it is answered, where the member sees it.
    """
    asking = Asking(asked.caller.name, _question(ask), ask.member)
    decision = await asked.gathering.ask((asked.caller, asking))
    verdict = decision.verdict
    receipt = None
    if ask.receipt:
        receipt = decision_receipt(asking, decision, await asked.tillit.signer())
    return Decided(
        member=decision.member,
        allowed=verdict.whole.allowed,
        reason=verdict.whole.reason,
        remedy=verdict.whole.remedy,
        fields=_shown(verdict.fields),
        channel=None if verdict.channel is None else _part(verdict.channel),
        programme=decision.programme,
        shard=decision.shard,
        change=decision.change,
        entry=decision.entry,
        receipt=receipt,
    )


@doors("POST", "/v1/decisions/batch", limit=LIMIT, also=(LINES,))
async def decide_many(asked: Asked, ask: AskMany) -> DecidedMany | Streamed:
    """The same about up to a million members at once, as a set or as lines.

    Lines are NDJSON: first the answer as for a set, without `members`; then a line for each id in
    the order asked, with `member`, `allowed`, `reason` and `remedy`.
    """
    if ask.everyone == bool(bytes(ask.members)):
        raise Misshapen("give either members or everyone", place="members")
    ids = None
    if not ask.everyone:
        ids = await asyncio.to_thread(read_ids, bytes(ask.members), most=MOST, place="members")
    question = _question(ask)
    _check(ask, question)
    asking = AskingMany(asked.who.name, question, ids, lines=ask.answer == "lines")
    batch = await asked.tillit.gate.decide_batch(asked.unit, asked.active, asking)
    answer = _many(batch)
    if batch.sorted.lines is not None:
        return Streamed(_lines(answer, batch.sorted.lines), LINES)
    if not question.names_nobody:
        answer.members = msgspec.Raw(await asyncio.to_thread(as_json, batch.sorted.named))
    return answer


def _check(ask: AskMany, question: Question) -> None:
    instead = instead_of_everyone(question)
    if ask.everyone and instead is not None:
        message = "this action is not asked about everyone"
        raise Misshapen(message, place="everyone", remedy=instead)
    if question.names_nobody and ask.answer == "lines":
        message = "this action names nobody, so there are no lines"
        raise Misshapen(message, place="answer", remedy='ask for "set", which counts')


def _question(ask: Ask | AskMany) -> Question:
    fields = None if ask.fields is None else tuple(dict.fromkeys(ask.fields))
    return Question(ask.purpose, ask.action, fields, ask.channel)


def _many(batch: Batch) -> DecidedMany:
    found, refused = batch.sorted, batch.open.whole.reason
    return DecidedMany(
        asked=0 if found.untold else found.count,
        allowed=len(found.allowed),
        held_back={refused: 0} if found.untold and refused else found.counts,
        fields=_shown(batch.open.fields),
        channel=None if batch.open.channel is None else _part(batch.open.channel),
        programme=batch.ruling.version,
        changes=batch.heads if batch.ruling.denial is None else {},
        entry=batch.entry,
    )


def _lines(answer: DecidedMany, lines: Lines) -> Iterator[bytes]:
    head = msgspec.to_builtins(answer)
    del head["members"]
    yield msgspec.json.encode(head) + b"\n"
    ends = [b"," + msgspec.json.encode(_part(one))[1:] + b"\n" for one in lines.answers]
    yield from as_lines(lines.ids, lines.codes, ends)


def _shown(parts: Mapping[str, Part]) -> dict[str, Answered]:
    return {name: _part(one) for name, one in parts.items()}


def _part(part: Part) -> Answered:
    return Answered(part.allowed, part.reason, part.remedy)
