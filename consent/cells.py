"""Text in a CSV file that no spreadsheet takes for a formula. Pure.

An apostrophe goes before it, wherever a cell may begin: spreadsheets of some countries split at a
semicolon, and then know no quotation mark that stands inside.
"""

import re

#: Where a cell may begin, for whichever separator a spreadsheet splits at, and what it may run
#: there instead of showing it. Blanks and quotation marks before it do not stop it.
_FORMULA = re.compile(r"""((?:^|[;,\t\r\n|])[\s"]*)(?=[=+\-@＝＋－＠])""")
#: Some spreadsheets drop these at a cell's beginning, and look at what comes then.
_UNSEEN = ("\t", "\r", "\n")
#: A text without any of these is never marked.
_SUSPECT = re.compile(r"[=+\-@＝＋－＠\t\r\n]")


def cell(text: str) -> str:
    """The text, marked with an apostrophe wherever a spreadsheet would run it."""
    if _SUSPECT.search(text) is None:
        return text
    marked = _FORMULA.sub(r"\1'", text)
    return f"'{marked}" if marked.startswith(_UNSEEN) else marked
