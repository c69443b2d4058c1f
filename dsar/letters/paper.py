"""Paper: A4 as PDF, the text in it selectable, the font embedded; and how a paragraph gets on it.

Touches no network and no file but the font's. The same words make the same sheets.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from importlib.resources import files
from unicodedata import normalize

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from dsar.letters.wording import Wording

FONT = "letter"
_FACES = {"": "SourceSansPro-Regular.ttf", "B": "SourceSansPro-Semibold.ttf"}
SIZE, SMALL, LARGE = 11, 9, 16  # points
LINE, TIGHT = 5.6, 4.6  # millimetres from line to line
GAP = 2.8
MARGINS = (25.0, 20.0, 25.0)  # left, top, right
_FOOT = 22.0
_FOOT_LINE = 1.5  # from the line above the foot to its words
_BEGINNING = 36.0  # a heading, and as much below it as is kept together with what follows
_UNKNOWN = "\u25ca"  # a lozenge, for what the font has no sign for


@dataclass(frozen=True)
class About:
    """What the sheets say of themselves: in the file, and at the foot of each page.

    `language`: one of `dsar.languages`. `contact`: how whoever wrote it is reached.
    """

    language: str
    title: str
    author: str
    contact: str
    reference: str
    day: date


class Paper(FPDF):
    """The paper: its margins, its font, what stands at the foot of each page.

    `space`: how much there is between lines and paragraphs, 1 for as much as there should be.
    """

    def __init__(self, about: About, *, space: float = 1.0) -> None:
        super().__init__(format="A4")
        self._about, self._say, self._space = about, Wording.of(about.language), space
        self.set_margins(*MARGINS)
        self.c_margin = 0  # words begin and end where the lines do
        self.alias_nb_pages("")  # see `finished`
        self.set_auto_page_break(auto=True, margin=_FOOT + 6)
        for style, name in _FACES.items():
            self.add_font(FONT, style, _file(name))
        # What both faces have a sign for.
        self._signs = frozenset.intersection(
            *(frozenset(font.cmap) for font in self.fonts.values() if isinstance(font, TTFFont))
        )
        self.set_lang(about.language)
        self.set_title(self.writable(about.title))
        self.set_author(self.writable(about.author))
        self.set_subject(f"{self._say.say('Reference')}: {about.reference}")
        self.set_creator("Tillit")
        self.set_producer("Tillit")
        self.set_creation_date(datetime.combine(about.day, time(12), UTC))
        self.set_text_shaping(use_shaping_engine=False)

    def footer(self) -> None:
        about, say = self._about, self._say
        self.set_y(-_FOOT)
        self.set_font(FONT, "", SMALL)
        self.set_draw_color(120)
        self.line(MARGINS[0], self.get_y(), self.w - MARGINS[2], self.get_y())
        left = self.writable(" · ".join((about.author, about.contact)))
        # The page may have ended within what is indented: the foot never is.
        self.set_xy(MARGINS[0], _FOOT_LINE - _FOOT)
        self.cell(0, TIGHT, left, new_x=XPos.LEFT, new_y=YPos.NEXT)
        self.cell(0, TIGHT, f"{say.say('Reference')}: {about.reference}")

    def finished(self) -> bytes:
        """The whole file, each page numbered; nothing can be written afterwards."""
        # Only now is it known how many there are. A placeholder that fpdf2 fills in would be
        # aligned by its own width, and be filled in wherever a member's own words hold it.
        self.set_auto_page_break(auto=False)
        for page in self.pages:
            self.page, self.current_font_is_set_on_page = page, False
            self.set_font(FONT, "", SMALL)
            self.set_xy(MARGINS[0], _FOOT_LINE - _FOOT)
            number = self._say.say("Page {page} of {pages}", page=page, pages=self.pages_count)
            self.cell(0, TIGHT, number, align="R")
        return bytes(self.output())

    def can_write(self, text: str) -> bool:
        return self.writable(text) == normalize("NFC", text)

    def writable(self, text: str) -> str:
        """The text with a lozenge for each sign that the font lacks: it would be named in a log."""
        composed = normalize("NFC", text)
        return "".join(
            one if ord(one) in self._signs or one == "\n" else _UNKNOWN for one in composed
        )

    def say(
        self,
        text: str,
        *,
        style: str = "",
        size: int = SIZE,
        gap: float = GAP,
        align: str = "L",
        keep: bool = False,
        link: str = "",
    ) -> None:
        """One paragraph. `keep`: no page ends right after it."""
        height = self._space * (LINE * size / SIZE if size >= SIZE else TIGHT)
        if keep and self.will_page_break(height * 4):
            self.add_page()
        # After a page has been begun: its foot has a font of its own.
        self.set_font(FONT, style, size)
        self.multi_cell(
            0,
            height,
            self.writable(text),
            align=align,
            link=link,
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )
        self.skip(gap)

    def skip(self, gap: float) -> None:
        """Leave so many millimetres, or fewer where space is scarce."""
        self.ln(self._space * gap)

    def head(self, text: str) -> None:
        """The heading of what follows, on the same page as its beginning."""
        if self.will_page_break(_BEGINNING):
            self.add_page()
        self.skip(GAP)
        self.say(text, style="B", size=12, gap=1.5, keep=True)

    def point(self, text: str) -> None:
        """One of several, after a dot."""
        if self.will_page_break(self._space * LINE):
            self.add_page()
        self.set_font(FONT, "", SIZE)
        self.cell(5, self._space * LINE, "•", align="C")
        self.indented(lambda: self.say(text, gap=1), by=6)

    def indented(self, draw: Callable[[], None], *, by: float = 8) -> None:
        self.set_left_margin(MARGINS[0] + by)
        self.set_x(MARGINS[0] + by)
        draw()
        self.set_left_margin(MARGINS[0])
        self.set_x(MARGINS[0])


def _file(name: str) -> str:
    return str(files("font_source_sans_pro").joinpath("files", name))
