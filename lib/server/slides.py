"""The slides of a deck as HTML: one section a slide, charts and map as SVG, every text escaped here."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Final

from lib.domain.deck import ChannelPicture, Comparison, Deck, ItemFacts, NetworkPicture, Slide, SlideKind
from lib.domain.telling import bars
from lib.domain.vocabulary import NO_DATA, ItemKind, Origin
from lib.files import outlines
from lib.files.onepager import qr_svg
from lib.settings import settings

_TRL: Final = 9
_COMPARED: Final = 3
_PER_AGENDA: Final = 8
_LONG_TITLE: Final = 22
_LONGER_TITLE: Final = 40
NOTICE: Final = "底图：天地图 GS（2024）0650号；示意图，未经地图审核"


def deck_html(deck: Deck, base: str) -> str:
    """All slides of a deck. `base` is what the codes' addresses begin with; blank: nobody else could open them."""
    return "".join(_slide(slide, deck, base) for slide in deck.slides)


def map_svg(counts: Sequence[tuple[str, str, int | None]]) -> str:
    """The twelve leagues filled by class, with names and numbers, and hatching for 暂无数据."""
    leagues = outlines.leagues(settings().geo_dir)
    left, top, right, bottom = outlines.box(leagues)
    scale = 1000 / (right - left)
    height = round((bottom - top) * scale) + 90

    def at(point: outlines.Point) -> tuple[float, float]:
        return (point[0] - left) * scale, (point[1] - top) * scale + 20

    known = {code: (name, count) for code, name, count in counts}
    limits = outlines.classes([count for _, _, count in counts if count is not None])
    shapes, words = [], []
    for league in leagues:
        name, count = known.get(league.code, ("", None))
        path = "".join("M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in map(at, ring)) + "Z" for ring in league.rings)
        shapes.append(f'<path class="{_colour(count, limits, none="none")}" d="{path}"/>')
        place, leader = outlines.LABELS[league.code]
        x, y = at(outlines.plane(*place))
        if leader is not None:
            end = at(outlines.plane(*leader))
            words.append(f'<line x1="{x:.0f}" y1="{y - 8:.0f}" x2="{end[0]:.0f}" y2="{end[1]:.0f}"/>')
        words.append(
            f'<text x="{x:.0f}" y="{y:.0f}">{escape(name)}'
            f'<tspan x="{x:.0f}" dy="1.12em">{NO_DATA if count is None else f"{count:,}"}</tspan></text>'
        )
    told = "；".join(f"{name}{NO_DATA if count is None else count}" for _, name, count in counts)
    return (
        f'<svg class="map" viewBox="0 0 1000 {height}" role="img" aria-label="{escape(told)}"><defs>'
        '<pattern id="gap" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="9" height="9" class="gap-ground"/><line class="gap-line" y2="9"/></pattern></defs>'
        f'<g class="leagues">{"".join(shapes)}</g><g class="names">{"".join(words)}</g></svg>'
    )


def network_html(picture: NetworkPicture) -> str:
    """The map beside the leagues in their order."""
    limits = outlines.classes([count for _, _, count in picture.counts if count is not None])
    rows = "".join(
        f'<li><i class="{_colour(count, limits, none="gap")}"></i><span>{escape(name)}</span>'
        f"<b>{NO_DATA if count is None else f'{count:,}'}</b></li>"
        for _, name, count in picture.counts
    )
    return (
        f'<div class="net"><div>{map_svg(picture.counts)}'
        f'<p class="source">{NOTICE}</p></div><div><h2>{escape(picture.subject)}</h2>'
        f'<ol class="rank">{rows}</ol></div></div>'
    )


def channels_html(picture: ChannelPicture) -> str:
    """The four channels as bars, and the partners named most."""
    most = max((count for _, _, count in picture.channels), default=0) or 1
    bars_ = "".join(
        f'<li class="{code}"><span>{escape(name)}</span><i data-part="{count / most:.3f}"></i><b>{count:,}</b></li>'
        for code, name, count in picture.channels
    )
    partners = "".join(
        f'<li class="{code}"><i></i><span>{escape(name)}</span><b>{count:,}</b></li>'
        for code, name, count in picture.partners
    )
    return (
        f'<div class="flows"><div><h2>合作记录（条）</h2>'
        f'<ol class="bars">{bars_}</ol></div><div><h2>往来最多（条）</h2>'
        f'<ol class="partners">{partners}</ol></div></div>'
    )


def tags(origins: Sequence[Origin]) -> str:
    """What the rows behind a picture are: public, submitted, demonstration."""
    return "".join(map(_tag, origins))


# ------------------------------------------------------------------ one slide
def _slide(slide: Slide, deck: Deck, base: str) -> str:
    def head(origins: Sequence[Origin]) -> str:
        return _head(deck, slide.title, tags(origins))

    draw: dict[SlideKind, Callable[[], str]] = {
        SlideKind.TITLE: lambda: _title(deck, base),
        SlideKind.AGENDA: lambda: _agenda(deck),
        SlideKind.ITEM: lambda: _item(slide.item, deck, base) if slide.item else "",
        SlideKind.NETWORK: lambda: head(deck.network.origins) + network_html(deck.network),
        SlideKind.CHANNELS: lambda: head(deck.channels.origins) + channels_html(deck.channels),
        SlideKind.CLOSING: lambda: _closing(slide.title, deck, base),
    }
    return (
        f'<section class="slide {slide.kind.value}" data-key="{slide.key}" aria-label="{escape(slide.title)}">'
        f"{draw[slide.kind]()}</section>"
    )


def _title(deck: Deck, base: str) -> str:
    facts = [("时间", deck.when or NO_DATA), ("地点", deck.place or NO_DATA), *deck.organizers]
    told = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts[:5])
    return (
        f'<p class="kind">{escape(deck.kind)} {_tag(deck.origin)}</p><h1 class="{_size(deck.title)}">'
        f"{escape(deck.title)}</h1><dl>{told}</dl>{_code(base, deck.follow, '扫码跟随', '看现场、提问、留意向')}"
    )


def _agenda(deck: Deck) -> str:
    if not deck.items:
        return f'{_head(deck, "议程")}<p class="blank">议程未公布</p>'
    rows = "".join(
        f'<li data-item="{item.id}"><b>{item.number or "—"}</b><span class="what">{escape(item.title)}</span>'
        f'<span class="who">{escape(item.unit)}</span><span class="when">{item.clock}</span></li>'
        for item in deck.items
    )
    dense = " dense" if len(deck.items) > _PER_AGENDA else ""
    return f'{_head(deck, "议程")}<ol class="lines{dense}">{rows}</ol>'


def _item(item: ItemFacts, deck: Deck, base: str) -> str:
    if item.kind is ItemKind.BREAK:
        return f'<h1>{escape(item.title)}</h1><p class="blank">{item.minutes} 分钟</p>'
    origin = _tag(item.origin) if item.origin else ""
    head = _head(
        deck, f"第 {item.number} 项 / 共 {deck.numbered} 项", f'<span class="tag">{item.kind.label}</span>{origin}'
    )
    title = f'<h1 class="{_size(item.title)}">{escape(item.title)}</h1>'
    if item.kind is ItemKind.TALK:
        body = _facts((("发言人", item.presenter), ("单位", item.unit)))
    else:
        value = f'<p class="value">{escape(item.value)}</p>' if item.value else ""
        body = f"{value}{_facts(_told(item))}{_compared(item)}"
        if item.kind is ItemKind.ACHIEVEMENT:
            body += _ladder(item)
    code = _code(base, f"{deck.follow}&item={item.id}", "扫码看详情", "留下对接意向")
    source = f'<p class="source">来源：{escape(item.source)}</p>' if item.source else ""
    wide = "" if code else " wide"
    return f'{head}{title}<div class="body{wide}"><div class="story">{body}{source}</div>{code}</div>'


def _told(item: ItemFacts) -> tuple[tuple[str, str], ...]:
    demand = item.kind is ItemKind.DEMAND
    if demand:
        return (
            ("技术领域", item.field), ("需求单位", item.unit), ("所在盟市", item.league),
            ("合作方式", item.mode), ("预算", item.price), ("期限", item.trl_note),
        )  # fmt: skip
    return (
        ("技术领域", item.field), ("完成单位", item.unit), ("所在盟市", item.league),
        ("转化方式", item.mode), ("价格", item.price), ("知识产权", item.rights_told),
    )  # fmt: skip


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    told = "".join(
        f'<div><dt>{name}</dt><dd class="{"" if value else "none"}">{escape(value or NO_DATA)}</dd></div>'
        for name, value in facts
    )
    return f'<dl class="facts">{told}</dl>'


def _compared(item: ItemFacts) -> str:
    """对比基准 as bars where both values are plain numbers of one unit, else side by side in words."""
    if not item.comparison:
        return ""
    offered = "希望达到" if item.kind is ItemKind.DEMAND else "本成果"
    lines = "".join(_compare(line, offered) for line in item.comparison[:_COMPARED])
    return f'<div class="compared">{lines}</div>'


def _compare(line: Comparison, offered: str) -> str:
    both = bars(line.existing, line.ours)
    existing = line.existing or NO_DATA

    def row(name: str, text: str, part: float | None, cls: str) -> str:
        bar = f'<i class="{cls}" data-part="{part:.3f}"></i>' if part is not None else ""
        return f"<div><span>{name}</span><b>{escape(text)}</b>{bar}</div>"

    return (
        f"<figure><figcaption>{escape(line.indicator)}</figcaption>"
        f"{row('现有', existing, both.existing if both else None, 'before')}"
        f"{row(offered, line.ours, both.offered if both else None, 'after')}</figure>"
    )


def _ladder(item: ItemFacts) -> str:
    steps = "".join(f'<i class="{_rung(level, item.trl)}">{level}</i>' for level in range(1, _TRL + 1))
    told = f"成熟度 {item.trl} 级" if item.trl is not None else f"成熟度：{NO_DATA}（未评估）"
    note = f"　{escape(item.trl_note)}" if item.trl_note else ""
    return f'<div class="ladder"><div class="rungs">{steps}</div><p><b>{told}</b>{note}</p></div>'


def _rung(level: int, reached: int | None) -> str:
    if reached is None:
        return "unknown"
    return "reached" if level < reached else "at" if level == reached else ""


def _colour(count: int | None, limits: Sequence[int], *, none: str) -> str:
    return none if count is None else f"c{outlines.class_of(count, limits)}"


def _closing(title: str, deck: Deck, base: str) -> str:
    code = _code(base, deck.follow, "扫码留下意向", "会后由主办方联系")
    return f'<h1>{escape(title)}</h1><p class="blank">{escape(deck.title)}</p>{code}'


def _head(deck: Deck, right: str, marks: str = "") -> str:
    event, told = escape(deck.title), escape(right)
    return f'<header><span class="event">{event}</span>{marks}<span class="right">{told}</span></header>'


def _tag(origin: Origin) -> str:
    return f'<span class="tag {origin.value}">{origin.label}</span>'


def _size(title: str) -> str:
    return "longer" if len(title) > _LONGER_TITLE else "long" if len(title) > _LONG_TITLE else ""


def _code(base: str, path: str, words: str, more: str) -> str:
    if not base:
        return ""
    return f'<aside class="code">{qr_svg(f"{base}{path}")}<b>{words}</b><span>{more}</span></aside>'
