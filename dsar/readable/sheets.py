"""A certificate on paper: A4 as PDF, and the signed certificate as a file attached to it.

The same reading makes the same sheets.
"""

from datetime import UTC, datetime, time

from fpdf.enums import XPos, YPos

from dsar.letters.paper import FONT, GAP, LARGE, LINE, SIZE, SMALL, About, Paper
from dsar.letters.wording import unbroken
from dsar.readable.reading import FILE, Part, Reading

_NUMBER = 25.0  # millimetres for a number at the right margin


def pdf(reading: Reading) -> bytes:
    """The sheets, one after the other."""
    about = About(
        language=reading.language,
        title=reading.title,
        author=reading.controller,
        contact=reading.contact,
        reference=reading.reference,
        day=reading.day,
    )
    paper = Paper(about)
    paper.embed_file(
        bytes=reading.signed.encode(),
        basename=FILE,
        mime_type="application/json",
        desc=reading.unfold,
        modification_date=datetime.combine(reading.day, time(12), UTC),
    )
    paper.add_page()
    paper.say(reading.controller, style="B", gap=GAP * 2)
    paper.say(reading.title, style="B", size=LARGE, gap=GAP)
    for name, value in reading.facts:
        paper.say(f"{name}: {value}", gap=0)
    paper.ln(GAP)
    paper.say(reading.lead)
    for part in reading.parts:
        _part(paper, part)
    return paper.finished()


def _part(paper: Paper, part: Part) -> None:
    if part.heading:
        paper.head(part.heading)
    for text in part.said:
        paper.say(unbroken(text), keep=bool(part.points or part.rows))
    for what, number in part.rows:
        _row(paper, what, number)
    for point in part.points:
        paper.point(unbroken(point))
    if part.rows or part.points:
        paper.ln(GAP - 1)
    for name, value in part.codes:
        paper.say(name, size=SMALL, gap=0, keep=True)
        paper.say(value, size=SMALL, gap=1.5)


def _row(paper: Paper, what: str, number: str) -> None:
    """A thing, and how many at the right margin, with a thin line below."""
    if paper.will_page_break(LINE * 2):
        paper.add_page()
    paper.set_font(FONT, "", SIZE)
    top = paper.get_y()
    paper.multi_cell(
        paper.epw - _NUMBER,
        LINE,
        paper.writable(what),
        align="L",
        new_x=XPos.RIGHT,
        new_y=YPos.LAST,
    )
    below = paper.get_y() + LINE
    paper.set_xy(paper.w - paper.r_margin - _NUMBER, top)
    paper.cell(_NUMBER, LINE, number, align="R")
    paper.set_draw_color(200)
    paper.line(paper.l_margin, below, paper.w - paper.r_margin, below)
    paper.set_xy(paper.l_margin, below + 0.6)
