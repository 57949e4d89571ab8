"""A deck as a presentation file (PPTX): titles, shapes, tables and charts as PowerPoint knows them, all editable."""

import io
from collections.abc import Iterable, Mapping, Sequence
from math import ceil, floor
from typing import Any, Final
from unicodedata import east_asian_width

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION
from pptx.enum.dml import MSO_LINE
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from lib.domain.dates import now_utc
from lib.domain.deck import ChannelPicture, Comparison, Deck, ItemFacts, NetworkPicture, Slide, SlideKind
from lib.domain.telling import bars
from lib.domain.vocabulary import NO_DATA, ItemKind
from lib.files.onepager import qr_png
from lib.files.outlines import Outline, class_of, classes

FONT: Final = "Microsoft YaHei"
SMALLEST: Final = 17.0
"""Points: 24 pixels of a screen of 1366 × 768, as on the stage."""

Page = Any
"""A slide of python-pptx, whose types know less of a slide with a title than its code does."""

_WIDTH: Final = 13.333
_HEIGHT: Final = 7.5
_EDGE: Final = 0.6
_INK: Final = "17212B"
_STONE: Final = "5B6B7A"
_MIST: Final = "EEF2F5"
_LINE: Final = "D6DEE6"
_SKY: Final = "1F6FB2"
_DEEP: Final = "0F3557"
_GOLD: Final = "D9962B"
_GOLD_TEXT: Final = "85580F"
_WHITE: Final = "FFFFFF"
_CHANNELS: Final = {"abroad": "1F6FB2", "interregional": "D9962B", "military": "B5482F", "within": "2E7D5B"}
_RAMP: Final = ("DCE9F3", "B2D0E7", "7FB0D8", "4989C3", "175E9E")
_NO_DATA: Final = "FAFBFC"
_TRL: Final = 9
_CHARTS: Final = 3
_PER_AGENDA: Final = 8
_PARTNERS: Final = 6


def pptx_bytes(deck: Deck, outlines: Sequence[Outline], *, address: str = "", made: str = "") -> bytes:
    """The deck as a PPTX of 16:9: a slide for a slide, and more than one for a long agenda.

    `address` is what the QR codes begin with, blank where nobody else could open it: then there are none. `made` says
    when and from what the file was made.
    """
    paper = Presentation()
    paper.slide_width, paper.slide_height = Inches(_WIDTH), Inches(_HEIGHT)
    about = paper.core_properties
    about.title, about.language = deck.title, "zh-CN"
    about.created = about.modified = now_utc()
    about.author = about.last_modified_by = about.comments = about.keywords = about.subject = ""
    sheet = _Sheet(paper, deck, outlines, address.rstrip("/"), made)
    for slide in deck.slides:
        sheet.add(slide)
    buffer = io.BytesIO()
    paper.save(buffer)
    return buffer.getvalue()


class _Sheet:
    """The presentation while it grows."""

    def __init__(self, paper: Any, deck: Deck, outlines: Sequence[Outline], address: str, made: str) -> None:
        self.paper, self.deck, self.outlines, self.address, self.made = paper, deck, outlines, address, made

    def add(self, slide: Slide) -> None:
        if slide.kind is SlideKind.TITLE:
            self._title()
        elif slide.kind is SlideKind.AGENDA:
            self._agenda()
        elif slide.kind is SlideKind.ITEM and slide.item is not None:
            self._item(slide.item)
        elif slide.kind is SlideKind.NETWORK:
            self._network(slide.title, self.deck.network)
        elif slide.kind is SlideKind.CHANNELS:
            self._channels(slide.title, self.deck.channels)
        else:
            self._closing(slide.title)

    # -------------------------------------------------------------- the slides
    def _title(self) -> None:
        page = self._dark(self.deck.title, 44)
        facts = [("时间", self.deck.when or NO_DATA), ("地点", self.deck.place or NO_DATA), *self.deck.organizers]
        top = 4.3
        for name, value in facts[:5]:
            _text(page, _EDGE, top, 1.4, 0.45, name, 18, "A9C4DA")
            _text(page, _EDGE + 1.4, top, 8.2, 0.45, value, 20, _WHITE)
            top += 0.52
        _text(page, _EDGE, 0.55, 9, 0.45, f"{self.deck.kind} · {self.deck.origin.label}", 20, "F0B653", bold=True)
        self._code(page, self.deck.follow, 10.3, 4.05, 2.4, "扫码跟随", _WHITE)

    def _agenda(self) -> None:
        items = self.deck.items
        if not items:
            page = self._page("议程", self.deck.kind)
            _text(page, _EDGE, 3.0, 10, 0.8, "议程未公布", 32, _STONE)
            return
        count = ceil(len(items) / _PER_AGENDA)
        for number in range(count):
            part = items[number * _PER_AGENDA : (number + 1) * _PER_AGENDA]
            page = self._page("议程" if count == 1 else f"议程（{number + 1} / {count}）", self.deck.kind)
            rooms = any(item.room for item in items)
            header = ("", "项目", "单位", *(("会场",) if rooms else ()), "时间")
            rows = [
                (
                    str(item.number) if item.number else "—",
                    item.title,
                    item.unit or "",
                    *((item.room,) if rooms else ()),
                    item.clock,
                )
                for item in part
            ]
            widths = (0.7, 5.9, 3.0, 1.2, 1.33) if rooms else (0.7, 6.3, 3.8, 1.33)
            _table(page, _EDGE, 1.55, widths, header, rows, 0.62)

    def _item(self, item: ItemFacts) -> None:
        if item.kind is ItemKind.BREAK:
            page = self._dark(item.title, 48)
            _text(page, _EDGE, 4.4, 10, 0.6, f"{item.minutes} 分钟", 28, "D5E3EF")
            return
        tags = [item.kind.label, *([item.origin.label] if item.origin else [])]
        page = self._page(item.title, " · ".join(tags), f"第 {item.number} 项 / 共 {self.deck.numbered} 项")
        wide = 9.2 if self.address else 12.1
        if item.value or item.kind is not ItemKind.TALK:
            _shape(page, MSO_SHAPE.RECTANGLE, _EDGE, 1.6, 0.07, 0.95, _GOLD)
            colour = _INK if item.value else _STONE
            _text(page, _EDGE + 0.2, 1.55, wide - 0.2, 1.05, item.value or NO_DATA, 24, colour)
        if item.kind is ItemKind.TALK:
            facts = (("发言人", item.presenter), ("单位", item.unit))
            self._facts(page, facts, 3.0, wide)
        else:
            self._facts(page, self._told(item), 2.6, wide)
            self._evidence(page, item, wide)
        self._code(page, item.page, 10.35, 1.62, 2.3, "扫码看详情", _INK)
        if item.source:
            _text(page, _EDGE, 6.92, 12.1, 0.4, f"来源：{item.source}", SMALLEST, _STONE)

    def _told(self, item: ItemFacts) -> tuple[tuple[str, str], ...]:
        demand = item.kind is ItemKind.DEMAND
        return (
            ("技术领域", item.field),
            ("单位", item.unit or item.league),
            ("合作方式" if demand else "转化方式", item.mode),
            ("预算" if demand else "价格", item.price),
            ("知识产权", item.rights_told) if not demand else ("要求", item.trl_note),
            ("路演人", item.presenter),
        )

    def _facts(self, page: Page, facts: Iterable[tuple[str, str]], top: float, wide: float) -> None:
        across = wide / 3
        for number, (name, value) in enumerate(facts):
            left, row = _EDGE + (number % 3) * across, top + (number // 3) * 0.98
            _text(page, left, row, across - 0.15, 0.34, name, SMALLEST, _STONE)
            _text(
                page, left, row + 0.33, across - 0.15, 0.64, value or NO_DATA, 19, _INK if value else _STONE,
                bold=bool(value),
            )  # fmt: skip

    def _evidence(self, page: Page, item: ItemFacts, wide: float) -> None:
        """对比基准 as charts where the numbers compare, else as a table; and the ladder of 技术成熟度."""
        compared = [line for line in item.comparison if bars(line.existing, line.ours)][:_CHARTS]
        offered = "希望达到" if item.kind is ItemKind.DEMAND else "本成果"
        if compared:
            across = wide / len(compared)
            for number, line in enumerate(compared):
                _chart(page, line, offered, _EDGE + number * across, 4.56, across - 0.2, 1.5)
        elif item.comparison:
            rows = [(line.indicator, line.existing or NO_DATA, line.ours) for line in item.comparison[:2]]
            widths = (wide * 0.4, wide * 0.3, wide * 0.3)
            _table(page, _EDGE, 4.66, widths, ("指标", "现有", offered), rows, 0.4)
        if item.kind is ItemKind.ACHIEVEMENT:
            self._ladder(page, item, wide)

    def _ladder(self, page: Page, item: ItemFacts, wide: float) -> None:
        across, foot = wide / _TRL, 6.52
        for level in range(1, _TRL + 1):
            tall = 0.24 + 0.02 * level
            fill = _MIST
            if item.trl is not None and level <= item.trl:
                fill = _GOLD if level == item.trl else _SKY
            step = _shape(
                page, MSO_SHAPE.RECTANGLE, _EDGE + (level - 1) * across, foot - tall, across - 0.07, tall,
                None if item.trl is None else fill,
            )  # fmt: skip
            if item.trl is None:
                step.line.color.rgb, step.line.dash_style, step.line.width = _rgb(_STONE), MSO_LINE.DASH, Pt(1)
            colour = _WHITE if item.trl is not None and level < item.trl else _INK
            _write(step.text_frame, str(level), SMALLEST, colour, align=PP_ALIGN.CENTER)
            step.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
        told = f"成熟度 {item.trl} 级" if item.trl is not None else f"成熟度：{NO_DATA}"
        _text(page, _EDGE, 6.54, wide, 0.38, "　".join(filter(None, (told, item.trl_note))), SMALLEST, _INK)

    def _network(self, title: str, picture: NetworkPicture) -> None:
        page = self._page(title, _origins(picture.origins))
        steps = classes([count for _, _, count in picture.counts if count is not None])
        known = {code: count for code, _, count in picture.counts}
        _map(page, self.outlines, {c: _colour(n, steps) for c, n in known.items()}, _EDGE, 1.5, 7.4, 5.3)
        half = ceil(len(picture.counts) / 2)
        _text(page, 8.3, 1.45, 4.4, 0.45, picture.subject, 20, _INK, bold=True)
        for number, (_, name, count) in enumerate(picture.counts):
            top, left = 2.05 + number % half * 0.62, 8.2 + number // half * 2.35
            key = _shape(page, MSO_SHAPE.RECTANGLE, left, top + 0.08, 0.2, 0.2, _colour(count, steps))
            key.line.color.rgb, key.line.width = _rgb("8797A5"), Pt(0.5)
            told, colour = (NO_DATA, _STONE) if count is None else (f"{count:,}", _INK)
            _text(page, left + 0.28, top, 1.15, 0.4, name, 18, _INK)
            _text(page, left + 1.2, top, 1.0, 0.4, told, 18, colour, bold=count is not None, align=PP_ALIGN.RIGHT)
        _text(page, 8.3, 6.2, 4.4, 0.7, "底图依据天地图 GS（2024）0650号，示意图，未经地图审核。", SMALLEST, _STONE)

    def _channels(self, title: str, picture: ChannelPicture) -> None:
        page = self._page(title, _origins(picture.origins))
        chart = CategoryChartData()
        shown = list(reversed(picture.channels))
        chart.categories = [name for _, name, _ in shown]
        chart.add_series("记录（条）", [count for _, _, count in shown])
        drawn = _bars(page, chart, _EDGE, 1.5, 7.0, 5.2)
        for number, (code, _, _) in enumerate(shown):
            point = drawn.series[0].points[number]
            point.format.fill.solid()
            point.format.fill.fore_color.rgb = _rgb(_CHANNELS.get(code, _SKY))
        _text(page, 8.2, 1.45, 4.5, 0.45, "往来最多的地区、国家和单位（条）", 20, _INK, bold=True)
        for number, (code, name, count) in enumerate(picture.partners[:_PARTNERS]):
            top = 2.15 + number * 0.68
            _shape(page, MSO_SHAPE.OVAL, 8.2, top + 0.12, 0.18, 0.18, _CHANNELS.get(code, _SKY))
            _text(page, 8.5, top, 3.4, 0.42, name, 19, _INK)
            _text(page, 11.9, top, 0.83, 0.42, f"{count:,}", 19, _INK, bold=True, align=PP_ALIGN.RIGHT)

    def _closing(self, title: str) -> None:
        page = self._dark(title, 44)
        _text(page, _EDGE, 4.5, 9.2, 0.5, self.deck.title, 22, "D5E3EF")
        if self.made:
            _text(page, _EDGE, 6.75, 9.2, 0.4, self.made, SMALLEST, "A9C4DA")
        self._code(page, self.deck.follow, 10.3, 2.4, 2.4, "扫码留下意向", _WHITE)

    # -------------------------------------------------------------- their frame
    def _dark(self, title: str, size: float) -> Page:
        page = self._titled(title)
        page.background.fill.solid()
        page.background.fill.fore_color.rgb = _rgb(_DEEP)
        _place(page.shapes.title, _EDGE, 1.5, 9.4, 2.6)
        _write(page.shapes.title.text_frame, title, _fitting(title, 9.4, 2.6, size), _WHITE, bold=True)
        page.shapes.title.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
        return page

    def _page(self, title: str, tag: str, right: str = "") -> Page:
        page = self._titled(title)
        _text(page, _EDGE, 0.2, 8.6, 0.4, f"{_cut(self.deck.title, 24)}　{tag}", SMALLEST, _STONE)
        if right:
            _text(page, 9.2, 0.2, 3.53, 0.4, right, SMALLEST, _STONE, align=PP_ALIGN.RIGHT)
        _place(page.shapes.title, _EDGE, 0.62, 12.13, 0.85)
        size = _fitting(title, 12.13, 0.85, 32)
        _write(page.shapes.title.text_frame, _cut(title, floor(12.13 * 72 / size)), size, _INK, bold=True)
        page.shapes.title.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
        return page

    def _titled(self, title: str) -> Page:
        """A page with a real title, so that the outline of the presentation names it."""
        page: Page = self.paper.slides.add_slide(self.paper.slide_layouts[5])
        page.shapes.title.text = title
        return page

    def _code(self, page: Page, path: str, left: float, top: float, size: float, words: str, colour: str) -> None:
        if not self.address or not path:
            return
        frame = _shape(page, MSO_SHAPE.RECTANGLE, left - 0.1, top - 0.1, size + 0.2, size + 0.2, _WHITE)
        frame.name = "二维码底"
        picture: Any = page.shapes.add_picture(
            io.BytesIO(qr_png(self.address + path)), Inches(left), Inches(top), Inches(size), Inches(size)
        )
        picture._element.nvPicPr.cNvPr.set("descr", f"{words}：{self.address}{path}")
        _text(page, left - 0.3, top + size + 0.18, size + 0.6, 0.42, words, 18, colour, align=PP_ALIGN.CENTER)


# ------------------------------------------------------------------ what a page is made of
def _rgb(colour: str) -> RGBColor:
    return RGBColor(*bytes.fromhex(colour))


def _place(shape: Any, left: float, top: float, width: float, height: float) -> None:
    shape.left, shape.top, shape.width, shape.height = map(Inches, (left, top, width, height))


def _shape(page: Page, kind: MSO_SHAPE, left: float, top: float, width: float, height: float, fill: str | None) -> Any:
    shape = page.shapes.add_shape(kind, Inches(left), Inches(top), Inches(width), Inches(height))
    shape.shadow.inherit = False
    if fill is None:
        shape.fill.background()
    else:
        shape.fill.solid()
        shape.fill.fore_color.rgb = _rgb(fill)
    shape.line.fill.background()
    return shape


def _text(
    page: Page, left: float, top: float, width: float, height: float, text: str, size: float, colour: str, *,
    bold: bool = False, align: PP_ALIGN = PP_ALIGN.LEFT,
) -> None:  # fmt: skip
    """A box of text that is never larger than its place: smaller letters first, then fewer of them."""
    box = page.shapes.add_textbox(Inches(left), Inches(top), Inches(width), Inches(height))
    fitting = _fitting(text, width, height, size)
    lines = max(1, floor(height * 72 / (fitting * _LEADING)))
    _write(box.text_frame, _cut(text, _room(width * 72 / fitting, lines)), fitting, colour, bold=bold, align=align)


_LEADING: Final = 1.3
_RAGGED: Final = 1.5
"""Characters at the end of a line that a word or a number, which is not broken, may leave empty."""


def _write(
    frame: Any, text: str, size: float, colour: str, *, bold: bool = False, align: PP_ALIGN = PP_ALIGN.LEFT
) -> None:
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = Emu(0)
    frame.text = text
    for paragraph in frame.paragraphs:
        paragraph.alignment = align
        for run in paragraph.runs:
            _letters(run.font, size, colour, bold=bold)


def _letters(font: Any, size: float, colour: str, *, bold: bool) -> None:
    """Latin and Chinese letters in one family; PowerPoint keeps the two apart."""
    font.size, font.bold, font.name, font.color.rgb = Pt(size), bold, FONT, _rgb(colour)
    properties = font._element
    for element in properties.findall(qn("a:ea")):
        properties.remove(element)
    properties.find(qn("a:latin")).addnext(properties.makeelement(qn("a:ea"), {"typeface": FONT}))


def _fitting(text: str, width: float, height: float, size: float) -> float:
    """The largest size in points, from `size` down to SMALLEST, at which the text fits its place."""
    while size > SMALLEST:
        lines = _lines(text, width * 72 / size)
        if lines * size * _LEADING <= height * 72:
            return size
        size -= 1
    return SMALLEST


def _room(line: float, lines: int) -> float:
    """How many Chinese characters so many lines of that length hold."""
    return line if lines == 1 else lines * (line - _RAGGED)


def _lines(text: str, room: float) -> int:
    """How many lines of so many Chinese characters a text takes."""
    wide = _wide(text)
    return 1 if wide <= room else ceil(wide / max(room - _RAGGED, 1))


def _wide(text: str) -> float:
    """How wide a text is, in Chinese characters."""
    return sum(1.0 if east_asian_width(character) in "WFA" else 0.58 for character in text)


def _cut(text: str, room: float) -> str:
    """As much of a text as has room, in Chinese characters, with … where something is left out."""
    if _wide(text) <= room:
        return text
    kept = ""
    for character in text:
        if _wide(kept + character) + 1 > room:
            break
        kept += character
    return f"{kept}…"


def _table(
    page: Page, left: float, top: float, widths: Sequence[float], header: Sequence[str],
    rows: Sequence[Sequence[str]], tall: float,
) -> None:  # fmt: skip
    shape = page.shapes.add_table(
        len(rows) + 1, len(header), Inches(left), Inches(top), Inches(sum(widths)), Inches(tall * (len(rows) + 1))
    )
    table: Any = shape.table
    table.horz_banding = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Inches(width)
    for number, line in enumerate((header, *rows)):
        table.rows[number].height = Inches(tall)
        for cell, text, width in zip(table.rows[number].cells, line, widths, strict=True):
            cell.fill.solid()
            cell.fill.fore_color.rgb = _rgb(_MIST if number == 0 else _WHITE)
            cell.vertical_anchor = MSO_ANCHOR.MIDDLE
            size = SMALLEST if number == 0 else _fitting(text, width - 0.2, tall, 20)
            _write(
                cell.text_frame, _cut(text, (width - 0.2) * 72 / size), size, _STONE if number == 0 else _INK,
                bold=number > 0 and width > 5,
            )  # fmt: skip
            cell.margin_left = cell.margin_right = Inches(0.1)


def _chart(page: Page, line: Comparison, offered: str, left: float, top: float, width: float, height: float) -> None:
    """One indicator: two bars whose labels are the values as they were written."""
    parts = bars(line.existing, line.ours)
    if parts is None:
        return
    _text(page, left, top, width, 0.36, line.indicator, SMALLEST, _INK, bold=True)
    chart = CategoryChartData()
    chart.categories = [f"{offered} {line.ours}", f"现有 {line.existing}"]
    chart.add_series(line.indicator, [_number(line.ours), _number(line.existing)])
    drawn = _bars(page, chart, left, top + 0.34, width, height - 0.34, labels=False)
    for number, colour in enumerate((_SKY, "A9B6C1")):
        point = drawn.series[0].points[number]
        point.format.fill.solid()
        point.format.fill.fore_color.rgb = _rgb(colour)


def _number(text: str) -> float:
    """The number at the head of a value that `bars` could read."""
    kept = "".join(character for character in text if character.isdigit() or character == ".")
    return float(kept)


def _bars(
    page: Page, data: CategoryChartData, left: float, top: float, width: float, height: float, *, labels: bool = True
) -> Any:
    """A native bar chart without grid, legend or value axis: its labels say the numbers."""
    frame = page.shapes.add_chart(
        XL_CHART_TYPE.BAR_CLUSTERED, Inches(left), Inches(top), Inches(width), Inches(height), data
    )
    chart: Any = frame.chart
    chart.has_legend = chart.has_title = False
    chart.font.name, chart.font.size = FONT, Pt(SMALLEST)
    chart.value_axis.visible = chart.value_axis.has_major_gridlines = False
    chart.value_axis.minimum_scale = 0
    chart.category_axis.has_major_gridlines = False
    chart.category_axis.format.line.fill.background()
    chart.category_axis.tick_labels.font.size = Pt(SMALLEST)
    every = chart.category_axis._element.makeelement(qn("c:tickLblSkip"), {"val": "1"})
    chart.category_axis._element.find(qn("c:noMultiLvlLbl")).addprevious(every)
    plot = chart.plots[0]
    plot.gap_width, plot.vary_by_categories = 45, False
    plot.has_data_labels = labels
    if labels:
        plot.data_labels.font.size, plot.data_labels.font.bold = Pt(20), True
        plot.data_labels.number_format, plot.data_labels.number_format_is_linked = "#,##0", False
        plot.data_labels.position = XL_LABEL_POSITION.OUTSIDE_END
    return chart


def _map(
    page: Page, outlines: Sequence[Outline], colours: Mapping[str, str], left: float, top: float, width: float,
    height: float,
) -> None:  # fmt: skip
    """Every league as a shape of its own, grouped, so that it can be moved, filled and counted."""
    points = [point for outline in outlines for ring in outline.rings for point in ring]
    if not points:
        return
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    north, south = min(y for _, y in points), max(y for _, y in points)
    scale = min(width / (east - west), height / (south - north))
    whole = page.shapes.add_group_shape()
    whole.name = "十二盟市"
    for outline in outlines:
        for ring in outline.rings:
            drawn = [(left + (x - west) * scale, top + (y - north) * scale) for x, y in ring]
            builder = whole.shapes.build_freeform(round(drawn[0][0] * 1000), round(drawn[0][1] * 1000), 914.4)
            builder.add_line_segments([(round(x * 1000), round(y * 1000)) for x, y in drawn[1:]], close=True)
            shape = builder.convert_to_shape()
            shape.name = outline.code
            shape.shadow.inherit = False
            shape.fill.solid()
            shape.fill.fore_color.rgb = _rgb(colours.get(outline.code, _NO_DATA))
            shape.line.color.rgb, shape.line.width = _rgb("8797A5"), Pt(0.75)


def _colour(count: int | None, limits: Sequence[int]) -> str:
    if count is None:
        return _NO_DATA
    return _RAMP[class_of(count, limits) - 1]


def _origins(origins: Sequence[Any]) -> str:
    return "、".join(origin.label for origin in origins)
