"""Text, dates and money: what people type becomes one clean form, or is refused."""

import unicodedata
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.dates import parse_date
from lib.domain.money import LIMIT, parse_amount, show_wan, show_yi
from lib.domain.text import (
    clean,
    excerpt,
    fold,
    grams,
    hits,
    organization_key,
    phrases,
    runs,
    shorten,
    simplified,
    streams,
    terms,
)

HAN = st.text("稀土永磁材料煤化工乳业技术转移ab1２ ，。、-", max_size=40)


@given(st.text(), st.booleans())
def test_clean_text_is_stored_as_it_is_or_refused(text: str, multiline: bool) -> None:
    try:
        cleaned = clean(text, multiline=multiline)
    except ValueError:
        return
    assert clean(cleaned, multiline=multiline) == cleaned
    assert cleaned == unicodedata.normalize("NFC", cleaned) == cleaned.strip()
    allowed = "\n" if multiline else ""
    assert not [c for c in cleaned if unicodedata.category(c) == "Cc" and c not in allowed]
    cleaned.encode()


@pytest.mark.parametrize("text", ["a\u202eb", "\u2066x", "x\U000e0041", "\ud800"])
def test_text_that_could_mislead_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        clean(text)


def test_rare_han_and_mongolian_survive() -> None:
    assert clean("𠮷野㐂  ᠮᠣᠩᠭᠣᠯ\u180b") == "𠮷野㐂 ᠮᠣᠩᠭᠣᠯ\u180b"


@given(HAN, HAN)
def test_a_term_of_word_characters_is_found_exactly_where_it_stands(text: str, part: str) -> None:
    """The grams of a run, as consecutive tokens, are in a text exactly when the run is a part of one of its words."""
    for run, prefix in (phrase for term in terms(part) for phrase in phrases(term)):
        tokens = grams(text).split()
        if prefix:
            found = any(token.startswith(run[0]) for token in tokens)
            whole = run[0]
        else:
            found = any(tokens[i : i + len(run)] == run for i in range(len(tokens)))
            whole = run[0] + "".join(gram[1:] for gram in run[1:])
        assert found == (whole in unicodedata.normalize("NFKC", text).casefold())


@given(st.lists(st.one_of(HAN, st.text(), st.text("ab\x1eﬁ㎡，（\u0301\U00020bb7ʼn", max_size=9)), max_size=6))
def test_texts_cut_together_are_cut_as_each_alone(texts: list[str]) -> None:
    def alone(text: str) -> str:
        """Character by character."""
        words = "".join(c if c.isalnum() else " " for c in unicodedata.normalize("NFKC", text).casefold()).split()
        return " ".join(token for word in words for token in (*map("".join, pairwise(word)), word[-1]))

    assert streams(texts) == [alone(text) for text in texts] == [grams(text) for text in texts]


@pytest.mark.parametrize(
    ("typed", "searched"),
    [
        ("稀土 乳业", ["稀土", "乳业"]),
        ("  ＢＤＯ ", ["bdo"]),
        ('" ( * -', []),
        ("稀土 稀土", ["稀土"]),
        ("CO₂", ["co2"]),
    ],
)
def test_terms_are_words_only(typed: str, searched: list[str]) -> None:
    assert terms(typed) == searched


@pytest.mark.parametrize(
    ("printed", "same"),
    [
        ("内蒙古伊泰集团有限公司（参与）", "内蒙古伊泰集团有限公司"),
        ("草原和牛投资有限公司等", "草原和牛投资有限公司"),
        ("蒙草生态环境(集团)股份有限公司", "蒙草生态环境（集团）股份有限公司"),
        ("ＡＢＣ 公司", "abc公司"),
    ],
)
def test_a_name_is_the_same_whatever_a_list_adds_to_it(printed: str, same: str) -> None:
    assert organization_key(printed) == organization_key(same)


def test_different_units_stay_different() -> None:
    assert organization_key("包钢") != organization_key("包钢集团")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("2024", "2024"),
        ("2024-12", "2024-12"),
        ("2024/1/2", "2024-01-02"),
        ("２０２４年１月２日", "2024-01-02"),
        ("2024年12月", "2024-12"),
    ],
)
def test_a_date_keeps_the_precision_it_was_given(typed: str, shown: str) -> None:
    assert str(parse_date(typed)) == shown


@pytest.mark.parametrize("typed", ["", "去年", "2024-13", "2023-02-29", "0001", "9999", "20240101", "2024-1-1-1"])
def test_what_is_no_date_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_date(typed, today=date(2026, 11, 25))


@given(st.decimals(min_value=0, max_value=99_999_999, places=2))
def test_an_amount_typed_in_wan_is_kept_in_yuan(amount: Decimal) -> None:
    assert parse_amount(f"{amount:,}") == amount * 10_000


@pytest.mark.parametrize("typed", ["", "-1", "+1", "1e4", "NaN", "inf", "1_000", "一百", "1.23456", "999999999999"])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_amount(typed)


def test_money_is_shown_in_wan_and_yi() -> None:
    assert (show_wan(Decimal("12000000")), show_yi(Decimal("6171000000"))) == ("1,200.00 万元", "61.71 亿元")
    assert show_wan(LIMIT).endswith(" 万元")


@given(st.text(max_size=80), st.integers(2, 60))
def test_a_shortened_text_never_exceeds_its_limit(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit


@given(HAN, st.lists(st.text("稀土永磁a1２", min_size=1, max_size=3), max_size=3))
def test_hits_are_places_of_the_words_in_order(text: str, words: list[str]) -> None:
    found = hits(text, words)
    looked_for = {run for word in words for run in runs(word)}
    assert all(fold(text[start:end]) in looked_for for start, end in found)
    assert all(a[1] <= b[0] for a, b in pairwise(found))
    assert bool(found) == any(run in fold(text) for run in looked_for)


def test_hits_stand_where_they_are_written_whatever_the_width() -> None:
    text = "占地㎡用ＣＯ₂加氢，CO2 与 co₂"
    assert [text[start:end] for start, end in hits(text, ["co2", "加氢"])] == ["ＣＯ₂", "加氢", "CO2", "co₂"]


@given(HAN, st.text("稀土", min_size=1, max_size=2))
def test_an_excerpt_is_short_and_shows_the_first_hit(text: str, word: str) -> None:
    shown = excerpt(text * 5, [word], 24)
    assert len(shown) <= 24 and bool(hits(shown, [word])) == bool(hits(text * 5, [word]))


def test_traditional_characters_are_written_simplified_and_nothing_else_changes() -> None:
    pairs = {
        "乳製品": "乳制品",
        "鹽鹼地": "盐碱地",
        "風力發電 ABC-2": "风力发电 ABC-2",
        "稀土\ud800": "稀土\ud800",
        "": "",
    }
    assert {simplified(text) for text in pairs} == set(pairs.values())
    assert [simplified(text) for text in pairs.values()] == list(pairs.values())
