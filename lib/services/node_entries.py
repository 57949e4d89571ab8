"""Entering and checking the nodes and links of the network: officials, each within the own division, with a source."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc, parse_date, today_shanghai
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound
from lib.domain.network import LinkKind, LinkState, NodeKind, NodeState
from lib.domain.vocabulary import Level, Origin
from lib.services import audit, forms, markings
from lib.services.node_forms import LinkForm, MemberForm, NewLinkForm, NodeForm, Stated
from lib.services.nodes import NO_NODE, Where, where_of
from lib.store.engine import Database
from lib.store.models import Division, MarketMember, NetworkLink, NetworkNode

_CHANGED: Final = "这一条刚刚被别人改过，请看过现在的样子再改。"
_OUT: Final = "这个节点不在您的辖区内，请交由所在盟市或自治区办理。"
_NODE: Final = ("name", "unit", "staff", "state", "opened_on", "last_report_on")
_LINK: Final = ("state", "note")


def add_node(database: Database, draft_id: str, banner: str, values: Mapping[str, Any], *, actor: Actor) -> int:
    """Enter a further station of a banner; returns its id. The same draft id makes it once.

    Raises InvalidInput with one sentence a field, AccessDenied.
    """
    require(actor, Permission.MANAGE_NETWORK)
    form = _checked(database, NodeForm, values, actor)
    with database.write() as session:
        place = session.get(Division, banner)
        if place is None or place.level != Level.BANNER.value:
            raise InvalidInput({"banner": "请从列表里选择旗县。"})
        _require_covered(actor, place.parent_code, banner)
        known = session.scalar(select(NetworkNode.id).where(NetworkNode.load_key == _draft(draft_id)))
        if known is not None:
            return known
        node = NetworkNode(
            kind=NodeKind.STATION.value, division_code=banner, **_said(form, _NODE), **_new(draft_id)
        )  # fmt: skip
        session.add(node)
        session.flush()
        audit.record(
            session, actor, "node.create", "network_node", node.id, league=place.parent_code, banner=banner,
            title=node.name, state=node.state,
        )  # fmt: skip
        return node.id


def save_node(database: Database, node_id: int, values: Mapping[str, Any], version: int, *, actor: Actor) -> None:
    """Enter what is known of a node as it was at `version`, with its source. Raises InvalidInput, Conflict, NotFound,
    AccessDenied."""
    require(actor, Permission.MANAGE_NETWORK)
    form = _checked(database, NodeForm, values, actor)
    with database.write() as session:
        node, place = _node(session, node_id, actor)
        _edit(session, node, version, _said(form, _NODE), "node.edit", place, actor)


def verify_node(database: Database, node_id: int, version: int, *, actor: Actor) -> None:
    """Note that the actor checked the node today and found it as it stands. Raises Conflict, NotFound, AccessDenied."""
    require(actor, Permission.MANAGE_NETWORK)
    with database.write() as session:
        node, place = _node(session, node_id, actor)
        if node.state == NodeState.UNKNOWN.value:
            raise Conflict("这个节点还是暂无数据，请先填写它的状态和来源，再核实。")
        _verify(session, node, version, "node.verify", place, actor)


def add_link(database: Database, draft_id: str, node_id: int, values: Mapping[str, Any], *, actor: Actor) -> int:
    """Enter a link from a node: to a platform outside, or to another node by its number; returns its id. The same draft
    id, or a link that is there already, makes none. Raises InvalidInput, NotFound, AccessDenied."""
    require(actor, Permission.MANAGE_NETWORK)
    form = _checked(database, NewLinkForm, values, actor)
    with database.write() as session:
        node, place = _node(session, node_id, actor)
        end = _end(session, node, form)
        same = (NetworkLink.node_id == node_id, NetworkLink.kind == form.kind, NetworkLink.target == form.target)
        known = session.scalar(select(NetworkLink.id).where(or_(NetworkLink.load_key == _draft(draft_id), and_(*same))))
        if known is not None:
            return known
        link = NetworkLink(
            node_id=node_id, kind=form.kind, to_node_id=end, platform="" if end else form.target, target=form.target,
            **_said(form, _LINK), **_new(draft_id),
        )  # fmt: skip
        session.add(link)
        session.flush()
        audit.record(
            session, actor, "link.create", "network_link", link.id, league=place[0], banner=place[1],
            title=form.target if end is None else form.kind, state=link.state,
        )  # fmt: skip
        return link.id


def save_link(database: Database, link_id: int, values: Mapping[str, Any], version: int, *, actor: Actor) -> None:
    """Enter how data passes a link as it was at `version`. Raises InvalidInput, Conflict, NotFound, AccessDenied."""
    require(actor, Permission.MANAGE_NETWORK)
    form = _checked(database, LinkForm, values, actor)
    with database.write() as session:
        link, place = _link(session, link_id, actor)
        _edit(session, link, version, _said(form, _LINK), "link.edit", place, actor)


def verify_link(database: Database, link_id: int, version: int, *, actor: Actor) -> None:
    """Note that the actor checked the link today. Raises Conflict, NotFound, AccessDenied."""
    require(actor, Permission.MANAGE_NETWORK)
    with database.write() as session:
        link, place = _link(session, link_id, actor)
        if link.state == LinkState.UNKNOWN.value:
            raise Conflict("这条链路还是暂无数据，请先填写接入方式和来源，再核实。")
        _verify(session, link, version, "link.verify", place, actor)


def move_member(database: Database, draft_id: str, values: Mapping[str, Any], seen: int, *, actor: Actor) -> int:
    """Let another market serve a league from a day on; what served it until then ends the day before. `seen` is the id
    of the membership that the actor saw. Returns the new one's id; the same draft id moves it once.

    Only for whoever answers for the whole region. Raises InvalidInput, Conflict, AccessDenied.
    """
    require(actor, Permission.MANAGE_NETWORK)
    _require_covered(actor, None, None)
    form = _checked(database, MemberForm, values, actor)
    with database.write() as session:
        known = session.scalar(select(MarketMember.id).where(MarketMember.load_key == _draft(draft_id)))
        if known is not None:
            return known
        session.get(Division, form.league, with_for_update=True)
        m = MarketMember
        last = session.scalars(
            select(m).where(m.league_code == form.league).order_by(m.valid_from.desc().nulls_last(), m.id.desc())
        ).first()
        if last is None or last.id != seen:
            raise Conflict(_CHANGED)
        if last.valid_from is not None and form.valid_from <= last.valid_from:
            raise InvalidInput({"valid_from": f"起始日期要晚于现行归属的起始日期 {last.valid_from}，请重新选择。"})
        if last.zone == form.zone:
            raise InvalidInput({"zone": f"这个盟市已经归{last.zone}市场，请选择别的市场。"})
        last.valid_to = form.valid_from - timedelta(days=1)
        last.edited_at = last.updated_at = now_utc()
        source = {"source_publisher": form.basis[:100], "source_date": today_shanghai(), "source_precision": "day"}
        member = MarketMember(
            zone=form.zone, league_code=form.league, valid_from=form.valid_from, basis=form.basis,
            **source, **_new(draft_id),
        )  # fmt: skip
        session.add(member)
        session.flush()
        audit.record(
            session, actor, "member.move", "market_member", member.id, league=form.league,
            before={"zone": last.zone}, after={"zone": form.zone, "valid_from": str(form.valid_from)},
            comment=form.basis,
        )  # fmt: skip
        return member.id


# ------------------------------------------------------------------ inside
def _require_covered(actor: Actor, league: str | None, banner: str | None) -> None:
    if not actor.covers(league, banner):
        raise AccessDenied(_OUT)


def _node(session: Session, node_id: int, actor: Actor) -> tuple[NetworkNode, Where]:
    node = session.get(NetworkNode, node_id, with_for_update=True)
    if node is None:
        raise NotFound(NO_NODE)
    place = where_of(session, node)
    _require_covered(actor, *place)
    return node, place


def _link(session: Session, link_id: int, actor: Actor) -> tuple[NetworkLink, Where]:
    link = session.get(NetworkLink, link_id, with_for_update=True)
    if link is None:
        raise NotFound(NO_NODE)
    place = where_of(session, session.get_one(NetworkNode, link.node_id))
    _require_covered(actor, *place)
    return link, place


def _checked(database: Database, form: type[forms.Read], values: Mapping[str, Any], actor: Actor) -> forms.Read:
    read = forms.read(form, values)
    markings.refuse(database, read.model_dump(mode="json"), actor=actor)
    return read


def _said(form: Stated, names: tuple[str, ...]) -> dict[str, Any]:
    source = parse_date(form.source_on)
    return {name: getattr(form, name) for name in names} | {
        "source_publisher": form.source_publisher,
        "source_date": source.day,
        "source_precision": source.precision.value,
        "source_url": form.source_url,
    }


def _new(draft_id: str) -> dict[str, Any]:
    now = now_utc()
    stamp = {"created_at": now, "updated_at": now, "edited_at": now}
    return {"origin": Origin.SUBMITTED.value, "load_key": _draft(draft_id), **stamp}


def _draft(draft_id: str) -> str:
    if len(draft_id) != 32 or not draft_id.isalnum():
        raise InvalidInput({"form": "页面地址不完整，请从「三级网络」重新打开。"})
    return f"entered:{draft_id}"


def _end(session: Session, node: NetworkNode, form: NewLinkForm) -> int | None:
    """The node at the other end; None for a platform outside. Raises InvalidInput."""
    if form.kind == LinkKind.OUTSIDE.value:
        return None
    number = int(form.target) if form.target.isascii() and form.target.isdigit() and len(form.target) < 10 else 0
    if number == node.id or session.get(NetworkNode, number) is None:
        raise InvalidInput({"target": "「连到」请从列表里选择另一个节点。"})
    return number


def _edit(
    session: Session, record: Any, version: int, values: Mapping[str, Any], action: str, place: Where, actor: Actor
) -> None:
    """Assign what differs, with who changed what in the trail; nothing to change is no edit."""
    changed = {name: value for name, value in values.items() if getattr(record, name) != value}
    if not changed:
        return
    if record.version != version:
        raise Conflict(_CHANGED)
    before = {name: _word(getattr(record, name)) for name in changed}
    for name, value in changed.items():
        setattr(record, name, value)
    record.origin, record.edited_at = Origin.SUBMITTED.value, now_utc()
    record.updated_at = record.edited_at
    audit.record(
        session, actor, action, record.__tablename__, record.id, league=place[0], banner=place[1],
        before=before, after={name: _word(value) for name, value in changed.items()},
    )  # fmt: skip


def _verify(session: Session, record: Any, version: int, action: str, place: Where, actor: Actor) -> None:
    today = today_shanghai()
    if record.verified_on == today:
        return
    if record.version != version:
        raise Conflict(_CHANGED)
    before, record.verified_on = record.verified_on, today
    record.edited_at = record.updated_at = now_utc()
    audit.record(
        session, actor, action, record.__tablename__, record.id, league=place[0], banner=place[1],
        before={"verified_on": _word(before)}, after={"verified_on": str(today)},
    )  # fmt: skip


def _word(value: Any) -> str | int | None:
    return value if value is None or isinstance(value, str | int) else str(value)
