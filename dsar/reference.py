"""The parts of docs/requests.md that follow from tables: of `dsar.states`, and who refuses what.

Reads the tables alone.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from dsar.states import TABLES, Right, State, Step, after, steps_from
from dsar.words import REFUSED_BY

BEGIN = "<!-- written by `python -m dsar.reference docs/requests.md`: begin -->"
REASONS = "<!-- written by `python -m dsar.reference docs/requests.md`: reasons -->"
END = "<!-- end -->"

#: Where each right stands in the regulation, and what carrying it out comes to.
RIGHTS: Mapping[Right, tuple[str, str]] = {
    Right.ACCESS: ("Art. 15", "a package with everything kept about them and every use of it"),
    Right.RECTIFICATION: ("Art. 16", "the values are set right, and recipients are told"),
    Right.ERASURE: ("Art. 17", "rows deleted, key destroyed, recipients told, a certificate"),
    Right.RESTRICTION: ("Art. 18", "everything is kept and nothing used, from that moment on"),
    Right.RELEASE: ("Art. 18(3)", "the restriction ends, after the member has been told"),
    Right.PORTABILITY: ("Art. 20", "a package with what they gave under consent or contract"),
    Right.OBJECTION: ("Art. 21", "the purposes, or all direct marketing, stop for them"),
    Right.REVIEW: ("Art. 22(3)", "a human has looked again, and says what was found"),
    Right.WITHDRAWAL: ("Art. 7(3)", "consent to the purposes has ended"),
}


def reference() -> str:
    """The rights, then every state with the steps out of it, for each table there is."""
    return "\n".join([*_rights(), "", *_tables()])


def reasons() -> str:
    """For which reasons each right may be refused, and the articles that say so."""
    lines = ["| right | may be refused for |", "|---|---|"]
    for right, fitting in REFUSED_BY.items():
        named = ", ".join(f"`{reason}` ({article})" for reason, article in fitting.items())
        lines.append(f"| `{right}` | {named} |")
    return "\n".join(lines)


def renewed(page: str) -> str:
    """The page with its parts as they should be. Raises `ValueError` without their marks."""
    for begin, part in ((BEGIN, reference()), (REASONS, reasons())):
        head, mark, rest = page.partition(begin)
        _, end, tail = rest.partition(END)
        if not (mark and end):
            raise ValueError("the page has lost the marks of what is written by itself")
        page = f"{head}{begin}\n\n{part}\n\n{END}{tail}"
    return page


def _rights() -> Iterator[str]:
    yield "| right | | carried out, it means |"
    yield "|---|---|---|"
    for right in Right:
        article, means = RIGHTS[right]
        yield f"| `{right}` | {article} | {means} |"


def _tables() -> Iterator[str]:
    """One table for all rights that share it."""
    left = list(Right)
    while left:
        alike = [right for right in left if TABLES[right] == TABLES[left[0]]]
        left = [right for right in left if right not in alike]
        names = ", ".join(f"`{right}`" for right in alike)
        yield from (f"### {_titled(alike)}", "", f"For {names}.", "")
        yield "| state | term | step, and where it leads |"
        yield "|---|---|---|"
        for state in State:
            yield f"| `{state}` | `{state.term}` | {_steps(alike[0], state)} |"
        if left:
            yield ""


def _titled(alike: list[Right]) -> str:
    if Step.RETURN in _all_steps(alike[0]):
        return "What can come back"
    return "What is weighed" if Step.EXTEND in _all_steps(alike[0]) else "What works at once"


def _all_steps(right: Right) -> set[Step]:
    return {step for _, step in TABLES[right]}


def _steps(right: Right, state: State) -> str:
    found = [f"`{step}` → `{after(right, state, step)}`" for step in steps_from(right, state)]
    return ", ".join(found) or "the end"


def _main(arguments: list[str]) -> None:
    if not arguments:
        sys.stdout.write(reference() + "\n")
    for name in arguments:
        page = Path(name)
        page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    _main(sys.argv[1:])
