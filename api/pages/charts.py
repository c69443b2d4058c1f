"""Charts, drawn on the server: bars and lines as SVG, with a title and a description of their own.

Shapes and classes alone: colours stand in the style sheet, so that a chart is light or dark as its
page is. A table with the same figures stands beside each. The library escapes nothing; every text
goes through `_text`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import svg
from markupsafe import Markup, escape

_WIDE = 360  # of our own units: on a narrow screen a unit is a pixel, and texts keep their size
_ROW, _BAR = 34, 12
_HIGH, _TOP, _LEFT, _BELOW = 200, 14, 34, 26
_LABELS = 6  # under a line, at most
_DOT = 3.5


@dataclass(frozen=True)
class Bar:
    """One bar. `said`: its figure, in words."""

    label: str
    value: float
    said: str


@dataclass(frozen=True)
class Series:
    """One line. `values`: one for each label; None where there is none, and the line breaks."""

    name: str
    values: Sequence[float | None]


def bars(name: str, *, title: str, desc: str, rows: Sequence[Bar]) -> Markup:
    """Horizontal bars, each under its label. `name`: told apart from others on the page by it."""
    most = max((row.value for row in rows), default=0) or 1
    drawn: list[svg.Element] = []
    for number, row in enumerate(rows):
        y = number * _ROW
        wide = round(_WIDE * row.value / most, 1)
        drawn += [
            svg.Text(x=0, y=y + 13, class_=["label"], text=_text(row.label)),
            svg.Text(x=_WIDE, y=y + 13, class_=["value"], text_anchor="end", text=_text(row.said)),
            svg.Rect(x=0, y=y + 18, width=_WIDE, height=_BAR, rx=3, class_=["track"]),
            svg.Rect(x=0, y=y + 18, width=wide, height=_BAR, rx=3, class_=["bar"]),
        ]
    return _svg(name, title, desc, drawn, max(len(rows), 1) * _ROW)


def lines(
    name: str,
    *,
    title: str,
    desc: str,
    labels: Sequence[str],
    series: Sequence[Series],
    most: float | None = None,
) -> Markup:
    """One line for each series, over the same labels; upright from nought to `most`."""
    found = [value for one in series for value in one.values if value is not None]
    top = most or max(found, default=0) or 1
    drawn = _scale(top)
    step = (_WIDE - _LEFT - 12) / max(len(labels) - 1, 1)
    across = [round(_LEFT + 6 + number * step, 1) for number in range(len(labels))]
    every = -(-len(labels) // _LABELS)
    drawn += [
        svg.Text(
            x=x,
            y=_HIGH + _TOP + 18,
            class_=["tick"],
            text_anchor="end" if 0 < number == len(labels) - 1 else "middle",  # or it is cut off
            text=_text(label),
        )
        for number, (x, label) in enumerate(zip(across, labels, strict=True))
        if number % every == 0
    ]
    for number, line in enumerate(series, start=1):
        for run in _runs(line.values):
            points = [svg.Point(across[at], _down(value, top)) for at, value in run]
            drawn.append(svg.Polyline(class_=["line", f"line-{number}"], points=points))
            drawn += [
                svg.Circle(cx=one.x, cy=one.y, r=_DOT, class_=["dot", f"line-{number}"])
                for one in points
            ]
    return _svg(name, title, desc, drawn, _HIGH + _TOP + _BELOW)


def _scale(top: float) -> list[svg.Element]:
    drawn: list[svg.Element] = []
    for part in (0.0, 0.5, 1.0):
        y = _down(top * part, top)
        drawn += [
            svg.Line(x1=_LEFT, x2=_WIDE, y1=y, y2=y, class_=["rule"]),
            svg.Text(
                x=_LEFT - 6, y=y + 4, class_=["tick"], text_anchor="end", text=f"{top * part:g}"
            ),
        ]
    return drawn


def _down(value: float, top: float) -> float:
    return round(_TOP + _HIGH * (1 - min(value / top, 1)), 1)


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """The values in a row without a gap, each with its place."""
    found: list[list[tuple[int, float]]] = [[]]
    for at, value in enumerate(values):
        if value is not None:
            found[-1].append((at, value))
        elif found[-1]:
            found.append([])
    return [run for run in found if run]


def _svg(name: str, title: str, desc: str, drawn: list[svg.Element], high: int) -> Markup:
    parts: list[svg.Element] = [
        svg.Title(id=f"{name}-title", text=_text(title)),
        svg.Desc(id=f"{name}-desc", text=_text(desc)),
        *drawn,
    ]
    made = svg.SVG(
        class_=["drawn"],
        viewBox=svg.ViewBoxSpec(0, 0, _WIDE, high),
        extra={"role": "img", "aria-labelledby": f"{name}-title {name}-desc"},
        elements=parts,
    )
    return Markup(str(made))  # noqa: S704 - every text in it is escaped


def _text(text: str) -> str:
    return str(escape(text))
