"""What the forms ask, step by step: one description draws the widgets, names the answers and orders the summary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

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
    SubmissionKind,
)
from lib.services.forms import PROJECT_SOURCES

Shape = Literal["text", "prose", "choice", "choices", "table", "date", "tick", "check"]


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


@dataclass(frozen=True)
class Step:
    """A part of a form that is on the screen at a time. A form of one step is one page."""

    title: str
    sections: tuple[Section, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its questions in their order."""
        return tuple(asked for _, rows in self.sections for row in rows for asked in row)


def _same(values: Sequence[str]) -> dict[str, str]:
    return {value: value for value in values}


def _compared(label: str, last: Field) -> Field:
    columns = (
        Field("indicator", "指标", placeholder="如：回收率"),
        Field("existing", "现有水平", placeholder="如：82%"),
        last,
    )
    return Field("comparison", label, "table", optional=True, columns=columns)


_FIELD: Final = Field("field", "技术领域", "choice", options=FIELDS)
_KEYWORDS: Final = Field("keywords", "关键词", placeholder="最多 3 个，用顿号隔开")
_TRL: Final = Field("trl", "技术成熟度", "choice", options={n: f"{n} 级 {text}" for n, text in TRL_LEVELS.items()})
_STAGE: Final = Field("stage", "所处阶段", "choice", options=_same(STAGES))
_DEMAND_CLASS: Final = Field("demand_class", "需求类别", "choice", options=_same(DEMAND_CLASSES))
_COOPERATION: Final = Field("cooperation_mode", "合作方式", "choices", options=_same(COOPERATION_MODES))
_BUDGET: Final = Field("budget", "预算（万元）", placeholder="留空为面议")
_VALIDITY: Final = (Field("valid_from", "有效期起", "date"), Field("valid_until", "有效期止", "date"))
_UNIT: Final = Field("unit", "单位全称")
_CODE: Final = Field("credit_code", "统一社会信用代码", placeholder="18 位")
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
_WHO: Final[Section] = (
    "谁来提",
    (
        (Field("contact_name", "联系人"), Field("contact_phone", "联系电话", placeholder="手机或固定电话")),
        (Field("contact_email", "邮箱", optional=True),),
    ),
)
DECLARED: Final[Section] = (
    "声明",
    (
        (Field("truthful", "所填情况属实，单位同意提交", "tick"),),
        (Field("not_secret", "已自查，内容不涉及国家秘密；拿不准的内容没有写", "tick"),),
    ),
)
"""The end of every form, after the summary where there is one."""
TICKS: Final = Step("声明", (DECLARED,)).fields
SELF_CHECK: Final[Section] = (
    "涉密自查",
    (
        (Field("secret_content", "内容是否涉及国家秘密、武器装备型号或性能", "check"),),
        (Field("secret_patent", "是否涉及未解密的国防专利", "check"),),
        (Field("secret_review", "单位是否要求先做保密审查而尚未完成", "check"),),
    ),
)
"""The beginning of the military form, which makes its own title of closed answers."""


def steps(kind: SubmissionKind, leagues: Mapping[str, str], banners: Mapping[str, str]) -> tuple[Step, ...]:
    """The questions of a form but for the self-check and the declarations."""
    where = (
        Field("league", "所属盟市", "choice", options=leagues),
        Field("banner", "所属旗县", "choice", options=banners, optional=True),
    )
    if kind is SubmissionKind.DEMAND:
        return _demand(where)
    if kind is SubmissionKind.ACHIEVEMENT:
        return _achievement(where)
    return _military(where) if kind is SubmissionKind.MILITARY else _registration()


def fields(kind: SubmissionKind, leagues: Mapping[str, str], banners: Mapping[str, str]) -> tuple[Field, ...]:
    """The same questions one after another."""
    return tuple(asked for step in steps(kind, leagues, banners) for asked in step.fields)


def _demand(where: Row) -> tuple[Step, ...]:
    trouble = (
        (Field("title", "一句话说清需求", placeholder="如：退役风机叶片回收利用难题"),),
        (Field("description", "现在的难处", "prose", "现在怎么做、卡在哪里、影响多大"),),
        (Field("tried", "试过的办法", "prose", "试过什么、为什么没有解决", optional=True),),
        (_FIELD, _DEMAND_CLASS),
        (_KEYWORDS,),
    )
    aim = (
        (Field("indicators", "希望达到的指标", "prose", "如：分离率、处理成本、年处理量，尽量写数字"),),
        (_compared("量化指标", Field("wanted", "希望达到", placeholder="如：95%")),),
        (Field("acceptance", "验收标准", "prose", "怎样算解决了：测什么、在哪里测、由谁测", optional=True),),
        (Field("deadline", "希望完成日期", "date", optional=True),),
    )
    terms = (
        (_COOPERATION,),
        (_BUDGET, Field("wanted", "意向合作单位或专家", optional=True)),
        _VALIDITY,
    )
    return (
        Step("遇到什么难处", (("", trouble),)),
        Step("要达到什么", (("", aim),)),
        Step("怎么合作", (("", terms),)),
        Step("单位与提交", (("需求单位", ((_UNIT, _CODE), where)), _WHO)),
    )


def _achievement(where: Row) -> tuple[Step, ...]:
    story = (
        (Field("title", "成果名称", placeholder="如：风机叶片热解回收纤维技术"),),
        (Field("value", "一句话价值", placeholder="给谁解决什么、好多少，60 字以内", optional=True),),
        (Field("summary", "成果简介", "prose", "解决什么问题、怎么解决、用在哪里"),),
        (Field("problem", "解决的问题", "prose", "原来怎么做、难在哪里", optional=True),),
        (Field("application", "应用场景", "prose", "谁在什么地方用", optional=True),),
        (_FIELD, Field("achievement_class", "成果类别", "choice", options=_same(ACHIEVEMENT_CLASSES))),
        (_KEYWORDS, Field("year", "完成年份", placeholder="如 2025", optional=True)),
    )
    technology = (
        (Field("indicators", "技术指标", "prose", "尽量写数字"),),
        (_compared("对比基准", Field("ours", "本成果", placeholder="如：95%")),),
        (_TRL, _STAGE),
        (
            Field("trl_scheme", "成熟度依据", "choice", options=_same(TRL_SCHEMES), optional=True),
            Field("trl_judge", "成熟度由谁判定", "choice", options=_same(TRL_JUDGES), optional=True),
        ),
        (Field("trl_evidence", "成熟度证据", "prose", "如：检测报告、现场考核、用户证明", optional=True),),
        (_STEPS,),
        (Field("formula", "配方与关键参数", "prose", "只给获得授权的人看", optional=True),),
    )
    rights = (
        (_RIGHTS,),
        (_SHARES,),
        (
            Field("award", "获奖情况或课题来源", optional=True),
            Field("public_good", "公益性", "choice", options=_same(YES_NO), optional=True),
        ),
    )
    terms = (
        (Field("transfer_mode", "拟转化方式", "choices", options=_same(TRANSFER_MODES)),),
        (
            Field("pricing_mode", "定价方式", "choice", options=_same(PRICING_MODES), optional=True),
            Field("valid_until", "有效期止", "date", optional=True),
        ),
        (Field("price", "意向价格（万元）", placeholder="留空为面议"),),
        (Field("floor_price", "底价（万元）", placeholder="只给获得授权的人看", optional=True),),
    )
    unit = ((_UNIT, Field("completer", "第一完成人")), where, (Field("other_units", "合作单位", optional=True),))
    return (
        Step("一句话说清", (("", story),)),
        Step("技术与成熟度", (("", technology),)),
        Step("知识产权与权益", (("", rights),)),
        Step("合作与价格", (("", terms),)),
        Step("单位与提交", (("完成单位", unit), _WHO)),
    )


def _military(where: Row) -> tuple[Step, ...]:
    what = (
        (Field("direction", "方向", "choice", options=_same(MILITARY_DIRECTIONS)), _FIELD),
        (_DEMAND_CLASS,),
        (_COOPERATION,),
        (_TRL, _STAGE),
        (_BUDGET,),
        _VALIDITY,
    )
    return (Step("填写", (("对接什么", what), ("单位", ((_UNIT, _CODE), where)), _WHO)),)


def _registration() -> tuple[Step, ...]:
    project = (
        (Field("title", "项目名称", placeholder="如：风机叶片回收项目"),),
        (Field("technology", "核心技术与知识产权", "prose"),),
        (_FIELD, _STAGE),
        (Field("team", "团队（负责人、核心成员）", "prose"),),
        (Field("cooperation", "合作需求", "prose", "要找什么样的单位、合作什么"),),
        (Field("market", "市场与商业模式", "prose", optional=True),),
        (Field("advantage", "竞争优势", "prose", "同类产品有哪些，好在哪里", optional=True),),
        (Field("forecast", "财务预测", "prose", "今后三年的收入、成本、利润和依据", optional=True),),
        (Field("financing", "融资需求", "prose", "金额、方式、出让比例、用途", optional=True),),
    )
    who = (
        (_UNIT, Field("source", "项目来源", "choice", options=_same(PROJECT_SOURCES))),
        (Field("presenter", "路演人"), Field("video_url", "视频地址", placeholder="https://…", optional=True)),
    )
    return (Step("填写", (("项目是什么", project), ("谁来路演", who), _WHO)),)
