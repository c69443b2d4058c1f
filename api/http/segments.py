"""What services ask about many members at once."""

from typing import Annotated
from uuid import UUID

import msgspec

from api.http.bodies import Name
from api.http.doors import Asked, Doors
from api.http.idlists import as_json
from audit.entries import ActorType
from consent.grants import authorise
from consent.programme import Action

doors = Doors(ActorType.SERVICE)

#: The list is written without making an object for each id, so its shape is told here.
_IDS = {"type": "array", "items": {"type": "string", "format": "uuid"}}
Expression = Annotated[str, msgspec.Meta(min_length=1)]


class Question(msgspec.Struct, forbid_unknown_fields=True):
    """An expression in SQL's words, and what the answer is for."""

    expression: Expression
    purpose: Name


class Preview(msgspec.Struct):
    """How many; `held_back` says for which reasons, and adds up with `eligible` to all members."""

    eligible: int
    matched: int
    held_back: dict[str, int]
    entry: UUID


class Evaluation(msgspec.Struct):
    """How many and who: the ids of the members who match, in no order that means anything."""

    eligible: int
    matched: int
    held_back: dict[str, int]
    members: Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema=_IDS)]
    entry: UUID


@doors("POST", "/v1/segments/evaluate", freshen=True)
async def evaluate(asked: Asked, question: Question) -> Evaluation:
    """The members who match, of those who may be used for the purpose.

    As of every choice committed before the question came. Needs `segment`.
    """
    grant = authorise(asked.active, asked.who.name, purpose=question.purpose, action=Action.SEGMENT)
    answer = await asked.tillit.gate.evaluate(asked.unit, grant, question.expression)
    return Evaluation(
        answer.eligible,
        answer.matched,
        answer.held_back,
        msgspec.Raw(as_json(answer.packed)),
        answer.entry,
    )


@doors("POST", "/v1/segments/preview", freshen=True)
async def preview(asked: Asked, question: Question) -> Preview:
    """How many members would match; nobody is named.

    Needs `preview`, which `segment` includes.
    """
    grant = authorise(asked.active, asked.who.name, purpose=question.purpose, action=Action.PREVIEW)
    answer = await asked.tillit.gate.evaluate(asked.unit, grant, question.expression)
    return Preview(answer.eligible, answer.matched, answer.held_back, answer.entry)
