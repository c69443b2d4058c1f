"""A keyboard alone: what Tab reaches, in which order, and whether one sees where one is."""

from dataclasses import dataclass
from itertools import pairwise

from tests.e2e.pages.screens import Screen

MOST = 400  # presses
#: A moment's field has a stop for its day, month, year, hour, minute, half of the day and calendar.
INNER = 7
_MARK = """() => {
    const tabbed = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
    const groups = new Set();
    const found = [...document.querySelectorAll(tabbed)].filter(element => {
        if (element.disabled || element.type === 'hidden') return false;
        if (!element.checkVisibility()) return false;
        if (element.type !== 'radio') return true;
        // One stop for a group: the one that is chosen, or any while none is.
        const all = [...document.querySelectorAll(`input[type=radio][name="${element.name}"]`)];
        const chosen = all.find(one => one.checked && one.form === element.form);
        if (chosen) return chosen === element;
        const group = `${element.name} ${[...document.forms].indexOf(element.form)}`;
        return groups.has(group) ? false : groups.add(group);
    });
    found.forEach((element, number) => element.setAttribute('data-stop', number));
    return found.map(element => element.outerHTML.slice(0, 90));
}"""
_HERE = """() => {
    const at = document.activeElement;
    if (!at || at === document.body || at === document.documentElement) return null;
    const style = getComputedStyle(at), box = at.getBoundingClientRect();
    const x = Math.max(0, Math.min(innerWidth - 1, box.x + box.width / 2));
    const y = Math.max(0, Math.min(innerHeight - 1, box.y + Math.min(box.height, innerHeight) / 2));
    const there = document.elementFromPoint(x, y);
    return {
        stop: Number(at.dataset.stop ?? -1),
        html: at.outerHTML.slice(0, 90),
        ringed: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        seen: box.bottom > 0 && box.top < innerHeight && box.width > 0
            && !!there && (at.contains(there) || there.contains(at)),
    };
}"""


@dataclass(frozen=True)
class Walk:
    """`wrong`: what is not as it should be; `stops`: how many controls there were."""

    stops: int
    wrong: list[str]


def walked(screen: Screen) -> Walk:
    """Tab once round the page: every control once, in the page's order, each with its outline."""
    marked: list[str] = screen.page.evaluate(_MARK)
    order: list[int] = []
    wrong: list[str] = []
    inner = 0
    for _ in range(MOST):
        screen.page.keyboard.press("Tab")
        at = screen.page.evaluate(_HERE)
        if at is None or at["html"].startswith("<iframe"):  # what is in a frame has its own test
            if len(order) >= len(marked):
                break
            continue
        if order and at["stop"] == order[-1] and inner < INNER:
            inner += 1
            continue
        inner = 0
        if at["stop"] in order:
            break
        if not at["ringed"]:
            wrong.append(f"no outline: {at['html']}")
        if not at["seen"]:
            wrong.append(f"not to be seen: {at['html']}")
        if at["stop"] >= 0:
            order.append(at["stop"])
    wrong += [f"not reached: {marked[one]}" for one in sorted(set(range(len(marked))) - set(order))]
    turns = [second for first, second in pairwise(order) if second < first]
    if len(turns) > 1 or (turns and order[0] <= order[-1]):
        wrong.append(f"out of order: {[marked[one] for one in turns]}")
    return Walk(len(marked), wrong)


def reach(screen: Screen, selector: str) -> int:
    """Tab until that is where one is, and is seen to be; returns how many presses it took."""
    for presses in range(1, MOST):
        screen.page.keyboard.press("Tab")
        if screen.page.evaluate("what => document.activeElement.matches(what)", selector):
            at = screen.page.evaluate(_HERE)
            assert at["ringed"], f"no outline: {at['html']}"
            assert at["seen"], f"not to be seen: {at['html']}"
            return presses
    raise AssertionError(f"{selector} cannot be reached by the keyboard")


def press(screen: Screen, selector: str, key: str = "Enter") -> None:
    """Go there by the keyboard, press it, and wait for the page that follows."""
    reach(screen, selector)
    with screen.page.expect_navigation():
        screen.page.keyboard.press(key)
