"""Completeness of a record: what is missing is named, and filling in a field never makes it less."""

import random

import pytest

from lib.domain.completeness import PARTS, completeness
from lib.store.models import Achievement, Demand

BLANKS = (None, "", "  ", [], ())
ANSWERS = (False, 0, "某单位", [{"kind": "发明专利"}], 7)


@pytest.mark.parametrize("kind", PARTS)
def test_nothing_told_and_everything_told(kind: str) -> None:
    nothing = completeness(kind, {})
    assert (nothing.filled, nothing.missing) == (0, tuple(PARTS[kind].values()))
    everything = completeness(kind, dict.fromkeys(PARTS[kind], "写明"))
    assert (everything.filled, everything.missing) == (everything.total, ())
    assert everything.line == f"已填 {everything.total} / {everything.total} 项"


@pytest.mark.parametrize("kind", PARTS)
def test_filling_in_a_field_never_makes_it_less(kind: str) -> None:
    chance = random.Random(20261126)  # noqa: S311
    for _ in range(300):
        answers: dict[str, object] = {
            name: chance.choice(BLANKS + ANSWERS) for name in PARTS[kind] if chance.random() < 0.7
        }
        before = completeness(kind, answers)
        name = chance.choice(list(PARTS[kind]))
        after = completeness(kind, answers | {name: chance.choice(ANSWERS)})
        assert after.filled - before.filled in (0, 1)
        assert set(after.missing) == set(before.missing) - {PARTS[kind][name]}
        assert after.filled + len(after.missing) == after.total


def test_no_is_an_answer_and_what_is_no_part_counts_nothing() -> None:
    assert "公益性" not in completeness("achievement", {"public_good": False}).missing
    assert completeness("achievement", {"award": "一等奖", "contact_phone": "1"}).filled == 0


def test_every_part_is_a_column_of_the_record() -> None:
    elsewhere = {"unit": "organization_text", "place": "league_code"}
    for kind, entity in (("achievement", Achievement), ("demand", Demand), ("military", Demand)):
        columns = set(entity.__table__.columns.keys())
        assert {elsewhere.get(name, name) for name in PARTS[kind]} <= columns
