"""What one programme may not do to another: change a legal basis in silence.

Members were told on which basis their data is used (Art. 13(1)(c)); another one is for them to
hear of first, and a consent is not swapped for something that needs none when it is withdrawn
(EDPB 05/2020, 121 to 123).
"""

from collections.abc import Iterator, Sequence

from consent.errors import ProgrammeInvalid
from consent.programme.declarations import Purpose
from consent.programme.mistakes import key_of
from consent.programme.model import Programme
from kernel.errors import Problem

Problems = Iterator[Problem]


def check_change(
    old: Programme | None, new: Programme, *, earlier: Sequence[Programme] = ()
) -> tuple[list[Problem], list[Problem]]:
    """The errors and the warnings of putting `new` in force after `old`.

    `earlier`: the versions before `old`, the newest last; a purpose that was taken away for a
    while is compared with what it was then.
    """
    history = [*earlier, *([old] if old is not None else [])]
    return list(_silent(history, new)), list(_unheard_of(history, new))


def refuse_silent_changes(
    old: Programme | None, new: Programme, *, earlier: Sequence[Programme] = ()
) -> None:
    """Raises `ProgrammeInvalid` when `new` may not follow `old`; arguments as `check_change`."""
    errors, _ = check_change(old, new, earlier=earlier)
    if errors:
        raise ProgrammeInvalid.of(tuple(errors))


def _silent(history: Sequence[Programme], new: Programme) -> Problems:
    for name, purpose in new.purposes.items():
        versions = _versions(history, name)
        if not versions or versions[-1].legal_basis is purpose.legal_basis:
            continue
        before = versions[-1]
        place = key_of("purposes", name, "basis_changed")
        was = f"the basis was {before.legal_basis} and is {purpose.legal_basis}"
        remedy = 'write basis_changed = "why, and when members were told", or a purpose of its own'
        if purpose.basis_changed is None:
            yield Problem(place, f"{was}: members must be told first (Art. 13)", remedy)
        elif purpose.basis_changed == before.basis_changed:
            yield Problem(place, f"{was}, and this was written about an earlier change", remedy)


def _unheard_of(history: Sequence[Programme], new: Programme) -> Problems:
    for name, purpose in new.purposes.items():
        shown = {
            one.notice_digest(language).hex()
            for one in _versions(history, name)
            for language in one.notice
        }
        for position, digest in enumerate(purpose.corrects):
            if digest not in shown:
                yield Problem(
                    key_of("purposes", name, "corrects", position),
                    "no notice of an earlier version has this SHA-256, so nothing is corrected",
                    "hash the earlier text as it was applied",
                )


def _versions(history: Sequence[Programme], name: str) -> list[Purpose]:
    """The purpose as each version had it, the newest last."""
    return [one.purposes[name] for one in history if name in one.purposes]
