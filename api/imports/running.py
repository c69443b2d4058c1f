"""The writing half of an import: checked lines become members, purchases and choices.

First everything is checked, against the mapping and against the programme, then members are
written some hundreds at a time. Run again, an import finds what it has written and ends the same.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from api.bootstrap import Tillit
from api.imports.mapping import Mapping, Noun
from api.imports.outcome import Outcome, Progress
from api.imports.writing_consents import import_consents
from api.imports.writing_events import import_events
from api.imports.writing_members import import_members

_IMPORTS: dict[Noun, Callable[[Tillit, Path, Mapping, Progress], Awaitable[Outcome]]] = {
    "members": import_members,
    "events": import_events,
    "consents": import_consents,
}


async def run(
    tillit: Tillit, noun: Noun, path: Path, mapping: Mapping, *, progress: Progress
) -> Outcome:
    """Import a file. All of it is durable on return.

    Raises `ImportRefused` and the like when the file or the mapping does not fit the programme;
    then nothing was written. Stopped in the middle, it leaves whole batches behind.
    """
    return await _IMPORTS[noun](tillit, path, mapping, progress)
