"""Settings: environment variables, read here and nowhere else."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kernel.errors import Invalid


@dataclass(frozen=True)
class Settings:
    """Where data lies and which keys open it.

    TILLIT_DATA           the data folder (default: ``tillit-data`` in the working folder)
    TILLIT_DATABASE_URL   a PostgreSQL of 15 or later; unset: a private one in the data folder
    TILLIT_ROOT_KEY       the root key's file (default: ``keys/root.key`` in the data folder)
    TILLIT_RECORD_KEY     the record's signing key (default: ``keys/record.key``)
    TILLIT_TOKEN_KEY      the key that signs bearer tokens (default: ``keys/token.key``)
    """

    data: Path
    database_url: str | None
    root_key: Path
    record_key: Path
    token_key: Path

    @property
    def journal(self) -> Path:
        """Erasures, kept outside the database so that no restored backup undoes them."""
        return self.data / "erasures.journal"

    @property
    def checkpoint(self) -> Path:
        """The newest signed checkpoint, outside the database so that its end cannot be cut off."""
        return self.data / "record.checkpoint"


def read_settings(
    environment: Mapping[str, str] = os.environ, *, folder: str = "tillit-data"
) -> Settings:
    """What the environment says; `folder` is the data folder when it says nothing.

    Raises `Invalid` for a variable that begins with TILLIT_ and is none of ours, and for a
    database that is no PostgreSQL.
    """
    known = {
        "TILLIT_DATA",
        "TILLIT_DATABASE_URL",
        "TILLIT_ROOT_KEY",
        "TILLIT_RECORD_KEY",
        "TILLIT_TOKEN_KEY",
    }
    for name in environment:
        if name.startswith("TILLIT_") and name not in known:
            raise Invalid(
                "there is no such setting", place=name, remedy="one of " + ", ".join(sorted(known))
            )
    url = environment.get("TILLIT_DATABASE_URL") or None
    if url is not None and not url.startswith("postgresql://"):
        # Not shown: it may hold a password.
        raise Invalid(
            "this is not the URL of a PostgreSQL database",
            place="TILLIT_DATABASE_URL",
            remedy="it must begin with postgresql://",
        )
    data = Path(environment.get("TILLIT_DATA") or folder).absolute()
    keys = data / "keys"
    return Settings(
        data=data,
        database_url=url,
        root_key=Path(environment.get("TILLIT_ROOT_KEY") or keys / "root.key"),
        record_key=Path(environment.get("TILLIT_RECORD_KEY") or keys / "record.key"),
        token_key=Path(environment.get("TILLIT_TOKEN_KEY") or keys / "token.key"),
    )
