"""Transfer channels: which one a public fact belongs to, and which way it says technology flows."""

import re

from lib.domain.vocabulary import Channel, Direction

REGION = "内蒙古"

_IN = re.compile(r"引进|引入|引种|落地|转化到|来蒙|输入")
_OUT = re.compile(r"输出|出口|推广到|推广至|走出去|援外|向.{1,8}(?:转让|转移|输送)")


def channel_of(partner: str, partner_kind: str) -> Channel:
    """The channel of a co-operation fact, by its partner.

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
