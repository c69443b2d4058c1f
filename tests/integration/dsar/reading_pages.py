"""Reads a package's page as a reader does: which tables there are, row by row, and the text."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Page:
    """`tables`: by the id of the heading above, its rows, each the texts of its cells."""

    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    headings: list[tuple[int, str]] = field(default_factory=list)
    captions: int = 0
    text: str = ""
    tags: set[str] = field(default_factory=set)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._under = ""
        self._cell: list[str] | None = None
        self._heading: tuple[int, list[str]] | None = None
        self._silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.tags.add(tag)
        told = {name: value or "" for name, value in attrs}
        self.page.attributes += [(tag, name, value) for name, value in told.items()]
        if tag == "h2":
            self._under = told.get("id", "")
        if tag in ("h1", "h2", "h3"):
            self._heading = (int(tag[1]), [])
        if tag == "caption":
            self.page.captions += 1
        if tag == "tbody":
            self.page.tables.setdefault(self._under, [])
        if tag == "tr" and self._under in self.page.tables:
            self.page.tables[self._under].append([])
        if tag == "td" or (tag == "th" and told.get("scope") == "row"):
            self._cell = []
        self._silent = tag in ("style", "title")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None:
            rows = self.page.tables[self._under]
            rows[-1].append(" ".join("".join(self._cell).split()))
            self._cell = None
        if tag in ("h1", "h2", "h3") and self._heading is not None:
            self.page.headings.append((self._heading[0], "".join(self._heading[1])))
            self._heading = None
        self._silent = False

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)
        if self._heading is not None:
            self._heading[1].append(data)
        if not self._silent:
            self.page.text += data


def read(page: bytes) -> Page:
    reader = _Reader()
    reader.feed(page.decode())
    reader.close()
    for rows in reader.page.tables.values():
        rows[:] = [row for row in rows if row]
    return reader.page
