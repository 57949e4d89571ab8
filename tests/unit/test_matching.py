"""Matching as pure functions: every reason holds and names whole words, the evidence is the same from both sides,
conditions and gaps."""

import csv
import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from lib.domain.matching import Grade, Industries, Match, Need, Offer, compare, rarity, read, shared
from lib.domain.text import fold
from lib.services import concepts
from lib.settings import ROOT

TODAY = date(2026, 11, 25)
TAKEN = "引进及转化应用科技成果"


def _rows(folder: str, name: str) -> list[dict[str, str]]:
    with (ROOT / folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _match(need: Need, offer: Offer, today: date = TODAY) -> Match | None:
    industries = concepts.industries()
    here, there = read(need, industries), read(offer, industries)
    return compare(need, offer, here, there, dict.fromkeys(shared(here, there), 0.8), today)


def _whole(term: str, text: str, industries: Industries) -> bool:
    """True where the term stands in the text as a word of the table, or where no word of the table lies across it."""
    if term in industries:
        return term in text
    words = [(place, place + len(word)) for place, word in industries.found(text)]
    spans = [(found.start(), found.end()) for found in re.finditer(re.escape(term), text)]
    return any(all(end <= start or begin >= stop for begin, end in words) for start, stop in spans)


def test_reasons_name_whole_words_that_stand_where_they_say() -> None:
    demands = [*_rows("data/public", "demands.csv")]
    invented = {row["demand_title"]: row["description"] for row in _rows("tests/data/eval", "unseen.csv")}
    needs = [Need(i, row["title"], row["description"]) for i, row in enumerate(demands)]
    needs += [Need(i, title, text) for i, (title, text) in enumerate(invented.items(), len(needs))]
    offers = [Offer(i, row["title"], row["summary"]) for i, row in enumerate(_rows("data/public", "achievements.csv"))]
    industries, checked, kinds = concepts.industries(), 0, set()
    said = {id(one): read(one, industries) for one in (*needs, *offers)}
    for need, offer in product(needs, offers):
        here, there = said[id(need)], said[id(offer)]
        match = compare(need, offer, here, there, dict.fromkeys(shared(here, there), 0.7), TODAY)
        if match is None:
            continue
        ours, theirs = here.subject.folded, there.subject.folded
        assert match.reasons and not re.search("%|％|百分", "".join(match.reasons + match.gaps))
        for reason in match.reasons:
            if reason.startswith("都提到"):
                words = [fold(word) for word in re.findall("「(.+?)」", reason)]
                standing = [_whole(word, text, industries) for word in words for text in (ours, theirs)]
                assert standing and all(standing), reason
            elif named := re.fullmatch("(用词相近|同属(.+))：需求写「(.+)」，成果写「(.+)」", reason):
                here_word, there_word = fold(named[3]), fold(named[4])
                assert here_word in ours and there_word in theirs, reason
                both = {*industries.keys_of(here_word)} & {*industries.keys_of(there_word)}
                assert f"@{named[2]}" in both if named[2] else any(key.endswith("+") for key in both), reason
            else:
                sector = re.fullmatch("都属于(.+)方向", reason)
                assert sector and all(f"#{sector[1]}" in one.sectors for one in (here, there)), reason
            kinds.add(reason[:2])
            checked += 1
    assert checked > 1500 and kinds == {"都提", "用词", "同属", "都属"}


@pytest.mark.parametrize(
    ("need", "offer", "told", "never"),
    [
        ("盐碱地改良新技术", "“暗管排盐”盐碱地改良技术", "「改良」", "地改良"),
        ("良种牛羊快繁", "专用化种牛培育", "需求写「快繁」，成果写「种牛」", "都提到"),
        ("河套灌区水循环模拟", "乌梁素海水循环监测", "「水循环」", "「循环」"),
        ("BDO 改性", "bdo 下游塑料", "「BDO」", "「bdo」"),
        ("CO₂ 加氢", "二氧化碳制芳烃", "用词相近：需求写「CO2」，成果写「二氧化碳」", "都提到"),
    ],
)
def test_words_are_not_cut(need: str, offer: str, told: str, never: str) -> None:
    match = _match(Need(1, need, field=9), Offer(2, offer, field=9))
    reasons = "；".join(match.reasons) if match else ""
    assert told in reasons and never not in reasons


def test_the_longest_word_is_read_and_those_inside_it() -> None:
    industries = Industries(
        {"羊": ["良种", "牛羊", "种牛"], "草": ["草原生态", "草原", "生态修复"]}, {"牧": (["牧业"], ["羊", "草"])}
    )
    assert {word for _, word in industries.found("良种牛羊")} == {"良种", "牛羊"}
    assert {word for _, word in industries.found("草原生态修复")} == {"草原生态", "草原", "生态修复"}
    assert industries.keys_of("良种") == ("@羊", "#牧") and industries.keys_of("牧业") == ("#牧",)


def test_the_table_is_whole() -> None:
    rows = _rows("data", "industries.csv")
    assert len({(row["industry"], row["word"], row["sector"]) for row in rows}) == len(rows) > 1500
    sectors = {row["sector"] for row in rows if not row["industry"]}
    placed: dict[str, set[str]] = {}
    for row in rows:
        assert row["word"] == row["word"].strip() and 1 <= len(row["word"]) <= 8, row
        assert {*row["sector"].split("、")} <= sectors, row
        placed.setdefault(row["industry"], set()).add(row["sector"])
    assert all(len(found) == 1 for industry, found in placed.items() if industry)
    assert min(sum(row["industry"] == industry for row in rows) for industry in placed) >= 3


NEED: dict[str, Any] = {"title": "稀土永磁电机退磁难题", "modes": "专利许可", "demand_class": TAKEN}
OFFER: dict[str, Any] = {"title": "稀土永磁电机抗退磁结构", "modes": "许可他人使用", "trl": 7}


@pytest.mark.parametrize(
    ("need", "offer", "lower", "told", "gap"),
    [
        ({}, {}, 0, "许可他人使用", "成果没有公开价格"),
        ({"amount": Decimal(1_000_000)}, {"amount": Decimal(1_000_000)}, 0, "在预算 100.00 万元以内", ""),
        ({"amount": Decimal(1_000_000)}, {"amount": Decimal(1_000_001)}, 1, "", "高于预算"),
        ({"amount": Decimal(1_000_000)}, {"negotiable": True}, 0, "", ""),
        ({"negotiable": True}, {}, 0, "", "成果没有公开价格"),
        ({}, {"trl": 6}, 0, "成熟度 6 级，可以引进应用", ""),
        ({}, {"trl": 5}, 1, "", "成熟度 5 级，离引进应用还有距离"),
        ({"demand_class": "联合实施科技计划项目"}, {"trl": 2}, 0, "", ""),
        ({}, {"trl": None}, 0, "", "成果没有写成熟度"),
        ({"modes": "技术转让"}, {}, 1, "", "方式不同"),
        ({"modes": "技术转让"}, {"modes": "其他协商确定的方式"}, 0, "", ""),
        ({"modes": "技术服务"}, {}, 0, "", ""),
        ({"modes": "技术转让、专利许可"}, {}, 0, "许可他人使用", ""),
        ({"modes": "技术转让、技术服务"}, {}, 0, "", ""),
        ({"modes": "技术转让、技术入股"}, {}, 1, "", "方式不同：需求要「技术转让、技术入股」，成果拟「许可他人使用」"),
        ({}, {"modes": "自行投资实施转化、许可他人使用"}, 0, "成果拟「自行投资实施转化、许可他人使用」", ""),
        ({"modes": "合作开发"}, {"modes": "向他人转让、其他协商确定的方式"}, 0, "", ""),
        ({"modes": ""}, {}, 0, "", "需求没有写合作方式"),
        ({}, {"modes": ""}, 0, "", "成果没有写转化方式"),
        ({"modes": "技术转让"}, {"trl": 3}, 2, "", "方式不同"),
    ],
)
def test_conditions_lower_a_grade_only_where_both_sides_state_them(
    need: dict[str, Any], offer: dict[str, Any], lower: int, told: str, gap: str
) -> None:
    match = _match(Need(1, **NEED | need), Offer(2, **OFFER | offer))
    assert match is not None
    assert match.grade is (Grade.STRONG, Grade.FAIR, Grade.WEAK)[lower]
    assert told in "；".join(match.reasons) and gap in "；".join(match.gaps)
    if not lower:
        assert all(re.search("没有公开|没有写", text) for text in match.gaps)


def test_nothing_below_the_floor_and_nothing_out_of_date() -> None:
    assert _match(Need(1, "内蒙古关键技术研究与应用示范"), Offer(2, "内蒙古关键技术研究与应用示范")) is None
    assert _match(Need(1, "稀土永磁"), Offer(2, "马铃薯雾培")) is None
    fresh, stale = (Need(1, **NEED | {"valid_until": TODAY - timedelta(days=days)}) for days in (0, 1))
    assert _match(fresh, Offer(2, **OFFER)) is not None and _match(stale, Offer(2, **OFFER)) is None
    need, until = Need(1, **NEED), TODAY - timedelta(days=1)
    assert _match(need, Offer(2, **OFFER, valid_until=TODAY)) is not None
    assert _match(need, Offer(2, **OFFER, valid_until=until)) is None


def test_what_is_rare_says_more() -> None:
    values = [rarity(count, 1000) for count in (0, 1, 10, 100, 1000, 5000)]
    assert values == sorted(values, reverse=True) and values[-2:] == [pytest.approx(0, abs=0.001), 0.0]
