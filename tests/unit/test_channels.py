"""One classification of whatever has two ends: every pair of places is in exactly one channel, seen from the region."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.channels import GROUPS, classify, country_group, named_group, province_group
from lib.domain.vocabulary import Channel, Direction

HOME = st.sampled_from(["150000", "150100", "152900", "150121"])
AWAY = st.sampled_from(["110000", "620000", "810000", "710000"])
ABROAD = st.sampled_from(["RU", "MN", "DE"])
PLACE = st.one_of(HOME, AWAY, ABROAD, st.just(""))
TURNED = {Direction.IN: Direction.OUT, Direction.OUT: Direction.IN, Direction.UNSTATED: Direction.UNSTATED}


@pytest.mark.parametrize(
    ("giver", "taker", "channel", "label"),
    [
        ("RU", "150100", Channel.ABROAD, "引进"),
        ("150100", "MN", Channel.ABROAD, "输出"),
        ("110000", "150000", Channel.INTERREGIONAL, "引进"),
        ("152900", "810000", Channel.INTERREGIONAL, "输出"),
        ("150100", "150200", Channel.WITHIN, "区内"),
        ("150100", "150100", Channel.WITHIN, "区内"),
        ("", "150100", None, "未写明"),
        ("150100", "", None, "未写明"),
        ("", "", None, "未写明"),
        ("RU", "110000", None, "未写明"),
    ],
)
def test_where_a_pair_belongs(giver: str, taker: str, channel: Channel | None, label: str) -> None:
    found = classify(giver, taker)
    assert (found.channel, found.label) == (channel, label)


@given(PLACE, PLACE)
def test_turning_a_pair_round_keeps_the_channel_and_turns_the_direction(giver: str, taker: str) -> None:
    found, turned = classify(giver, taker), classify(taker, giver)
    assert turned.channel is found.channel
    assert turned.direction is TURNED[found.direction]


@given(PLACE, PLACE)
def test_a_direction_crosses_a_border_of_the_region(giver: str, taker: str) -> None:
    found = classify(giver, taker)
    crosses = bool(giver and taker) and giver.startswith("15") != taker.startswith("15")
    assert (found.direction is not Direction.UNSTATED) == crosses
    assert (found.channel in {Channel.ABROAD, Channel.INTERREGIONAL}) == crosses
    assert found.channel is not Channel.MILITARY


@given(PLACE, PLACE)
def test_military_goes_before_all_others(giver: str, taker: str) -> None:
    found = classify(giver, taker, military=True)
    assert found.channel is Channel.MILITARY
    assert found.direction is classify(giver, taker).direction


@pytest.mark.parametrize(
    ("group", "told"),
    [
        (province_group("京津冀", neighbour=True), "京津冀"),
        (province_group("", neighbour=True), "周边省区市"),
        (province_group("本区", neighbour=False), "其他省区市"),
        (province_group("珠三角", neighbour=False), "珠三角"),
        (country_group("重点合作国家"), "意德以瑞日韩"),
        (country_group("东盟"), "俄蒙东盟"),
        (country_group("一带一路"), "其他一带一路国家"),
        (country_group("重要创新型国家"), "其他国家"),
        (named_group("京津冀"), "京津冀"),
        (named_group("环渤海"), "多省区"),
    ],
)
def test_the_groups_of_the_plan(group: str, told: str) -> None:
    assert group == told and group in GROUPS
