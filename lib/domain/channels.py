"""Transfer channels: the one classification of whatever has two ends, and the groups of partners that the plan names.

Plan 一(四), 二(五) (内政发〔2018〕44号): 跨国, 跨区域, 军民, 区内; 京津冀、周边省区市、长三角、珠三角;
意大利、德国、以色列、瑞典、日本、韩国; 俄罗斯、蒙古国、东盟 and other countries of 一带一路.
"""

import re
from dataclasses import dataclass
from typing import Final

from lib.domain.vocabulary import Channel, Direction

REGION: Final = "内蒙古"
HOME: Final = "15"
"""What the code of every place in the region begins with."""
UNSTATED: Final = "未注明"
MILITARY: Final = "军工单位"
"""The one partner of the military channel: it is shown as counts only."""
MILITARY_NOTICE: Final = "军民通道只列已公开、经审核的条数，不列单位和事项；本平台不收录涉密信息。"
WITHIN: Final = "区内"
SEVERAL: Final = "多省区"
GROUPS: Final = (
    "京津冀", "周边省区市", "长三角", "珠三角", "其他省区市", SEVERAL,
    "意德以瑞日韩", "俄蒙东盟", "其他一带一路国家", "其他国家", MILITARY, WITHIN, UNSTATED,
)  # fmt: skip
"""Groups of partners in the order of the plan, then what the plan does not name."""

_COUNTRIES: Final = {
    "重点合作国家": "意德以瑞日韩", "俄蒙": "俄蒙东盟", "东盟": "俄蒙东盟", "一带一路": "其他一带一路国家",
}  # fmt: skip
_COUNTRY_CODE: Final = 2
_IN = re.compile(r"引进|引入|引种|落地|转化到|来蒙|输入")
_OUT = re.compile(r"输出|出口|推广到|推广至|走出去|援外|向.{1,8}(?:转让|转移|输送)")


@dataclass(frozen=True)
class Crossing:
    """Which channel a record with two ends belongs to, and which way technology flows.

    `channel` None: one end is not stated, or neither lies in the region; such a record is counted as 未注明. Within
    the region there is no direction in or out.
    """

    channel: Channel | None
    direction: Direction

    @property
    def label(self) -> str:
        """引进, 输出, 区内 or 未写明."""
        return WITHIN if self.channel is Channel.WITHIN else self.direction.label


def classify(giver: str, taker: str, *, military: bool = False) -> Crossing:
    """The channel between two places by their codes: divisions of six digits, countries of two letters, blank where
    none is stated. `giver` gives technology, the seller; `taker` takes it, the buyer. 军民 goes before all others.
    """
    home, there = giver.startswith(HOME), taker.startswith(HOME)
    direction = Direction.UNSTATED
    if giver and taker and home != there:
        direction = Direction.OUT if home else Direction.IN
    if military:
        return Crossing(Channel.MILITARY, direction)
    if not giver or not taker or not (home or there):
        return Crossing(None, Direction.UNSTATED)
    if home and there:
        return Crossing(Channel.WITHIN, Direction.UNSTATED)
    away = taker if home else giver
    return Crossing(Channel.ABROAD if len(away) == _COUNTRY_CODE else Channel.INTERREGIONAL, direction)


def channel_of(partner: str, partner_kind: str) -> Channel:
    """The channel of a co-operation fact, by its partner: one of its ends is the region.

    国家 → 跨国; 军工 → 军民; a partner named after the region → 区内; any other province, institute or
    university → 跨区域 (plan 一(四): 与发达省(区、市)、国家科研院所之间的跨区域技术转移通道).
    """
    if partner_kind == "国家":
        return Channel.ABROAD
    if partner_kind == "军工":
        return Channel.MILITARY
    if partner.startswith(REGION):
        return Channel.WITHIN
    return Channel.INTERREGIONAL


def direction_of(subject: str) -> Direction:
    """The direction that the fact itself states; a fact that names both or neither is 未写明."""
    incoming, outgoing = bool(_IN.search(subject)), bool(_OUT.search(subject))
    if incoming == outgoing:
        return Direction.UNSTATED
    return Direction.IN if incoming else Direction.OUT


def country_group(label: str) -> str:
    """The plan's group of a country, by the label it has in the list of countries."""
    return _COUNTRIES.get(label, "其他国家")


def province_group(cluster: str, *, neighbour: bool) -> str:
    """The plan's group of a province: its cluster goes before being a neighbour (河北 is both)."""
    if cluster in {"京津冀", "长三角", "珠三角"}:
        return cluster
    return "周边省区市" if neighbour else "其他省区市"


def named_group(partner: str) -> str:
    """The group of a partner that is no single place: a cluster by its own name, else several provinces."""
    return partner if partner in GROUPS else SEVERAL
