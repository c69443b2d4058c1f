"""A letter on paper: A4 as PDF, the text in it selectable, the font embedded.

The same letter makes the same sheets.
"""

from dsar.letters.paper import GAP, LARGE, SMALL, About, Paper
from dsar.letters.wording import Wording, unbroken
from dsar.letters.written import Block, Written

#: How close lines may come where that saves the few that would stand on a page of their own.
_CLOSER = (0.95, 0.9)
_WINDOW = 50.0  # from the top: where the address shows in the window of an envelope


def pdf(letter: Written) -> bytes:
    """The sheets, one after the other; a single one, where closer lines come to that."""
    paper = _written(letter, 1.0)
    if paper.pages_count > 1:
        closer = (_written(letter, space) for space in _CLOSER)
        paper = next((one for one in closer if one.pages_count == 1), paper)
    return paper.finished()


def _written(letter: Written, space: float) -> Paper:
    about = About(
        language=letter.language,
        title=letter.subject,
        author=letter.sender.name,
        contact=letter.sender.contact,
        reference=str(letter.reference),
        day=letter.day,
    )
    paper = Paper(about, space=space)
    paper.add_page()
    _head(paper, letter)
    paper.say(letter.subject, style="B", size=LARGE, gap=GAP * 2)
    paper.say(letter.greeting if paper.can_write(letter.to) else letter.plain_greeting)
    for block in letter.blocks:
        _block(paper, block)
    paper.skip(GAP)
    paper.say(letter.closing, gap=0)
    paper.say(letter.sender.name)
    return paper


def _head(paper: Paper, letter: Written) -> None:
    """Who writes on the left, when and about what on the right, to whom in the window."""
    say, top = Wording.of(letter.language), paper.get_y()
    paper.say(letter.sender.name, style="B", gap=0)
    for line in letter.sender.address:
        paper.say(line, size=SMALL, gap=0)
    below = paper.get_y()
    paper.set_y(top)
    for label, value in (
        (say.say("Date"), say.day(letter.day)),
        (say.say("Reference"), str(letter.reference)),
    ):
        paper.say(label, size=SMALL, gap=0, align="R")
        paper.say(value, size=SMALL, gap=1, align="R")
    paper.set_y(max(below + GAP, _WINDOW))
    if letter.to and paper.can_write(letter.to):
        paper.say(letter.to)
    paper.skip(GAP * 4)


def _block(paper: Paper, block: Block) -> None:
    if block.heading:
        paper.head(block.heading)
    if block.text and block.quoted:
        paper.indented(lambda: paper.say(block.text))
    elif block.text:
        paper.say(unbroken(block.text), keep=bool(block.points or block.link))
    for point in block.points:
        paper.point(unbroken(point))
    if block.points:
        paper.skip(GAP - 1)
    if block.link:
        paper.say(block.link, link=block.link)
