"""The nodes and links of the three-level network, and which league a permanent market serves; open to everybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import PartialDate, today_shanghai
from lib.domain.errors import NotFound
from lib.domain.network import ZONES, LinkKind, LinkState, NodeKind, NodeState, fresh
from lib.domain.vocabulary import Level, Origin
from lib.store.models import AuditEntry, Division, MarketMember, NetworkLink, NetworkNode
from lib.store.models.base import stated

NO_NODE: Final = "没有找到这个节点或链路，请回到三级网络重新选择。"
Where = tuple[str | None, str | None]
"""The league and the banner of a node."""


@dataclass(frozen=True)
class Place:
    """A node with where it stands; None and blank are 暂无数据."""

    id: int
    version: int
    kind: NodeKind
    state: NodeState
    division_code: str | None
    division: str
    league_code: str | None
    zone: str
    name: str
    unit: str
    staff: int | None
    opened_on: date | None
    verified_on: date | None
    last_report_on: date | None
    origin: Origin
    source_publisher: str
    source_date: PartialDate | None
    source_url: str
    fresh: bool

    @property
    def title(self) -> str:
        """The node's own name, or what the plan calls it."""
        return self.name or f"{self.zone or self.division}{self.kind.noun}"

    @property
    def banner_code(self) -> str | None:
        """The banner it serves, if it serves one."""
        return self.division_code if self.kind.level is Level.BANNER else None


@dataclass(frozen=True)
class Line:
    """A link: from a node to another or to a platform outside."""

    id: int
    version: int
    kind: LinkKind
    state: LinkState
    node_id: int
    start: str
    end: str
    division_code: str | None
    verified_on: date | None
    note: str
    origin: Origin
    source_publisher: str
    source_date: PartialDate | None
    source_url: str
    fresh: bool


@dataclass(frozen=True)
class Member:
    """A league and the market that serves it, from a day to a day (both included, None: open)."""

    id: int
    version: int
    zone: str
    league_code: str
    league: str
    valid_from: date | None
    valid_to: date | None
    basis: str
    now: bool


@dataclass(frozen=True)
class Check:
    """Somebody entered or checked something: when, who (blank for whoever may not know), what it changed."""

    at: Any
    action: str
    who: str
    detail: Mapping[str, Any]


# ------------------------------------------------------------------ reading
def listing(
    session: Session, league: str = "", banner: str = "", *, actor: Actor, today: date | None = None
) -> tuple[Place, ...]:
    """The nodes of the region, a league with its banners, or a banner: hub, branches, cities, stations, markets.

    A market has no division until somebody states one, and stands with the region. Raises AccessDenied.
    """
    require(actor, Permission.READ_NETWORK)
    statement = _nodes().where(*_within(league, banner))
    rows = session.execute(statement).all()
    order = list(NodeKind)
    found = [_place(row[0], row[1], row[2], today or today_shanghai()) for row in rows]
    return tuple(sorted(found, key=lambda one: (order.index(one.kind), one.division_code or one.zone, one.id)))


def read(session: Session, node_id: int, *, actor: Actor) -> Place:
    """One node. Raises NotFound, AccessDenied."""
    require(actor, Permission.READ_NETWORK)
    row = session.execute(_nodes().where(NetworkNode.id == node_id)).one_or_none()
    if row is None:
        raise NotFound(NO_NODE)
    return _place(row[0], row[1], row[2], today_shanghai())


def links(
    session: Session, league: str = "", banner: str = "", *, actor: Actor, today: date | None = None
) -> tuple[Line, ...]:
    """The links that begin in the region, a league with its banners, or a banner. Raises AccessDenied."""
    require(actor, Permission.READ_NETWORK)
    other, there = aliased(NetworkNode), aliased(Division)
    statement = (
        select(NetworkLink, NetworkNode, Division.name, other, there.name)
        .join(NetworkNode, NetworkLink.node_id == NetworkNode.id)
        .outerjoin(Division, NetworkNode.division_code == Division.code)
        .outerjoin(other, NetworkLink.to_node_id == other.id)
        .outerjoin(there, other.division_code == there.code)
        .where(*_within(league, banner))
        .order_by(NetworkLink.kind.desc(), NetworkNode.division_code, NetworkLink.id)
    )
    day = today or today_shanghai()
    return tuple(_line(*row, day=day) for row in session.execute(statement))


def members(session: Session, *, actor: Actor, today: date | None = None) -> tuple[Member, ...]:
    """Which market serves which league, past and to come too, by league and time. Raises AccessDenied."""
    require(actor, Permission.READ_NETWORK)
    day = today or today_shanghai()
    rows = session.execute(
        select(MarketMember, Division.name).join(Division, MarketMember.league_code == Division.code)
    ).all()
    found = [
        Member(
            row.id, row.version, row.zone, row.league_code, name, row.valid_from, row.valid_to, row.basis,
            (row.valid_from is None or row.valid_from <= day) and (row.valid_to is None or day <= row.valid_to),
        )
        for row, name in rows
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (ZONES.index(one.zone), one.league_code, one.valid_from or date.min)))


def history(session: Session, kind: str, record_id: int, *, actor: Actor) -> tuple[Check, ...]:
    """What was entered and checked of a node or link (`kind` network_node, network_link), newest first; who did it and
    what changed is told to whoever reads the audit trail there. Raises NotFound, AccessDenied."""
    require(actor, Permission.READ_NETWORK)
    record: Any = session.get(NetworkNode if kind == "network_node" else NetworkLink, record_id)
    if record is None:
        raise NotFound(NO_NODE)
    node = session.get_one(NetworkNode, record.node_id) if isinstance(record, NetworkLink) else record
    told = actor.may(Permission.READ_AUDIT) and actor.covers(*where_of(session, node))
    rows = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.object_kind == kind, AuditEntry.object_id == str(record_id))
        .order_by(AuditEntry.id.desc())
        .limit(60)
    )
    return tuple(Check(row.at, row.action, row.actor if told else "", row.detail if told else {}) for row in rows)


# ------------------------------------------------------------------ inside
def _nodes() -> Any:
    return select(NetworkNode, Division.name, Division.parent_code).outerjoin(
        Division, NetworkNode.division_code == Division.code
    )


def _within(league: str, banner: str) -> tuple[ColumnElement[bool], ...]:
    if banner:
        return (NetworkNode.division_code == banner,)
    if not league:
        return ()
    inside = select(Division.code).where(or_(Division.code == league, Division.parent_code == league))
    return (NetworkNode.division_code.in_(inside),)


def _place(node: NetworkNode, division: str | None, parent: str | None, today: date) -> Place:
    kind = NodeKind(node.kind)
    league = {Level.LEAGUE: node.division_code, Level.BANNER: parent}.get(kind.level)
    return Place(
        node.id, node.version, kind, NodeState(node.state), node.division_code, division or "", league, node.zone,
        node.name, node.unit, node.staff, node.opened_on, node.verified_on, node.last_report_on, Origin(node.origin),
        node.source_publisher, stated(node.source_date, node.source_precision), node.source_url,
        fresh(node.verified_on, today),
    )  # fmt: skip


def _line(
    link: NetworkLink, node: NetworkNode, place: str | None, other: NetworkNode | None, there: str | None, *, day: date
) -> Line:
    end = link.platform if other is None else _place(other, there, None, day).title
    return Line(
        link.id, link.version, LinkKind(link.kind), LinkState(link.state), node.id,
        _place(node, place, None, day).title, end, node.division_code, link.verified_on, link.note,
        Origin(link.origin), link.source_publisher, stated(link.source_date, link.source_precision), link.source_url,
        fresh(link.verified_on, day),
    )  # fmt: skip


def where_of(session: Session, node: NetworkNode) -> Where:
    """The league and banner of a node: none for the hub and the markets, which the region keeps."""
    kind = NodeKind(node.kind)
    if kind is NodeKind.BRANCH:
        return node.division_code, None
    if kind.level is Level.BANNER:
        return session.scalar(
            select(Division.parent_code).where(Division.code == node.division_code)
        ), node.division_code
    return None, None
