"""The seven tables of public facts: their columns, and what a row must hold to be one.

Each model takes the cells of one row as text and says in Chinese what is wrong with them. `values()` is the row
as the columns of its record; `identity()` names the same fact in every version of a file.
"""

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo, model_validator

from lib.domain import channels, money
from lib.domain.dates import PartialDate, check_year, parse_date, today_shanghai
from lib.domain.text import clean, fold, organization_key, shorten
from lib.domain.vocabulary import (
    EVENT_KINDS,
    FIELD_CODES,
    ORGANIZATION_KINDS,
    PARTNER_KINDS,
)

Kind = Literal["organizations", "achievements", "demands", "events", "cooperation", "contracts", "statistics"]

TITLE: Final = 200
PROSE: Final = 4000
NAME: Final = 120
WORDS: Final = 500
ADDRESS: Final = 1000
UNIT: Final = 8
COUNT: Final = 1_000_000
OLDEST_UNIT: Final = 1800


# ------------------------------------------------------------------ places
@dataclass(frozen=True)
class Places:
    """The divisions a row may name: leagues by full and short name, banners by name with their league."""

    leagues: Mapping[str, str] = field(default_factory=dict)
    banners: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def league(self, name: str) -> str | None:
        """Code of a league, or None for a blank. Raises ValueError for a name that is no league."""
        if not name:
            return None
        code = self.leagues.get(fold(name))
        if code is None:
            raise ValueError(f"没有「{shorten(name, 20)}」这个盟市，请写盟市全称，例如 呼和浩特市")
        return code

    def within(self, league: str | None, banner: str) -> tuple[str | None, str | None, str]:
        """League code, banner code and the printed name of a place that is no division, such as 稀土高新区.

        Raises ValueError for a banner of another league.
        """
        found = self.banners.get(fold(banner)) if banner else None
        if found is None:
            return league, None, banner
        code, parent = found
        if league not in (None, parent):
            raise ValueError(f"旗县「{shorten(banner, 20)}」不属于所写的盟市")
        return parent, code, ""


# ------------------------------------------------------------------ cells
def _text(limit: int, *, required: bool = False, multiline: bool = False) -> BeforeValidator:
    def read(cell: str) -> str:
        try:
            cleaned = clean(cell, multiline=multiline)
        except ValueError:
            raise ValueError("含有改变文字方向的字符或无法保存的字符，请删除后重填") from None
        if required and not cleaned:
            raise ValueError("不能为空")
        if len(cleaned) > limit:
            raise ValueError(f"太长：{len(cleaned)} 字，最多 {limit} 字")
        return cleaned

    return BeforeValidator(read)


def _one_of(words: Mapping[str, Any] | tuple[str, ...], what: str, *, required: bool = False) -> BeforeValidator:
    known = {fold(word): word for word in words}

    def read(cell: str) -> str:
        written = fold(clean(cell))
        if not written and required:
            raise ValueError("不能为空")
        if written and written not in known:
            raise ValueError(f"没有「{shorten(cell.strip(), 20)}」这个{what}，可用：{'、'.join(known.values())}")
        return known.get(written, "")

    return BeforeValidator(read)


def _digits(cell: str) -> str:
    return re.sub(r"[,，\s]", "", unicodedata.normalize("NFKC", cell))


def _whole(pattern: str, cell: str, reason: str) -> int | None:
    written = _digits(cell)
    if not written:
        return None
    match = re.fullmatch(pattern, written, re.ASCII)
    if match is None:
        raise ValueError(reason)
    return int(match[1])


def _year(cell: str) -> int | None:
    reason = f"「{shorten(cell.strip(), 20)}」不是年份，请写四位数字，例如 2024"
    year = _whole(r"(\d{4})年?", cell, reason)
    if year is not None:
        try:
            check_year(year)
        except ValueError:
            raise ValueError(f"年份 {year} 不在 1949 年至今后 10 年之间") from None
    return year


def _founded(cell: str) -> int | None:
    year = _whole(r"(\d{4})年?", cell, f"「{shorten(cell.strip(), 20)}」不是年份，请写四位数字，例如 2024")
    if year is not None and not OLDEST_UNIT <= year <= today_shanghai().year:
        raise ValueError(f"成立年份 {year} 不在 {OLDEST_UNIT} 年至今之间")
    return year


def _date(cell: str) -> PartialDate | None:
    if not cell.strip():
        return None
    try:
        return parse_date(cell)
    except ValueError:
        raise ValueError(
            f"「{shorten(cell.strip(), 20)}」不是日期，请写 2024-12-20、2024-12 或 2024，年份在 1949 年至今后 10 年之间"
        ) from None


def _amount(cell: str) -> Decimal | None:
    if not cell.strip():
        return None
    try:
        amount = money.parse_amount(cell, unit=Decimal(1))
    except ValueError:
        raise ValueError(f"「{shorten(cell.strip(), 20)}」不是金额，请以元为单位写数字，例如 1200000") from None
    if amount <= 0:
        raise ValueError("金额应大于 0；没有披露的金额请留空")
    return amount


def _figure(cell: str) -> Decimal:
    written = _digits(cell)
    if not written:
        raise ValueError("不能为空")
    if not re.fullmatch(r"-?\d{1,12}(\.\d{1,4})?", written, re.ASCII):
        raise ValueError(f"「{shorten(cell.strip(), 20)}」不是数字（最多 12 位整数、4 位小数）")
    return Decimal(written)


def _count(cell: str) -> int | None:
    count = _whole(r"(\d{1,9})", cell, f"「{shorten(cell.strip(), 20)}」不是个数，请写整数")
    if count is not None and count > COUNT:
        raise ValueError(f"个数 {count} 太大，最多 {COUNT}")
    return count


def _address(cell: str) -> str:
    written = clean(cell)
    if written and not re.fullmatch(r"https?://[^\s\"'<>\\]+", written):
        raise ValueError("不是网址，请以 http:// 或 https:// 开头，不含空格和引号")
    if len(written) > ADDRESS:
        raise ValueError(f"太长：{len(written)} 字，最多 {ADDRESS} 字")
    return written


def _league(cell: str, info: ValidationInfo) -> str | None:
    return _places(info).league(clean(cell))


def _places(info: ValidationInfo) -> Places:
    return info.context if isinstance(info.context, Places) else Places()


Title = Annotated[str, _text(TITLE, required=True)]
Name = Annotated[str, _text(NAME, required=True)]
Required = Annotated[str, _text(WORDS, required=True)]
Words = Annotated[str, _text(WORDS)]
Prose = Annotated[str, _text(PROSE, multiline=True)]
Field = Annotated[str, _one_of(FIELD_CODES, "技术领域")]
Year = Annotated[int | None, BeforeValidator(_year)]
Founded = Annotated[int | None, BeforeValidator(_founded)]
When = Annotated[PartialDate | None, BeforeValidator(_date)]
Yuan = Annotated[Decimal | None, BeforeValidator(_amount)]
Figure = Annotated[Decimal, BeforeValidator(_figure)]
Count = Annotated[int | None, BeforeValidator(_count)]
Address = Annotated[str, BeforeValidator(_address)]
League = Annotated[str | None, BeforeValidator(_league)]


# ------------------------------------------------------------------ rows
class Row(BaseModel, ABC):
    """What every table has: where the fact was published."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    ATTRIBUTES: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Columns of the record that do not come from the one column of the same name, and what they come from."""

    source_url: Address = ""
    source_date: When = None
    source_publisher: Annotated[str, _text(NAME)] = ""
    source_quality: Annotated[str, _one_of(("page", "repost"), "来源类型")] = ""

    @abstractmethod
    def identity(self) -> tuple[str, ...]:
        """What makes the row the same fact in another version of the file, normalised."""

    def values(self) -> dict[str, Any]:
        """The row as the columns of its record."""
        return {
            "source_url": self.source_url,
            "source_publisher": self.source_publisher,
            "source_quality": self.source_quality,
            **_stated("source_date", "source_precision", self.source_date),
        }

    def given(self) -> dict[str, Any]:
        """`values()` without the columns that the file does not have: those stay as they are."""
        return {
            attribute: value
            for attribute, value in self.values().items()
            if self.model_fields_set.intersection(self.ATTRIBUTES.get(attribute, _SOURCE.get(attribute, (attribute,))))
        }

    @property
    def printed_organization(self) -> str:
        """The name of the unit as printed, to be linked to its organization."""
        return ""


_SOURCE: Final = {"source_precision": ("source_date",)}


def _stated(day: str, precision: str, when: PartialDate | None) -> dict[str, Any]:
    return {day: when.day if when else None, precision: when.precision.value if when else None}


def _same(*parts: object) -> tuple[str, ...]:
    return tuple(re.sub(r"\s", "", fold("" if part is None else str(part))) for part in parts)


class _InBanner(Row):
    """A row that names a banner; the place is read with it, because each must fit the other."""

    banner: Words = ""
    _place: tuple[str | None, str | None, str] = (None, None, "")

    @abstractmethod
    def league_named(self, places: Places) -> str | None:
        """Code of the league that the row names."""

    @model_validator(mode="after")
    def locate(self, info: ValidationInfo) -> "_InBanner":
        """Find the banner within the league of the row."""
        places = _places(info)
        self._place = places.within(self.league_named(places), self.banner)
        return self

    def values(self) -> dict[str, Any]:
        league, banner, text = self._place
        return {**super().values(), "league_code": league, "banner_code": banner, "banner_text": text}


class OrganizationRow(_InBanner):
    """organizations.csv."""

    ATTRIBUTES: ClassVar = {
        "name_key": ("name",),
        "league_code": ("league", "banner"),
        "banner_code": ("league", "banner"),
        "banner_text": ("league", "banner"),
    }

    name: Name
    kind: Annotated[str, _one_of(ORGANIZATION_KINDS, "机构类别", required=True)]
    league: League = None
    since_year: Founded = None

    def identity(self) -> tuple[str, ...]:
        return (organization_key(self.name),)

    def league_named(self, places: Places) -> str | None:
        return self.league

    def values(self) -> dict[str, Any]:
        return {
            **super().values(),
            "name": self.name,
            "name_key": organization_key(self.name),
            "kind": self.kind,
            "since_year": self.since_year,
        }

    @model_validator(mode="after")
    def named(self) -> "OrganizationRow":
        """A name of brackets and spaces alone names nobody."""
        if not organization_key(self.name):
            raise ValueError("机构名称不能只有标点")
        return self


class AchievementRow(Row):
    """achievements.csv."""

    ATTRIBUTES: ClassVar = {
        "organization_text": ("organization",),
        "award": ("award_or_source",),
        "league_code": ("league",),
    }

    title: Title
    organization: Words = ""
    other_units: Words = ""
    year: Year = None
    award_or_source: Words = ""
    field: Field = ""
    league: League = None
    summary: Prose = ""

    def identity(self) -> tuple[str, ...]:
        return _same(self.title)

    def values(self) -> dict[str, Any]:
        return {
            **super().values(),
            "title": self.title,
            "organization_text": self.organization,
            "other_units": self.other_units,
            "year": self.year,
            "award": self.award_or_source,
            "field": FIELD_CODES.get(self.field),
            "league_code": self.league,
            "summary": self.summary,
        }

    @property
    def printed_organization(self) -> str:
        return self.organization


class DemandRow(Row):
    """demands.csv."""

    ATTRIBUTES: ClassVar = {
        "organization_text": ("enterprise",),
        "league_code": ("league",),
        "budget": ("budget_cny",),
    }

    title: Title
    enterprise: Words = ""
    league: League = None
    field: Field = ""
    budget_cny: Yuan = None
    description: Prose = ""
    year: Year = None

    def identity(self) -> tuple[str, ...]:
        return _same(self.title)

    def values(self) -> dict[str, Any]:
        return {
            **super().values(),
            "title": self.title,
            "organization_text": self.enterprise,
            "league_code": self.league,
            "field": FIELD_CODES.get(self.field),
            "budget": self.budget_cny,
            "description": self.description,
            "year": self.year,
        }

    @property
    def printed_organization(self) -> str:
        return self.enterprise


class EventRow(_InBanner):
    """events.csv. A city that is a league places the event; any other city stays as printed."""

    ATTRIBUTES: ClassVar = {
        "held_on": ("date",),
        "held_precision": ("date",),
        "league_code": ("city", "banner"),
        "banner_code": ("city", "banner"),
        "banner_text": ("city", "banner"),
        "project_count": ("number_of_projects",),
        "partner": ("partner_region",),
    }

    title: Title
    kind: Annotated[str, _one_of(EVENT_KINDS, "活动类型", required=True)]
    date: When
    city: Annotated[str, _text(NAME)] = ""
    organizer: Words = ""
    number_of_projects: Count = None
    partner_region: Words = ""

    def identity(self) -> tuple[str, ...]:
        return _same(self.title, self.date)

    def league_named(self, places: Places) -> str | None:
        return places.leagues.get(fold(self.city))

    def values(self) -> dict[str, Any]:
        return {
            **super().values(),
            **_stated("held_on", "held_precision", self.date),
            "title": self.title,
            "kind": self.kind,
            "city": self.city,
            "organizer": self.organizer,
            "project_count": self.number_of_projects,
            "partner": self.partner_region,
        }

    @property
    def printed_organization(self) -> str:
        return self.organizer


class CooperationRow(Row):
    """cooperation.csv. Channel and direction follow from what the fact itself says."""

    ATTRIBUTES: ClassVar = {
        "league_code": ("league",),
        "channel": ("partner", "partner_kind"),
        "direction": ("subject",),
    }

    partner: Required
    partner_kind: Annotated[str, _one_of(PARTNER_KINDS, "合作方类型", required=True)]
    subject: Required
    league: League
    year: Year = None

    def identity(self) -> tuple[str, ...]:
        return _same(self.partner, self.subject, self.league)

    def values(self) -> dict[str, Any]:
        return {
            **super().values(),
            "partner": self.partner,
            "partner_kind": self.partner_kind,
            "subject": self.subject,
            "league_code": self.league,
            "year": self.year,
            "channel": channels.channel_of(self.partner, self.partner_kind).value,
            "direction": channels.direction_of(self.subject).value,
        }


class ContractRow(Row):
    """contracts.csv."""

    ATTRIBUTES: ClassVar = {"amount": ("amount_cny",)}

    title: Title
    seller: Words = ""
    buyer: Words = ""
    amount_cny: Yuan = None
    mode: Words = ""
    pricing: Words = ""
    year: Year = None

    def identity(self) -> tuple[str, ...]:
        return _same(self.title)

    def values(self) -> dict[str, Any]:
        return {
            **super().values(),
            "title": self.title,
            "seller": self.seller,
            "buyer": self.buyer,
            "amount": self.amount_cny,
            "mode": self.mode,
            "pricing": self.pricing,
            "year": self.year,
        }


class StatisticRow(Row):
    """statistics.csv."""

    indicator: Annotated[str, _text(NAME, required=True)]
    scope: Annotated[str, _text(NAME, required=True)]
    year: Year
    period: Annotated[str, _text(NAME)]
    value: Figure
    unit: Annotated[str, _text(UNIT, required=True)]

    def identity(self) -> tuple[str, ...]:
        return _same(self.indicator, self.scope, self.year, self.period)

    def values(self) -> dict[str, Any]:
        return {
            **super().values(),
            "indicator": self.indicator,
            "scope": self.scope,
            "year": self.year,
            "period": self.period,
            "value": self.value,
            "unit": self.unit,
        }


ROWS: Final[dict[Kind, type[Row]]] = {
    "organizations": OrganizationRow,
    "achievements": AchievementRow,
    "demands": DemandRow,
    "events": EventRow,
    "cooperation": CooperationRow,
    "contracts": ContractRow,
    "statistics": StatisticRow,
}
"""In the order of loading: organizations first, so that names find them."""


def header_problem(kind: Kind, header: list[str]) -> str:
    """What is wrong with the columns of a file, in one sentence; blank when nothing is.

    The columns that identify a row must be there. Any other known column may be missing.
    """
    model = ROWS[kind]
    known = sorted(model.model_fields, key=lambda name: name.startswith("source_"))
    unknown = [name for name in header if name not in known]
    twice = sorted({name for name in header if header.count(name) > 1})
    missing = [name for name, info in model.model_fields.items() if info.is_required() and name not in header]
    if unknown:
        named = "、".join(f"「{shorten(name, 20)}」" if name else "「（空）」" for name in unknown[:5])
        return f"无法识别的列：{named}；可用的列：{'、'.join(known)}"
    if twice:
        return f"列名重复：{'、'.join(twice)}"
    if missing:
        return f"缺少列：{'、'.join(missing)}"
    return ""


def read_row(kind: Kind, cells: Mapping[str, str], places: Places) -> Row:
    """The row that these cells hold. Raises ValueError with every reason in Chinese, each with its column."""
    try:
        return ROWS[kind].model_validate(dict(cells), context=places)
    except ValidationError as invalid:
        raise ValueError("；".join(_reasons(invalid))) from None


def _reasons(invalid: ValidationError) -> list[str]:
    reasons = []
    for error in invalid.errors(include_url=False, include_input=False):
        column = ".".join(str(part) for part in error["loc"])
        cause = error.get("ctx", {}).get("error")
        reason = str(cause) if isinstance(cause, ValueError) else "内容无法识别"
        reasons.append(f"{column}：{reason}" if column else reason)
    return reasons
