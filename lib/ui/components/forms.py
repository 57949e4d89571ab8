"""The fields of the forms: one description draws the widgets and names the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

import streamlit as st

from lib.domain import disclosure
from lib.domain.disclosure import Disclosed
from lib.domain.money import show_wan
from lib.domain.vocabulary import (
    ACHIEVEMENT_CLASSES,
    COOPERATION_MODES,
    DEMAND_CLASSES,
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
    YES_NO,
    FieldLevel,
    SubmissionKind,
)
from lib.services.forms import DATES, LARGEST_TABLE, PROJECT_SOURCES, SEPARATOR
from lib.services.publication import ANSWERS
from lib.ui.components.markup import draw, el

Shape = Literal["text", "prose", "choice", "choices", "table", "date", "tick", "check"]
AMOUNTS: Final = frozenset({"budget", "price", "floor_price"})
"""Answers in 元 that are typed and shown in 万元."""
PAUSE: Final = "1.5s"
"""What somebody types reaches the server after this pause; lib/server/chrome.js does the same for long texts."""


@dataclass(frozen=True)
class Field:
    """One question: its name in the form, its label, how it is asked. A table has `columns`, questions themselves."""

    name: str
    label: str
    shape: Shape = "text"
    placeholder: str = ""
    options: Mapping[Any, str] = field(default_factory=dict)
    optional: bool = False
    columns: tuple["Field", ...] = ()

    @property
    def asked(self) -> str:
        """The label with a mark where an answer may be left out."""
        return f"{self.label}（选填）" if self.optional else self.label


Row = tuple[Field, ...]
Section = tuple[str, tuple[Row, ...]]


def _same(values: Sequence[str]) -> dict[str, str]:
    return {value: value for value in values}


_FIELD: Final = Field("field", "技术领域", "choice", options=FIELDS)
_RIGHTS: Final = Field(
    "rights",
    "知识产权",
    "table",
    columns=(
        Field("kind", "形式", "choice", options=_same(IP_TYPES)),
        Field("number", "编号", placeholder="专利号、登记号"),
        Field("state", "状态", "choice", options=_same(IP_STATES)),
        Field("expires", "到期日", placeholder="如 2035-06-30"),
    ),
)
_SHARES: Final = Field(
    "shares",
    "权益份额",
    "table",
    optional=True,
    columns=(Field("holder", "权利人"), Field("share", "份额（%）", placeholder="各行合计 100")),
)
_STEPS: Final = Field(
    "steps",
    "走到哪一步",
    "table",
    optional=True,
    columns=(
        Field("step", "环节", "choice", options=_same(STEPS)),
        Field("on", "时间", placeholder="如 2025-06"),
        Field("note", "做了什么"),
    ),
)


def _compared(label: str, last: Field) -> Field:
    columns = (
        Field("indicator", "指标", placeholder="如：回收率"),
        Field("existing", "现有水平", placeholder="如：82%"),
        last,
    )
    return Field("comparison", label, "table", optional=True, columns=columns)


_KEYWORDS: Final = Field("keywords", "关键词", placeholder="最多 3 个，用顿号隔开")
_WHO: Final[Section] = (
    "谁来提",
    (
        (Field("contact_name", "联系人"), Field("contact_phone", "联系电话", placeholder="手机或固定电话")),
        (Field("contact_email", "邮箱", optional=True),),
    ),
)
_DECLARED: Final[Section] = (
    "声明",
    (
        (Field("truthful", "所填情况属实，单位同意提交", "tick"),),
        (Field("not_secret", "已自查，内容不涉及国家秘密；拿不准的内容没有写", "tick"),),
    ),
)

TITLES: Final = {
    SubmissionKind.DEMAND: Field("title", "一句话说清需求", placeholder="如：退役风机叶片回收利用难题"),
    SubmissionKind.ACHIEVEMENT: Field("title", "成果名称", placeholder="如：风机叶片热解回收纤维技术"),
    SubmissionKind.REGISTRATION: Field("title", "项目名称", placeholder="如：风机叶片回收项目"),
    SubmissionKind.MILITARY: Field("title", "名称"),
}
"""The first question of each form; the military form makes its own title of closed answers."""
SELF_CHECK: Final[Section] = (
    "涉密自查",
    (
        (Field("secret_content", "内容是否涉及国家秘密、武器装备型号或性能", "check"),),
        (Field("secret_patent", "是否涉及未解密的国防专利", "check"),),
        (Field("secret_review", "单位是否要求先做保密审查而尚未完成", "check"),),
    ),
)


def sections(kind: SubmissionKind, leagues: Mapping[str, str], banners: Mapping[str, str]) -> tuple[Section, ...]:
    """The questions of a form after its title, or after the self-check, the required ones first."""
    where = (
        Field("league", "所属盟市", "choice", options=leagues),
        Field("banner", "所属旗县", "choice", options=banners, optional=True),
    )
    unit = Field("unit", "单位全称")
    if kind is SubmissionKind.DEMAND:
        return (
            (
                "需求是什么",
                (
                    (Field("description", "现在的难处", "prose", "现在怎么做、卡在哪里、影响多大"),),
                    (Field("indicators", "希望达到的指标", "prose", "如：分离率、处理成本、年处理量，尽量写数字"),),
                    (_compared("量化指标", Field("wanted", "希望达到", placeholder="如：95%")),),
                    (Field("tried", "试过的办法", "prose", "试过什么、为什么没有解决", optional=True),),
                    (
                        Field(
                            "acceptance", "验收标准", "prose", "怎样算解决了：测什么、在哪里测、由谁测", optional=True
                        ),
                    ),
                    (_FIELD, Field("demand_class", "需求类别", "choice", options=_same(DEMAND_CLASSES))),
                    (Field("cooperation_mode", "合作方式", "choices", options=_same(COOPERATION_MODES)),),
                    (_KEYWORDS, Field("deadline", "希望完成日期", "date", optional=True)),
                    (
                        Field("budget", "预算（万元）", placeholder="留空为面议"),
                        Field("wanted", "意向合作单位或专家", optional=True),
                    ),
                    (Field("valid_from", "有效期起", "date"), Field("valid_until", "有效期止", "date")),
                ),
            ),
            ("需求单位", ((unit, Field("credit_code", "统一社会信用代码", placeholder="18 位")), where)),
            _WHO,
            _DECLARED,
        )
    if kind is SubmissionKind.ACHIEVEMENT:
        return (
            (
                "成果是什么",
                (
                    (Field("value", "一句话价值", placeholder="给谁解决什么、好多少，60 字以内", optional=True),),
                    (Field("summary", "成果简介", "prose", "解决什么问题、怎么解决、用在哪里"),),
                    (Field("problem", "解决的问题", "prose", optional=True),),
                    (Field("application", "应用场景", "prose", optional=True),),
                    (Field("indicators", "技术指标", "prose", "尽量写数字"),),
                    (_compared("对比基准", Field("ours", "本成果", placeholder="如：95%")),),
                    (_FIELD, Field("achievement_class", "成果类别", "choice", options=_same(ACHIEVEMENT_CLASSES))),
                    (
                        Field("trl", "技术成熟度", "choice", options={n: f"{n} 级 {t}" for n, t in TRL_LEVELS.items()}),
                        Field("stage", "所处阶段", "choice", options=_same(STAGES)),
                    ),
                    (
                        Field("trl_scheme", "成熟度依据", "choice", options=_same(TRL_SCHEMES), optional=True),
                        Field("trl_judge", "成熟度由谁判定", "choice", options=_same(TRL_JUDGES), optional=True),
                    ),
                    (Field("trl_evidence", "成熟度证据", "prose", "如：检测报告、现场考核、用户证明", optional=True),),
                    (_RIGHTS,),
                    (_SHARES,),
                    (Field("transfer_mode", "拟转化方式", "choices", options=_same(TRANSFER_MODES)),),
                    (
                        Field("pricing_mode", "定价方式", "choice", options=_same(PRICING_MODES), optional=True),
                        Field("price", "意向价格（万元）", placeholder="留空为面议"),
                    ),
                    (Field("floor_price", "底价（万元）", placeholder="只给获得授权的人看", optional=True),),
                    (Field("formula", "配方与关键参数", "prose", "只给获得授权的人看", optional=True),),
                    (_KEYWORDS, Field("year", "完成年份", placeholder="如 2025", optional=True)),
                    (_STEPS,),
                    (
                        Field("award", "获奖情况或课题来源", optional=True),
                        Field("public_good", "公益性", "choice", options=_same(YES_NO), optional=True),
                    ),
                    (Field("valid_until", "有效期止", "date", optional=True),),
                ),
            ),
            (
                "完成单位",
                ((unit, Field("completer", "第一完成人")), where, (Field("other_units", "合作单位", optional=True),)),
            ),
            _WHO,
            _DECLARED,
        )
    if kind is SubmissionKind.MILITARY:
        return (
            (
                "对接什么",
                (
                    (Field("direction", "方向", "choice", options=_same(MILITARY_DIRECTIONS)), _FIELD),
                    (Field("demand_class", "需求类别", "choice", options=_same(DEMAND_CLASSES)),),
                    (Field("cooperation_mode", "合作方式", "choices", options=_same(COOPERATION_MODES)),),
                    (
                        Field("trl", "技术成熟度", "choice", options={n: f"{n} 级 {t}" for n, t in TRL_LEVELS.items()}),
                        Field("stage", "所处阶段", "choice", options=_same(STAGES)),
                    ),
                    (Field("budget", "预算（万元）", placeholder="留空为面议"),),
                    (Field("valid_from", "有效期起", "date"), Field("valid_until", "有效期止", "date")),
                ),
            ),
            ("单位", ((unit, Field("credit_code", "统一社会信用代码", placeholder="18 位")), where)),
            _WHO,
            _DECLARED,
        )
    return (
        (
            "项目是什么",
            (
                (Field("technology", "核心技术与知识产权", "prose"),),
                (_FIELD, Field("stage", "所处阶段", "choice", options=_same(STAGES))),
                (Field("team", "团队（负责人、核心成员）", "prose"),),
                (Field("cooperation", "合作需求", "prose", "要找什么样的单位、合作什么"),),
                (Field("market", "市场与商业模式", "prose", optional=True),),
                (Field("financing", "融资需求", "prose", "金额、方式、出让比例、用途", optional=True),),
            ),
        ),
        (
            "谁来路演",
            (
                (unit, Field("source", "项目来源", "choice", options=_same(PROJECT_SOURCES))),
                (Field("presenter", "路演人"),),
            ),
        ),
        _WHO,
        _DECLARED,
    )


@dataclass(frozen=True)
class Sheet:
    """One form on the screen: whose draft it is, what its fields hold at first, and what is said beside them.

    `start` must stay the same while the sheet is open: what is typed later lives in the widgets.
    """

    kind: SubmissionKind
    draft: str
    start: Mapping[str, Any]
    errors: Mapping[str, str] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)

    def key(self, name: str) -> str:
        """The widget key of a field: of this draft alone, so that no text strays into another."""
        return f"{self.draft[:8]}-f-{name}"

    def level_key(self, name: str) -> str:
        """The widget key of who may see a field."""
        return f"{self.draft[:8]}-level-{name}"


def draw_field(asked: Field, sheet: Sheet) -> Any:
    """The widget of a field with what stands beside it: who may see it, what a reviewer said, what is to be mended."""
    shown = _disclosed(sheet.kind, asked.name)
    if shown is not None and shown.choosable:
        wide = "wide-" if asked.shape == "prose" or shown.name == disclosure.CONTACT else ""
        with st.container(
            horizontal=True, vertical_alignment="bottom", gap="small", key=f"pair-{wide}{sheet.draft[:8]}-{asked.name}"
        ):
            value = _widget(asked, asked.asked, sheet)
            _level(shown, sheet)
    else:
        closed = shown is not None and shown.name != disclosure.CONTACT
        marks = "，".join(("选填",) * asked.optional + (shown.default.label,)) if closed and shown else ""
        value = _widget(asked, f"{asked.label}（{marks}）" if marks else asked.asked, sheet)
    if said := sheet.comments.get(asked.name, ""):
        draw(el("p", el("b", "审核意见："), said, cls="bj-said"))
    if error := sheet.errors.get(asked.name, ""):
        draw(el("p", error, cls="bj-wrong", role="alert"))
    return value


def _table(asked: Field, label: str, sheet: Sheet) -> list[dict[str, str]]:
    """A small table as lines of fields; what is blank is no line."""
    key, start = sheet.key(asked.name), sheet.start.get(asked.name) or []
    counted = f"{key}-lines"
    shown = st.session_state.setdefault(counted, max(1, len(start)))
    lines: list[dict[str, str]] = []
    with st.container(gap="small", key=f"table-{key}"):
        draw(el("p", label, cls="bj-table-label"))
        for number in range(shown):
            line: dict[str, str] = {}
            begun = start[number] if number < len(start) else {}
            kept = Sheet(
                sheet.kind, sheet.draft, {f"{asked.name}-{number}-{name}": text for name, text in begun.items()}
            )
            for place, column in zip(st.columns(len(asked.columns), gap="small"), asked.columns, strict=True):
                with place:
                    cell = replace(column, name=f"{asked.name}-{number}-{column.name}")
                    line[column.name] = str(_widget(cell, column.label, kept) or "")
            if any(line.values()):
                lines.append(line)
        if shown < LARGEST_TABLE:
            st.button(
                "加一行", icon=":material/add:", type="tertiary", key=f"{key}-more", on_click=_more, args=(counted,)
            )
    return lines


def _more(counted: str) -> None:
    st.session_state[counted] += 1


def _widget(asked: Field, label: str, sheet: Sheet) -> Any:
    name, start = sheet.key(asked.name), sheet.start.get(asked.name)
    if asked.shape == "table":
        return _table(asked, label, sheet)
    if asked.shape == "choices":
        begun = [option for option in asked.options if option in str(start or "").split(SEPARATOR)]
        return SEPARATOR.join(st.pills(label, list(asked.options), selection_mode="multi", default=begun, key=name))
    if asked.shape == "prose":
        return st.text_area(label, str(start or ""), key=name, placeholder=asked.placeholder, height=96)
    if asked.shape == "choice":
        options = list(asked.options)
        return st.selectbox(
            label,
            options,
            index=options.index(start) if start in options else None,
            format_func=lambda option: asked.options.get(option, str(option)),
            placeholder="请选择",
            key=name,
        )
    if asked.shape == "date":
        return st.date_input(label, start if isinstance(start, date) else None, format="YYYY-MM-DD", key=name)
    if asked.shape == "tick":
        return st.checkbox(label, key=name, wrap=True)
    if asked.shape == "check":
        return st.radio(label, ("否", "是", "不确定"), index=None, horizontal=True, key=name)
    return st.text_input(label, str(start or ""), key=name, placeholder=asked.placeholder, live=PAUSE)


def _disclosed(kind: SubmissionKind, name: str) -> Disclosed | None:
    """Who may see a field of the form, where that is not simply everybody. The e-mail stands for the whole contact."""
    wanted = {disclosure.CONTACT: "contact_email", **ANSWERS}
    return next((shown for shown in disclosure.FIELDS[kind] if wanted.get(shown.name, shown.name) == name), None)


def _level(shown: Disclosed, sheet: Sheet) -> None:
    start = disclosure.level_of(sheet.kind, shown.name, sheet.start.get("levels") or {})
    st.selectbox(
        f"谁能看{shown.label}",
        shown.levels,
        index=shown.levels.index(start),
        format_func=lambda level: level.label,
        key=sheet.level_key(shown.name),
        width=168,
    )


def chosen_levels(sheet: Sheet) -> dict[str, str]:
    """What the owner chose, where it is not the default: a level by name of the field."""
    found: dict[str, str] = {}
    for shown in disclosure.FIELDS[sheet.kind]:
        level = st.session_state.get(sheet.level_key(shown.name), shown.default)
        if level != shown.default:
            found[shown.name] = FieldLevel(level).value
    return found


def draw_sections(parts: Sequence[Section], sheet: Sheet) -> dict[str, Any]:
    """All questions, two a row where they fit; returns the answers by name."""
    values: dict[str, Any] = {}
    for title, rows in parts:
        if title:
            draw(el("h3", title, cls="bj-part"))
        for row in rows:
            for column, asked in zip(st.columns(len(row), gap="small"), row, strict=True):
                with column:
                    values[asked.name] = draw_field(asked, sheet)
    return values


def typed(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Stored answers as their widgets take them: 万元 for 元, dates for their text."""
    found: dict[str, Any] = {}
    for name, value in answers.items():
        if value in (None, ""):
            continue
        if name in AMOUNTS:
            found[name] = f"{Decimal(str(value)) / 10_000:f}"
        elif name in DATES and not isinstance(value, date):
            found[name] = date.fromisoformat(value)
        else:
            found[name] = str(value) if name == "year" else value
    return found


def error_summary(errors: Mapping[str, str]) -> None:
    """How many things are to be mended, said once above the form."""
    if errors:
        st.error(f"还有 {len(errors)} 处需要修改，已标在各项下面；填好的内容都还在。", icon=":material/error:")


def answers(kind: SubmissionKind, content: Mapping[str, Any], places: Mapping[str, str]) -> list[tuple[str, str]]:
    """What was answered, label and value, in the order of the form."""
    return [(label, value) for _, label, value in named_answers(kind, content, places)]


def named_answers(
    kind: SubmissionKind, content: Mapping[str, Any], places: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """The same with the name of each field before its label."""
    asked = [field for _, rows in sections(kind, places, places) for row in rows for field in row]
    found = []
    for item in asked:
        value = content.get(item.name)
        if isinstance(value, list):
            if value:
                found.append((item.name, item.label, _lines(item, value)))
        elif value not in (None, "", False, True):
            found.append((item.name, item.label, str(item.options.get(value, _shown(item.name, value)))))
    return found


def _lines(asked: Field, lines: Sequence[Mapping[str, str]]) -> str:
    """A table in one line: the cells that are filled, named where there are more than two."""
    told = (
        "，".join(f"{column.label} {line[column.name]}" for column in asked.columns if line.get(column.name))
        for line in lines
    )
    return "；".join(told)


def label(kind: SubmissionKind, name: str) -> str:
    """What a field is called on the form; its own name when the form does not ask for it."""
    asked = [TITLES[kind], *(field for _, rows in sections(kind, {}, {}) for row in rows for field in row)]
    named = {field.name: field.label for field in asked} | disclosure.labels(kind)
    return named.get(name, name)


def _shown(name: str, value: Any) -> str:
    return show_wan(Decimal(str(value))) if name in AMOUNTS else str(value)
