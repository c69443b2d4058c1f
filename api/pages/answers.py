"""What a page answers: something to look at, somewhere to go, or a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class View:
    """The context of one page; each page has a class of its own, and a test holds it to its
    template. `title` is an English sentence of the catalogue, and `status` the answer's.

    One whose status is 400 or more refuses something: nothing of what its function wrote is kept.
    `keeps`: all of it is, because the page tells what was looked up, which stays on record.
    """

    template: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int] = 200
    keeps: ClassVar[bool] = False

    @property
    def is_refused(self) -> bool:
        """Whether what its function wrote is taken back."""
        return self.status >= 400 and not self.keeps


@dataclass(frozen=True)
class Go:
    """See elsewhere (303), after what was asked for has been done.

    `said`: a word of `api.pages.saying.SAID`, shown there. `cookies`: set on the way; None ends
    one.
    """

    to: str
    said: str | None = None
    cookies: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class File:
    """Something to keep; shown in the browser only where `inline`."""

    content: bytes = field(repr=False)
    type: str
    filename: str
    inline: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
