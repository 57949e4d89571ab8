"""The three-level network: nodes, links between them and to outside platforms, which league a market serves."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lib.domain.network import ZONES, LinkKind, LinkState, NodeKind, NodeState
from lib.store.models.base import Base, Sourced, Versioned, one_of, sourced_checks, text_length


class NetworkNode(Versioned, Sourced, Base):
    """A node that the plan asks for, or one that an official entered. Until somebody states more it is unknown."""

    __tablename__ = "network_node"
    __table_args__ = (
        one_of("kind", [kind.value for kind in NodeKind]),
        one_of("state", [state.value for state in NodeState]),
        one_of("zone", ["", *ZONES]),
        CheckConstraint("(kind = 'market') = (zone <> '')", name="market_has_zone"),
        CheckConstraint("kind = 'market' OR division_code IS NOT NULL", name="placed"),
        CheckConstraint("staff BETWEEN 0 AND 10000", name="staff_range"),
        *sourced_checks(),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(7), index=True)
    division_code: Mapped[str | None] = mapped_column(
        ForeignKey("division.code"), index=True, comment="the division it serves; of a market, the league it stands in"
    )
    zone: Mapped[str] = mapped_column(String(4), default="", comment="of a market: 中部, 东部, 西部")
    name: Mapped[str] = mapped_column(default="", comment="blank: not known")
    unit: Mapped[str] = mapped_column(default="", comment="联系单位; no person")
    staff: Mapped[int | None] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(String(9), default=NodeState.UNKNOWN.value)
    opened_on: Mapped[date | None] = mapped_column()
    verified_on: Mapped[date | None] = mapped_column(comment="last check; who made it stands in the audit trail")
    last_report_on: Mapped[date | None] = mapped_column(comment="last report handed up")


class NetworkLink(Versioned, Sourced, Base):
    """A way that data takes from a node to another, or to a platform outside."""

    __tablename__ = "network_link"
    __table_args__ = (
        one_of("kind", [kind.value for kind in LinkKind]),
        one_of("state", [state.value for state in LinkState]),
        CheckConstraint("(kind = 'outside') = (to_node_id IS NULL)", name="outside_has_no_node"),
        CheckConstraint("(kind = 'outside') = (platform <> '')", name="outside_has_platform"),
        CheckConstraint("to_node_id <> node_id", name="between_two"),
        UniqueConstraint("node_id", "kind", "target"),
        *sourced_checks(),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    node_id: Mapped[int] = mapped_column(ForeignKey("network_node.id"))
    kind: Mapped[str] = mapped_column(String(7))
    to_node_id: Mapped[int | None] = mapped_column(ForeignKey("network_node.id"), index=True)
    platform: Mapped[str] = mapped_column(default="", comment="name of a platform outside; blank within the network")
    target: Mapped[str] = mapped_column(comment="number of the other node, or the platform's name: each link once")
    state: Mapped[str] = mapped_column(String(9), default=LinkState.UNKNOWN.value)
    verified_on: Mapped[date | None] = mapped_column(comment="last check; who made it stands in the audit trail")
    note: Mapped[str] = mapped_column(default="")


class MarketMember(Versioned, Sourced, Base):
    """A league that one of the permanent markets serves for a time; the plan does not say which, so it is editable."""

    __tablename__ = "market_member"
    __table_args__ = (
        one_of("zone", ZONES),
        CheckConstraint("valid_to >= valid_from", name="period"),
        text_length("basis", 200),
        *sourced_checks(),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    zone: Mapped[str] = mapped_column(String(4))
    league_code: Mapped[str] = mapped_column(ForeignKey("division.code"), index=True)
    valid_from: Mapped[date | None] = mapped_column(comment="null: no beginning stated")
    valid_to: Mapped[date | None] = mapped_column(comment="last day; null: until further notice")
    basis: Mapped[str] = mapped_column(comment="what the membership rests on")
