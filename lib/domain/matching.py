"""Which achievements answer a demand, and why: pure functions over the public text and facts of two records.

Evidence is what both texts say: known words, pairs of characters of what is left between them and the stock phrases
of the trade, and the industries and sectors that both belong to, each weighed by how rare it is among all
achievements. Hard conditions (amount, maturity, mode, validity) lower a grade where both records state them and they
do not fit; what a record does not state is named as a gap and never held against it. The evidence of a pair is the
same from both sides.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
"""How many features of one record are compared: those of the title first. The few sectors are counted beside them."""
_MOST_TEXT: Final = 400
_TITLE, _TEXT = 1.0, 0.5
_INDUSTRY, _SECTOR = 2.5, 1.0
_SAME_FIELD = 0.6
_FIELD, _LEAGUE = 0.4, 0.2
_LENGTH, _USUAL = 0.4, 7.0
"""A record that says much shares something with everybody: how much that is held against it, and from how much on."""
_MOST_TERMS, _MOST_INDUSTRIES = 4, 2
_ACROSS: Final = 2
_KNOWN: Final = 5
_NARROW, _WIDER = 0.6, 0.12
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
    "团队 工业 新增 产值 万元 提高 降低 减少 增加 需要 不足 效率 成本 依赖 进口 寻找 国产化 国产 取得 "
    "落地 合作 承担 牵头 突围 攻坚 任务 支撑 方案 过程 现有 存在 缺少 目前 每年 以上 批量 规模 质量 性能 "
    "指标 稳定 可靠 一致性 全国 中心 组织 单位 地区 全区 对接 比较 较高 难题 瓶颈 短板 自主知识产权 知识产权 "
    "新 的 与 及 等 了 之 年"
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


_FLOORS: Final = ((Grade.STRONG, 8.0), (Grade.FAIR, 5.0), (Grade.WEAK, 1.0))
"""The least evidence of each grade. Below the last nothing is shown."""


class Industries:
    """The table of industries and sectors and the words by which a text is told to belong to them.

    A feature of a text is a word of the table or a pair of characters as it is, an industry (@ and its name) or a
    sector (# and its name). How rare a sector is, is not measured: it says the less the more industries it has.
    """

    def __init__(
        self,
        table: Mapping[str, Iterable[str]],
        sectors: Mapping[str, tuple[Iterable[str], Iterable[str]]] | None = None,
    ) -> None:
        """`table` has the words of each industry, `sectors` the own words and the industries of each sector."""
        self.words: dict[str, tuple[str, ...]] = {}
        self.rarities: dict[str, float] = {}
        belongs: dict[str, dict[str, None]] = {}
        inside: dict[str, list[str]] = {}
        for name, words in table.items():
            self.words[f"@{name}"] = tuple(dict.fromkeys(fold(word) for word in words))
        for name, (words, members) in (sectors or {}).items():
            own = [fold(word) for word in words]
            # The first words of an industry are those it is best known by: enough to find the sector's records.
            known = [word for nth in range(_KNOWN) for member in members for word in self.words[f"@{member}"][nth:][:1]]
            self.words[f"#{name}"] = tuple(dict.fromkeys((*own, *known)))
            self.rarities[f"#{name}"] = _NARROW / (1 + _WIDER * len(tuple(members)))
            for member in members:
                inside.setdefault(f"@{member}", []).append(f"#{name}")
            for word in own:
                belongs.setdefault(word, {})[f"#{name}"] = None
        for key, listed in self.words.items():
            if key.startswith("@"):
                for word in listed:
                    belongs.setdefault(word, {}).update(dict.fromkeys((key, *inside.get(key, ()))))
        self._belongs = {word: tuple(keys) for word, keys in belongs.items()}
        self._starts: dict[str, list[str]] = {}
        for word in sorted(belongs, key=len, reverse=True):
            self._starts.setdefault(word[:2], []).append(word)
        self._signs = frozenset(word for word in belongs if len(word) == 1)
        self._inside = {word: tuple(self._all(word)) for word in belongs}

    def __contains__(self, word: str) -> bool:
        """True for a folded word of the table."""
        return word in self._belongs

    def words_of(self, feature: str) -> tuple[str, ...]:
        """The words by any of which a feature is found in a text."""
        return self.words.get(feature) or (feature,)

    def keys_of(self, word: str) -> tuple[str, ...]:
        """The industries and sectors that a word of the table belongs to."""
        return self._belongs[word]

    def found(self, text: str) -> list[tuple[int, str]]:
        """The words of the table in a folded text with their places, also those inside a longer one.

        Read from the left, the longest first; of two characters that lie across the end of a word, such as 种牛 in
        良种牛羊, nothing is read.
        """
        starts, inside = self._starts, self._inside
        signs = self._signs.intersection(text)
        places: list[tuple[int, str]] = []
        end = 0
        for place in range(len(text)):
            longest = ""
            for word in starts.get(text[place : place + 2], ()):
                if text.startswith(word, place):
                    longest = word
                    break
            else:
                if signs and text[place] in signs:
                    longest = text[place]
            if longest and (place >= end or (place + len(longest) > end and len(longest) > _ACROSS)):
                places += [(place + further, word) for further, word in inside[longest]]
                end = place + len(longest)
        return places

    def _all(self, text: str) -> Iterator[tuple[int, str]]:
        for place in range(len(text)):
            if text[place] in self._signs:
                yield place, text[place]
            for word in self._starts.get(text[place : place + 2], ()):
                if len(word) > 1 and text.startswith(word, place):
                    yield place, word


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
    valid_until: date | None = None

    @cached_property
    def folded(self) -> str:
        """Title and keywords, and below them the text, as they are compared."""
        return f"{fold(self.head)[:_MOST_TEXT]}\n{fold(self.text)[:_MOST_TEXT]}"

    def over(self, today: date) -> bool:
        """True when its time is over."""
        return self.valid_until is not None and self.valid_until < today

    @property
    def head(self) -> str:
        """Title and keywords: what the record is about."""
        return " ".join(f"{self.title} {self.keywords}".split())


@dataclass(frozen=True)
class Need(Subject):
    """A demand."""

    demand_class: str = ""


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
    """What a record says: the industries it is of and its known words with what each counts, its sectors, and the word
    that names each industry and sector."""

    subject: Subject
    known: Mapping[str, float]
    sectors: Mapping[str, float]
    named: Mapping[str, str]
    places: tuple[Sequence[tuple[int, str]], ...]

    @cached_property
    def amount(self) -> float:
        """How much it says in all."""
        return sum(self.known.values())

    @cached_property
    def rest(self) -> tuple[tuple[str, ...], ...]:
        """What is left between known words and stock phrases in title and keywords, and in the text."""
        parts = self.subject.folded.split("\n", 1)
        return tuple(tuple(_between(part, found)) for part, found in zip(parts, self.places, strict=True))

    @cached_property
    def features(self) -> Mapping[str, float]:
        """What is looked for in other records: what is known, and the pairs of what is left; the title's first."""
        features: dict[str, float] = {}
        for weight, runs in zip((_TITLE, _TEXT), self.rest, strict=True):
            features |= {key: counts for key, counts in self.known.items() if counts == weight}
            for run in runs:
                for place in range(len(run) - 1):
                    if not (pair := run[place : place + 2]).isdigit():
                        features.setdefault(pair, weight)
        return dict(islice(features.items(), MOST_FEATURES))

    def stands(self, pair: str) -> float:
        """What it counts that these characters stand anywhere in the record; nothing where they do not."""
        head, _, tail = self.subject.folded.partition("\n")
        return _TITLE if pair in head else _TEXT if pair in tail else 0.0


def read(subject: Subject, industries: Industries) -> Said:
    """What the record says, its title and keywords before its text."""
    known: dict[str, float] = {}
    sectors: dict[str, float] = {}
    named: dict[str, str] = {}
    places = []
    for part, weight in zip(subject.folded.split("\n", 1), (_TITLE, _TEXT), strict=True):
        found = industries.found(part)
        places.append(found)
        words = sorted({word: None for _, word in found}, key=len, reverse=True)
        for word in words:
            for key in industries.keys_of(word):
                (known if key[0] == "@" else sectors).setdefault(key, weight)
                named.setdefault(key, word)
        for word in words:
            known.setdefault(word, weight)
    return Said(subject, known, sectors, named, tuple(places))


def rarity(count: float, total: int) -> float:
    """How much a feature says that `count` of `total` records have: from 0 (all of them) to about 1 (one alone)."""
    return max(0.0, math.log((total + 1) / (count + 0.5)) / math.log(total + 2))


def shared(need: Said, offer: Said) -> dict[str, float]:
    """The features and sectors that both records have, with what they count before their rarity is known.

    A pair of characters of the demand is also found inside a known word of the achievement. A word inside a longer
    one that both say counts with the longer one.
    """
    both: dict[str, float] = {}
    for key, weight in need.features.items():
        if theirs := offer.known.get(key, 0.0) if key in need.known else offer.stands(key):
            both[key] = weight * theirs
    words = [key for key in both if key[0] != "@"]
    for key in words:
        if any(key in other and key != other for other in words):
            del both[key]
    for key, weight in need.sectors.items():
        if key in offer.sectors:
            both[key] = weight * offer.sectors[key]
    return {key: weight * worth(key) for key, weight in both.items()}


def worth(key: str) -> float:
    """How much a feature counts by its kind: industries most, words the more the longer they are."""
    return {"@": _INDUSTRY, "#": _SECTOR}.get(key[0]) or math.sqrt(max(1, len(key) - 1))


def evidence(need: Said, offer: Said, rarities: Mapping[str, float]) -> dict[str, float]:
    """What both records say and how much each of it counts; what has no rarity counts nothing."""
    return {key: weight * rarities.get(key, 0.0) for key, weight in shared(need, offer).items()}


def compare(
    need: Need,
    offer: Offer,
    here: Said,
    there: Said,
    rarities: Mapping[str, float],
    today: date,
) -> Match | None:
    """The pair with its grade, reasons and gaps; None below the floor, where no reason can be told in whole words, and
    for a record whose time is over."""
    if need.over(today) or offer.over(today):
        return None
    counted = evidence(here, there, rarities)
    same_field = need.field is not None and need.field == offer.field
    same_league = need.league_code is not None and need.league_code == offer.league_code
    said = sum(counted.values()) / (0.3 + 0.7 * there.amount / _USUAL) ** _LENGTH
    strength = (said + _SAME_FIELD * same_field) * (1 + _FIELD * same_field) * (1 + _LEAGUE * same_league)
    grade = next((grade for grade, least in _FLOORS if strength >= least), None)
    if grade is None:
        return None
    terms = shared_terms(here, there, counted)
    reasons = [f"都提到{''.join(f'「{term}」' for term in terms)}"] if terms else []
    reasons += _akin(here, there, counted, terms)
    if same_field and need.field:
        reasons.append(f"同属{FIELDS[need.field]}领域")
    if same_league:
        reasons.append("同在一个盟市")
    if not counted or not reasons:
        return None
    fits, misfits, gaps = _conditions(need, offer)
    for _ in misfits:
        grade = grade.lowered
    return Match(need.id, offer.id, strength, grade, (*reasons, *fits), (*misfits, *gaps))


def shared_terms(here: Said, there: Said, counted: Mapping[str, float]) -> tuple[str, ...]:
    """The whole words that stand in both texts, the weightiest first.

    Beside the known words that is what lies between known words, stock phrases and signs, two characters in both texts
    and more in one of them: nothing that is cut out of a word.
    """
    words = {key: counts for key, counts in counted.items() if key[0] not in "@#"}
    found = {key: counts for key, counts in words.items() if key in here.known}
    if len(found) < len(words):
        ours, theirs = ([run for part in said.rest for run in part] for said in (here, there))
        for run in dict.fromkeys(run for run in (*ours, *theirs) if not run.isdigit()):
            pairs = [run[place : place + 2] for place in range(len(run) - 1)]
            if _uncut(run, ours, theirs) and all(pair in words or pair.isdigit() for pair in pairs):
                found[run] = sum(words.get(pair, 0.0) for pair in pairs)
    whole = [term for term in found if not any(term != other and term in other for other in found)]
    best = sorted(whole, key=lambda term: -found[term])[:_MOST_TERMS]
    return tuple(_as_written(here.subject, term) for term in best)


# ------------------------------------------------------------------ inside
def _uncut(run: str, ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """True when both texts say it, as all that is between two words: two characters in both, more in one of them."""
    if len(run) == _ACROSS:
        return run in ours and run in theirs
    return all(any(run in other for other in others) for others in (ours, theirs))


def _between(text: str, found: Sequence[tuple[int, str]]) -> Iterable[str]:
    """The runs of letters and digits between known words and stock phrases."""
    covered = bytearray(len(text))
    for place, word in found:
        covered[place : place + len(word)] = b"\1" * len(word)
    left = "".join(" " if known else character for character, known in zip(text, covered, strict=True))
    for run in _RUN.findall(left):
        yield from (segment for segment in _CUT.split(run) if len(segment) > 1)


def _as_written(subject: Subject, term: str) -> str:
    """A folded term with the capitals that the record writes."""
    written = re.search(re.escape(term), f"{subject.head}\n{subject.text}", re.IGNORECASE)
    return written[0] if written else term.upper()  # CO₂ is compared as co2


def _akin(here: Said, there: Said, counted: Mapping[str, float], terms: tuple[str, ...]) -> list[str]:
    """Other words by which both records are of one industry: each stands in its own text. Where there are none, the
    sector that both belong to."""
    told: list[str] = []
    seen = {fold(term) for term in terms}
    for key in sorted((key for key in counted if key[0] == "@"), key=lambda key: -counted[key]):
        words = {here.named[key], there.named[key]}
        if len(words) == 2 and not any(word in term or term in word for word in words for term in seen):
            ours, theirs = (_as_written(said.subject, said.named[key]) for said in (here, there))
            told.append(f"{_kinship(key)}：需求写「{ours}」，成果写「{theirs}」")
            seen |= words
    sectors = sorted((key for key in counted if key[0] == "#"), key=lambda key: -counted[key])
    if not told and not terms and sectors:
        told.append(f"都属于{sectors[0][1:]}方向")
    return told[:_MOST_INDUSTRIES]


def _kinship(key: str) -> str:
    return "用词相近" if key.endswith("+") else f"同属{key[1:]}"


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
    answers = {_FITTING.get(mode, _ANY_MODE) for mode in need.modes.split("、")}
    offered = set(offer.modes.split("、"))
    if _ANY_MODE in answers | offered:
        return
    words = f"需求要「{need.modes}」，成果拟「{offer.modes}」"
    (fits if answers & offered else misfits).append(words if answers & offered else f"方式不同：{words}")
