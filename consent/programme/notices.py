"""Which version of the programme a notice dates from."""

from collections.abc import Iterable

from consent.programme.model import Programme


def notice_version(
    history: Iterable[tuple[int, Programme]], *, purpose: str, digest: bytes
) -> int | None:
    """The first version whose notice for `purpose`, in any language, has this SHA-256.

    A text that was taken away and brought back keeps its first version: it says the same.
    None when no version carried it.
    """
    carrying = (
        version
        for version, programme in history
        if (declared := programme.purposes.get(purpose)) is not None
        and any(declared.notice_digest(language) == digest for language in declared.notice)
    )
    return min(carrying, default=None)
