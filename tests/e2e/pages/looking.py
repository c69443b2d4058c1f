"""What is looked for on a screen: accessibility rules, widths, sizes of what can be pressed."""

from collections.abc import Sequence
from typing import Any

from tests.e2e.pages.screens import Screen

#: WCAG 2.2, levels A and AA, in axe-core's words.
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
#: What is good practice beside it.
PRACTICE = "best-practice"
#: 2.5.8 asks for 24 px of what is no link in a line of text; we ask 44 px of buttons and fields.
SMALLEST, HIGH = 24, 44

_RUN = """tags => axe.run(document, {runOnly: tags, resultTypes: ['violations', 'incomplete']})"""
_WIDE = """() => {
    const wide = document.documentElement.clientWidth, found = [];
    const page = document.documentElement.scrollWidth;
    if (page > wide) found.push(`the page: ${page} px`);
    const scrolls = element => {
        for (let at = element.parentElement; at; at = at.parentElement)
            if (['auto', 'scroll'].includes(getComputedStyle(at).overflowX)) return true;
        return false;
    };
    for (const element of document.body.querySelectorAll('*')) {
        const box = element.getBoundingClientRect();
        if (!box.width || getComputedStyle(element).clipPath !== 'none') continue;
        if ((box.right > wide + 1 || box.left < -1) && box.bottom > 0 && !scrolls(element)
            && !element.closest('.hide, .skip, svg'))
            found.push(`${element.tagName}.${element.className}: ${Math.round(box.right)} px`);
    }
    return found;
}"""
_SMALL = """([smallest, high]) => {
    const found = [], pressed = 'a[href], button, summary, select, textarea, input';
    for (const element of document.querySelectorAll(pressed)) {
        if (element.type === 'hidden' || !element.checkVisibility()) continue;
        if (element.closest('.skip')) continue;
        const ticked = ['checkbox', 'radio'].includes(element.type);
        const label = ticked && element.labels && element.labels[0];
        const box = (label || element).getBoundingClientRect();
        const inline = getComputedStyle(element).display === 'inline' && !ticked;
        const plain = element.tagName === 'A' && !element.matches('.button, nav a');
        const least = inline ? 0 : plain || ticked ? smallest : high;
        if (box.height + .5 < least || (!inline && box.width + .5 < smallest)) {
            const said = (element.innerText || element.name || element.id || '').slice(0, 40);
            found.push(`${element.tagName} ${said}: ${Math.round(box.width)} x ` +
                `${Math.round(box.height)} px`);
        }
    }
    return found;
}"""


def ruled(screen: Screen, axe: str, *, tags: Sequence[str] = (*WCAG, PRACTICE)) -> list[str]:
    """The accessibility rules that the page breaks, each with where."""
    if not screen.page.evaluate("typeof axe !== 'undefined'"):
        screen.page.evaluate(axe)
    told: dict[str, Any] = screen.page.evaluate(_RUN, list(tags))
    assert len(told["testEngine"]["version"].split(".")) == 3
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for rule in told["violations"]
        for node in rule["nodes"]
    ]


def too_wide(screen: Screen) -> list[str]:
    """What does not fit beside the left and the right of the window."""
    found: list[str] = screen.page.evaluate(_WIDE)
    return found


def too_small(screen: Screen) -> list[str]:
    """What is hard to hit."""
    found: list[str] = screen.page.evaluate(_SMALL, [SMALLEST, HIGH])
    return found


def weight(screen: Screen) -> int:
    """Bytes of the page that is open and everything it has fetched, before compression."""
    return sum(len(answer.body()) for answer in screen.fetched if answer.status == 200)
