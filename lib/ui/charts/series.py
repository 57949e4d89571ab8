"""Bars over years: solid what was published, pale what was derived, dashed what was only aimed at.

A year without a figure says 暂无数据; a run of such years takes one place on the axis. Values stand on the bars, so
there is no legend, and every bar leads to its rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from lib.domain.vocabulary import NO_DATA
from lib.services.statistics import Figure, Point, Series, show
from lib.ui.charts.theme import PALE, TARGET_EDGE, TARGET_FILL, Spec, chart, layer
from lib.ui.theme import GOLD_TEXT, INK, SKY, STONE

HEIGHT: Final = 300
_ROOMY: Final = 6
"""Up to so many places on the axis a bar is wide enough for words inside it."""
_PHONE: Final = 420
_STANDINGS: Final = {"derived": "测算", "target": "目标"}


@dataclass(frozen=True)
class Chart:
    """A chart ready to be drawn: the specification and what it says in words."""

    spec: Spec
    alt: str


def years(series: Series, *, height: int = HEIGHT) -> Chart:
    """The chart of one series. Pure: cache it by the revision of the statistics."""
    places = _places(series)
    roomy = len(places) <= _ROOMY
    x: Spec = {
        "field": "x",
        "type": "ordinal",
        "scale": {
            "domain": [name for name, _ in places],
            "paddingInner": _narrow(0.25, 0.5 if roomy else 0.3),
            "paddingOuter": 0.2,
        },
        "axis": {"title": None, "labelExpr": "split(datum.label, '|')", "labelLineHeight": 16, "labelOverlap": False},
    }
    top = max((float(point.value) for point in series.points), default=0.0)
    y: Spec = {
        "field": "v",
        "type": "quantitative",
        "scale": {"domain": [0, top * 1.16 or 1], "nice": False},
        "axis": {"title": series.unit, "tickCount": 4},
    }
    rows = {standing: [_bar(series, point, top) for point in series.points if point.standing == standing]
            for standing in ("published", "derived", "target")}  # fmt: skip
    everything = [row for found in rows.values() for row in found]
    gaps = [
        {"x": name, "v": 0, "t": NO_DATA if roomy else [NO_DATA[:2], NO_DATA[2:]]}
        for name, point in places
        if point is None
    ]
    bar: Spec = {"type": "bar", "cornerRadiusTopLeft": 4, "cornerRadiusTopRight": 4, "cursor": "pointer"}
    link = {"href": _nominal("h"), "tooltip": _nominal("d"), "description": _nominal("d")}
    size = 15 if roomy else 13
    layers = [
        layer(rows["published"], {**bar, "color": SKY}, x=x, y=y, **link),
        layer(rows["derived"], {**bar, "color": PALE}, x=x, y=y, **link),
        layer(
            rows["target"],
            {**bar, "color": TARGET_FILL, "stroke": TARGET_EDGE, "strokeDash": [5, 4], "strokeWidth": 1.5},
            x=x,
            y=y,
            **link,
        ),
        layer(
            everything,
            {"type": "text", "dy": -10, "fontWeight": 700, "fontSize": _narrow(size - 3, size), "color": INK},
            x=x,
            y=y,
            text=_nominal("t"),
        ),
        layer(
            gaps,
            {
                "type": "text",
                "baseline": "bottom",
                "dy": -8 if roomy else -23,
                "fontSize": 12,
                "lineHeight": 15,
                "color": STONE,
            },
            x=x,
            y=y,
            text=_nominal("t"),
        ),
    ]
    for standing, colour in (("published", "#FFFFFF"), ("derived", INK), ("target", GOLD_TEXT)):
        inside = [row for row in rows[standing] if row["n"]]
        mark: Spec = {"type": "text", "baseline": "top", "dy": 8, "fontSize": _narrow(11, size - 2), "color": colour}
        if inside:
            layers.append(layer(inside, mark, x=x, y=y, text=_nominal("n")))
    return Chart(chart([one for one in layers if one["data"]["values"]], height=height), words(series))


def comparison(figures: Sequence[Figure], labels: Sequence[str], *, height: int | None = None) -> Chart:
    """Horizontal bars of published figures in one unit, in the given order, each with its label."""
    return bars([
        Bar(
            label, float(figure.value), figure.text, figure.source.line,
            _address(("indicator", figure.indicator), ("scope", figure.scope), ("year", str(figure.year))),
        )
        for figure, label in zip(figures, labels, strict=True)
    ], unit=figures[0].unit if figures else "", height=height)  # fmt: skip


@dataclass(frozen=True)
class Bar:
    """One horizontal bar: its label, length, the value in words, what it says when pointed at, and where it leads."""

    label: str
    value: float
    text: str
    note: str
    href: str


def bars(found: Sequence[Bar], *, unit: str, height: int | None = None) -> Chart:
    """Horizontal bars in the given order, each with its label and value."""
    rows: list[Spec] = [
        {"y": bar.label, "v": bar.value, "t": bar.text, "d": f"{bar.label} {bar.text} · {bar.note}", "h": bar.href}
        for bar in found
    ]
    top = max((bar.value for bar in found), default=0.0)
    y: Spec = {
        "field": "y",
        "type": "nominal",
        "sort": None,
        "scale": {"paddingInner": 0.45},
        "axis": {"title": None, "grid": False, "labelFontSize": 14, "labelColor": INK, "labelLimit": 220},
    }
    # The longest bar leaves room for its value, however narrow the place is.
    widest = max((len(bar.text) for bar in found), default=0)
    room: Spec = {"domain": [0, top or 1], "range": [0, {"expr": f"max(width - {max(100, 11 * widest)}, 40)"}]}
    x: Spec = {"field": "v", "type": "quantitative", "scale": room, "axis": None}
    layers = [
        layer(
            rows,
            {"type": "bar", "color": SKY, "cornerRadiusEnd": 4, "cursor": "pointer"},
            x=x,
            y=y,
            href=_nominal("h"),
            tooltip=_nominal("d"),
            description=_nominal("d"),
        ),
        layer(
            rows,
            {"type": "text", "align": "left", "dx": 8, "fontWeight": 700, "fontSize": 15, "color": INK},
            x=x,
            y=y,
            text=_nominal("t"),
        ),
    ]
    said = "，".join(f"{bar.label} {bar.text}" for bar in found)
    return Chart(chart(layers, height=height or 52 * len(rows) + 24), f"{said}（单位：{unit}）。")


def draw(made: Chart) -> None:
    """Put a chart on the page."""
    st.vega_lite_chart(spec=made.spec, alt=made.alt, width="stretch")


def words(series: Series) -> str:
    """What the chart shows, in words: for those who do not see it."""
    said = [_told(name.replace("|", ""), point, series.unit) for name, point in _places(series)]
    return f"{series.indicator}，{series.scope}，{series.period}：{'，'.join(said)}。"


# ------------------------------------------------------------------ inside
def _places(series: Series) -> list[tuple[str, Point | None]]:
    """The places of the axis in order; a run of two or more years without a figure is one place, in two lines."""
    found: dict[int, tuple[str, Point | None]] = {point.year: (str(point.year), point) for point in series.points}
    for first, last in series.gaps:
        found[first] = (str(first) if first == last else f"{first}|–{last}", None)
    return [found[year] for year in sorted(found)]


def _told(year: str, point: Point | None, unit: str) -> str:
    """One place of the axis in words: 2025 年目标 突破 100 亿元."""
    if point is None:
        return f"{year} 年{NO_DATA}"
    kind = _STANDINGS.get(point.standing, "")
    return " ".join(filter(None, (f"{year} 年{kind}", point.qualifier, show(point.value, unit))))


def _narrow(phone: float, desk: float) -> Spec:
    """A number that depends on how wide the chart turns out in the browser."""
    return {"expr": f"width < {_PHONE} ? {phone} : {desk}"}


def _nominal(field: str) -> Spec:
    return {"field": field, "type": "nominal"}


def _bar(series: Series, point: Point, top: float) -> Spec:
    note = _STANDINGS.get(point.standing, "")
    if point.growth is not None:
        note = f"{point.growth:+}%"
    tall = bool(top) and float(point.value) / top > 0.14
    roomy = len(_places(series)) <= _ROOMY
    return {
        "x": str(point.year),
        "v": float(point.value),
        "t": f"{point.qualifier} {point.value:,f}".strip(),
        "n": note if tall and (roomy or point.standing != "published") else "",
        "d": f"{_told(str(point.year), point, series.unit)} · {point.source.line}",
        "h": _address(*point.rows),
    }


def _address(*pairs: tuple[str, str]) -> str:
    return f"/statistics?{urlencode(pairs)}"
