"""The forms and their rules: what a widget sends is text, and nothing of it is trusted.

Fields are those of the region's own collection forms (rules §8.1–8.3). Each broken rule is one Chinese
sentence that says what to do; all of them are found at once.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from lib.domain.dates import SHANGHAI, check_year, parse_date, today_shanghai
from lib.domain.errors import InvalidInput
from lib.domain.money import parse_amount
from lib.domain.submissions import credit_code_holds, email, phone
from lib.domain.telling import right_end
from lib.domain.text import clean, fold
from lib.domain.vocabulary import (
    ACHIEVEMENT_CLASSES,
    COOPERATION_MODES,
    DEMAND_CLASSES,
    EVENT_FORMATS,
    EVENT_KINDS,
    FIELDS,
    IP_STATES,
    IP_TYPES,
    MILITARY_DIRECTIONS,
    PRICING_MODES,
    STAGES,
    STEPS,
    TRANSFER_MODES,
    TRL_JUDGES,
    TRL_LEVELS,
    TRL_SCHEMES,
    UNREGISTERED,
    YES_NO,
    SubmissionKind,
)

PROJECT_SOURCES: Final = ("高校", "科研院所", "企业", "团队")
DECLARED: Final = frozenset({"truthful", "not_secret", "secret_content", "secret_patent", "secret_review"})
"""What is declared at the moment of handing in, and neither kept nor taken over from a draft."""
DATES: Final = frozenset({"valid_from", "valid_until", "deadline"})
"""Answers that are days."""
CONTACT: Final = frozenset({"contact_name", "contact_phone", "contact_email"})
_LARGEST_ID: Final = 2**31 - 1
_MOST_SEATS: Final = 100_000
_LONGEST_CELL: Final = 100
_WHOLE: Final = Decimal(100)
_HUNDREDTH: Final = Decimal("0.01")
SEPARATOR: Final = "、"
"""Between the values of an answer that may name several of a closed list."""
LARGEST_TABLE: Final = 10
"""Lines of a table within a form."""
_KEYWORDS: Final = re.compile(r"[、,，;；\s]+")


def _refuse(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("form", "{sentence}", {"sentence": sentence})


def _text(label: str, most: int, *, least: int = 1, multiline: bool = False) -> BeforeValidator:
    def read(value: object) -> str:
        try:
            text = clean(str(value or ""), multiline=multiline)
        except ValueError:
            raise _refuse(f"「{label}」里有看不见的控制字符，请删去后重新输入。") from None
        if not text and least:
            raise _refuse(f"请填写「{label}」。")
        if len(text) < least:
            raise _refuse(f"「{label}」至少写 {least} 个字，现在只有 {len(text)} 个。")
        if len(text) > most:
            raise _refuse(f"「{label}」最多 {most} 字，现在多了 {len(text) - most} 字，请删减。")
        return text

    return BeforeValidator(read)


def _choice(label: str, allowed: Sequence[str], *, required: bool = True) -> BeforeValidator:
    def read(value: object) -> str:
        if value in (None, ""):
            if required:
                raise _refuse(f"请选择「{label}」。")
            return ""
        if value not in allowed:
            raise _refuse(f"「{label}」请从列表里选择。")
        return str(value)

    return BeforeValidator(read)


def _choices(label: str, allowed: Sequence[str]) -> BeforeValidator:
    """One or more of a closed list, as a list or as one text; kept as one text in the order of the list."""

    def read(value: object) -> str:
        chosen = value if isinstance(value, list | tuple) else str(value or "").split(SEPARATOR)
        chosen = [word for word in chosen if word]
        if not chosen:
            raise _refuse(f"请选择「{label}」。")
        if any(word not in allowed for word in chosen):
            raise _refuse(f"「{label}」请从列表里选择。")
        return SEPARATOR.join(word for word in allowed if word in chosen)

    return BeforeValidator(read)


Lines = list[dict[str, str]]


def _table(
    label: str,
    line: Callable[[Mapping[str, str], str], dict[str, str]],
    whole: Callable[[Lines], Lines] = lambda lines: lines,
) -> BeforeValidator:
    """Lines of cells. Blank lines are left out; `line` reads one, told by its number, and `whole` all of them."""

    def read(value: object) -> Lines:
        lines: Lines = []
        for number, given in enumerate(value if isinstance(value, list | tuple) else (), 1):
            if not isinstance(given, Mapping):
                continue
            cells = {str(name): _cell(cell, label, number) for name, cell in given.items()}
            if any(cells.values()):
                lines.append(line(cells, f"「{label}」第 {number} 行"))
        if len(lines) > LARGEST_TABLE:
            raise _refuse(f"「{label}」最多 {LARGEST_TABLE} 行，请合并或删去几行。")
        return whole(lines)

    return BeforeValidator(read)


def _cell(value: object, label: str, number: int) -> str:
    try:
        text = clean("" if value is None else str(value))
    except ValueError:
        raise _refuse(f"「{label}」第 {number} 行有看不见的控制字符，请删去后重新输入。") from None
    if len(text) > _LONGEST_CELL:
        raise _refuse(f"「{label}」第 {number} 行有一格超过 {_LONGEST_CELL} 字，请缩短。")
    return text


def _comparison(wanted: str, label: str) -> Callable[[Mapping[str, str], str], dict[str, str]]:
    def read(cells: Mapping[str, str], where: str) -> dict[str, str]:
        found = {name: cells.get(name, "") for name in ("indicator", "existing", wanted)}
        if not found["indicator"] or not found[wanted]:
            raise _refuse(f"{where}要写明指标和{label}；现有水平不清楚可以留空。")
        return found

    return read


def _right(cells: Mapping[str, str], where: str) -> dict[str, str]:
    found = {name: cells.get(name, "") for name in ("kind", "number", "state", "expires")}
    if found["kind"] not in IP_TYPES:
        raise _refuse(f"{where}请选择形式。")
    if found["kind"] in UNREGISTERED:
        return {**dict.fromkeys(found, ""), "kind": found["kind"]}
    if found["state"] and found["state"] not in IP_STATES:
        raise _refuse(f"{where}的状态请从列表里选择。")
    if found["expires"]:
        try:
            found["expires"] = str(right_end(found["expires"]))
        except ValueError:
            raise _refuse(f"{where}的到期日请写成 2035-06-30 的样子。") from None
    return found


def _share(cells: Mapping[str, str], where: str) -> dict[str, str]:
    holder, text = cells.get("holder", ""), fold(cells.get("share", "")).replace("%", "").strip()
    try:
        share = Decimal(text)
        if not 0 < share <= _WHOLE or share != share.quantize(_HUNDREDTH):
            raise ArithmeticError
    except ArithmeticError:
        raise _refuse(f"{where}的份额请填 0 到 100 之间的数，最多两位小数，例如 60 或 33.33。") from None
    if not holder:
        raise _refuse(f"{where}要写明权利人。")
    return {"holder": holder, "share": f"{share:f}"}


def _step(cells: Mapping[str, str], where: str) -> dict[str, str]:
    found = {name: cells.get(name, "") for name in ("step", "on", "note")}
    if found["step"] not in STEPS:
        raise _refuse(f"{where}请选择环节。")
    try:
        stated = parse_date(found["on"])
    except ValueError:
        raise _refuse(f"{where}的时间请写成 2025、2025-06 或 2025-06-30 的样子。") from None
    if stated.day > today_shanghai():
        raise _refuse(f"{where}的时间在今天以后，这里只写已经发生的事。")
    return {**found, "on": str(stated)}


def _some_right(lines: Lines) -> Lines:
    if not lines:
        raise _refuse("请至少写一项「知识产权」；没有的话选「未涉及知识产权」。")
    return lines


def _hundred(lines: Lines) -> Lines:
    total = sum((Decimal(line["share"]) for line in lines), Decimal())
    if lines and total != _WHOLE:
        raise _refuse(f"「权益份额」要合计 100%，现在是 {total.normalize():f}%。")
    return lines


def _in_sequence(lines: Lines) -> Lines:
    if len({line["step"] for line in lines}) < len(lines):
        raise _refuse("「走到哪一步」里每个环节只写一行，请合并。")
    return sorted(lines, key=lambda line: STEPS.index(line["step"]))


def _later(label: str) -> BeforeValidator:
    """A day from today on, or none."""

    def read(value: object) -> date | None:
        if value in (None, ""):
            return None
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                raise _refuse(f"请重新选择「{label}」。") from None
        if not isinstance(value, date) or isinstance(value, datetime):  # a moment cannot be compared with a day
            raise _refuse(f"请重新选择「{label}」。")
        if value < today_shanghai():
            raise _refuse(f"「{label}」已经过去，请重新选择。")
        return value

    return BeforeValidator(read)


def _number_of(label: str, allowed: Mapping[int, str]) -> BeforeValidator:
    def read(value: object) -> int:
        if not value:
            raise _refuse(f"请选择「{label}」。")
        if not isinstance(value, int) or value not in allowed:
            raise _refuse(f"「{label}」请从列表里选择。")
        return value

    return BeforeValidator(read)


def _place(label: str) -> BeforeValidator:
    def read(value: object) -> str:
        if not re.fullmatch(r"15[0-9]{4}", str(value or "")):
            raise _refuse(f"请选择「{label}」。")
        return str(value)

    return BeforeValidator(read)


def _amount(label: str) -> BeforeValidator:
    def read(value: object) -> Decimal | None:
        text = str(value or "").strip()
        if text in {"", "面议"}:
            return None
        try:
            amount = parse_amount(text.removesuffix("万元").removesuffix("万"))
        except ValueError:
            raise _refuse(f"「{label}」请填以万元为单位的数字，例如 120 或 120.5；留空表示面议。") from None
        if amount <= 0:
            raise _refuse(f"「{label}」要大于 0；没有定价请留空，表示面议。")
        return amount

    return BeforeValidator(read)


def _day(label: str) -> BeforeValidator:
    def read(value: object) -> date | None:
        if not isinstance(value, date):
            raise _refuse(f"请选择「{label}」。")
        try:
            check_year(value.year)
        except ValueError:
            raise _refuse(f"「{label}」的年份不对，请重新选择。") from None
        return value

    return BeforeValidator(read)


def _checked(label: str, read: Callable[[str], str], example: str, *, required: bool = True) -> BeforeValidator:
    def check(value: object) -> str:
        text = str(value or "").strip()
        if not text:
            if required:
                raise _refuse(f"请填写「{label}」。")
            return ""
        try:
            return read(text)
        except ValueError:
            raise _refuse(f"「{label}」看起来不对，请写成 {example} 的样子。") from None

    return BeforeValidator(check)


def _credit_code(text: str) -> str:
    code = re.sub(r"[\s-]", "", fold(text)).upper()
    if not credit_code_holds(code):
        raise ValueError("check digit")
    return code


def _keywords(value: object) -> str:
    try:
        words = [word for word in _KEYWORDS.split(clean(str(value or ""))) if word]
    except ValueError:
        raise _refuse("「关键词」里有看不见的控制字符，请删去后重新输入。") from None
    if not words:
        raise _refuse("请填写「关键词」，用顿号隔开，最多 3 个。")
    if len(words) > 3:
        raise _refuse(f"「关键词」最多 3 个，现在有 {len(words)} 个，请留下最要紧的 3 个。")
    if any(len(word) > 20 for word in words):
        raise _refuse("每个「关键词」最多 20 字，请缩短。")
    return "、".join(words)


def _ticked(sentence: str) -> BeforeValidator:
    def read(value: object) -> bool:
        if value is not True:
            raise _refuse(sentence)
        return True

    return BeforeValidator(read)


def _year(value: object) -> int | None:
    text = fold(str(value or "")).strip()
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{4}", text):
        raise _refuse("「完成年份」请写四位数字，例如 2025。")
    try:
        return check_year(int(text))
    except ValueError:
        raise _refuse("「完成年份」的年份不对，请重新填写。") from None


def _clear(question: str) -> BeforeValidator:
    """A question of the self-check: only 「否」 goes on, and doubt stops as much as a yes."""

    def read(value: object) -> str:
        if value == "不确定":
            raise _refuse(f"「{question}」拿不准时不能在互联网上提交，请先请本单位保密部门审查。")
        if value == "是":
            raise _refuse(f"「{question}」答「是」的内容不能在互联网上提交，请走保密渠道。")
        if value != "否":
            raise _refuse(f"请回答「{question}」。")
        return "否"

    return BeforeValidator(read)


def _in_order(start: date | None, end: date | None) -> None:
    if start is None or end is None:
        return
    if end < start:
        raise PydanticCustomError("form:valid_until", "「有效期止」要在「有效期起」之后，请重新选择。")
    if end < today_shanghai():
        raise PydanticCustomError("form:valid_until", "「有效期止」已经过去，请重新选择。")


def _event(value: object) -> int:
    if not isinstance(value, int) or not 1 <= value <= _LARGEST_ID:
        raise _refuse("请从「路演与活动」里选一场活动，再点「路演报名」。")
    return value


def _achievement(value: object) -> int | None:
    return value if isinstance(value, int) and 1 <= value <= _LARGEST_ID else None


Code = Annotated[str, BeforeValidator(lambda value: str(value or ""))]


class Form(BaseModel):
    """What all forms ask: who is behind it, and two declarations."""

    model_config = ConfigDict(extra="ignore", validate_default=True)
    private: ClassVar[frozenset[str]] = CONTACT | DECLARED

    title: Annotated[str, _text("名称", 100, least=4)] = ""
    unit: Annotated[str, _text("单位", 100, least=2)] = ""
    field: Annotated[int, _number_of("技术领域", FIELDS)] = 0
    contact_name: Annotated[str, _text("联系人", 40)] = ""
    contact_phone: Annotated[str, _checked("联系电话", phone, "13900001234 或 0471-1234567")] = ""
    contact_email: Annotated[str, _checked("邮箱", email, "name@example.com", required=False)] = ""
    truthful: Annotated[bool, _ticked("请勾选「情况属实」的声明。")] = False
    not_secret: Annotated[bool, _ticked("请先自查并勾选「不涉及国家秘密」；拿不准的内容不要提交。")] = False

    def content(self) -> dict[str, Any]:
        """Everything but the contact and the declarations, as JSON values (money in 元 as text)."""
        return self.model_dump(mode="json", exclude=set(self.private))


class DemandForm(Form):
    """企业技术需求征集表 (rules §8.1)."""

    league: Annotated[str, _place("所属盟市")] = ""
    banner: Code = ""
    credit_code: Annotated[str, _checked("统一社会信用代码", _credit_code, "18 位代码（末位为校验码）")] = ""
    demand_class: Annotated[str, _choice("需求类别", DEMAND_CLASSES)] = ""
    keywords: Annotated[str, BeforeValidator(_keywords)] = ""
    description: Annotated[str, _text("现在的难处", 2000, least=10, multiline=True)] = ""
    indicators: Annotated[str, _text("希望达到的指标", 1000, least=2, multiline=True)] = ""
    cooperation_mode: Annotated[str, _choices("合作方式", COOPERATION_MODES)] = ""
    budget: Annotated[Decimal | None, _amount("预算（万元）")] = None
    valid_from: Annotated[date | None, _day("有效期起")] = None
    valid_until: Annotated[date | None, _day("有效期止")] = None
    comparison: Annotated[Lines, _table("量化指标", _comparison("wanted", "希望达到的值"))] = []
    tried: Annotated[str, _text("试过的办法", 1000, least=0, multiline=True)] = ""
    acceptance: Annotated[str, _text("验收标准", 1000, least=0, multiline=True)] = ""
    deadline: Annotated[date | None, _later("希望完成日期")] = None
    wanted: Annotated[str, _text("意向合作单位或专家", 200, least=0)] = ""

    @model_validator(mode="after")
    def _complete(self) -> "DemandForm":
        _in_order(self.valid_from, self.valid_until)
        return self


class AchievementForm(Form):
    """科技成果征集/入库表 (rules §8.2)."""

    league: Annotated[str, _place("所在盟市")] = ""
    banner: Code = ""
    completer: Annotated[str, _text("第一完成人", 40)] = ""
    achievement_class: Annotated[str, _choice("成果类别", ACHIEVEMENT_CLASSES)] = ""
    keywords: Annotated[str, BeforeValidator(_keywords)] = ""
    summary: Annotated[str, _text("成果简介", 2000, least=10, multiline=True)] = ""
    indicators: Annotated[str, _text("技术指标", 1000, least=2, multiline=True)] = ""
    trl: Annotated[int, _number_of("技术成熟度", TRL_LEVELS)] = 0
    stage: Annotated[str, _choice("所处阶段", STAGES)] = ""
    rights: Annotated[Lines, _table("知识产权", _right, _some_right)] = []
    transfer_mode: Annotated[str, _choices("拟转化方式", TRANSFER_MODES)] = ""
    price: Annotated[Decimal | None, _amount("意向价格（万元）")] = None
    floor_price: Annotated[Decimal | None, _amount("底价（万元）")] = None
    formula: Annotated[str, _text("配方与关键参数", 2000, least=0, multiline=True)] = ""
    other_units: Annotated[str, _text("合作单位", 200, least=0)] = ""
    award: Annotated[str, _text("获奖情况或课题来源", 100, least=0)] = ""
    year: Annotated[int | None, BeforeValidator(_year)] = None
    value: Annotated[str, _text("一句话价值", 60, least=0)] = ""
    problem: Annotated[str, _text("解决的问题", 1000, least=0, multiline=True)] = ""
    application: Annotated[str, _text("应用场景", 1000, least=0, multiline=True)] = ""
    comparison: Annotated[Lines, _table("对比基准", _comparison("ours", "本成果的值"))] = []
    trl_scheme: Annotated[str, _choice("成熟度依据", TRL_SCHEMES, required=False)] = ""
    trl_judge: Annotated[str, _choice("成熟度由谁判定", TRL_JUDGES, required=False)] = ""
    trl_evidence: Annotated[str, _text("成熟度证据", 500, least=0, multiline=True)] = ""
    shares: Annotated[Lines, _table("权益份额", _share, _hundred)] = []
    pricing_mode: Annotated[str, _choice("定价方式", PRICING_MODES, required=False)] = ""
    steps: Annotated[Lines, _table("走到哪一步", _step, _in_sequence)] = []
    public_good: Annotated[str, _choice("公益性", YES_NO, required=False)] = ""
    valid_until: Annotated[date | None, _later("有效期止")] = None


def _watched(label: str) -> BeforeValidator:
    """The address of something to watch, or none."""

    def read(value: object) -> str:
        text = str(value or "").strip()
        if text and not re.fullmatch(r"https://[^\s/]+\.[^\s]{2,300}", text):
            raise _refuse(f"「{label}」请写以 https:// 开头的完整网址；没有可以留空。")
        return text

    return BeforeValidator(read)


class RegistrationForm(Form):
    """路演项目报名表 (rules §8.3, our composite of public calls)."""

    event_id: Annotated[int, BeforeValidator(_event)] = 0
    source: Annotated[str, _choice("项目来源", PROJECT_SOURCES)] = ""
    stage: Annotated[str, _choice("所处阶段", STAGES)] = ""
    technology: Annotated[str, _text("核心技术与知识产权", 1000, least=10, multiline=True)] = ""
    team: Annotated[str, _text("团队（负责人、核心成员）", 500, least=2, multiline=True)] = ""
    market: Annotated[str, _text("市场与商业模式", 1000, least=0, multiline=True)] = ""
    advantage: Annotated[str, _text("竞争优势", 1000, least=0, multiline=True)] = ""
    forecast: Annotated[str, _text("财务预测", 1000, least=0, multiline=True)] = ""
    financing: Annotated[str, _text("融资需求", 500, least=0, multiline=True)] = ""
    cooperation: Annotated[str, _text("合作需求", 500, least=2, multiline=True)] = ""
    presenter: Annotated[str, _text("路演人", 40)] = ""
    video_url: Annotated[str, _watched("视频地址")] = ""
    achievement_id: Annotated[int | None, BeforeValidator(_achievement)] = None


class MilitaryForm(Form):
    """军民对接登记: closed answers only, no prose and no files, and a self-check that stops at any doubt.

    Our own form; the plan (二(五)3) names the channel and no form for it.
    """

    title: Annotated[str, BeforeValidator(lambda _value: "")] = ""
    direction: Annotated[str, _choice("方向", MILITARY_DIRECTIONS)] = ""
    league: Annotated[str, _place("所属盟市")] = ""
    banner: Code = ""
    credit_code: Annotated[str, _checked("统一社会信用代码", _credit_code, "18 位代码（末位为校验码）")] = ""
    demand_class: Annotated[str, _choice("需求类别", DEMAND_CLASSES)] = ""
    cooperation_mode: Annotated[str, _choices("合作方式", COOPERATION_MODES)] = ""
    trl: Annotated[int, _number_of("技术成熟度", TRL_LEVELS)] = 0
    stage: Annotated[str, _choice("所处阶段", STAGES)] = ""
    budget: Annotated[Decimal | None, _amount("预算（万元）")] = None
    valid_from: Annotated[date | None, _day("有效期起")] = None
    valid_until: Annotated[date | None, _day("有效期止")] = None
    secret_content: Annotated[str, _clear("内容是否涉及国家秘密、武器装备型号或性能")] = ""
    secret_patent: Annotated[str, _clear("是否涉及未解密的国防专利")] = ""
    secret_review: Annotated[str, _clear("单位是否要求先做保密审查而尚未完成")] = ""

    @model_validator(mode="after")
    def _complete(self) -> "MilitaryForm":
        _in_order(self.valid_from, self.valid_until)
        if self.field and self.direction:
            self.title = f"军民对接（{self.direction}）：{FIELDS[self.field]}领域，{self.cooperation_mode}"
        return self


def _moment(label: str) -> BeforeValidator:
    """A day and hour as Shanghai clocks show it, or none."""

    def read(value: object) -> datetime | None:
        if value in (None, ""):
            return None
        if not isinstance(value, datetime):
            raise _refuse(f"请重新选择「{label}」。")
        try:
            check_year(value.year)
        except ValueError:
            raise _refuse(f"「{label}」的年份不对，请重新选择。") from None
        return value.replace(tzinfo=SHANGHAI) if value.tzinfo is None else value

    return BeforeValidator(read)


def _seats(value: object) -> int | None:
    if value in (None, ""):
        return None
    if not isinstance(value, int | float) or not float(value).is_integer() or not 1 <= value <= _MOST_SEATS:
        raise _refuse(f"「观众人数上限」请填 1 至 {_MOST_SEATS} 的整数；不限人数请留空。")
    return int(value)


class EventForm(BaseModel):
    """What an organizer says of an event. Our own form: the plan (内政发〔2018〕44号) names events and no form."""

    model_config = ConfigDict(extra="ignore", validate_default=True)

    title: Annotated[str, _text("活动名称", 100, least=4)] = ""
    kind: Annotated[str, _choice("活动类别", EVENT_KINDS)] = ""
    starts: Annotated[datetime | None, _moment("开始时间")] = None
    ends: Annotated[datetime | None, _moment("结束时间")] = None
    league: Annotated[str, BeforeValidator(lambda value: str(value or ""))] = ""
    banner: Code = ""
    city: Annotated[str, _text("城市", 40, least=0)] = ""
    format: Annotated[str, _choice("举办形式", EVENT_FORMATS)] = ""
    venue: Annotated[str, _text("地点", 100, least=0)] = ""
    stream_url: Annotated[str, _watched("直播地址")] = ""
    organizer: Annotated[str, _text("主办单位", 100, least=2)] = ""
    co_organizers: Annotated[str, _text("协办、支持单位", 200, least=0)] = ""
    partner: Annotated[str, _text("合作地区", 100, least=0)] = ""
    capacity: Annotated[int | None, BeforeValidator(_seats)] = None
    registration_opens: Annotated[datetime | None, _moment("报名开始")] = None
    registration_closes: Annotated[datetime | None, _moment("报名截止")] = None
    introduction: Annotated[str, _text("活动介绍", 1000, least=0, multiline=True)] = ""
    rules: Annotated[str, _text("活动规则", 1000, least=0, multiline=True)] = ""

    @model_validator(mode="after")
    def _complete(self) -> "EventForm":
        """What one answer says about another. Raises for the first that does not fit."""
        if self.starts is None:
            raise PydanticCustomError("form:starts", "请选择「开始时间」。")
        if self.ends is None or self.ends <= self.starts:
            raise PydanticCustomError("form:ends", "「结束时间」要在「开始时间」之后，请重新选择。")
        if not self.league and not self.city:
            raise PydanticCustomError("form:league", "请选择所在盟市；在区外举办的请写城市。")
        if self.format != "线上" and not self.venue:
            raise PydanticCustomError("form:venue", "请填写「地点」：会场和地址。")
        opens, closes = self.registration_opens, self.registration_closes
        if closes is not None and closes > self.ends:
            raise PydanticCustomError("form:registration_closes", "「报名截止」要在活动结束之前，请重新选择。")
        if opens is not None and closes is None and opens >= self.ends:
            raise PydanticCustomError("form:registration_opens", "「报名开始」要在活动结束之前，请重新选择。")
        if opens is not None and closes is not None and closes <= opens:
            raise PydanticCustomError("form:registration_closes", "「报名截止」要在「报名开始」之后，请重新选择。")
        return self


FORMS: Final[dict[SubmissionKind, type[Form]]] = {
    SubmissionKind.DEMAND: DemandForm,
    SubmissionKind.ACHIEVEMENT: AchievementForm,
    SubmissionKind.REGISTRATION: RegistrationForm,
    SubmissionKind.MILITARY: MilitaryForm,
}


Read = TypeVar("Read", bound=BaseModel)


def check(kind: SubmissionKind, values: Mapping[str, Any]) -> Form:
    """The form, read and checked. Raises InvalidInput with one sentence a field, all at once."""
    return read(FORMS[kind], values)


def read(form: type[Read], values: Mapping[str, Any]) -> Read:
    """Any form of ours, read and checked. Raises InvalidInput with one sentence a field, all at once."""
    try:
        return form.model_validate(dict(values))
    except ValidationError as broken:
        fields: dict[str, str] = {}
        for error in broken.errors(include_url=False, include_context=False, include_input=False):
            name = error["type"].partition(":")[2] or str(error["loc"][0] if error["loc"] else "title")
            sentence = error["msg"] if error["type"].startswith("form") else f"「{name}」填写得不对，请重新填写。"
            fields.setdefault(name, sentence)
        raise InvalidInput(fields) from None


def without_numbers(rights: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """知识产权 without the numbers, for whoever may not see these."""
    return [{**line, "number": ""} for line in rights]


def reason(text: str, asked: str, least: int, most: int) -> str:
    """Why somebody asks or decides, cleaned. Raises InvalidInput for fewer or more characters; `asked` names what."""
    try:
        words = clean(text, multiline=True)
    except ValueError:
        raise InvalidInput({"reason": "理由里有看不见的控制字符，请删去后重新输入。"}) from None
    if not least <= len(words) <= most:
        raise InvalidInput({"reason": f"请写明{asked}，{least} 至 {most} 个字，现在有 {len(words)} 个字。"})
    return words
