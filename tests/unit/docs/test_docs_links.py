"""Documentation as a contract: what it points at is there, and it names nobody."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_FENCE = re.compile(r"```.*?```", re.DOTALL)
_ADDRESS = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
#: Reserved by RFC 2606 and RFC 6761: they are nobody's.
_NOBODYS = re.compile(r"(?:^|\.)example(?:\.(?:com|net|org))?$")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are made from the headings' words."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text("utf-8")), re.M)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in kept}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in _LINK.findall(_FENCE.sub("", page.read_text("utf-8"))):
        if link.startswith(("https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_test_that_is_said_to_hold_something_is_there(page: Path) -> None:
    missing = [
        f"{path}::{name}"
        for path, name in _TEST.findall(page.read_text("utf-8"))
        if not (ROOT / path).exists()
        or not re.search(rf"def {name}\(", (ROOT / path).read_text("utf-8"))
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_address_is_anybodys(page: Path) -> None:
    domains = set(_ADDRESS.findall(page.read_text("utf-8")))
    assert {one for one in domains if not _NOBODYS.search(one)} == set()


def test_every_page_can_be_reached_from_the_index() -> None:
    seen: set[Path] = set()
    left = [ROOT / "docs" / "index.md"]
    while left:
        page = left.pop()
        seen.add(page)
        for link in _LINK.findall(page.read_text("utf-8")):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists() and target not in seen:
                left.append(target)
    assert set(PAGES) - seen == set()


def test_every_decision_is_listed_once_in_order_under_its_own_title() -> None:
    folder = ROOT / "docs" / "decisions"
    files = sorted(folder.glob("0*.md"))
    titles = [file.read_text("utf-8").splitlines()[0].removeprefix("# ") for file in files]
    assert [int(title.split(".")[0]) for title in titles] == list(range(1, len(files) + 1))
    expected = []
    for title, file in zip(titles, files, strict=True):
        number, words = title.split(". ", 1)
        expected.append(f"{number}. [{words}]({file.name})")
    listed = re.findall(r"^\d+\. \[.*$", (folder / "index.md").read_text("utf-8"), re.M)
    assert listed == expected


@pytest.mark.parametrize("page", sorted((ROOT / "docs/decisions").glob("0*.md")), ids=name_of)
def test_a_decision_has_its_four_parts(page: Path) -> None:
    text = page.read_text("utf-8")
    parts = re.findall(r"^\*\*(Context|Decision|Consequences|Held by)", text, re.M)
    assert parts == ["Context", "Decision", "Consequences", "Held by"]
