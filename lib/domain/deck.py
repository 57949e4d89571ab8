"""A deck: what a presenter shows of an event, slide by slide, made from the records and from nothing else.

The same deck is drawn on the screen, printed, and written as a presentation file. It holds public values only.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from lib.domain.dates import SHANGHAI
from lib.domain.vocabulary import UNDISCLOSED, ItemKind, Origin

BREAK_MINUTES: Final = 10
ITEM_MINUTES: Final = 8
"""How long an item is where its programme does not say; our parameters."""


def usual_minutes(kind: ItemKind) -> int:
    """How long an item of this kind is where nobody says."""
    return BREAK_MINUTES if kind is ItemKind.BREAK else ITEM_MINUTES


class SlideKind(StrEnum):
    """What a slide shows."""

    TITLE = "title"
    AGENDA = "agenda"
    ITEM = "item"
    NETWORK = "network"
    CHANNELS = "channels"
    CLOSING = "closing"


@dataclass(frozen=True)
class Comparison:
    """One line of 对比基准 or 量化指标: what it is, the value there is, the value offered or wanted, as written."""

    indicator: str
    existing: str
    ours: str


@dataclass(frozen=True)
class ItemFacts:
    """What the slide of an item tells. Blank or None: the record does not say, which reads 暂无数据."""

    id: int
    number: int
    """Its place among the items that are no breaks, from 1; 0 for a break."""
    kind: ItemKind
    title: str
    minutes: int
    stated_minutes: bool
    """False: the programme does not say, and `minutes` is our parameter."""
    starts: datetime | None = None
    room: str = ""
    presenter: str = ""
    unit: str = ""
    league: str = ""
    field: str = UNDISCLOSED
    value: str = ""
    """一句话价值, or the first sentence of the summary."""
    comparison: tuple[Comparison, ...] = ()
    trl: int | None = None
    trl_note: str = ""
    """Who judged it and by what."""
    rights: tuple[str, ...] = ()
    mode: str = ""
    price: str = ""
    """In 万元, 面议, or blank."""
    year: int | None = None
    origin: Origin | None = None
    source: str = ""
    """Publisher and date."""
    page: str = ""
    """The path of its own page, such as /roadshows?id=3&item=12."""

    @property
    def clock(self) -> str:
        """When it begins, or how long it is where only that was announced; else blank."""
        if self.starts is not None:
            return f"{self.starts.astimezone(SHANGHAI):%H:%M}"
        return f"{self.minutes} 分钟" if self.stated_minutes else ""

    @property
    def rights_told(self) -> str:
        """The one right there is with its number, or the kind of the first and how many there are."""
        if len(self.rights) > 1:
            return f"{self.rights[0].split()[0]}等 {len(self.rights)} 项"
        return "".join(self.rights)


@dataclass(frozen=True)
class Slide:
    """One slide. `key` names it for good, whatever is added before it: title, agenda, item-12, network …"""

    key: str
    kind: SlideKind
    title: str
    item: ItemFacts | None = None


@dataclass(frozen=True)
class NetworkPicture:
    """What the network slide shows: a count by league, None for 暂无数据."""

    subject: str
    """What is counted, with its unit: 成果（项）."""
    counts: tuple[tuple[str, str, int | None], ...]
    """League code, short name, count; the largest first, 暂无数据 last."""
    origins: tuple[Origin, ...]
    """Where the counted rows come from."""


@dataclass(frozen=True)
class ChannelPicture:
    """What the channels slide shows: records by channel and the partners named most."""

    channels: tuple[tuple[str, str, int], ...]
    """Code, name, records; in the order of the plan."""
    partners: tuple[tuple[str, str, int], ...]
    """Channel code, partner, records; the largest first."""
    origins: tuple[Origin, ...]


@dataclass(frozen=True)
class Deck:
    """A whole deck."""

    event_id: int
    title: str
    kind: str
    when: str
    """The period in words, Shanghai time; blank: not stated."""
    place: str
    organizers: tuple[tuple[str, str], ...]
    """Role and name: 主办, 协办, 合作方."""
    origin: Origin
    slides: tuple[Slide, ...]
    items: tuple[ItemFacts, ...]
    """In the order of the programme, breaks included."""
    network: NetworkPicture
    channels: ChannelPicture
    follow: str
    """The path of the audience's page."""
    announced: bool = True
    """False for the deck of a draft, which only those see who run the event."""

    @property
    def numbered(self) -> int:
        """How many items have a number: all but the breaks."""
        return sum(1 for item in self.items if item.number)
