"""The words of the three-level network: its nodes, its links, and how long a check of them counts."""

from datetime import date
from enum import StrEnum
from typing import Final

from lib.domain.vocabulary import NO_DATA, Level

PLAN: Final = "内政发〔2018〕44号"
"""The document that asks for the network (二(五)) and for the permanent markets."""
FRESH_MONTHS: Final = 12
"""A check counts as fresh, and an event as recent, for so many months; our parameter."""
REPORTED_APART: Final = ("150781", "152501")
"""满洲里市 and 二连浩特市 (计划单列): addressed separately in every notice, banners of their league all the same."""
ZONES: Final = ("中部", "东部", "西部")
"""The plan names three permanent markets, and not which league belongs to which."""


class NodeKind(StrEnum):
    """What a node of the network is."""

    HUB = "hub"
    BRANCH = "branch"
    STATION = "station"
    CITY = "city"
    MARKET = "market"

    @property
    def label(self) -> str:
        """The kind's name."""
        return {
            "hub": "自治区枢纽",
            "branch": "盟市分支",
            "station": "旗县站点",
            "city": "单列市站点",
            "market": "常设技术交易市场",
        }[self.value]

    @property
    def noun(self) -> str:
        """What follows the name of its division, where the node has no name of its own."""
        return {"hub": "枢纽", "branch": "分支", "market": self.label}.get(self.value, "站点")

    @property
    def level(self) -> Level:
        """The level of the divisions that have such a node; a market's place is a league."""
        return {"hub": Level.REGION, "branch": Level.LEAGUE, "market": Level.LEAGUE}.get(self.value, Level.BANNER)


STATIONS: Final = (NodeKind.STATION, NodeKind.CITY)
"""The nodes of banners."""


class NodeState(StrEnum):
    """How far a node is. UNKNOWN: the plan asks for it, and nothing says that it exists. The words are ours."""

    UNKNOWN = "unknown"
    PREPARING = "preparing"
    OPEN = "open"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """The state's name."""
        return {"unknown": NO_DATA, "preparing": "筹建中", "open": "运行中", "closed": "已停办"}[self.value]


class LinkKind(StrEnum):
    """Where a link leads."""

    UP = "up"
    DOWN = "down"
    OUTSIDE = "outside"

    @property
    def label(self) -> str:
        """The kind's name."""
        return {"up": "上行", "down": "下行", "outside": "对外平台"}[self.value]


class LinkState(StrEnum):
    """How data passes a link. UNKNOWN is 暂无数据, NONE is known not to be connected."""

    UNKNOWN = "unknown"
    MANUAL = "manual"
    FILE = "file"
    INTERFACE = "interface"
    NONE = "none"

    @property
    def label(self) -> str:
        """The state's name."""
        return {"unknown": NO_DATA, "manual": "人工", "file": "文件", "interface": "接口", "none": "未接入"}[self.value]


def months_before(day: date, months: int) -> date:
    """The corresponding day so many months earlier, or the last of its month (民法典 第二百零二条)."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def fresh(verified_on: date | None, today: date) -> bool:
    """True when a check was made within the last FRESH_MONTHS."""
    return verified_on is not None and verified_on >= months_before(today, FRESH_MONTHS)
