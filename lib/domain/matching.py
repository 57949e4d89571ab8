"""Which achievements answer a demand, and why: pure functions over the public text and facts of two records.

Evidence is what both texts say: pairs of characters outside the stock phrases of the trade, and the industries that
both name, each weighed by how rare it is among all achievements. Hard conditions (amount, maturity, mode, validity)
lower a grade where both records state them and they do not fit; what a record does not state is named as a gap and
never held against it. The evidence of a pair is the same from both sides.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from itertools import islice
from typing import Final

from lib.domain.money import show_wan
from lib.domain.text import fold
from lib.domain.vocabulary import FIELDS

MOST_FEATURES: Final = 32
"""How many features of one record are compared: those of the title first."""
_MOST_TEXT: Final = 400
_TITLE, _TEXT, _INDUSTRY, _FIELD, _LEAGUE = 1.0, 0.4, 2.0, 0.4, 0.1
_MOST_TERMS, _MOST_INDUSTRIES = 4, 2
READY: Final = 6
"""The maturity from which a result can be brought in and used, as 引进及转化应用科技成果 asks."""
_TAKEN_OVER: Final = "引进及转化应用科技成果"

_STOCK: Final = (
    "内蒙古自治区 内蒙古 自治区 呼和浩特 包头 鄂尔多斯 锡林郭勒 呼伦贝尔 巴彦淖尔 乌兰察布 乌海 "
    "通辽 赤峰 兴安盟 阿拉善 关键技术 技术 研究 应用 关键 示范 推广 开发 产业化 产业 创新 "
    "体系 建设 集成 项目 高效 工程 成果 系统 制备 设备 新型 综合 利用 生产 产品 工艺 方法 "
    "关于 基于 提升 优化 实现 需求 企业 解决 问题 研发 平台 基地 优质 国家 核心 重大 攻关 "
    "联合 领域 方向 大规模 规模化 专项 任务 提出 科技 国内 首台 首套 首个 首条 国际 领先 "
    "先进 水平 公司 有限 达到 采用 突破 培育 揭榜挂帅 揭榜 榜单 前沿 高端 现代 规划 十四五 "
    "全球 最大 支持 主要 可以 以及 进行 具有 通过 一代 落地 完成 获得 自主 面向 开展 服务 "
    "推动 高性能 智能 装备 材料 希望 引进 方式 共同 要求 形成 针对 重点 协同 制造 模式 院士 "
    "团队 工业 新增 产值 万元 新 的 与 及 等 了 之 年"
)
"""Words that every record of the trade may use: sharing them says nothing."""
# What a phrase begins with is looked at first: most characters begin none.
_CUT: Final = re.compile(
    f"(?=[{''.join(sorted({word[0] for word in _STOCK.split()}))}])"
    f"(?:{'|'.join(sorted(_STOCK.split(), key=len, reverse=True))})"
)
_RUN: Final = re.compile(r"[^\W_]+")


class Grade(StrEnum):
    """How well a pair fits."""

    STRONG = "strong"
    FAIR = "fair"
    WEAK = "weak"

    @property
    def label(self) -> str:
        """The grade's name."""
        return {"strong": "强", "fair": "较强", "weak": "弱"}[self.value]

    @property
    def rank(self) -> int:
        """What grades are ordered by."""
        return {"strong": 2, "fair": 1, "weak": 0}[self.value]

    @property
    def lowered(self) -> "Grade":
        """One grade less; the weakest stays."""
        return {"strong": Grade.FAIR}.get(self.value, Grade.WEAK)


_FLOORS: Final = ((Grade.STRONG, 5.0), (Grade.FAIR, 2.5), (Grade.WEAK, 1.2))
"""The least evidence of each grade. Below the last nothing is shown."""


class Industries:
    """The table of industries and the words by which a text is told to belong to them."""

    def __init__(self, table: Mapping[str, Iterable[str]]) -> None:
        self.words: dict[str, tuple[str, ...]] = {
            name: tuple(dict.fromkeys(fold(word) for word in words)) for name, words in table.items()
        }
        self._starts: dict[str, list[tuple[str, str]]] = {}
        self._listed = frozenset(word for words in self.words.values() for word in words)
        for name, words in self.words.items():
            for word in words:
                self._starts.setdefault(word[:2], []).append((word, name))

    def words_of(self, feature: str) -> tuple[str, ...]:
        """The words by any of which a feature is found in a text: those of an industry, or the pair itself."""
        return self.words[feature[1:]] if feature.startswith("@") else (feature,)

    def word_in(self, term: str) -> str:
        """The table's word in a term of three characters, which a pair that straddles two words often makes."""
        if len(term) != 3 or term in self._listed:
            return term
        return next((pair for pair in (term[:2], term[1:]) if pair in self._listed), term)

    def named(self, text: str) -> dict[str, str]:
        """The industries that a folded text names, each with the first word that names it."""
        found: dict[str, str] = {}
        for place in range(len(text) - 1):
            for word, name in self._starts.get(text[place : place + 2], ()):
                if name not in found and text.startswith(word, place):
                    found[name] = word
        return found


@dataclass(frozen=True)
class Subject:
    """What matching reads of a record: public columns only. Amounts in 元; blank and None are undisclosed."""

    id: int
    title: str
    text: str = ""
    keywords: str = ""
    field: int | None = None
    league_code: str | None = None
    amount: Decimal | None = None
    negotiable: bool = False
    modes: str = ""

    @cached_property
    def folded(self) -> str:
        """Title and keywords, and below them the text, as they are compared."""
        return f"{fold(self.head)[:_MOST_TEXT]}\n{fold(self.text)[:_MOST_TEXT]}"

    @property
    def head(self) -> str:
        """Title and keywords: what the record is about."""
        return " ".join(f"{self.title} {self.keywords}".split())


@dataclass(frozen=True)
class Need(Subject):
    """A demand."""

    demand_class: str = ""
    valid_until: date | None = None


@dataclass(frozen=True)
class Offer(Subject):
    """An achievement."""

    trl: int | None = None
    organization_id: int | None = None


@dataclass(frozen=True)
class Match:
    """A pair that fits: its grade, the words for and against. `strength` orders and is never shown."""

    need_id: int
    offer_id: int
    strength: float
    grade: Grade
    reasons: tuple[str, ...]
    gaps: tuple[str, ...]

    @property
    def rank(self) -> int:
        """Better grades first, whatever the strength."""
        return self.grade.rank


@dataclass(frozen=True)
class Said:
    """What a record says: its features, which are pairs of characters and industries (@ and the name), with what each
    counts; and the industries it names with the words that name them."""

    subject: Subject
    features: Mapping[str, float]
    named: Mapping[str, str]
    segments: tuple[str, ...]


def read(subject: Subject, industries: Industries) -> Said:
    """What the record says: industries first, then the pairs of its title and keywords, then those of its text."""
    parts = tuple(zip(subject.folded.split("\n", 1), (_TITLE, _TEXT), strict=True))
    found: dict[str, float] = {}
    named: dict[str, str] = {}
    for part, weight in parts:
        for name, word in industries.named(part).items():
            if named.setdefault(name, word) is word:
                found.setdefault(f"@{name}", weight * _INDUSTRY)
    segments: list[str] = []
    for part, weight in parts:
        for segment in _segments(part):
            segments.append(segment)
            for place in range(len(segment) - 1):
                pair = segment[place : place + 2]
                if pair not in found and not pair.isdigit():
                    found[pair] = weight
    return Said(subject, dict(islice(found.items(), MOST_FEATURES)), named, tuple(segments))


def rarity(count: float, total: int) -> float:
    """How much a feature says that `count` of `total` records have: from 0 (all of them) to about 1 (one alone)."""
    return max(0.0, math.log((total + 1) / (count + 0.5)) / math.log(total + 2))


def evidence(need: Said, offer: Said, rarities: Mapping[str, float]) -> dict[str, float]:
    """What both records say and how much each of it counts; the same whichever of them is asked."""
    counted: dict[str, float] = {}
    for key, weight in need.features.items():
        if key in offer.features:
            twice = _INDUSTRY if key.startswith("@") else 1
            counted[key] = weight * offer.features[key] * rarities.get(key, 0.0) / twice
    return counted


def compare(
    need: Need,
    offer: Offer,
    here: Said,
    there: Said,
    rarities: Mapping[str, float],
    industries: Industries,
    today: date,
) -> Match | None:
    """The pair with its grade, reasons and gaps; None below the floor and for a demand whose time is over."""
    if need.valid_until is not None and need.valid_until < today:
        return None
    counted = evidence(here, there, rarities)
    same_field = need.field is not None and need.field == offer.field
    same_league = need.league_code is not None and need.league_code == offer.league_code
    strength = sum(counted.values()) * (1 + _FIELD * same_field) * (1 + _LEAGUE * same_league)
    grade = next((grade for grade, least in _FLOORS if strength >= least), None)
    if grade is None:
        return None
    terms = shared_terms(here, there, counted, industries)
    reasons = [f"都提到{''.join(f'「{term}」' for term in terms)}"] if terms else []
    reasons += _akin(here, there, counted, terms)
    if same_field and need.field:
        reasons.append(f"同属{FIELDS[need.field]}领域")
    if same_league:
        reasons.append("同在一个盟市")
    fits, misfits, gaps = _conditions(need, offer)
    for _ in misfits:
        grade = grade.lowered
    return Match(need.id, offer.id, strength, grade, (*reasons, *fits), (*misfits, *gaps))


def shared_terms(here: Said, there: Said, counted: Mapping[str, float], industries: Industries) -> tuple[str, ...]:
    """The longest wordings that stand in both texts, the weightiest first; stock phrases are no part of them."""
    text, found = there.subject.folded, dict[str, float]()
    for segment in here.segments:
        start = 0
        while start < len(segment) - 1:
            end = start
            while end < len(segment) - 1 and segment[end : end + 2] in counted:
                end += 1
            while end > start and segment[start : end + 1] not in text:
                end -= 1
            if end > start:
                term = industries.word_in(segment[start : end + 1])
                found[term] = sum(counted.get(term[i : i + 2], 0.0) for i in range(len(term) - 1))
            start = end + 1 if end > start else start + 1
    for key, counts in counted.items():
        if key.startswith("@") and here.named[key[1:]] == there.named[key[1:]]:
            found.setdefault(here.named[key[1:]], counts)
    whole = [term for term in found if not any(term != other and term in other for other in found)]
    best = sorted(whole, key=lambda term: -found[term])[:_MOST_TERMS]
    return tuple(_as_written(here.subject, term) for term in best)


# ------------------------------------------------------------------ inside
def _segments(text: str) -> Iterable[str]:
    """The runs of letters and digits between stock phrases."""
    for run in _RUN.findall(text):
        yield from (segment for segment in _CUT.split(run) if len(segment) > 1)


def _as_written(subject: Subject, term: str) -> str:
    """A folded term with the capitals that the record writes."""
    written = re.search(re.escape(term), f"{subject.head}\n{subject.text}", re.IGNORECASE)
    return written[0] if written else term.upper()  # CO₂ is compared as co2


def _akin(here: Said, there: Said, counted: Mapping[str, float], terms: tuple[str, ...]) -> list[str]:
    """Words of one industry, other than the shared terms: each stands in its own text, whatever the industry is."""
    shared = sorted((key for key in counted if key.startswith("@")), key=lambda key: -counted[key])
    told: list[str] = []
    seen = {fold(term) for term in terms}
    for name in (key[1:] for key in shared):
        words = {here.named[name], there.named[name]}
        if len(words) == 2 and not any(word in term or term in word for word in words for term in seen):
            ours, theirs = (_as_written(said.subject, said.named[name]) for said in (here, there))
            told.append(f"用词相近：需求写「{ours}」，成果写「{theirs}」")
            seen |= words
    return told[:_MOST_INDUSTRIES]


_FITTING: Final[dict[str, str]] = {
    "技术转让": "向他人转让",
    "专利许可": "许可他人使用",
    "委托开发": "以该成果作为合作条件共同实施",
    "合作开发": "以该成果作为合作条件共同实施",
    "技术入股": "作价投资折算股份或出资比例",
    "股权投资": "作价投资折算股份或出资比例",
}
"""合作方式 of a demand and the 转化方式 that answers it; the others go with any."""
_ANY_MODE: Final = "其他协商确定的方式"


def _conditions(need: Need, offer: Offer) -> tuple[list[str], list[str], list[str]]:
    """What fits, what does not, and what nobody can tell because a record does not state it in public."""
    fits: list[str] = []
    misfits: list[str] = []
    gaps: list[str] = []
    if need.amount is not None and offer.amount is not None:
        price, budget = show_wan(offer.amount), show_wan(need.amount)
        if offer.amount <= need.amount:
            fits.append(f"意向价格 {price}，在预算 {budget}以内")
        else:
            misfits.append(f"意向价格 {price}，高于预算 {budget}")
    else:
        if offer.amount is None and not offer.negotiable:
            gaps.append("成果没有公开价格")
        if need.amount is None and not need.negotiable:
            gaps.append("需求没有公开预算")
    if offer.trl is None:
        gaps.append("成果没有写成熟度")
    elif need.demand_class == _TAKEN_OVER:
        if offer.trl >= READY:
            fits.append(f"成熟度 {offer.trl} 级，可以引进应用")
        else:
            misfits.append(f"成熟度 {offer.trl} 级，离引进应用还有距离")
    _mode(need, offer, fits, misfits, gaps)
    return fits, misfits, gaps


def _mode(need: Need, offer: Offer, fits: list[str], misfits: list[str], gaps: list[str]) -> None:
    if not offer.modes:
        gaps.append("成果没有写转化方式")
        return
    if not need.modes:
        gaps.append("需求没有写合作方式")
        return
    answers = {_FITTING[mode] for mode in need.modes.split("、") if mode in _FITTING}
    offered = set(offer.modes.split("、"))
    if not answers or _ANY_MODE in offered:
        return
    words = f"需求要「{need.modes}」，成果拟「{offer.modes}」"
    (fits if answers & offered else misfits).append(words if answers & offered else f"方式不同：{words}")
