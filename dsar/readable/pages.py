"""A certificate on a screen: one page of HTML that needs nothing else, the signed one inside it.

No script and nothing from elsewhere: it opens in ten years' time on a machine without a network,
and prints.
"""

import base64
from pathlib import Path

from dsar.letters.pages import templates
from dsar.readable.reading import FILE, Reading

_TEMPLATES = Path(__file__).parents[1] / "templates" / "certificates"
#: What the page's style sheet says; whoever serves the page lets the browser take it by its hash.
STYLE = (_TEMPLATES / "certificate.css").read_text("utf-8").strip()
_PAGES = templates("certificates")


def html(reading: Reading) -> str:
    """One file. The link in it saves the signed certificate, to the byte."""
    inside = base64.b64encode(reading.signed.encode()).decode()
    return _PAGES.get_template("certificate.html").render(
        style=STYLE, one=reading, file=FILE, link=f"data:application/json;base64,{inside}"
    )
