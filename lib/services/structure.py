"""The network as the plan asks for it: a node for each division, three markets, the ways up, two platforms outside.

The plan (内政发〔2018〕44号, 二(五)) says that they should exist, not that they do: every node begins as 暂无数据.
"""

import csv
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.domain.dates import Precision, now_utc, parse_date
from lib.domain.network import PLAN, REPORTED_APART, ZONES, LinkKind, NodeKind, NodeState
from lib.domain.vocabulary import Level, Origin
from lib.settings import ROOT
from lib.store.models import Division, MarketMember, NetworkLink, NetworkNode

LINKS_FILE: Final = ROOT / "data" / "network_links.csv"
"""platform, state, note, source_publisher, source_date: what the plan wants the hub linked to."""
_STATED: Final = {"source_publisher": PLAN, "source_date": date(2018, 1, 1), "source_precision": Precision.YEAR.value}
_BASIS: Final = "按东、中、西部的习惯划分暂定；规划没有写明归属，请自治区核定"
_KINDS: Final = {Level.REGION.value: NodeKind.HUB, Level.LEAGUE.value: NodeKind.BRANCH}


@dataclass(frozen=True)
class Built:
    """How many rows were added, updated, and were there already."""

    imported: int = 0
    updated: int = 0
    unchanged: int = 0


def build(session: Session) -> dict[str, Built]:
    """Add what is missing, in the open transaction; a row that somebody edited stays as it is. By table."""
    divisions = session.execute(select(Division.code, Division.level, Division.zone, Division.parent_code)).all()
    nodes = _keep(session, NetworkNode, _nodes(divisions))
    session.flush()
    rows = session.execute(select(NetworkNode.load_key, NetworkNode.id).where(NetworkNode.load_key.is_not(None)))
    ids = {str(key): int(number) for key, number in rows}
    return {
        "network_node": nodes,
        "network_link": _keep(session, NetworkLink, _links(divisions, ids)),
        "market_member": _keep(session, MarketMember, _members(divisions)),
    }


def _kind(row: Any) -> NodeKind:
    return NodeKind.CITY if row.code in REPORTED_APART else _KINDS.get(row.level, NodeKind.STATION)


def _nodes(divisions: Iterable[Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    blank = {"state": NodeState.UNKNOWN.value, "zone": "", **_STATED}
    for row in divisions:
        yield _node_key(row.code), {"kind": _kind(row).value, "division_code": row.code, **blank}
    for zone in ZONES:
        yield _node_key(zone), {**blank, "kind": NodeKind.MARKET.value, "division_code": None, "zone": zone}


def _links(divisions: Iterable[Any], ids: dict[str, int]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Every branch and city reports to the hub, every station to its branch; the hub to the platforms of the file."""
    hub = next((row.code for row in divisions if row.level == Level.REGION.value), "")
    for row in divisions:
        if row.level == Level.REGION.value:
            continue
        above = hub if _kind(row) is NodeKind.CITY else row.parent_code
        start, end = ids[_node_key(row.code)], ids.get(_node_key(above or ""))
        if end is not None:
            values = {"node_id": start, "kind": LinkKind.UP.value, "to_node_id": end, "target": str(end), **_STATED}
            yield f"link:{row.code}", values
    if not hub:
        return
    with LINKS_FILE.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            stated = parse_date(row["source_date"])
            yield f"link:{row['platform']}", {
                "node_id": ids[_node_key(hub)], "kind": LinkKind.OUTSIDE.value, "to_node_id": None,
                "platform": row["platform"], "target": row["platform"], "state": row["state"], "note": row["note"],
                "source_publisher": row["source_publisher"], "source_date": stated.day,
                "source_precision": stated.precision.value,
            }  # fmt: skip


def _members(divisions: Iterable[Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    for row in divisions:
        if row.level == Level.LEAGUE.value and row.zone in ZONES:
            yield f"member:{row.code}", {"zone": row.zone, "league_code": row.code, "basis": _BASIS}


def _node_key(place: str) -> str:
    return f"node:{place}"


def _keep(session: Session, entity: Any, rows: Iterable[tuple[str, dict[str, Any]]]) -> Built:
    """Rows by their key: new ones are added, changed ones updated unless somebody edited them since."""
    known = {record.load_key: record for record in session.scalars(select(entity)) if record.load_key}
    added = updated = unchanged = 0
    now = now_utc()
    for key, values in rows:
        content = hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
        record = known.get(key)
        if record is None:
            stamp = {"created_at": now, "updated_at": now, "origin": Origin.PUBLIC.value}
            session.add(entity(**values, **stamp, load_key=key, load_hash=content))
            added += 1
        elif record.edited_at is None and record.load_hash != content:
            for name, value in {**values, "load_hash": content, "updated_at": now}.items():
                setattr(record, name, value)
            updated += 1
        else:
            unchanged += 1
    session.flush()
    return Built(added, updated, unchanged)
