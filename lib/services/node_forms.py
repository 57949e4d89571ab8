"""What an official says of a node, of a link, and of which market serves a league; our own forms."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from lib.domain.dates import check_year, parse_date, today_shanghai
from lib.domain.network import ZONES, LinkKind, LinkState, NodeState
from lib.services.forms import _choice, _place, _refuse, _text

_MOST_STAFF: Final = 10_000


def _past(label: str) -> BeforeValidator:
    """A day up to today, or none."""
    return _day(label, lambda day: day <= today_shanghai(), "在今天以后，这里只写已经发生的事，请重新选择。")


def _day(label: str, holds: Callable[[date], bool], refusal: str) -> BeforeValidator:
    def read(value: object) -> date | None:
        if value in (None, ""):
            return None
        try:
            day = date.fromisoformat(value) if isinstance(value, str) else value
            if not isinstance(day, date) or isinstance(day, datetime):
                raise ValueError("no day")
            check_year(day.year)
        except ValueError:
            raise _refuse(f"请重新选择「{label}」。") from None
        if not holds(day):
            raise _refuse(f"「{label}」{refusal}")
        return day

    return BeforeValidator(read)


def _staff(value: object) -> int | None:
    if value in (None, ""):
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_STAFF:
        raise _refuse(f"「人员数」请填 0 到 {_MOST_STAFF} 之间的整数；不清楚请留空。")
    return value


def _source_date(value: object) -> str:
    """A day, a month or a year as the source states it, not later than today."""
    text = str(value or "").strip()
    if not text:
        raise _refuse("请填写「来源日期」，例如 2026-11-23，只知年月可写 2026-11。")
    try:
        stated = parse_date(text)
    except ValueError:
        raise _refuse("「来源日期」请写成 2026-11-23、2026-11 或 2026 的样子。") from None
    if stated.day > today_shanghai():
        raise _refuse("「来源日期」在今天以后，请重新填写。")
    return str(stated)


def _address(value: object) -> str:
    text = str(value or "").strip()
    if text and (not text.startswith(("http://", "https://")) or len(text) > 500 or not text.isprintable()):
        raise _refuse("「来源网址」请以 http:// 或 https:// 开头；没有请留空。")
    return text


class Stated(BaseModel):
    """Where what is entered comes from: never without a source and its date."""

    model_config = ConfigDict(extra="ignore", validate_default=True)

    source_publisher: Annotated[str, _text("来源（发布单位或文号）", 100, least=2)] = ""
    source_on: Annotated[str, BeforeValidator(_source_date)] = ""
    source_url: Annotated[str, BeforeValidator(_address)] = ""


class NodeForm(Stated):
    """A node of the network."""

    name: Annotated[str, _text("名称", 60, least=0)] = ""
    unit: Annotated[str, _text("联系单位", 60, least=0)] = ""
    staff: Annotated[int | None, BeforeValidator(_staff)] = None
    state: Annotated[str, _choice("状态", [state.value for state in NodeState])] = ""
    opened_on: Annotated[date | None, _past("启用日期")] = None
    last_report_on: Annotated[date | None, _past("最近上报")] = None

    @model_validator(mode="after")
    def _complete(self) -> "NodeForm":
        """A node that is there has a name and a unit that answers for it."""
        if self.state == NodeState.OPEN and not self.name:
            raise PydanticCustomError("form:name", "运行中的节点请填写「名称」。")
        if self.state == NodeState.OPEN and not self.unit:
            raise PydanticCustomError("form:unit", "运行中的节点请填写「联系单位」。")
        return self


class LinkForm(Stated):
    """How data passes a link."""

    state: Annotated[str, _choice("接入方式", [state.value for state in LinkState])] = ""
    note: Annotated[str, _text("说明", 200, least=0)] = ""


class NewLinkForm(LinkForm):
    """A link that is not there yet: down to a node, or to a platform outside."""

    kind: Annotated[str, _choice("方向", [kind.value for kind in LinkKind])] = ""
    target: Annotated[str, _text("连到", 60)] = ""


class MemberForm(BaseModel):
    """The league that a market serves from a day on."""

    model_config = ConfigDict(extra="ignore", validate_default=True)

    league: Annotated[str, _place("盟市")] = ""
    zone: Annotated[str, _choice("常设市场", ZONES)] = ""
    valid_from: Annotated[Any, _day("起始日期", lambda _day: True, "")] = None
    basis: Annotated[str, _text("依据", 200, least=4)] = ""

    @model_validator(mode="after")
    def _complete(self) -> "MemberForm":
        """A change of market happens on a day."""
        if self.valid_from is None:
            raise PydanticCustomError("form:valid_from", "请选择「起始日期」。")
        return self
