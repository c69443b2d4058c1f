"""The command line: `tillit`. Parses, calls a domain function, prints; decides nothing."""

import warnings

# The private PostgreSQL's wheel remarks on a variable that servers and containers do not set.
warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")

from api.cli.app import app, main  # noqa: E402

__all__ = ["app", "main"]
