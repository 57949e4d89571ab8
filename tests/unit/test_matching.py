"""Matching as pure functions: every reason holds, the evidence is the same from both sides, conditions and gaps."""

import csv
import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from lib.domain.matching import Grade, Match, Need, Offer, compare, evidence, rarity, read
from lib.domain.text import fold
from lib.services import concepts
from lib.settings import ROOT

TODAY = date(2026, 11, 25)
TAKEN = "引进及转化应用科技成果"


def _rows(name: str) -> list[dict[str, str]]:
    with (ROOT / "data" / "public" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _match(need: Need, offer: Offer, today: date = TODAY) -> Match | None:
    industries = concepts.industries()
    here, there = read(need, industries), read(offer, industries)
    rarities = dict.fromkeys(here.features, 0.8)
    return compare(need, offer, here, there, rarities, industries, today)


def test_every_named_word_stands_where_the_reason_says() -> None:
    needs = [Need(i, row["title"], row["description"]) for i, row in enumerate(_rows("demands.csv"))]
    offers = [Offer(i, row["title"], row["summary"]) for i, row in enumerate(_rows("achievements.csv"))]
    industries, checked = concepts.industries(), 0
    for need, offer in product(needs, offers):
        here, there = read(need, industries), read(offer, industries)
        rarities = dict.fromkeys(here.features, 0.7)
        assert evidence(here, there, rarities) == evidence(there, here, rarities)
        match = compare(need, offer, here, there, rarities, industries, TODAY)
        if match is None:
            continue
        ours, theirs = fold(f"{need.title}\n{need.text}"), fold(f"{offer.title}\n{offer.text}")
        assert match.reasons and not re.search("%|％|百分", "".join(match.reasons + match.gaps))
        for reason in match.reasons:
            if reason.startswith("都提到"):
                words = re.findall("「(.+?)」", reason)
                assert words and all(fold(word) in ours and fold(word) in theirs for word in words), reason
            else:
                said = re.fullmatch("用词相近：需求写「(.+)」，成果写「(.+)」", reason)
                assert said and fold(said[1]) in ours and fold(said[2]) in theirs, reason
            checked += 1
    assert checked > 400


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


def test_what_is_rare_says_more() -> None:
    values = [rarity(count, 1000) for count in (0, 1, 10, 100, 1000, 5000)]
    assert values == sorted(values, reverse=True) and values[-2:] == [pytest.approx(0, abs=0.001), 0.0]
