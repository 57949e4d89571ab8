"""What all tables share: the declarative base, our column types, and the columns every record carries."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Integer,
    MetaData,
    Numeric,
    String,
    Text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from lib.domain.dates import PartialDate, Precision
from lib.domain.vocabulary import Origin

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Money(TypeDecorator[Decimal]):
    """元 as Decimal: NUMERIC(18,2) on PostgreSQL, whole 分 on SQLite, which has no exact decimals."""

    impl = Numeric(18, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return BigInteger() if dialect.name == "sqlite" else dialect.type_descriptor(Numeric(18, 2))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return int(value * 100) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        return Decimal(value).scaleb(-2) if dialect.name == "sqlite" else Decimal(value)


class Exact(TypeDecorator[Decimal]):
    """A published figure with the digits it was published with; text on SQLite."""

    impl = Numeric(20, 4)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return String(24) if dialect.name == "sqlite" else dialect.type_descriptor(Numeric())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return str(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, aware on both sides."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The declarative base of every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: Integer,
        str: Text,
        date: Date,
        datetime: Moment,
        Decimal: Money,
    }


def text_length(column: str, most: int, least: int = 1) -> CheckConstraint:
    """The CHECK that keeps a text between `least` and `most` characters on both databases."""
    return CheckConstraint(f"length({column}) BETWEEN {least} AND {most}", name=f"{column}_length")


def one_of(column: str, values: Sequence[str]) -> CheckConstraint:
    """The CHECK that keeps a column to a closed vocabulary."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def year_range(column: str) -> CheckConstraint:
    """The CHECK that keeps a year plausible."""
    return CheckConstraint(f"{column} BETWEEN 1900 AND 2100", name=f"{column}_range")


class Sourced:
    """The columns that tell where a record comes from. `load_*` serve repeated loads of the same file."""

    origin: Mapped[str] = mapped_column(String(9), comment="public, submitted or demo")
    source_publisher: Mapped[str] = mapped_column(Text, default="", comment="blank: the source names none")
    source_date: Mapped[date | None] = mapped_column(comment="first day of the stated period")
    source_precision: Mapped[str | None] = mapped_column(String(5), comment="day, month or year")
    source_url: Mapped[str] = mapped_column(Text, default="")
    source_quality: Mapped[str] = mapped_column(String(8), default="", comment="page or repost")
    load_key: Mapped[str | None] = mapped_column(
        String(64), unique=True, comment="identity of the row in its file; null when entered in the app"
    )
    load_hash: Mapped[str | None] = mapped_column(String(64), comment="content of the row when last loaded")
    created_at: Mapped[datetime] = mapped_column()
    updated_at: Mapped[datetime] = mapped_column()
    edited_at: Mapped[datetime | None] = mapped_column(comment="last edit in the app: a load leaves the row alone")

    @property
    def source_stated(self) -> PartialDate | None:
        """The source's date with the precision the source gave it."""
        return stated(self.source_date, self.source_precision)


def stated(day: date | None, precision: str | None) -> PartialDate | None:
    """The partial date kept in two columns."""
    return None if day is None else PartialDate(day, Precision(precision or "day"))


def sourced_checks() -> tuple[CheckConstraint, ...]:
    """The CHECKs that go with `Sourced`."""
    return (
        one_of("origin", [origin.value for origin in Origin]),
        CheckConstraint("(source_date IS NULL) = (source_precision IS NULL)", name="source_precision_stated"),
    )


class Versioned:
    """An editable record: a stale save is refused, not merged."""

    version: Mapped[int] = mapped_column()

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        """Let the mapper check and raise `version` on every save."""
        return {"version_id_col": cls.version}
