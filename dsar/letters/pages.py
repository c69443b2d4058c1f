"""A letter on a screen: as a page of HTML that needs nothing else, and as plain text."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from dsar.letters.wording import Wording, unbroken
from dsar.letters.written import Block, Written

_ALL = Path(__file__).parents[1] / "templates"
_TEMPLATES = _ALL / "letters"
#: What the page's style sheet says; whoever serves the page lets the browser take it by its hash.
STYLE = (_TEMPLATES / "letter.css").read_text("utf-8").strip()


def templates(folder: str) -> Environment:
    """Of one folder: whatever is put in is escaped, and nothing may be left out."""
    found = Environment(
        loader=FileSystemLoader(_ALL / folder),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["unbroken"] = unbroken
    return found


_PAGES = templates("letters")


def html(letter: Written) -> str:
    """One file, no resource from anywhere; what is the member's is escaped."""
    say = Wording.of(letter.language)
    words = {"date": say.say("Date"), "reference": say.say("Reference"), "to": say.say("To")}
    page = _PAGES.get_template("letter.html")
    return page.render(style=STYLE, letter=letter, words=words, day=say.day(letter.day))


def text(letter: Written) -> str:
    """For whoever reads mail without pictures."""
    say = Wording.of(letter.language)
    parts = [
        "\n".join((letter.sender.name, *letter.sender.address)),
        f"{say.day(letter.day)}\n{say.say('Reference')}: {letter.reference}",
        letter.subject,
        letter.greeting,
        *(part for block in letter.blocks for part in _parts(block)),
        f"{letter.closing}\n{letter.sender.name}",
    ]
    return "\n\n".join(parts) + "\n"


def _parts(block: Block) -> list[str]:
    points = "\n".join(f"- {point}" for point in block.points)
    said = (
        "\n".join(f"> {line}" for line in block.text.splitlines()) if block.quoted else block.text
    )
    return [part for part in (block.heading.upper(), said, points, block.link) if part]
