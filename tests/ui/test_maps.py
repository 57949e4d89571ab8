"""The maps: classes, hatch, fitted views, labels that do not collide, and what a rerun sends."""

import json
import re
from collections.abc import Iterator
from math import hypot
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lib.domain.access import VISITOR
from lib.domain.vocabulary import Channel, Direction, Level
from lib.services import network as service
from lib.services.channels import FactKind, Flow
from lib.services.coverage import Spot
from lib.services.network import Metric, Node
from lib.settings import settings
from lib.store.engine import Database
from lib.ui import theme
from lib.ui.maps import base, channels, geometry, legend, network, notice, overlays, picture, placing, sites
from lib.ui.maps.base import Frame, Map, curve
from lib.ui.maps.classes import band_of, classify

LIMIT = 200_000
LEAGUES = tuple(f["properties"]["code"] for f in geometry.features("leagues_lite"))


@pytest.fixture
def session_nodes(loaded_sqlite: Database) -> dict[str, tuple[Node, ...]]:
    """The leagues under a blank key, each league's banners under its code."""
    with loaded_sqlite.read() as session:
        leagues = service.nodes(session, Level.LEAGUE, actor=VISITOR)
        every = service.nodes(session, Level.BANNER, actor=VISITOR)
    found = {"": leagues, "every": every}
    return found | {n.code: tuple(b for b in every if b.parent_code == n.code) for n in leagues}


# ------------------------------------------------------------------ classes
@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([], []),
        ([None, None], []),
        ([3, 3, None], ["3"]),
        ([3, 5, 5, 3], ["3", "5"]),
        ([1, 2, 3, 4, 5], ["1", "2", "3", "4", "5"]),
        ([38, 20, 16, 10, 6, 5, 4, 3, 2, 2, 2, 1], ["1–2", "3–4", "5–6", "10–16", "20–38"]),
    ],
)
def test_classes_are_quantiles_with_observed_limits(values: list[int | None], labels: list[str]) -> None:
    assert [band.label for band in classify(values)] == labels


def test_few_classes_keep_off_the_ends_of_the_ramp() -> None:
    assert [band.colour for band in classify([1, 2])] == [theme.RAMP[1], theme.RAMP[3]]
    assert [band.colour for band in classify(range(9))] == list(theme.RAMP)


def test_no_data_has_no_class_and_zero_is_a_value() -> None:
    bands = classify([0, 4, None])
    assert band_of(bands, None) is None
    assert band_of(bands, 0) == bands[0]


# ------------------------------------------------------------------ views
@pytest.mark.parametrize("bounds", [(97.2, 37.4, 126.1, 53.35), (-20.0, -48.0, 180.0, 70.0), (106, 37.6, 111.5, 40.9)])
def test_a_fitted_view_shows_its_bounds_and_touches_them(bounds: tuple[float, float, float, float]) -> None:
    frame = Frame.fit(bounds, 800, 500, 20)
    (left, bottom), (right, top) = frame.pixel(*bounds[:2]), frame.pixel(*bounds[2:])
    assert min(left, top, 800 - right, 500 - bottom) == pytest.approx(20, abs=0.01)
    assert left + right == pytest.approx(800)
    assert top + bottom == pytest.approx(500)
    assert frame.place(*frame.pixel(110, 40)) == pytest.approx((110, 40))


def test_a_curve_starts_and_ends_at_its_places() -> None:
    path = curve((110, 40), (120, 45), 0.1)
    assert (path[0], path[-1]) == ((110, 40), (120, 45))
    assert curve((110, 40), (120, 45), 0)[14][1] == pytest.approx(42.5, abs=0.2)


# ------------------------------------------------------------------ geometry
SQUARE = {
    "properties": {"code": "x", "name": "x"},
    "geometry": {
        "type": "Polygon",
        "coordinates": [
            [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]],
            [[1, 1], [1, 3], [3, 3], [3, 1], [1, 1]],
        ],
    },
}


def test_inside_respects_holes() -> None:
    axis = np.array([-1.0, 0.5, 2.0, 3.5])
    assert geometry.inside(SQUARE, axis, axis).tolist() == [
        [False, False, False, False],
        [False, True, True, True],
        [False, True, False, True],
        [False, True, True, True],
    ]


def test_the_hatch_covers_a_division_and_leaves_its_holes() -> None:
    strokes = geometry.hatch(SQUARE, 0.25)
    assert len(strokes) > 20
    for start, end in strokes:
        middle = [(a + b) / 2 for a, b in zip(start, end, strict=True)]
        assert geometry.inside(SQUARE, np.array([middle[0]]), np.array([middle[1]])).all()


def test_the_border_of_hexagons_is_closed_and_only_outside() -> None:
    cells = [f for f in geometry.features("banners_hex") if f["properties"]["parent_code"] == "150300"]
    paths = geometry.outlines(cells)
    assert all(path[0] == path[-1] for path in paths)
    assert sum(len(path) - 1 for path in paths) < 6 * len(cells)


def test_the_copies_served_by_address_are_those_of_the_data(tmp_path: Path) -> None:
    geometry.write_copies(tmp_path)
    for file in sorted(tmp_path.iterdir()):
        assert (geometry.STATIC / file.name).read_text() == file.read_text(), (
            f"{file.name}: python -m lib.ui.maps.geometry"
        )


def test_replaced_boundaries_go_in_the_message(
    monkeypatch: pytest.MonkeyPatch, session_nodes: dict[str, tuple[Node, ...]]
) -> None:
    assert geometry.ground("leagues_lite") == "/app/static/geo/leagues_lite.geojson"
    assert "/app/static/geo/" in network.region(session_nodes[""], Metric.DEMANDS).spec.to_json()
    other = settings().model_copy(update={"geo_dir": Path(settings().geo_dir) / ".." / "geo"})
    monkeypatch.setattr(geometry, "settings", lambda: other)
    assert len(geometry.ground("leagues_lite")["features"]) == 12
    assert "/app/static/geo/" not in network.region(session_nodes[""], Metric.DEMANDS).spec.to_json()


# ------------------------------------------------------------------ labels
@pytest.mark.parametrize("code", LEAGUES)
def test_labels_of_a_league_collide_with_nothing(code: str, session_nodes: dict[str, tuple[Node, ...]]) -> None:
    nodes = session_nodes[code]
    lite = {
        f["properties"]["code"]: f for f in geometry.features("banners_lite") if f["properties"]["parent_code"] == code
    }
    frame = Frame.fit(geometry.bounds(list(lite.values())), network.WIDTH, network.HEIGHT, 28)
    seats = [(node.seat_lon, node.seat_lat) for node in nodes]
    texts = [placing.Text(n.code, 68, 40, seat) for n, seat in zip(nodes, seats, strict=True)]
    spots = placing.place(frame, texts, lite, seats)
    boxes = [(x - 34, y - 20, x + 34, y + 20) for x, y in (frame.pixel(*spot.centre) for spot in spots)]
    for i, (left, top, right, bottom) in enumerate(boxes):
        assert left >= 0 and top >= 0 and right <= network.WIDTH and bottom <= network.HEIGHT
        for x, y in (frame.pixel(*seat) for seat in seats):
            assert not (left < x < right and top < y < bottom)
        for other in boxes[:i]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
    assert len({spot.code for spot in spots}) == len(nodes)


def test_labels_beside_dots_stay_in_the_panel_and_apart() -> None:
    marks = [placing.Mark((x, y), 5, 46) for x, y in ((5, 5), (12, 20), (395, 295), (388, 280), (200, 150), (204, 158))]
    centres = placing.beside(marks, (400, 300))
    for mark, (x, y) in zip(marks, centres, strict=True):
        assert 23 <= x <= 377 and 7 <= y <= 293
        assert hypot(x - mark.at[0], y - mark.at[1]) < 70
    assert len({(round(x), round(y)) for x, y in centres}) == len(marks)


# ------------------------------------------------------------------ what is sent
def layers_of(drawn: base.Map) -> list[dict[str, Any]]:
    """The layers of a message: they lie in a list of their own, where Streamlit leaves them alone."""
    (layers,) = json.loads(drawn.to_json())["layers"]
    return layers


def _drawings(nodes: dict[str, tuple[Node, ...]]) -> Iterator[tuple[str, Map]]:
    for metric in Metric:
        yield f"region {metric}", network.region(nodes[""], metric).spec
        yield f"hexagons {metric}", network.hexagons(nodes["every"], nodes[""], metric).spec
        for own in nodes[""]:
            chosen = nodes[own.code][0].code
            yield f"{own.name} {metric}", network.league(own, nodes[own.code], metric, chosen).spec


def test_every_map_is_small_and_every_layer_has_an_id(session_nodes: dict[str, tuple[Node, ...]]) -> None:
    for name, drawn in _drawings(session_nodes):
        message = drawn.to_json()
        assert len(message.encode()) < 32_000, name
        ids = [layer["id"] for layer in layers_of(drawn)]
        assert len(ids) == len(set(ids)), name
        assert "http" not in message, name


def test_hexagons_carry_the_layers_too(session_nodes: dict[str, tuple[Node, ...]]) -> None:
    places = network.places()
    assert {node.code for node in session_nodes[""]} <= set(places)
    chips = [overlays.Chip("carriers", places["150200"], 3, exact=False)]
    zone = {"over-zone": {theme.GOLD_LINE: ("150100", "150200", "150600")}}
    own = session_nodes["150200"]
    drawing = network.hexagons(own, session_nodes[""], Metric.DEMANDS, "150200", chips=chips)
    layers = {layer["id"]: layer for layer in layers_of(drawing.spec)}
    assert [text["t"] for text in layers["over-carriers"]["data"]] == ["载 3？"]
    drawing = network.hexagons(session_nodes["every"], session_nodes[""], Metric.DEMANDS, outlined=zone)
    (outline,) = [layer for layer in layers_of(drawing.spec) if layer["id"] == "over-zone"]
    assert all(path["p"][0] == path["p"][-1] for path in outline["data"]), "a line around them, closed"
    assert {str(path["c"]) for path in outline["data"]} == {str(base.rgb(theme.GOLD_LINE))}


def test_no_data_is_hatched_and_told_from_every_class(session_nodes: dict[str, tuple[Node, ...]]) -> None:
    drawing = network.region(session_nodes[""], Metric.DEMANDS)
    layers = {layer["id"]: layer for layer in layers_of(drawing.spec)}
    fill, line = layers["divisions-region"]["getFillColor"], layers["edges-region"]["getLineColor"]
    empty = {"150400", "150900", "152900"}  # 赤峰市, 乌兰察布市, 阿拉善盟
    assert set(re.findall(r"\d{6}", line)) == empty
    assert set(re.findall(r"\d{6}", fill)) == {node.code for node in session_nodes[""]} - empty
    assert fill.endswith(f":{base.rgb(theme.NO_DATA_FILL)}")
    assert layers["hatch"]["data"]["coordinates"]
    assert drawing.has_gap
    assert not network.region(session_nodes[""], Metric.ACHIEVEMENTS).has_gap


def test_no_link_leads_to_a_node_without_data(session_nodes: dict[str, tuple[Node, ...]]) -> None:
    layers = layers_of(network.region(session_nodes[""], Metric.ACHIEVEMENTS).spec)
    ends = {tuple(path["p"][-1]) for layer in layers if layer["id"] == "links" for path in layer["data"]}
    serving = [node for node in session_nodes[""] if node.services]
    assert len(ends) == len(serving) - 1
    for lon, lat in ends:
        assert any(hypot(node.seat_lon - lon, node.seat_lat - lat) < 0.01 for node in serving)


def _flow(partner: str, league: str | None, direction: Direction = Direction.UNSTATED, kind: str = "国家") -> Flow:
    channel = Channel.ABROAD if kind == "国家" else Channel.INTERREGIONAL
    return Flow(FactKind.COOPERATION, channel, partner, kind, (*partner.split("、"),), league, direction, 2)


def test_arcs_show_a_direction_only_where_it_is_stated(session_nodes: dict[str, tuple[Node, ...]]) -> None:
    flows = [
        _flow("德国", "150400", Direction.IN),
        _flow("俄罗斯", "150700", Direction.OUT),
        _flow("蒙古国", "150700"),
        _flow("加拿大", None),
        _flow("北京市", "150700", kind="省区市"),
        _flow("某单位", None, kind="高校"),
    ]
    drawing = channels.arcs(flows, session_nodes[""], "world")
    layers = {layer["id"]: layer for layer in layers_of(drawing.spec)}
    alphas = {(arc["a"][3:] or [255])[0] - (arc["b"][3:] or [255])[0] for arc in layers["arcs"]["data"]}
    assert len(layers["arcs"]["data"]) == 4
    assert sorted(alphas) == [-215, 0, 215]
    assert (drawing.shown, drawing.elsewhere, drawing.unplaced_league, drawing.unknown) == (8, 2, 2, 0)
    assert any("← 加拿大 2" in text["t"] for text in layers["place-names"]["data"])
    home = channels.arcs(flows, session_nodes[""], "home")
    assert (home.shown, home.unknown) == (2, 2)


def test_the_small_picture_shows_numbers_and_gaps(session_nodes: dict[str, tuple[Node, ...]]) -> None:
    nodes = {node.code: node for node in session_nodes[""]}
    bands = classify(node.count(Metric.DEMANDS) for node in nodes.values())
    svg = picture.picture(geometry.features("leagues_lite", decimals=3), nodes, Metric.DEMANDS, bands)
    assert svg.count("url(#bj-gap)") == 3
    assert len(svg) < 40_000


def test_legend_and_notice_say_what_stands_on_the_map() -> None:
    svg = legend.legend("成果（项）", classify([1, 4]), gap=True, signs=[("hub", "枢纽<b>")])
    assert "暂无数据" in svg
    assert "枢纽&lt;b&gt;" in svg
    assert notice.notice().startswith(
        "行政区划数据来源：国家地理信息公共服务平台（天地图），原图审图号 GS（2024）0650号"
    )
    readme = (settings().geo_dir / "README.md").read_text(encoding="utf-8")
    assert f"> {notice.notice()}" in readme


# ------------------------------------------------------------------ layers over the map
def _over(layers: list[dict[str, object]]) -> list[overlays.Chip]:
    places = [(111.7, 40.8), (109.95, 40.62), (109.78, 39.6), (106.8, 39.65), (113.1, 41.0)]
    return [overlays.Chip(str(layer), place, 12, True) for place in places for layer in layers]


@pytest.mark.parametrize("many", range(1, 7))
def test_chips_hide_neither_one_another_nor_a_name_and_stay_in_the_panel(many: int) -> None:
    frame = Frame.fit((97.2, 37.4, 126.1, 53.35), network.WIDTH, network.HEIGHT, 14)
    names = [(x - 30, y - 19, x + 30, y + 19) for x, y in (frame.pixel(108.3, 38.8), frame.pixel(112.6, 42.3))]
    found = overlays.blocks(frame, _over(list(overlays.SIGNS)[:many]), names)
    assert len(found) == 5
    for place, block in enumerate(found):
        left, top, right, bottom = block.box
        assert 0 <= left < right <= frame.width
        assert 0 <= top < bottom <= frame.height
        for other in [*(b.box for b in found[place + 1 :]), *names]:
            assert placing.overlap(block.box, other) == 0


def test_outlines_cost_an_address_and_not_a_geometry() -> None:
    layer = overlays.outlines({"#C98416": ("150100", "150200")}, "zone")
    assert layer["data"] == "/app/static/geo/leagues_lite.geojson"
    assert layer["getLineWidth"] == "@@=(properties.code=='150100'||properties.code=='150200')?3.4:0"
    assert len(json.dumps(layer)) < 500


def test_the_picture_of_sites_names_what_is_proposed() -> None:
    spots = [Spot("150102", "新城区", "150100", "呼和浩特市", 111.7, 40.8),
             Spot("150402", "红山区", "150400", "赤峰市", 118.9, 42.3)]  # fmt: skip
    drawn = sites.picture(spots[:1], spots[1:], spots[1:], {spots[1]: spots[1]})
    assert "红山区" in drawn
    assert "新城区" not in drawn
    assert len(drawn) < 60_000
