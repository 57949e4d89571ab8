"""A jury: scores by code and in secret, reckoned once, frozen and published by whoever runs the event."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from threading import Barrier

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from lib.domain import jury as rules
from lib.domain.access import VISITOR, Actor
from lib.domain.errors import Conflict, InvalidInput, NotFound, TooManyTries
from lib.services import hosting, jury, programme
from lib.services.jury import Desk, Result
from lib.store.engine import Database
from lib.store.models import Attempt, AuditEntry, Judge, Score
from lib.store.revision import current
from tests.services.test_hosting import drafted, event, fill, official, version  # noqa: F401

CRITERIA = (("技术创新性", 60), ("团队", 40))
HALL = replace(VISITOR, address="10.0.0.9")


@pytest.fixture
def items(loaded: Database, official: Actor, event: int) -> list[int]:  # noqa: F811
    """Three projects and a talk, announced."""
    made = fill(loaded, event, official, 3)
    hosting.publish(loaded, event, version(loaded, event), actor=official)
    programme.publish(loaded, event, drafted(loaded, event, official).stamp, actor=official)
    return made[:3]


@pytest.fixture
def codes(loaded: Database, official: Actor, event: int, items: list[int]) -> dict[int, str]:  # noqa: F811
    """Seven judges, with criteria to score by."""
    jury.set_criteria(loaded, event, CRITERIA, (), actor=official)
    return jury.appoint(loaded, event, 7, actor=official)


def desk(database: Database, event_id: int, actor: Actor) -> Desk:
    with database.read() as session:
        return jury.desk(session, event_id, actor=actor)


def give(database: Database, event_id: int, code: str, item: int, *points: str) -> None:
    measures = jury.sheet(database, event_id, code, actor=HALL).measures
    told = {one.id: given for one, given in zip(measures, points, strict=False)}
    jury.score(database, event_id, code, item, told, actor=HALL)


def seen(database: Database, event_id: int, actor: Actor = VISITOR) -> Result | None:
    with database.read() as session:
        return jury.result(session, event_id, actor=actor)


def scored(database: Database, event_id: int, codes: dict[int, str], items: list[int]) -> None:
    """Judge n gives the first project 80 + n, the second the same to a tie, the third nothing from judge 7."""
    for number, code in codes.items():
        for item in items[:2]:
            give(database, event_id, code, item, str(80 + number), str(80 + number))
        if number != 7:
            give(database, event_id, code, items[2], "90", "60.5")


def test_seven_judges_a_tie_and_one_who_left_a_project_out(
    loaded: Database,
    official: Actor,  # noqa: F811
    event: int,  # noqa: F811
    items: list[int],
    codes: dict[int, str],
) -> None:
    scored(loaded, event, codes, items)
    before = desk(loaded, event, official)
    assert [(one.number, one.scored) for one in before.jurors] == [*((n, 3) for n in range(1, 7)), (7, 2)]
    assert before.begun and before.result is None
    jury.freeze(loaded, event, actor=official)
    jury.freeze(loaded, event, actor=official)
    found = seen(loaded, event, official)
    assert found is not None and found.published_at is None and found.numbers == tuple(range(1, 8))
    first, second, third = found.ranked
    assert {first.contender.item, second.contender.item} == set(items[:2])
    assert [(one.rank, one.tied, one.score, one.dropped) for one in (first, second)] == [
        (1, True, Decimal("84.00"), (1, 7)), (1, True, Decimal("84.00"), (1, 7)),
    ]  # fmt: skip
    # 90 × 0.6 + 60.5 × 0.4 = 78.2; six judges, so none is left out
    assert (third.rank, third.tied, third.score, third.dropped) == (3, False, Decimal("78.20"), ())
    assert third.judges == dict.fromkeys(range(1, 7), Decimal("78.2"))


def test_nobody_but_hosts_sees_a_result_before_it_is_published(
    loaded: Database,
    official: Actor,  # noqa: F811
    event: int,  # noqa: F811
    items: list[int],
    codes: dict[int, str],
) -> None:
    with pytest.raises(Conflict):
        jury.publish(loaded, event, actor=official)
    with pytest.raises(InvalidInput):
        jury.freeze(loaded, event, actor=official)
    scored(loaded, event, codes, items)
    assert seen(loaded, event) is None and seen(loaded, event, official) is None
    jury.freeze(loaded, event, actor=official)
    assert seen(loaded, event) is None
    with pytest.raises(Conflict):
        give(loaded, event, codes[1], items[0], "1", "1")
    with loaded.read() as session:
        revision = current(session)["event"]
    jury.publish(loaded, event, actor=official)
    jury.publish(loaded, event, actor=official)
    found = seen(loaded, event)
    assert found is not None and found.published_at is not None
    with loaded.read() as session:
        assert current(session)["event"] > revision, "pages that remember the event read it anew"
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("jury.%"))).all()
        assert actions.count("jury.publish") == 1 and actions.count("jury.score") == 20
        assert not any("80" in repr(detail) for detail in session.scalars(
            select(AuditEntry.detail).where(AuditEntry.action == "jury.score")))  # fmt: skip
    with pytest.raises(Conflict):
        jury.unfreeze(loaded, event, "评委看错了项目", actor=official)


def test_scoring_is_opened_again_for_a_reason_that_stays(
    loaded: Database,
    official: Actor,  # noqa: F811
    event: int,  # noqa: F811
    items: list[int],
    codes: dict[int, str],
) -> None:
    scored(loaded, event, codes, items)
    jury.freeze(loaded, event, actor=official)
    with pytest.raises(InvalidInput):
        jury.unfreeze(loaded, event, "错", actor=official)
    jury.unfreeze(loaded, event, "七号评委漏了一个项目", actor=official)
    give(loaded, event, codes[7], items[2], "100", "100")
    jury.freeze(loaded, event, actor=official)
    found = seen(loaded, event, official)
    assert found is not None
    last = found.ranked[-1]
    assert (last.contender.item, last.score, last.dropped) == (items[2], Decimal("78.20"), (1, 7))
    with loaded.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "jury.unfreeze")).one()
        assert entry.detail == {"comment": "七号评委漏了一个项目"}


def test_what_a_judge_gives_holds_whole_or_not_at_all(
    loaded: Database,
    event: int,  # noqa: F811
    items: list[int],
    codes: dict[int, str],
) -> None:
    for points in (("88",), ("88", ""), ("88", "100.5"), ("88", "8.555"), ("-1", "50")):
        with pytest.raises(InvalidInput):
            give(loaded, event, codes[1], items[0], *points)
    with loaded.read() as session:
        assert session.scalar(select(func.count()).select_from(Score)) == 0
    give(loaded, event, codes[1], items[0], "88", "77.5")
    give(loaded, event, codes[1].lower(), items[0], "88.00", "77.50")
    give(loaded, event, codes[1], items[0], "90", "77.5")
    sheet = jury.sheet(loaded, event, codes[1], actor=HALL)
    assert [str(points) for points in sheet.points[items[0]].values()] == ["90", "77.5"]
    assert jury.sheet(loaded, event, codes[2], actor=HALL).points == {}, "nobody sees what another gave"
    with loaded.read() as session:
        assert session.scalar(select(func.count()).select_from(Score)) == 2
        noted = session.scalar(select(func.count()).where(AuditEntry.action == "jury.score"))
        assert noted == 2, "the same again is not written"
    with pytest.raises(NotFound):
        give(loaded, event, codes[1], items[-1] + 1, "88", "77.5")


def test_criteria_stand_once_somebody_scored(
    loaded: Database,
    official: Actor,  # noqa: F811
    event: int,  # noqa: F811
    items: list[int],
) -> None:
    assert desk(loaded, event, official).shown == rules.CRITERIA
    with pytest.raises(InvalidInput) as refused:
        jury.set_criteria(loaded, event, (("团队", 90),), (), actor=official)
    assert "现在是 90" in refused.value.fields["criteria"]
    jury.set_criteria(loaded, event, CRITERIA, (), actor=official)
    jury.set_criteria(loaded, event, CRITERIA, (), actor=official)
    with pytest.raises(Conflict):
        jury.set_criteria(loaded, event, (("团队", 100),), (), actor=official)
    code = jury.appoint(loaded, event, 1, actor=official)[1]
    give(loaded, event, code, items[0], "80", "80")
    with pytest.raises(Conflict):
        jury.set_criteria(loaded, event, (("团队", 100),), CRITERIA, actor=official)


def test_codes_are_shown_once_renewed_and_switched_off(
    loaded: Database,
    official: Actor,  # noqa: F811
    event: int,  # noqa: F811
    items: list[int],
    codes: dict[int, str],
) -> None:
    assert jury.appoint(loaded, event, 7, actor=official) == {}
    assert list(jury.appoint(loaded, event, 9, actor=official)) == [8, 9]
    with loaded.read() as session:
        kept = repr(session.scalars(select(Judge.code_hash)).all())
        assert not any(rules.fold_code(code) in kept for code in codes.values())
    give(loaded, event, codes[1], items[0], "80", "80")
    fresh = jury.renew(loaded, event, 1, actor=official)
    with pytest.raises(InvalidInput):
        give(loaded, event, codes[1], items[0], "81", "81")
    assert jury.sheet(loaded, event, fresh, actor=HALL).points, "what was scored stays"
    jury.switch(loaded, event, 1, False, actor=official)
    with pytest.raises(InvalidInput):
        jury.sheet(loaded, event, fresh, actor=HALL)
    give(loaded, event, codes[2], items[0], "60", "60")
    jury.freeze(loaded, event, actor=official)
    found = seen(loaded, event, official)
    assert found is not None and found.ranked[0].judges == {2: Decimal(60)}, "who was switched off does not count"
    with pytest.raises(Conflict):
        jury.switch(loaded, event, 1, True, actor=official)


def test_who_guesses_must_wait_and_who_knows_need_not(
    loaded: Database,
    event: int,  # noqa: F811
    codes: dict[int, str],
) -> None:
    for _ in range(30):
        with pytest.raises(InvalidInput):
            jury.sheet(loaded, event, rules.new_code(), actor=HALL)
    with pytest.raises(TooManyTries):
        jury.sheet(loaded, event, rules.new_code(), actor=HALL)
    with pytest.raises(TooManyTries):
        jury.score(loaded, event, "", 1, {}, actor=HALL)
    assert jury.sheet(loaded, event, codes[3], actor=HALL).number == 3
    with loaded.read() as session:
        assert session.scalar(select(func.count()).where(Attempt.kind == "judge")) == 30


def test_seven_at_once_and_whoever_freezes_meanwhile(
    loaded: Database,
    official: Actor,  # noqa: F811
    event: int,  # noqa: F811
    items: list[int],
    codes: dict[int, str],
) -> None:
    give(loaded, event, codes[1], items[0], "70", "70")
    start = Barrier(8)

    def judge(number: int) -> int:
        start.wait()
        try:
            give(loaded, event, codes[number], items[1], "90", "90")
        except Conflict:
            return 0
        return number

    def freeze() -> None:
        start.wait()
        jury.freeze(loaded, event, actor=official)

    with ThreadPoolExecutor(8) as pool:
        frozen = pool.submit(freeze)
        told = {number for number in pool.map(judge, range(1, 8)) if number}
        frozen.result()
    found = seen(loaded, event, official)
    assert found is not None
    counted = next(one for one in found.ranked if one.contender.item == items[1])
    assert set(counted.judges) == told, "who was told it is kept counts, and nobody else"


def test_the_file_holds_what_the_result_holds(
    loaded: Database,
    official: Actor,  # noqa: F811
    event: int,  # noqa: F811
    items: list[int],
    codes: dict[int, str],
) -> None:
    with loaded.read() as session, pytest.raises(Conflict):
        jury.export_result(session, event, actor=official)
    scored(loaded, event, codes, items)
    jury.freeze(loaded, event, actor=official)
    with loaded.read() as session:
        book = CalamineWorkbook.from_filelike(BytesIO(jury.export_result(session, event, actor=official)))
    ranking = book.get_sheet_by_name("排名").to_python()
    assert ranking[0][:5] == ["名次", "并列", "项目", "单位", "得分"]
    assert [row[4] for row in ranking[1:]] == [84.0, 84.0, 78.2]
    assert ranking[1][-1] == "1 号、7 号"
    given = book.get_sheet_by_name("各评委打分").to_python()
    assert len(given) == 1 + 20 and given[0] == ["项目", "评委", "技术创新性", "团队"]
    assert [90.0, 60.5] in [row[2:] for row in given]
