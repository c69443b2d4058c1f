"""A step of a request together with the letter that it asks for, in one transaction.

Writes the request's row and its entry, by `dsar.register`, and enqueues the letter's job.
"""

from audit.acts import Act
from dsar import register
from dsar.states import Step
from dsar.tables import RequestRow
from kernel.jobs import enqueue
from profiles.members import Member
from profiles.unit import Unit

#: Writes a letter about a request; its arguments are the request's id and which letter.
LETTER_JOB = "request.letter"
#: The letters that steps ask for. An erasure's answer is written before its key is gone.
_LETTERS = {
    Step.ACKNOWLEDGE: "acknowledgement",
    Step.ASK_IDENTITY: "identity_query",
    Step.EXTEND: "extension",
    Step.REFUSE: "refusal",
    # Nothing is done, and they are told why and where to complain (Art. 12(4)).
    Step.LAPSE: "refusal",
}


async def take(
    unit: Unit, act: Act, row: RequestRow, taken: Step, person: Member, *, reason: str | None = None
) -> None:
    """Take a step with a locked row, and have its letter written. Raises `WrongState`."""
    await register.step(unit, act, row, taken, subject=person.key.subject(), reason=reason)
    if (letter := _LETTERS.get(taken)) is not None:
        await enqueue(unit.session, LETTER_JOB, request=str(row.id), letter=letter)
