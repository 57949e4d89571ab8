"""How much of a record is told, and what is missing, in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from lib.domain.vocabulary import SubmissionKind

PARTS: Final[dict[str, dict[str, str]]] = {
    "achievement": {
        "unit": "完成单位",
        "place": "所在地",
        "completer": "第一完成人",
        "year": "年份",
        "field": "领域",
        "achievement_class": "成果类别",
        "keywords": "关键词",
        "value": "一句话价值",
        "summary": "成果简介",
        "problem": "解决的问题",
        "application": "应用场景",
        "indicators": "技术指标",
        "comparison": "对比基准",
        "trl": "技术成熟度",
        "trl_judge": "成熟度由谁判定",
        "trl_evidence": "成熟度证据",
        "rights": "知识产权",
        "shares": "权益份额",
        "transfer_mode": "转化方式",
        "pricing_mode": "定价方式",
        "price": "价格",
        "steps": "阶段记录",
        "public_good": "公益性",
        "valid_until": "有效期",
    },
    "demand": {
        "unit": "需求单位",
        "place": "所在地",
        "year": "年份",
        "field": "领域",
        "demand_class": "需求类别",
        "keywords": "关键词",
        "description": "需求描述",
        "indicators": "希望达到的指标",
        "comparison": "量化指标",
        "tried": "试过的办法",
        "acceptance": "验收标准",
        "cooperation_mode": "合作方式",
        "budget": "预算",
        "deadline": "希望完成日期",
        "valid_until": "有效期",
    },
    "military": {
        "unit": "所属单位",
        "place": "所在地",
        "year": "年份",
        "field": "领域",
        "demand_class": "需求类别",
        "cooperation_mode": "合作方式",
        "budget": "预算",
        "valid_until": "有效期",
    },
}
"""What a complete record of a kind tells: the answer's name and its label, in the order of the page.

Left out is what a good record may lack for good reason: an award, further units, an attachment. Of a 军民对接, which
becomes a demand, no prose is asked, and so none is missed.
"""


@dataclass(frozen=True)
class Completeness:
    """How many of the parts are told, and the names of those that are not."""

    filled: int
    total: int
    missing: tuple[str, ...]

    @property
    def line(self) -> str:
        """已填 n / m 项."""
        return f"已填 {self.filled} / {self.total} 项"


def completeness(kind: str, answers: Mapping[str, object]) -> Completeness:
    """How complete a record of this kind (achievement, demand, military) is, by its answers under the names of `PARTS`.

    Blank are None, an empty text and an empty list; False and 0 are answers. Names that are no part count nothing.
    """
    parts = PARTS[kind]
    missing = tuple(label for name, label in parts.items() if _blank(answers.get(name)))
    return Completeness(len(parts) - len(missing), len(parts), missing)


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], ())


# ------------------------------------------------------------------ a form while it is filled in
_FORM_ONLY: Final = {
    SubmissionKind.ACHIEVEMENT: ("title", "stage", "contact_name", "contact_phone"),
    SubmissionKind.DEMAND: ("title", "credit_code", "valid_from", "contact_name", "contact_phone"),
}
_NOT_ASKED: Final = {
    SubmissionKind.ACHIEVEMENT: frozenset({"place", "price"}),
    SubmissionKind.DEMAND: frozenset({"place", "year", "budget"}),
}
"""The place is asked as `league`; a blank amount says 面议, so nothing is missing; a demand's year is that of today."""
_NO_RIGHT: Final = "未涉及知识产权"
_BY_ONESELF: Final = "自行投资实施转化"


def missing(kind: SubmissionKind, answers: Mapping[str, object]) -> tuple[str, ...]:
    """The names of the answers that a form of this kind still lacks, required or worth telling.

    Left out is what does not apply: shares where there is no right, a pricing route where nobody is to pay.
    """
    applies = _applies(answers)
    return tuple(name for name in _asked(kind) if applies(name) and _blank(answers.get(name)))


def score(kind: SubmissionKind, answers: Mapping[str, object]) -> tuple[int, int]:
    """How many of the answers are given, of how many. Filling in a blank never lowers it."""
    filled = sum(not _blank(answers.get(name)) for name in _asked(kind))
    return filled, filled + len(missing(kind, answers))


def _asked(kind: SubmissionKind) -> tuple[str, ...]:
    told = (name for name in PARTS[kind.value] if name not in _NOT_ASKED[kind])
    return (*_FORM_ONLY[kind], *told, "league")


def _applies(answers: Mapping[str, object]) -> Callable[[str], bool]:
    rights = answers.get("rights")
    kinds = {line.get("kind") for line in rights if isinstance(line, Mapping)} if isinstance(rights, list) else set()
    unneeded = set()
    if kinds == {_NO_RIGHT}:
        unneeded.add("shares")
    if answers.get("transfer_mode") == _BY_ONESELF:
        unneeded.add("pricing_mode")
    return lambda name: name not in unneeded
