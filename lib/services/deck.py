"""The deck of an event, made from its programme, its records and the figures of the system: nothing to prepare."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.domain.access import Actor
from lib.domain.dates import SHANGHAI
from lib.domain.deck import (
    ChannelPicture,
    Comparison,
    Deck,
    ItemFacts,
    NetworkPicture,
    Slide,
    SlideKind,
    usual_minutes,
)
from lib.domain.money import stated_amount
from lib.domain.text import shorten
from lib.domain.vocabulary import FIELDS, UNDISCLOSED, EventState, ItemKind, Level, Origin
from lib.services import catalogue, channels, network, programme, roadshows
from lib.services.channels import FactKind, FlowQuery
from lib.services.network import Metric
from lib.services.programme import Announced
from lib.services.roadshows import EventCard, EventRecord
from lib.store.models import Achievement, Demand

_VALUE: Final = 80
"""Characters of a summary that stand in the place of a value."""
_PARTNERS: Final = 8


def read(session: Session, event_id: int, *, actor: Actor) -> Deck:
    """The deck of an event: public values only, whoever asks. A draft has one for those who run it.

    Raises NotFound, AccessDenied.
    """
    found = roadshows.read_event(session, event_id, actor=actor)
    card, slides = found.card, outline(session, found)
    return Deck(
        event_id=card.id, title=card.title, kind=card.kind, when=_when(card),
        place=_where(card, catalogue.place_names(session)),
        organizers=tuple(
            (role, name)
            for role, name in (("主办", card.organizer), ("协办", card.co_organizers), ("合作方", card.partner))
            if name
        ),
        origin=card.source.origin, slides=slides, items=items_of(slides), network=network_picture(session, actor),
        channels=channel_picture(session, actor), announced=card.state is not EventState.DRAFT,
        follow=f"/follow?event={card.id}",
    )  # fmt: skip


def outline(session: Session, found: EventRecord) -> tuple[Slide, ...]:
    """The slides of an event that was read for whoever asks, without the pictures of map and channels."""
    places = catalogue.place_names(session)
    records = programme.records_of(session, found.programme.items)
    numbered, items = 0, []
    for one in found.programme.items:
        numbered += one.kind is not ItemKind.BREAK
        items.append(_facts(one, 0 if one.kind is ItemKind.BREAK else numbered, records, places, found.card.id))
    return (
        Slide("title", SlideKind.TITLE, found.card.title),
        Slide("agenda", SlideKind.AGENDA, "议程"),
        *(Slide(f"item-{item.id}", SlideKind.ITEM, item.title, item) for item in items),
        Slide("network", SlideKind.NETWORK, "成果在哪里：十二盟市"),
        Slide("channels", SlideKind.CHANNELS, "技术从哪里来，到哪里去"),
        Slide("closing", SlideKind.CLOSING, "请扫码留下意向"),
    )


def items_of(slides: Sequence[Slide]) -> tuple[ItemFacts, ...]:
    """The items that slides show, in their order."""
    return tuple(slide.item for slide in slides if slide.item is not None)


def network_picture(session: Session, actor: Actor, origins: Sequence[Origin] = tuple(Origin)) -> NetworkPicture:
    """Achievements of these origins by league, most first. Raises AccessDenied."""
    nodes = network.nodes(session, Level.LEAGUE, actor=actor, origins=origins)
    counted = [(node.code, node.short_name, node.count(Metric.ACHIEVEMENTS)) for node in nodes]
    there = session.scalars(select(Achievement.origin).distinct()).all()
    return NetworkPicture(
        "成果（项）",
        tuple(sorted(counted, key=lambda one: (one[2] is None, -(one[2] or 0), one[0]))),
        tuple(origin for origin in origins if origin.value in there),
    )


def channel_picture(session: Session, actor: Actor) -> ChannelPicture:
    """Records of cooperation by channel, and the partners named most. Raises AccessDenied."""
    totals = channels.totals(session, actor=actor)
    partners: Counter[tuple[str, str]] = Counter()
    for flow in channels.flows(session, FlowQuery(kind=FactKind.COOPERATION), actor=actor):
        if flow.channel is not None:
            partners[flow.channel.value, flow.partner] += flow.count
    named = sorted(partners.items(), key=lambda one: (-one[1], one[0]))[:_PARTNERS]
    return ChannelPicture(
        tuple((total.channel.value, total.channel.label, total.cooperation) for total in totals),
        tuple((channel, partner, count) for (channel, partner), count in named),
        (Origin.PUBLIC,),
    )


# ------------------------------------------------------------------ inside
def _when(card: EventCard) -> str:
    if card.starts_at and card.ends_at:
        first, last = (moment.astimezone(SHANGHAI) for moment in (card.starts_at, card.ends_at))
        return (
            f"{first:%Y-%m-%d %H:%M}–{last:%H:%M}" if first.date() == last.date() else f"{first:%Y-%m-%d}–{last:%m-%d}"
        )
    return str(card.held or "")


def _where(card: EventCard, places: dict[str, str]) -> str:
    banner = places.get(card.banner_code or "", "") or card.banner_text
    return " ".join(filter(None, (card.city, banner, card.venue)))


def _facts(
    item: Announced, number: int, records: Mapping[tuple[str, int], Any], places: dict[str, str], event_id: int
) -> ItemFacts:
    record = records.get((ItemKind.ACHIEVEMENT, item.achievement_id or 0)) or records.get(
        (ItemKind.DEMAND, item.demand_id or 0)
    )
    return ItemFacts(
        id=item.id, number=number, kind=item.kind, title=item.title, minutes=item.minutes or usual_minutes(item.kind),
        stated_minutes=item.minutes is not None, starts=item.starts, room=item.room, presenter=item.presenter,
        page="" if item.kind is ItemKind.BREAK else f"/roadshows?id={event_id}&item={item.id}",
        **(_told(record, places) if record is not None else _registered(item)),
    )  # fmt: skip


def _registered(item: Announced) -> dict[str, Any]:
    """What a project says of itself that names no record of the catalogue; a talk says nothing."""
    return {
        "unit": item.unit,
        "field": item.field or UNDISCLOSED,
        "value": shorten(item.summary, _VALUE),
        "mode": item.cooperation,
        "origin": Origin.SUBMITTED if item.registered else None,
    }


def _told(record: Any, places: dict[str, str]) -> dict[str, Any]:
    told = {
        "unit": record.organization.name if record.organization else record.organization_text,
        "league": places.get(record.league_code or "", ""),
        "field": FIELDS[record.field] if record.field else UNDISCLOSED,
        "year": record.year,
        "origin": Origin(record.origin),
        "source": " ".join(filter(None, (record.source_publisher, str(record.source_stated or "")))),
    }
    if isinstance(record, Demand):
        limits = [
            f"{record.deadline} 前完成" if record.deadline else "",
            f"{record.valid_until} 前有效" if record.valid_until else "",
        ]
        return told | {
            "value": shorten(record.description, _VALUE),
            "comparison": tuple(Comparison(c["indicator"], c["existing"], c["wanted"]) for c in record.comparison),
            "mode": record.cooperation_mode,
            "price": stated_amount(record.budget, record.negotiable),
            "trl_note": next(filter(None, limits), ""),
        }
    return told | {
        "value": record.value or shorten(record.summary, _VALUE),
        "comparison": tuple(Comparison(c["indicator"], c["existing"], c["ours"]) for c in record.comparison),
        "trl": record.trl,
        "trl_note": "，".join(filter(None, (record.trl_judge, record.trl_scheme))),
        "rights": tuple(" ".join(filter(None, (r["kind"], r["number"], r["state"]))) for r in record.rights),
        "mode": record.transfer_mode,
        "price": stated_amount(record.price, record.negotiable),
    }
