"""What a record's answers mean: terms that end, values that compare and those that do not, stages that are lit."""

from datetime import date
from decimal import Decimal

import pytest

from lib.domain.telling import Term, bars, numbered, right_remark, right_term, stages, validity

TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("until", "term"),
    [
        (None, Term.NONE),
        (date(2026, 11, 25), Term.OVER),
        (date(2026, 11, 26), Term.SOON),
        (date(2026, 12, 26), Term.SOON),
        (date(2026, 12, 27), Term.RUNNING),
    ],
)
def test_a_validity_ends_with_its_last_day(until: date | None, term: Term) -> None:
    assert validity(until, TODAY) is term


@pytest.mark.parametrize(
    ("expires", "state", "term", "remark"),
    [
        ("", "有效", Term.NONE, ""),
        ("2026-11-25", "有效", Term.OVER, "已到期"),
        ("2026-11-26", "有效", Term.SOON, "12 个月内到期"),
        ("2027-11-26", "有效", Term.SOON, "12 个月内到期"),
        ("2027-11-27", "有效", Term.RUNNING, ""),
        ("2026", "有效", Term.SOON, "12 个月内到期"),
        ("2026-10", "有效", Term.OVER, "已到期"),
        ("2043-01-05", "已失效", Term.OVER, ""),
        ("看情况", "有效", Term.NONE, ""),
    ],
)
def test_a_right_that_ran_out_or_will_soon_says_so(expires: str, state: str, term: Term, remark: str) -> None:
    right = {"kind": "发明专利", "number": "", "state": state, "expires": expires}
    assert (right_term(right, TODAY), right_remark(right, TODAY)) == (term, remark)


def test_a_secret_has_no_number() -> None:
    assert numbered({"kind": "发明专利"}) and not numbered({"kind": "技术秘密"})


@pytest.mark.parametrize(
    ("existing", "offered", "parts"),
    [
        ("82%", "95%", (Decimal(82) / 95, 1)),
        ("1,500 元/吨", "750元/吨", (1, 0.5)),
        ("0.5", "2", (0.25, 1)),
        ("0%", "40%", (0, 1)),
    ],
)
def test_plain_numbers_of_one_unit_compare(existing: str, offered: str, parts: tuple[float, float]) -> None:
    found = bars(existing, offered)
    assert found is not None and (found.existing, found.offered) == pytest.approx([float(part) for part in parts])


@pytest.mark.parametrize(
    ("existing", "offered"),
    [
        ("", "95%"), ("82", "95%"), ("82%", "≥95%"), ("约 82%", "95%"), ("3–5 天", "1 天"), ("0", "0"), ("-5", "5"),
        ("82%以上", "95%"), ("1.5 万元", "8000 元"), ("较差", "良好"), ("1,50 元", "2 元"), ("1 2", "3"),
        ("1e3", "5"),
    ],
)  # fmt: skip
def test_nothing_is_drawn_where_the_text_does_not_say_it(existing: str, offered: str) -> None:
    assert bars(existing, offered) is None and bars(offered, existing) is None


def test_a_stage_is_lit_only_by_a_date_or_a_fact() -> None:
    bare = stages([], year=2022, stage="", award="自治区科学技术进步一等奖", price="")
    assert [(s.name, s.told, s.lit) for s in bare] == [
        ("创造", "2022 年", True), ("熟化", "未披露", False), ("评估", "自治区科学技术进步一等奖", True),
        ("定价", "未披露", False), ("交易", "未披露", False), ("应用", "未披露", False),
    ]  # fmt: skip
    told = stages(
        [{"step": "应用", "on": "2025-06", "note": "两家试用"}, {"step": "创造", "on": "2020", "note": ""}],
        year=2022, stage="初期阶段", award="", price="面议", closed="",
    )  # fmt: skip
    assert {s.name: (s.told, s.lit) for s in told} == {
        "创造": ("2020", True), "熟化": ("初期阶段", False), "评估": ("未披露", False), "定价": ("面议", False),
        "交易": ("未披露", False), "应用": ("2025-06 两家试用", True),
    }  # fmt: skip
    hidden = stages([], year=None, stage="成熟应用阶段", award="", price="", closed="授权可见")
    assert [(s.told, s.lit) for s in hidden][1:4:2] == [("成熟应用阶段", True), ("授权可见", False)]
