"""Submissions: handed in once, numbered without gaps, public only after review, contact never."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import func, select

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import today_shanghai
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound
from lib.domain.submissions import Action
from lib.domain.vocabulary import SubmissionKind, SubmissionState
from lib.services import catalogue, submissions
from lib.services.catalogue import CatalogueQuery
from lib.services.forms import check
from lib.store.engine import Database
from lib.store.models import AuditEntry, EventItem, Submission

REVIEWER = Actor(role=Role.ADMINISTRATOR, account_id=None, name="审核员")
CANARY = "13812345678"


@pytest.fixture(autouse=True)
def no_wrong_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong tries are counted in the process: each test begins with none."""
    monkeypatch.setattr(submissions, "_tries", submissions._Tries())


def demand(**changes: Any) -> dict[str, Any]:
    return {
        "title": "退役风机叶片回收利用难题",
        "unit": "锡林郭勒盟某风电企业",
        "field": 7,
        "league": "152500",
        "banner": "",
        "credit_code": "91350100M000100Y43",
        "demand_class": "引进及转化应用科技成果",
        "keywords": "风机叶片、回收",
        "description": "纤维与树脂粘合难以分离降解，退役叶片堆存。",
        "indicators": "树脂与纤维分离率不低于 95%",
        "cooperation_mode": "合作开发",
        "budget": "１２０．５",
        "valid_from": today_shanghai(),
        "valid_until": today_shanghai() + timedelta(days=90),
        "contact_name": "张三",
        "contact_phone": CANARY,
        "contact_email": "canary@example.com",
        "truthful": True,
        "not_secret": True,
    } | changes


def achievement(**changes: Any) -> dict[str, Any]:
    return (
        demand()
        | {
            "title": "风机叶片热解回收纤维技术",
            "completer": "李四",
            "achievement_class": "应用技术",
            "summary": "用热解方法回收玻璃纤维，已完成中试。",
            "trl": 6,
            "stage": "中期阶段",
            "ip_type": "发明专利",
            "ip_number": "ZL202310000001.0",
            "transfer_mode": "许可他人使用",
            "price": "",
            "other_units": "",
            "award": "",
            "year": "2025",
        }
        | changes
    )


def registration(event_id: int, **changes: Any) -> dict[str, Any]:
    return (
        demand()
        | {
            "event_id": event_id,
            "source": "企业",
            "stage": "中期阶段",
            "technology": "热解回收玻璃纤维，发明专利一件。",
            "team": "负责人李四，成员五人",
            "market": "",
            "financing": "",
            "cooperation": "寻找风电场合作示范",
            "presenter": "李四",
        }
        | changes
    )


def hand_in(database: Database, values: dict[str, Any], kind: SubmissionKind = SubmissionKind.DEMAND) -> Any:
    return submissions.submit(database, kind, token_hex(16), values, actor=VISITOR)


def submission_id(database: Database, number: str) -> tuple[int, int]:
    with database.read() as session:
        found = session.scalars(select(Submission).where(Submission.receipt == number)).one()
        return found.id, found.version


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"title": ""}, "title", "请填写"),
        ({"title": "短"}, "title", "至少写 4 个字"),
        ({"title": "长" * 101}, "title", "多了 1 字"),
        ({"title": "翻\u202e转方向"}, "title", "控制字符"),
        ({"field": 12}, "field", "从列表里选择"),
        ({"field": "7"}, "field", "从列表里选择"),
        ({"league": ""}, "league", "请选择"),
        ({"credit_code": "91350100M000100Y44"}, "credit_code", "校验码"),
        ({"demand_class": "随便"}, "demand_class", "从列表里选择"),
        ({"cooperation_mode": None}, "cooperation_mode", "请选择"),
        ({"keywords": "一、二、三、四"}, "keywords", "最多 3 个"),
        ({"budget": "-5"}, "budget", "万元为单位的数字"),
        ({"budget": "1e9"}, "budget", "万元为单位的数字"),
        ({"budget": "NaN"}, "budget", "万元为单位的数字"),
        ({"budget": "0"}, "budget", "大于 0"),
        ({"valid_until": today_shanghai() - timedelta(days=1)}, "valid_until", "之后"),
        ({"valid_from": None}, "valid_from", "请选择"),
        ({"contact_phone": "12345"}, "contact_phone", "看起来不对"),
        ({"contact_email": "x@"}, "contact_email", "看起来不对"),
        ({"truthful": False}, "truthful", "勾选"),
        ({"not_secret": "yes"}, "not_secret", "勾选"),
    ],
)
def test_a_broken_rule_is_one_sentence_beside_its_field(changes: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(SubmissionKind.DEMAND, demand(**changes))
    assert list(refused.value.fields) == [field]
    assert says in refused.value.fields[field]


def test_an_empty_form_names_every_required_field_at_once() -> None:
    for kind, required in (
        (SubmissionKind.DEMAND, 16),
        (SubmissionKind.ACHIEVEMENT, 17),
        (SubmissionKind.REGISTRATION, 14),
    ):
        with pytest.raises(InvalidInput) as refused:
            check(kind, {})
        assert len(refused.value.fields) == required


def test_a_league_or_banner_that_does_not_exist_is_refused(loaded: Database) -> None:
    for changes, field in (({"league": "159999"}, "league"), ({"banner": "150102"}, "banner")):
        with pytest.raises(InvalidInput) as refused:
            hand_in(loaded, demand(**changes))
        assert field in refused.value.fields


def test_twenty_senders_of_one_draft_get_one_row_and_one_receipt(loaded: Database) -> None:
    draft = token_hex(16)
    with ThreadPoolExecutor(20) as pool:
        receipts = {
            receipt.number
            for receipt in pool.map(
                lambda _: submissions.submit(loaded, SubmissionKind.DEMAND, draft, demand(), actor=VISITOR), range(20)
            )
        }
    assert len(receipts) == 1
    with loaded.read() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 1
        assert session.scalar(select(func.count()).where(AuditEntry.action == "submission.create")) == 1


def test_twenty_drafts_at_once_get_numbers_without_gap_or_twin(loaded: Database) -> None:
    with ThreadPoolExecutor(20) as pool:
        numbers = sorted(receipt.number for receipt in pool.map(lambda _: hand_in(loaded, demand()), range(20)))
    assert numbers == [f"XQ-{today_shanghai():%Y%m%d}-{n:04d}" for n in range(1, 21)]


def test_nothing_pending_is_public_and_the_contact_never_is(loaded: Database) -> None:
    receipt = hand_in(loaded, demand(title="独一无二的待审核需求"))
    found: Callable[[], int] = lambda: _hits(loaded, "独一无二")  # noqa: E731
    assert found() == 0
    number, version = submission_id(loaded, receipt.number)
    submissions.decide(loaded, number, Action.PUBLISH, "", version, actor=REVIEWER)
    assert found() == 1
    with loaded.read() as session:
        page = catalogue.search_demands(session, CatalogueQuery(q="独一无二"), actor=VISITOR)
        record = catalogue.read_demand(session, page.items[0].id, actor=VISITOR)
        public = repr(page) + repr({column.name: getattr(record, column.name) for column in record.__table__.columns})
        own = submissions.status(session, receipt.number, CANARY, actor=VISITOR)
        review = submissions.read(session, number, actor=REVIEWER)
        audited = repr([entry.detail for entry in session.scalars(select(AuditEntry))])
    for shown in (public, repr(own), repr(review), audited):
        assert CANARY not in shown and "canary@example.com" not in shown and "张三" not in shown
    assert record.origin == "submitted" and str(record.budget) == "1205000.00"


def _hits(database: Database, words: str) -> int:
    with database.read() as session:
        return catalogue.search_demands(session, CatalogueQuery(q=words), actor=VISITOR).total


def test_a_published_achievement_carries_its_public_fields(loaded: Database) -> None:
    receipt = hand_in(loaded, achievement(unit="内蒙古农业大学"), SubmissionKind.ACHIEVEMENT)
    number, version = submission_id(loaded, receipt.number)
    done = submissions.decide(loaded, number, Action.PUBLISH, "", version, actor=REVIEWER)
    with loaded.read() as session:
        record = catalogue.read_achievement(session, done.record_id or 0, actor=VISITOR)
    assert (record.trl, record.negotiable, record.price, record.year) == (6, True, None, 2025)
    assert record.organization is not None and record.organization.name == "内蒙古农业大学"


def test_a_published_registration_stands_in_its_event(loaded: Database) -> None:
    receipt = hand_in(loaded, registration(1), SubmissionKind.REGISTRATION)
    number, version = submission_id(loaded, receipt.number)
    submissions.decide(loaded, number, Action.PUBLISH, "", version, actor=REVIEWER)
    with loaded.read() as session:
        assert session.scalars(select(EventItem.title).where(EventItem.event_id == 1)).all() == [demand()["title"]]


def test_a_returned_submission_comes_back_under_its_number(loaded: Database) -> None:
    receipt = hand_in(loaded, demand())
    number, version = submission_id(loaded, receipt.number)
    with pytest.raises(InvalidInput):
        submissions.decide(loaded, number, Action.RETURN, " ", version, actor=REVIEWER)
    submissions.decide(loaded, number, Action.RETURN, "请补充年处理量。", version, actor=REVIEWER)
    with loaded.read() as session:
        own = submissions.status(session, receipt.number.lower(), "canary@example.com", actor=VISITOR)
    assert own.receipt.state is SubmissionState.RETURNED and own.receipt.comment == "请补充年处理量。"
    corrected = demand(indicators="年处理量 2 万吨")
    for _ in range(2):
        again = submissions.resubmit(loaded, receipt.number, CANARY, corrected, actor=VISITOR)
    assert (again.number, again.state) == (receipt.number, SubmissionState.PENDING)
    with pytest.raises(Conflict):
        submissions.resubmit(loaded, receipt.number, CANARY, demand(title="又换了一个题目"), actor=VISITOR)


def test_of_two_reviewers_exactly_one_decides(loaded: Database) -> None:
    number, version = submission_id(loaded, hand_in(loaded, demand()).number)

    def decide(action: Action) -> str:
        try:
            return submissions.decide(loaded, number, action, "理由充分", version, actor=REVIEWER).state.value
        except Conflict:
            return "told"

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(decide, (Action.PUBLISH, Action.DECLINE)))
    assert sorted(outcome == "told" for outcome in outcomes) == [False, True]


def test_a_wrong_number_and_a_wrong_contact_get_the_same_answer_and_guessing_ends(loaded: Database) -> None:
    receipt = hand_in(loaded, demand())
    sentences = set()
    with loaded.read() as session:
        for number, contact in ((receipt.number, "13900000000"), ("XQ-20200101-0001", CANARY)):
            with pytest.raises(NotFound) as missing:
                submissions.status(session, number, contact, actor=VISITOR)
            sentences.add(missing.value.message)
        for _ in range(9):
            with pytest.raises(NotFound):
                submissions.status(session, receipt.number, "13900000000", actor=VISITOR)
        with pytest.raises(Conflict):
            submissions.status(session, receipt.number, CANARY, actor=VISITOR)
    assert len(sentences) == 1


def test_only_a_reviewer_sees_the_queue_and_each_look_at_a_contact_is_noted(loaded: Database) -> None:
    number, version = submission_id(loaded, hand_in(loaded, demand()).number)
    with loaded.read() as session:
        for refused in (
            lambda: submissions.queue(session, SubmissionState.PENDING, actor=VISITOR),
            lambda: submissions.read(session, number, actor=VISITOR),
            lambda: submissions.view_contact(loaded, number, actor=VISITOR),
            lambda: submissions.decide(loaded, number, Action.PUBLISH, "", version, actor=VISITOR),
        ):
            with pytest.raises(AccessDenied):
                refused()
        assert submissions.queue(session, SubmissionState.PENDING, actor=REVIEWER).total == 1
    assert submissions.view_contact(loaded, number, actor=REVIEWER).phone == CANARY
    with loaded.read() as session:
        assert session.scalar(select(func.count()).where(AuditEntry.action == "contact.view")) == 1
