"""The fields of the three forms: one description draws the widgets and names the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal

import streamlit as st

from lib.domain import disclosure
from lib.domain.money import show_wan
from lib.domain.vocabulary import (
    ACHIEVEMENT_CLASSES,
    COOPERATION_MODES,
    DEMAND_CLASSES,
    FIELDS,
    IP_TYPES,
    MILITARY_DIRECTIONS,
    STAGES,
    TRANSFER_MODES,
    TRL_LEVELS,
    SubmissionKind,
)
from lib.services.forms import PROJECT_SOURCES
from lib.ui.components.markup import draw, el

Shape = Literal["text", "prose", "choice", "date", "tick", "check"]
AMOUNTS: Final = frozenset({"budget", "price", "floor_price"})
"""Answers in 元 that are typed and shown in 万元."""


@dataclass(frozen=True)
class Field:
    """One question: its name in the form, its label, how it is asked."""

    name: str
    label: str
    shape: Shape = "text"
    placeholder: str = ""
    options: Mapping[Any, str] = field(default_factory=dict)
    optional: bool = False

    @property
    def asked(self) -> str:
        """The label with a mark where an answer may be left out."""
        return f"{self.label}（选填）" if self.optional else self.label


Row = tuple[Field, ...]
Section = tuple[str, tuple[Row, ...]]


def _same(values: Sequence[str]) -> dict[str, str]:
    return {value: value for value in values}


_FIELD: Final = Field("field", "技术领域", "choice", options=FIELDS)
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
_SELF_CHECK: Final[Section] = (
    "涉密自查",
    (
        (Field("secret_content", "内容是否涉及国家秘密、武器装备型号或性能", "check"),),
        (Field("secret_patent", "是否涉及未解密的国防专利", "check"),),
        (Field("secret_review", "单位是否要求先做保密审查而尚未完成", "check"),),
    ),
)


def sections(kind: SubmissionKind, leagues: Mapping[str, str], banners: Mapping[str, str]) -> tuple[Section, ...]:
    """The questions of a form after its title, the required ones first."""
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
                    (_FIELD, Field("demand_class", "需求类别", "choice", options=_same(DEMAND_CLASSES))),
                    (Field("cooperation_mode", "合作方式", "choice", options=_same(COOPERATION_MODES)), _KEYWORDS),
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
                    (Field("summary", "成果简介", "prose", "解决什么问题、怎么解决、用在哪里"),),
                    (Field("indicators", "技术指标", "prose", "尽量写数字"),),
                    (_FIELD, Field("achievement_class", "成果类别", "choice", options=_same(ACHIEVEMENT_CLASSES))),
                    (
                        Field("trl", "技术成熟度", "choice", options={n: f"{n} 级 {t}" for n, t in TRL_LEVELS.items()}),
                        Field("stage", "所处阶段", "choice", options=_same(STAGES)),
                    ),
                    (
                        Field("ip_type", "知识产权形式", "choice", options=_same(IP_TYPES)),
                        Field("ip_number", "知识产权编号", placeholder="专利号、登记号", optional=True),
                    ),
                    (
                        Field("transfer_mode", "拟转化方式", "choice", options=_same(TRANSFER_MODES)),
                        Field("price", "意向价格（万元）", placeholder="留空为面议"),
                    ),
                    (Field("floor_price", "底价（万元）", placeholder="只给获得授权的人看", optional=True),),
                    (Field("formula", "配方与关键参数", "prose", "只给获得授权的人看", optional=True),),
                    (_KEYWORDS, Field("year", "完成年份", placeholder="如 2025", optional=True)),
                    (Field("award", "获奖情况或课题来源", optional=True),),
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
            _SELF_CHECK,
            (
                "对接什么",
                (
                    (Field("direction", "方向", "choice", options=_same(MILITARY_DIRECTIONS)), _FIELD),
                    (
                        Field("demand_class", "需求类别", "choice", options=_same(DEMAND_CLASSES)),
                        Field("cooperation_mode", "合作方式", "choice", options=_same(COOPERATION_MODES)),
                    ),
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


def key(name: str) -> str:
    """The widget key of a field."""
    return f"f-{name}"


def draw_field(asked: Field, error: str = "") -> Any:
    """The widget of a field with, when there is one, the sentence that says what to do about it."""
    value: Any
    name = key(asked.name)
    if asked.shape == "prose":
        value = st.text_area(asked.asked, key=name, placeholder=asked.placeholder, height=96)
    elif asked.shape == "choice":
        value = st.selectbox(
            asked.asked,
            list(asked.options),
            index=None,
            format_func=lambda option: asked.options.get(option, str(option)),
            placeholder="请选择",
            key=name,
        )
    elif asked.shape == "date":
        value = st.date_input(asked.asked, value=None, format="YYYY-MM-DD", key=name)
    elif asked.shape == "tick":
        value = st.checkbox(asked.asked, key=name)
    elif asked.shape == "check":
        value = st.radio(asked.asked, ("否", "是", "不确定"), index=None, horizontal=True, key=name)
    else:
        value = st.text_input(asked.asked, key=name, placeholder=asked.placeholder)
    if error:
        draw(el("p", error, cls="bj-wrong", role="alert"))
    return value


def draw_sections(parts: tuple[Section, ...], errors: Mapping[str, str]) -> dict[str, Any]:
    """All questions, two a row where they fit; returns the answers by name."""
    values: dict[str, Any] = {}
    for title, rows in parts:
        draw(el("h3", title, cls="bj-part"))
        for row in rows:
            for column, asked in zip(st.columns(len(row), gap="small"), row, strict=True):
                with column:
                    values[asked.name] = draw_field(asked, errors.get(asked.name, ""))
    return values


def error_summary(errors: Mapping[str, str]) -> None:
    """How many things are to be mended, said once above the form."""
    if errors:
        st.error(f"还有 {len(errors)} 处需要修改，已标在各项下面；填好的内容都还在。", icon=":material/error:")


def answers(kind: SubmissionKind, content: Mapping[str, Any], places: Mapping[str, str]) -> list[tuple[str, str]]:
    """What was answered, label and value, in the order of the form."""
    asked = [field for _, rows in sections(kind, places, places) for row in rows for field in row]
    found = []
    for item in asked:
        value = content.get(item.name)
        if item.name in content and value not in (None, ""):
            found.append((item.label, str(item.options.get(value, _shown(item.name, value)))))
    return found


def label(kind: SubmissionKind, name: str) -> str:
    """What a field is called on the form; its own name when the form does not ask for it."""
    asked = [TITLES[kind], *(field for _, rows in sections(kind, {}, {}) for row in rows for field in row)]
    named = {field.name: field.label for field in asked} | disclosure.labels(kind)
    return named.get(name, name)


def _shown(name: str, value: Any) -> str:
    return show_wan(Decimal(str(value))) if name in AMOUNTS else str(value)
