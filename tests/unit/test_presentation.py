"""The deck as a PPTX: native titles, tables, charts, shapes; readable from the last row; nothing outside the page."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE

from lib.domain.deck import (
    ChannelPicture,
    Comparison,
    Deck,
    ItemFacts,
    NetworkPicture,
    Slide,
    SlideKind,
)
from lib.domain.vocabulary import NO_DATA, ItemKind, Origin
from lib.files.outlines import Outline
from lib.files.presentation import SMALLEST, pptx_bytes

WHOLE = ItemFacts(
    id=2, number=1, kind=ItemKind.ACHIEVEMENT, title="风机叶片低温热解回收玻璃纤维成套技术", minutes=8,
    stated_minutes=True, starts=datetime(2026, 11, 28, 1, 8, tzinfo=UTC), presenter="王五",
    unit="锡林郭勒盟某风电企业", league="锡林郭勒盟",
    field="环境保护与资源综合利用", value="让退役叶片变成可再用的玻璃纤维，每吨处理成本降三成",
    comparison=(
        Comparison("树脂与纤维分离率", "80%", "96%"),
        Comparison("每吨处理成本", "1,500 元", "1,050 元"),
        Comparison("处理周期", "3 至 5 天", "8 小时"),
    ),
    trl=7, trl_note="第三方，GB/T 22900-2022", rights=("发明专利 ZL202310000001.0 有效", "实用新型专利"),
    mode="许可他人使用", price="面议", origin=Origin.DEMO, source="演示数据", page="/roadshows?id=1&item=2",
)  # fmt: skip
BARE = ItemFacts(id=3, number=2, kind=ItemKind.DEMAND, title="乳业废水处理", minutes=8, stated_minutes=False, page="/x")
BREAK = ItemFacts(id=4, number=0, kind=ItemKind.BREAK, title="茶歇", minutes=10, stated_minutes=True)
TALK = ItemFacts(id=5, number=3, kind=ItemKind.TALK, title="政策解读", minutes=20, stated_minutes=True)
SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
OUTLINES = (
    Outline("150100", (SQUARE,)),
    Outline("150200", (tuple((x + 1, y) for x, y in SQUARE), tuple((x, y + 1) for x, y in SQUARE))),
)


def deck(*items: ItemFacts, title: str = "2026 赤峰市科技成果路演") -> Deck:
    slides = (
        Slide("title", SlideKind.TITLE, title),
        Slide("agenda", SlideKind.AGENDA, "议程"),
        *(Slide(f"item-{item.id}", SlideKind.ITEM, item.title, item) for item in items),
        Slide("network", SlideKind.NETWORK, "成果在哪里：十二盟市"),
        Slide("channels", SlideKind.CHANNELS, "技术从哪里来、到哪里去"),
        Slide("closing", SlideKind.CLOSING, "现场对接开始"),
    )
    network = NetworkPicture("成果（项）", (("150100", "呼和浩特", 38), ("150200", "包头", None)), (Origin.PUBLIC,))
    channels = ChannelPicture(
        (("abroad", "跨国", 36), ("within", "区内", 2)), (("abroad", "蒙古国", 7),), (Origin.PUBLIC,)
    )
    return Deck(
        1, title, "路演", "2026-11-28 09:00–11:30", "赤峰市", (("主办", "赤峰市科学技术局"),), Origin.SUBMITTED,
        slides, items, network, channels, "/follow?event=1",
    )  # fmt: skip


def opened(of: Deck, address: str = "https://tt.example.gov.cn") -> Any:
    return Presentation(io.BytesIO(pptx_bytes(of, OUTLINES, address=address)))


def shapes(page: Any) -> list[Any]:
    found = []
    for shape in page.shapes:
        found.append(shape)
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            found += shape.shapes
    return found


def words(page: Any) -> list[str]:
    told = [shape.text_frame.text for shape in page.shapes if shape.has_text_frame]
    for shape in page.shapes:
        if shape.has_table:
            told += [cell.text for row in shape.table.rows for cell in row.cells]
    return told


def fonts(page: Any) -> list[Any]:
    frames = [shape.text_frame for shape in page.shapes if shape.has_text_frame]
    for shape in page.shapes:
        if shape.has_table:
            frames += [cell.text_frame for row in shape.table.rows for cell in row.cells]
    return [run.font for frame in frames for paragraph in frame.paragraphs for run in paragraph.runs]


def test_a_page_for_a_slide_with_a_title_that_the_outline_names() -> None:
    paper = opened(deck(WHOLE, BARE, BREAK, TALK))
    assert [page.shapes.title.text for page in paper.slides] == [
        "2026 赤峰市科技成果路演", "议程", WHOLE.title, BARE.title, "茶歇", "政策解读", "成果在哪里：十二盟市",
        "技术从哪里来、到哪里去", "现场对接开始",
    ]  # fmt: skip
    assert paper.core_properties.author == ""


def test_numbers_that_compare_are_charts_whose_data_can_be_edited() -> None:
    page = opened(deck(WHOLE)).slides[2]
    charts = [shape.chart for shape in page.shapes if shape.has_chart]
    assert [list(chart.plots[0].series[0].values) for chart in charts] == [[96.0, 80.0], [1050.0, 1500.0]]
    assert list(charts[1].plots[0].categories) == ["本成果 1,050 元", "现有 1,500 元"]


def test_the_map_is_a_shape_a_league_and_the_channels_a_chart() -> None:
    network, channels = list(opened(deck(WHOLE)).slides)[3:5]
    leagues = [shape for shape in shapes(network) if shape.shape_type == MSO_SHAPE_TYPE.FREEFORM]
    assert [shape.name for shape in leagues] == ["150100", "150200", "150200"]
    fills = [str(shape.fill.fore_color.rgb) for shape in leagues]
    assert fills[0] != fills[1] == fills[2]
    assert {"38", NO_DATA} <= set(words(network))
    chart = next(shape.chart for shape in channels.shapes if shape.has_chart)
    assert dict(zip(chart.plots[0].categories, chart.plots[0].series[0].values, strict=True)) == {
        "跨国": 36.0,
        "区内": 2.0,
    }


def test_what_a_record_does_not_say_reads_so() -> None:
    page = opened(deck(BARE)).slides[2]
    assert words(page).count(NO_DATA) >= 4
    assert "0" not in words(page)


def test_codes_only_where_somebody_else_can_open_the_address() -> None:
    def pictures(address: str) -> int:
        pages = opened(deck(WHOLE), address).slides
        return sum(shape.shape_type == MSO_SHAPE_TYPE.PICTURE for page in pages for shape in page.shapes)

    assert (pictures("https://tt.example.gov.cn"), pictures("")) == (3, 0)


def test_a_long_agenda_goes_on_on_a_second_page() -> None:
    items = tuple(replace(BARE, id=n, number=n, title=f"项目{n}") for n in range(1, 12))
    pages = list(opened(deck(*items)).slides)
    assert [page.shapes.title.text for page in pages[1:3]] == ["议程（1 / 2）", "议程（2 / 2）"]
    assert [t for page in pages[1:3] for t in words(page) if t.startswith("项目") and t != "项目"] == [
        f"项目{n}" for n in range(1, 12)
    ]
    assert "议程未公布" in words(list(opened(deck()).slides)[1])


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=120)


@settings(max_examples=25)
@given(TEXTS.filter(str.strip), TEXTS, TEXTS, st.lists(TEXTS, max_size=3))
def test_nothing_is_small_or_outside_whatever_is_written(title: str, value: str, unit: str, rights: list[str]) -> None:
    item = replace(WHOLE, title=title, value=value, unit=unit, rights=tuple(filter(str.strip, rights)), mode=value)
    paper = opened(deck(item, replace(BARE, title=title, unit=unit), BREAK, title=title))
    for page in paper.slides:
        for shape in page.shapes:
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= paper.slide_width + 2000
            assert shape.top + shape.height <= paper.slide_height + 2000
        assert all(font.size is not None and font.size.pt >= SMALLEST for font in fonts(page))


@pytest.mark.parametrize("level", [None, 1, 9])
def test_the_ladder_has_nine_steps_and_lights_those_that_were_reached(level: int | None) -> None:
    page = opened(deck(replace(WHOLE, trl=level))).slides[2]
    steps = [shape for shape in page.shapes if shape.has_text_frame and shape.text_frame.text in set("123456789")]
    lit = [shape for shape in steps if shape.fill.type is not None and shape.fill.type == 1]
    colours = {str(shape.fill.fore_color.rgb) for shape in lit}
    assert len(steps) == 9
    assert ("D9962B" in colours) == (level is not None)
