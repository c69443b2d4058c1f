"""A letter on paper: A4 as PDF, the text in it selectable, the font embedded.

Touches no network and no file but the font's. The same letter makes the same sheets.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time
from importlib.resources import files
from unicodedata import normalize

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from dsar.letters.wording import Wording
from dsar.letters.written import Block, Written

_FONT = "letter"
_FACES = {"": "SourceSansPro-Regular.ttf", "B": "SourceSansPro-Semibold.ttf"}
_SIZE, _SMALL, _LARGE = 11, 9, 16  # points
_LINE, _TIGHT = 5.6, 4.6  # millimetres from line to line
_GAP = 2.8
_MARGINS = (25.0, 20.0, 25.0)  # left, top, right
_FOOT = 22.0
_WINDOW = 50.0  # from the top: where the address shows in the window of an envelope
_UNKNOWN = "\u25ca"  # a lozenge, for what the font has no sign for


def pdf(letter: Written) -> bytes:
    """The sheets, one after the other."""
    sheet = _Sheet(letter)
    sheet.add_page()
    _head(sheet, letter)
    _say(sheet, letter.subject, style="B", size=_LARGE, gap=_GAP * 2)
    _say(sheet, letter.greeting if sheet.can_write(letter.to) else letter.plain_greeting)
    for block in letter.blocks:
        _block(sheet, block)
    sheet.ln(_GAP)
    _say(sheet, letter.closing, gap=0)
    _say(sheet, letter.sender.name)
    return bytes(sheet.output())


class _Sheet(FPDF):
    """The paper: its margins, its font, what stands at the foot of each page."""

    def __init__(self, letter: Written) -> None:
        super().__init__(format="A4")
        self._letter, self._say = letter, Wording.of(letter.language)
        self.set_margins(*_MARGINS)
        self.set_auto_page_break(auto=True, margin=_FOOT + 6)
        for style, name in _FACES.items():
            self.add_font(_FONT, style, _file(name))
        # What both faces have a sign for.
        self._signs = frozenset.intersection(
            *(frozenset(font.cmap) for font in self.fonts.values() if isinstance(font, TTFFont))
        )
        self.set_lang(letter.language)
        self.set_title(self.writable(letter.subject))
        self.set_author(self.writable(letter.sender.name))
        self.set_subject(f"{self._say.say('Reference')}: {letter.reference}")
        self.set_creator("Tillit")
        self.set_producer("Tillit")
        self.set_creation_date(datetime.combine(letter.day, time(12), UTC))
        self.set_text_shaping(use_shaping_engine=False)

    def footer(self) -> None:
        letter, say = self._letter, self._say
        self.set_y(-_FOOT)
        self.set_font(_FONT, "", _SMALL)
        self.set_draw_color(120)
        self.line(_MARGINS[0], self.get_y(), self.w - _MARGINS[2], self.get_y())
        self.ln(1.5)
        left = " · ".join((letter.sender.name, letter.sender.contact))
        # The number of pages is only known at the end: `{nb}` is filled in then.
        right = say.say("Page {page} of {pages}", page=self.page_no(), pages="{nb}")
        self.cell(0, _TIGHT, self.writable(left), align="L")
        self.set_x(_MARGINS[0])
        self.cell(0, _TIGHT, right, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.cell(0, _TIGHT, f"{say.say('Reference')}: {letter.reference}")

    def can_write(self, text: str) -> bool:
        return self.writable(text) == normalize("NFC", text)

    def writable(self, text: str) -> str:
        """The text with a lozenge for each sign that the font lacks: it would be named in a log."""
        composed = normalize("NFC", text)
        return "".join(
            one if ord(one) in self._signs or one == "\n" else _UNKNOWN for one in composed
        )


def _head(sheet: _Sheet, letter: Written) -> None:
    """Who writes on the left, when and about what on the right, to whom in the window."""
    say, top = Wording.of(letter.language), sheet.get_y()
    _say(sheet, letter.sender.name, style="B", gap=0)
    for line in letter.sender.address:
        _say(sheet, line, size=_SMALL, gap=0)
    below = sheet.get_y()
    sheet.set_y(top)
    for label, value in (
        (say.say("Date"), say.day(letter.day)),
        (say.say("Reference"), str(letter.reference)),
    ):
        _say(sheet, label, size=_SMALL, gap=0, align="R")
        _say(sheet, value, size=_SMALL, gap=1, align="R")
    sheet.set_y(max(below + _GAP, _WINDOW))
    if letter.to and sheet.can_write(letter.to):
        _say(sheet, letter.to)
    sheet.ln(_GAP * 4)


def _block(sheet: _Sheet, block: Block) -> None:
    if block.heading:
        sheet.ln(_GAP)
        _say(sheet, block.heading, style="B", size=12, gap=1.5, keep=True)
    if block.text and block.quoted:
        _indented(sheet, lambda: _say(sheet, block.text))
    elif block.text:
        _say(sheet, block.text, keep=bool(block.points or block.link))
    for point in block.points:
        _point(sheet, point)
    if block.points:
        sheet.ln(_GAP - 1)
    if block.link:
        _say(sheet, block.link, link=block.link)


def _point(sheet: _Sheet, text: str) -> None:
    if sheet.will_page_break(_LINE):
        sheet.add_page()
    sheet.set_font(_FONT, "", _SIZE)
    sheet.cell(5, _LINE, "•", align="C")
    _indented(sheet, lambda: _say(sheet, text, gap=1), by=6)


def _indented(sheet: _Sheet, draw: Callable[[], None], *, by: float = 8) -> None:
    sheet.set_left_margin(_MARGINS[0] + by)
    sheet.set_x(_MARGINS[0] + by)
    draw()
    sheet.set_left_margin(_MARGINS[0])
    sheet.set_x(_MARGINS[0])


def _say(
    sheet: _Sheet,
    text: str,
    *,
    style: str = "",
    size: int = _SIZE,
    gap: float = _GAP,
    align: str = "L",
    keep: bool = False,
    link: str = "",
) -> None:
    """One paragraph. `keep`: no page ends right after it."""
    height = _LINE * size / _SIZE if size >= _SIZE else _TIGHT
    if keep and sheet.will_page_break(height * 4):
        sheet.add_page()
    # After a page has been begun: its foot has a font of its own.
    sheet.set_font(_FONT, style, size)
    sheet.multi_cell(
        0,
        height,
        sheet.writable(text),
        align=align,
        link=link,
        new_x=XPos.LMARGIN,
        new_y=YPos.NEXT,
    )
    sheet.ln(gap)


def _file(name: str) -> str:
    return str(files("font_source_sans_pro").joinpath("files", name))
