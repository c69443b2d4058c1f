"""A hand that goes through pages: on a pointer, or on a keyboard alone.

A journey is written once, in what somebody does, and done by either. Whatever is pressed is
counted, with what has to be unfolded before it can be.
"""

from abc import ABC, abstractmethod
from pathlib import Path

from tests.e2e.pages.keyboard import reach
from tests.e2e.pages.screens import Screen

#: What is folded away around the first element that matches, marked to be found; the outermost.
_FOLDED = """what => {
    const found = document.querySelector(what);
    if (!found) throw new Error(`nothing matches ${what} at ${location.pathname}`);
    let outermost = null;
    for (let at = found.parentElement; at; at = at.parentElement)
        if (at.tagName === 'DETAILS' && !at.open && found !== at.querySelector('summary'))
            outermost = at;
    document.querySelectorAll('[data-folded]').forEach(one => one.removeAttribute('data-folded'));
    if (outermost) outermost.setAttribute('data-folded', '');
    return outermost !== null;
}"""
_SUMMARY = "[data-folded] > summary"
#: Arrow presses in a list or a group.
MOST = 300


class Hand(ABC):
    """`presses`: how often something was pressed. What is named is named by a CSS selector."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.page = screen.page
        self.presses = 0

    def press(self, what: str) -> None:
        """Press what leads to another page, and wait for that."""
        self._unfold(what)
        with self.page.expect_navigation():
            self._press(what)

    def touch(self, what: str) -> None:
        """Press what changes something on this page."""
        self._unfold(what)
        self._press(what)

    def saved(self, what: str, folder: Path) -> Path:
        """Press what gives a file; returns where that lies now, under the name it came with."""
        self._unfold(what)
        with self.page.expect_download() as coming:
            self._press(what)
        to = folder / coming.value.suggested_filename
        coming.value.save_as(to)
        return to

    def write(self, what: str, text: str) -> None:
        """Put a text into a field, in the place of what is there."""
        self._unfold(what)
        self._write(what, text)
        assert self.page.locator(what).first.input_value() == text

    def tick(self, what: str) -> None:
        """Tick a box, or choose one of a group."""
        self._unfold(what)
        self._tick(what)
        assert self.page.locator(what).first.is_checked()

    def pick(self, what: str, value: str) -> None:
        """Choose from a list."""
        self._unfold(what)
        self._pick(what, value)
        assert self.page.locator(what).first.input_value() == value

    def sees(self, what: str) -> bool:
        """Whether that is there, and not hidden or folded away."""
        return self.page.locator(what).first.is_visible()

    def _unfold(self, what: str) -> None:
        while self.page.evaluate(_FOLDED, what):
            self._press(_SUMMARY)

    def _press(self, what: str) -> None:
        self.presses += 1
        self._push(what)

    @abstractmethod
    def _push(self, what: str) -> None: ...

    @abstractmethod
    def _write(self, what: str, text: str) -> None: ...

    @abstractmethod
    def _tick(self, what: str) -> None: ...

    @abstractmethod
    def _pick(self, what: str, value: str) -> None: ...


class Pointer(Hand):
    """A mouse, or a finger."""

    def _push(self, what: str) -> None:
        self.page.locator(what).first.click()

    def _write(self, what: str, text: str) -> None:
        self.page.locator(what).first.fill(text)

    def _tick(self, what: str) -> None:
        self._press(what)

    def _pick(self, what: str, value: str) -> None:
        self.page.locator(what).first.select_option(value)


class Keys(Hand):
    """Tab, Enter, Space and arrows; each time one has to see where one is."""

    def _push(self, what: str) -> None:
        reach(self.screen, what)
        self.page.keyboard.press("Enter")

    def _write(self, what: str, text: str) -> None:
        reach(self.screen, what)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)

    def _tick(self, what: str) -> None:
        self.presses += 1
        group = self.page.locator(what).first.get_attribute("name")
        reach(self.screen, f'input[name="{group}"]:is([type=radio], {what})')
        for _ in range(MOST):
            if self.page.evaluate("what => document.activeElement.matches(what)", what):
                break
            self.page.keyboard.press("ArrowDown")
        self.page.keyboard.press("Space")

    def _pick(self, what: str, value: str) -> None:
        reach(self.screen, what)
        field = self.page.locator(what).first
        for key in ("ArrowUp", "ArrowDown"):
            for _ in range(MOST):
                before = field.input_value()
                if before == value:
                    return
                self.page.keyboard.press(key)
                if field.input_value() == before:
                    break  # at that end of the list
