"""The sankey of 转移通道: group of partners → partner → league → field, in the colours of the channels.

Each fact is in one band of every stage, so what goes in comes out. What a source does not name stays in the picture:
未写明盟市 is a dashed box of its own. Fields are a stage where the facts have them, as contracts do.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lib.domain.channels import GROUPS
from lib.domain.vocabulary import FIELDS, UNDISCLOSED, Channel
from lib.services.catalogue import UNKNOWN
from lib.services.channels import FieldFlow, Flow
from lib.ui import theme

OTHER: Final = "other"
"""The partner value that stands for all partners of a kind which have no band of their own."""
_SHOWN: Final = 4
_ALL_SHOWN: Final = 18
"""Partners with a band of their own: of a group, and in all."""
_GREY: Final = "#AEB8C1"


@dataclass(frozen=True)
class Choice:
    """What a node or a band stands for, as the address says it; blank means no restriction."""

    group: str = ""
    partner: str = ""
    league: str = ""
    field: str = ""


@dataclass(frozen=True)
class Sankey:
    """A chart ready to be sent: `spec` is its JSON, `nodes` and `links` say what each drawn item stands for."""

    spec: str
    nodes: tuple[Choice, ...]
    links: tuple[Choice, ...]
    others: Mapping[str, tuple[str, ...]]
    alt: str


def sankey(flows: Iterable[Flow], leagues: Mapping[str, str], by_field: Iterable[FieldFlow] = ()) -> Sankey:
    """The picture of some flows; `leagues` names the leagues by code, shortly; `by_field` the same facts by field."""
    flows = tuple(flows)
    kept = _kept(flows)
    groups: Counter[str] = Counter()
    middles: Counter[tuple[str, str]] = Counter()
    ends: Counter[str] = Counter()
    into: Counter[tuple[str, str, Channel | None]] = Counter()
    out: Counter[tuple[str, str, str, Channel | None]] = Counter()
    fields: Counter[int] = Counter()
    used: Counter[tuple[str, int]] = Counter()
    for flow in flows:
        group = flow.group
        partner = flow.partner if (group, flow.partner) in kept else OTHER
        end = flow.league_code or UNKNOWN
        groups[group] += flow.count
        middles[group, partner] += flow.count
        ends[end] += flow.count
        into[group, partner, flow.channel] += flow.count
        out[group, partner, end, flow.channel] += flow.count
    for one in by_field:
        fields[one.field] += one.count
        used[one.league_code or UNKNOWN, one.field] += one.count
    colours = _colours(flows)
    nodes: list[dict[str, Any]] = []
    meant: list[Choice] = []
    for group in sorted(groups, key=_rank):
        nodes.append(_node(f"g:{group}", f"{group}  {groups[group]:,}", 0, colours[group]))
        meant.append(Choice(group=group))
    for group, partner in sorted(middles, key=lambda m: (_rank(m[0]), m[1] == OTHER, -middles[m], m[1])):
        number = middles[group, partner]
        text = other(group, some=any(own == group for own, _ in kept)) if partner == OTHER else _short(partner)
        colour = _GREY if partner == OTHER else colours[group]
        nodes.append(_node(f"m:{group}:{partner}", f"{text}  {number:,}", 1, colour))
        meant.append(Choice(group=group, partner=partner))
    for end in sorted(ends, key=lambda code: (code == UNKNOWN, -ends[code], code)):
        name = "未写明盟市" if end == UNKNOWN else leagues.get(end, end)
        node = _node(f"l:{end}", f"{name}  {ends[end]:,}", 2, theme.STONE)
        if end == UNKNOWN:
            node["itemStyle"] = {"color": "#FFFFFF", "borderColor": theme.NO_DATA_HATCH, "borderType": "dashed",
                                 "borderWidth": 1.2}  # fmt: skip
            node["label"]["color"] = theme.STONE
        nodes.append(node)
        meant.append(Choice(league=end))
    for field in sorted(fields, key=lambda number: (number == 0, -fields[number], number)):
        name = FIELDS[field] if field else UNDISCLOSED
        nodes.append(_node(f"f:{field}", f"{name}  {fields[field]:,}", 3, theme.STONE))
        meant.append(Choice(field=str(field)))
    links: list[dict[str, Any]] = []
    linked: list[Choice] = []
    for (group, partner, channel), number in sorted(into.items(), key=str):
        links.append(_link(f"g:{group}", f"m:{group}:{partner}", number, channel))
        linked.append(Choice(group=group, partner=partner))
    for (group, partner, end, channel), number in sorted(out.items(), key=str):
        links.append(_link(f"m:{group}:{partner}", f"l:{end}", number, channel, faint=end == UNKNOWN))
        linked.append(Choice(group=group, partner=partner, league=end))
    for (end, field), number in sorted(used.items()):
        links.append(_link(f"l:{end}", f"f:{field}", number, None, faint=end == UNKNOWN))
        linked.append(Choice(league=end, field=str(field)))
    others = {
        group: tuple(sorted({f.partner for f in flows if f.group == group and (group, f.partner) not in kept}))
        for group in groups
    }
    return Sankey(
        _spec(nodes, links, fields=bool(fields)),
        tuple(meant),
        tuple(linked),
        others,
        _alt(groups, middles, ends, leagues),
    )


def _kept(flows: tuple[Flow, ...]) -> set[tuple[str, str]]:
    """The partners with a band of their own: all where they are few, else the most frequent that recur."""
    counts: Counter[tuple[str, str]] = Counter()
    for flow in flows:
        counts[flow.group, flow.partner] += flow.count
    if len(counts) <= _ALL_SHOWN:
        return set(counts)
    most = set(sorted(counts, key=lambda key: (-counts[key], key))[:_ALL_SHOWN])
    kept: set[tuple[str, str]] = set()
    for group in {group for group, _ in counts}:
        ranked = sorted((key for key in counts if key[0] == group), key=lambda key: (-counts[key], key))
        kept |= {key for key in ranked[:_SHOWN] if counts[key] > 1 and key in most}
        rest = [key for key in ranked if key not in kept]
        if len(rest) == 1:
            kept.add(rest[0])
    return kept


def _colours(flows: tuple[Flow, ...]) -> dict[str, str]:
    """A group of partners wears the colour of the channel most of its facts belong to."""
    counts: dict[str, Counter[Channel | None]] = {}
    for flow in flows:
        counts.setdefault(flow.group, Counter())[flow.channel] += flow.count
    return {group: theme.CHANNEL_COLOURS[found.most_common(1)[0][0]] for group, found in counts.items()}


def _rank(group: str) -> int:
    return GROUPS.index(group) if group in GROUPS else len(GROUPS)


def other(group: str, *, some: bool) -> str:
    """The partners of a group that have no band of their own; `some` others of it have."""
    return f"其他（{group}）" if some else f"各伙伴（{group}）"


def _short(partner: str) -> str:
    """A printed list of many countries by its first: 瑞典等10国."""
    names = partner.split("、")
    if len(names) > 2:
        tail = partner[partner.rfind("等") :] if "等" in names[-1] else f"等{len(names)}方"
        return names[0] + tail
    return partner


def _node(name: str, text: str, depth: int, colour: str) -> dict[str, Any]:
    return {"name": name, "depth": depth, "itemStyle": {"color": colour}, "label": {"formatter": text}}


def _link(source: str, target: str, number: int, channel: Channel | None, *, faint: bool = False) -> dict[str, Any]:
    style = {"color": theme.CHANNEL_COLOURS[channel], "opacity": 0.13 if faint else 0.34}
    return {"source": source, "target": target, "value": number, "lineStyle": style}


def _spec(nodes: list[dict[str, Any]], links: list[dict[str, Any]], *, fields: bool) -> str:
    label = {"fontFamily": theme.FONT, "fontSize": 13, "color": theme.INK, "position": "right", "distance": 7}
    series = {
        "type": "sankey",
        "id": "flows",
        "data": nodes,
        "links": links,
        "left": 4,
        "right": 190 if fields else 104,
        "top": 8,
        "bottom": 8,
        "nodeWidth": 10,
        "nodeGap": 12,
        "nodeAlign": "justify",
        "layoutIterations": 0,
        "draggable": False,
        "emphasis": {"focus": "adjacency"},
        "selectedMode": "single",
        "select": {"itemStyle": {"borderColor": theme.INK, "borderWidth": 1.5}},
        "lineStyle": {"curveness": 0.5},
        "label": label,
    }
    narrow = {"right": 120 if fields else 84, "nodeGap": 10, "nodeWidth": 7, "label": {"fontSize": 11, "distance": 4}}
    option = {
        "baseOption": {"animation": False, "tooltip": {"show": False}, "series": [series]},
        "media": [{"query": {"maxWidth": 480}, "option": {"series": [{"id": "flows", **narrow}]}}],
    }
    return json.dumps(option, ensure_ascii=False, separators=(",", ":"))


def _alt(
    groups: Counter[str], middles: Counter[tuple[str, str]], ends: Counter[str], leagues: Mapping[str, str]
) -> str:
    """What the picture says, for those who do not see it."""
    kinds = "、".join(f"{group} {n:,}" for group, n in groups.most_common())
    named = [(key[1], n) for key, n in middles.most_common() if key[1] != OTHER][:3]
    partners = "、".join(f"{name} {n}" for name, n in named)
    targets = [(leagues.get(code, "未写明盟市"), n) for code, n in ends.most_common(4)]
    return f"合作流向图。伙伴：{kinds}；最多的伙伴：{partners}；去向：{'、'.join(f'{a} {n}' for a, n in targets)}。"
