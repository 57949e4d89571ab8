"""Submissions: handed in once, numbered without gaps, public only after review, contact never."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from secrets import token_hex
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import now_utc, today_shanghai
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound
from lib.domain.submissions import Action
from lib.domain.vocabulary import SubmissionKind, SubmissionState
from lib.services import catalogue, drafts, reviews, submissions
from lib.services.catalogue import CatalogueQuery
from lib.services.forms import check
from lib.services.reviews import QueueQuery
from lib.store.engine import Database
from lib.store.models import AuditEntry, EventItem, Notice, Organization, SealedField, Submission
from tests.samples import (
    BAOTOU,
    CANARY,
    CHECKED,
    XILINGOL,
    achievement,
    demand,
    military,
    person,
    registration,
    upcoming,
)  # fmt: skip

REVIEWER = Actor(role=Role.OFFICIAL, account_id=None, name="审核员", scope="150000")
KEEPER = Actor(role=Role.ADMINISTRATOR, name="命令行")
TITLE = "独一无二的回收难题"


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
        ({"deadline": today_shanghai() - timedelta(days=1)}, "deadline", "已经过去"),
        ({"cooperation_mode": "合作开发、随便"}, "cooperation_mode", "从列表里选择"),
        ({"comparison": [{"indicator": "回收率", "existing": "82%"}]}, "comparison", "写明指标和希望达到的值"),
        ({"tried": "试" * 1001}, "tried", "多了 1 字"),
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


def _right(**changes: str) -> list[dict[str, str]]:
    return [{"kind": "发明专利", "number": "ZL202310000001.0", "state": "有效", "expires": "2043-01-05"} | changes]


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"value": "好" * 61}, "value", "多了 1 字"),
        ({"rights": []}, "rights", "至少写一项"),
        ({"rights": [{"kind": "", "number": ""}]}, "rights", "至少写一项"),
        ({"rights": _right(kind="")}, "rights", "第 1 行请选择形式"),
        ({"rights": _right(kind="专利")}, "rights", "第 1 行请选择形式"),
        ({"rights": [{}, *_right(state="不知道")]}, "rights", "第 2 行的状态请从列表里选择"),
        ({"rights": _right(expires="很久以后")}, "rights", "2035-06-30 的样子"),
        ({"rights": _right(expires="2043-13-05")}, "rights", "2035-06-30 的样子"),
        ({"rights": _right() * 11}, "rights", "最多 10 行"),
        ({"rights": _right(number="ZL\u202e1")}, "rights", "第 1 行有看不见的控制字符"),
        ({"rights": _right(number="9" * 101)}, "rights", "超过 100 字"),
        ({"shares": [{"holder": "甲", "share": "60"}, {"holder": "乙", "share": "39.99"}]}, "shares", "现在是 99.99%"),
        ({"shares": [{"holder": "甲", "share": "100"}, {"holder": "乙", "share": "100"}]}, "shares", "现在是 200%"),
        ({"shares": [{"holder": "甲", "share": "33.333"}]}, "shares", "最多两位小数"),
        ({"shares": [{"holder": "甲", "share": "NaN"}]}, "shares", "0 到 100 之间的数"),
        ({"shares": [{"holder": "甲", "share": "0"}]}, "shares", "0 到 100 之间的数"),
        ({"shares": [{"holder": "", "share": "100"}]}, "shares", "写明权利人"),
        ({"steps": [{"step": "熟化", "on": str(today_shanghai() + timedelta(days=1))}]}, "steps", "今天以后"),
        ({"steps": [{"step": "熟化", "on": "前年"}]}, "steps", "2025-06 或"),
        ({"steps": [{"step": "推广", "on": "2025"}]}, "steps", "请选择环节"),
        ({"steps": [{"step": "熟化", "on": "2024"}, {"step": "熟化", "on": "2025"}]}, "steps", "每个环节只写一行"),
        ({"comparison": [{"indicator": "回收率", "existing": "82%"}]}, "comparison", "写明指标和本成果的值"),
        ({"transfer_mode": "送给别人"}, "transfer_mode", "从列表里选择"),
        ({"transfer_mode": "许可他人使用、送给别人"}, "transfer_mode", "从列表里选择"),
        ({"transfer_mode": ""}, "transfer_mode", "请选择"),
        ({"pricing_mode": "抓阄"}, "pricing_mode", "从列表里选择"),
        ({"trl_judge": "专家"}, "trl_judge", "从列表里选择"),
        ({"trl_scheme": "自己的标准"}, "trl_scheme", "从列表里选择"),
        ({"public_good": "也许"}, "public_good", "从列表里选择"),
        ({"valid_until": today_shanghai() - timedelta(days=1)}, "valid_until", "已经过去"),
        ({"valid_until": "不是日期"}, "valid_until", "请重新选择"),
        ({"trl_evidence": "证" * 501}, "trl_evidence", "多了 1 字"),
    ],
)
def test_a_broken_rule_of_an_achievement_is_one_sentence_too(changes: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(SubmissionKind.ACHIEVEMENT, achievement(**changes))
    assert list(refused.value.fields) == [field]
    assert says in refused.value.fields[field]


def test_what_one_person_handed_in_before_is_found_again_by_nobody_else(loaded: Database) -> None:
    member, other = person(loaded, Role.MEMBER), person(loaded, Role.MEMBER)
    receipt = submissions.submit(loaded, SubmissionKind.DEMAND, token_hex(16), demand(title=TITLE), actor=member)

    def found(actor: Actor, **changes: str) -> str:
        asked = {"title": f" {TITLE}", "unit": demand()["unit"], **changes}
        with loaded.read() as session:
            twin = submissions.twin(session, SubmissionKind.DEMAND, asked["title"], asked["unit"], actor=actor)
        return twin.receipt.number if twin else ""

    assert found(member) == receipt.number
    assert [found(member, title="另一个题目"), found(member, unit="另一家单位")] == ["", ""]
    assert [found(other), found(VISITOR)] == ["", ""]
    record = publish(loaded, receipt.number).record_id or 0
    assert found(member) == receipt.number
    number, _ = submission_id(loaded, receipt.number)
    with loaded.read() as session:
        mine = submissions.published_as(session, SubmissionKind.DEMAND, [record], actor=member)
        theirs = submissions.published_as(session, SubmissionKind.DEMAND, [record], actor=other)
    assert (mine, theirs) == ({record: number}, {})
    submissions.withdraw(loaded, number, actor=member)
    assert found(member) == ""


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


def publish(database: Database, number: str, actor: Actor = REVIEWER) -> submissions.Receipt:
    submission, version = submission_id(database, number)
    return reviews.decide(database, submission, Action.PUBLISH, "", version, actor=actor, checklist=CHECKED)


def test_nothing_pending_is_public_and_the_contact_never_is(loaded: Database) -> None:
    receipt = hand_in(loaded, demand(title="独一无二的待审核需求"))
    assert _hits(loaded, "独一无二") == 0
    number, _ = submission_id(loaded, receipt.number)
    with pytest.raises(InvalidInput) as unchecked:
        reviews.decide(loaded, number, Action.PUBLISH, "", 1, actor=REVIEWER, checklist={"ownership": True})
    assert "涉密自查；联系方式" in unchecked.value.fields["checklist"]
    publish(loaded, receipt.number)
    assert _hits(loaded, "独一无二") == 1
    own = submissions.status(loaded, receipt.number, CANARY, actor=VISITOR)
    with loaded.read() as session:
        page = catalogue.search_demands(session, CatalogueQuery(q="独一无二"), actor=VISITOR)
        record = catalogue.read_demand(session, page.items[0].id, actor=VISITOR)
        public = repr(page) + repr({column.name: getattr(record, column.name) for column in record.__table__.columns})
        review = reviews.read(session, number, actor=REVIEWER)
        audited = repr([entry.detail for entry in session.scalars(select(AuditEntry))])
    for shown in (public, repr(own), repr(review), audited):
        assert CANARY not in shown and "canary@example.com" not in shown and "张三" not in shown
    assert record.origin == "submitted" and str(record.budget) == "1205000.00"


def _hits(database: Database, words: str) -> int:
    with database.read() as session:
        return catalogue.search_demands(session, CatalogueQuery(q=words), actor=VISITOR).total


def test_what_its_owner_closes_stands_in_no_public_column(loaded: Database) -> None:
    values = achievement(
        unit="内蒙古农业大学", price="88", floor_price="66", formula="独门配方",
        rights=[{"kind": "发明专利", "number": "ZL999"}],
        levels={"price": "signed_in", "ip": "granted", "formula": "public", "title": "granted"},
    )  # fmt: skip
    done = publish(loaded, hand_in(loaded, values, SubmissionKind.ACHIEVEMENT).number)
    with loaded.read() as session:
        record = catalogue.read_achievement(session, done.record_id or 0, actor=VISITOR)
        rows = session.scalars(select(SealedField).options(undefer(SealedField.value)))
        sealed = {field.name: (field.level, field.value) for field in rows}
        submission = session.scalars(select(Submission)).one()
    assert (record.trl, record.negotiable, record.price, record.ip) == (6, False, None, "发明专利")
    assert record.organization is not None and record.organization.name == "内蒙古农业大学"
    assert sealed == {
        "contact": ("granted", f"张三，{CANARY}，canary@example.com"),
        "price": ("signed_in", "88.00 万元"),
        "floor_price": ("granted", "66.00 万元"),
        "ip": ("granted", "发明专利 ZL999"),
        "formula": ("granted", "独门配方"),
    }
    assert {"formula", "floor_price"}.isdisjoint(submission.content) and submission.content["price"]
    assert "ZL999" not in str(submission.content) + str(record.rights)
    assert _found(loaded, "ZL999") == ()
    renewed = achievement(title="公开编号的成果", rights=[{"kind": "发明专利", "number": "ZL 2024 1 0000007.X"}])
    publish(loaded, hand_in(loaded, renewed, SubmissionKind.ACHIEVEMENT).number)
    assert _found(loaded, "ZL 2024 1 0000007.x") == ("公开编号的成果",)


def _found(database: Database, words: str) -> tuple[str, ...]:
    with database.read() as session:
        page = catalogue.search_achievements(session, CatalogueQuery(q=words), actor=VISITOR)
    return tuple(card.title for card in page.items)


def test_a_published_registration_stands_in_its_event(loaded: Database) -> None:
    upcoming(loaded, 1)
    publish(loaded, hand_in(loaded, registration(1), SubmissionKind.REGISTRATION).number)
    with loaded.read() as session:
        assert session.scalars(select(EventItem.title).where(EventItem.event_id == 1)).all() == [demand()["title"]]


def test_what_investors_ask_is_kept_apart_and_a_video_is_an_address(loaded: Database) -> None:
    upcoming(loaded, 1)
    told = {
        "advantage": "比焚烧省一半能耗",
        "forecast": "三年后收入一千万元",
        "video_url": "https://v.example.cn/1.mp4",
    }
    publish(loaded, hand_in(loaded, registration(1, **told), SubmissionKind.REGISTRATION).number)
    with loaded.read() as session:
        sealed = set(session.scalars(select(SealedField.name)))
        item = session.scalars(select(EventItem).where(EventItem.event_id == 1)).one()
        shown = repr({column: getattr(item, column) for column in EventItem.__table__.columns.keys()})  # noqa: SIM118
    assert {"advantage", "forecast"} <= sealed and not any(value in shown for value in told.values())
    for address in ("http://v.example.cn/1.mp4", "javascript:alert(1)", "v.example.cn"):
        with pytest.raises(InvalidInput) as refused:
            check(SubmissionKind.REGISTRATION, registration(1, video_url=address))
        assert refused.value.fields == {"video_url": "「视频地址」请写以 https:// 开头的完整网址；没有可以留空。"}


@pytest.mark.parametrize("answer", ["不确定", "是", "", None])
@pytest.mark.parametrize("question", ["secret_content", "secret_patent", "secret_review"])
def test_doubt_about_a_secret_stops_the_military_form(question: str, answer: str | None) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(SubmissionKind.MILITARY, military(**{question: answer}))
    assert list(refused.value.fields) == [question]


def test_the_military_form_takes_no_prose_and_publishes_closed_answers(loaded: Database) -> None:
    values = military(title="自由文字甲", description="自由文字乙", keywords="自由文字丙", indicators="自由文字丁")
    done = publish(loaded, hand_in(loaded, values, SubmissionKind.MILITARY).number)
    with loaded.read() as session:
        record = catalogue.read_demand(session, done.record_id or 0, actor=VISITOR)
        kept = repr(session.scalars(select(Submission.content)).all())
    assert record.title == "军民对接（军转民）：环境保护与资源综合利用领域，合作开发" and record.description == ""
    assert "自由文字" not in kept


def test_a_returned_submission_comes_back_under_its_number_with_what_changed(loaded: Database) -> None:
    receipt = hand_in(loaded, demand())
    number, version = submission_id(loaded, receipt.number)
    with pytest.raises(InvalidInput):
        reviews.decide(loaded, number, Action.RETURN, " ", version, actor=REVIEWER)
    beside = {"indicators": "请写明年处理量。"}
    reviews.decide(loaded, number, Action.RETURN, "请补充。", version, actor=REVIEWER, field_comments=beside)
    own = submissions.status(loaded, receipt.number.lower(), "canary@example.com", actor=VISITOR)
    assert (own.receipt.state, own.receipt.comment) == (SubmissionState.RETURNED, "请补充。")
    assert own.receipt.field_comments == beside
    corrected = demand(indicators="年处理量 2 万吨")
    for _ in range(2):
        again = submissions.resubmit(loaded, receipt.number, CANARY, corrected, actor=VISITOR)
    assert (again.number, again.state) == (receipt.number, SubmissionState.PENDING)
    with loaded.read() as session:
        review = reviews.read(session, number, actor=REVIEWER)
    assert review.changes == {"indicators": (demand()["indicators"], "年处理量 2 万吨")}
    with pytest.raises(Conflict):
        submissions.resubmit(loaded, receipt.number, CANARY, demand(title="又换了一个题目"), actor=VISITOR)


def test_a_revision_waits_while_the_old_record_stays_public_then_takes_its_place(loaded: Database) -> None:
    member = person(loaded, Role.MEMBER)
    first = submissions.submit(loaded, SubmissionKind.DEMAND, token_hex(16), demand(title=TITLE), actor=member)
    record_id = publish(loaded, first.number).record_id
    old, _ = submission_id(loaded, first.number)
    revise = lambda: submissions.submit(  # noqa: E731
        loaded, SubmissionKind.DEMAND, token_hex(16), demand(title="修订后的新题目"), actor=member, revises_id=old
    )
    second = revise()
    with pytest.raises(Conflict):
        revise()
    assert (_hits(loaded, "修订后的新题目"), _hits(loaded, TITLE)) == (0, 1)
    assert publish(loaded, second.number).record_id == record_id
    assert (_hits(loaded, "修订后的新题目"), _hits(loaded, TITLE)) == (1, 0)
    with loaded.read() as session:
        states = dict(session.execute(select(Submission.receipt, Submission.state)).all())
    assert states == {first.number: "archived", second.number: "published"}


def test_what_is_withdrawn_or_expired_leaves_every_list_and_comes_back_under_its_address(loaded: Database) -> None:
    member = person(loaded, Role.MEMBER)
    receipt = submissions.submit(loaded, SubmissionKind.DEMAND, token_hex(16), demand(title=TITLE), actor=member)
    record_id = publish(loaded, receipt.number).record_id
    number, _ = submission_id(loaded, receipt.number)
    with loaded.write() as session:
        session.get_one(Submission, number).valid_until = today_shanghai() - timedelta(days=1)
    assert [submissions.expire(loaded, actor=KEEPER) for _ in range(2)] == [1, 0]
    assert _hits(loaded, TITLE) == 0
    other = publish(loaded, hand_in(loaded, demand(title="别人的另一条需求")).number)
    assert other.record_id != record_id
    with pytest.raises(InvalidInput):
        submissions.renew(loaded, number, today_shanghai(), actor=member)
    renewed = submissions.renew(loaded, number, today_shanghai() + timedelta(days=30), actor=member)
    assert (renewed.record_id, _hits(loaded, TITLE)) == (record_id, 1)
    with pytest.raises(NotFound):
        submissions.withdraw(loaded, number, actor=person(loaded, Role.MEMBER))
    for _ in range(2):
        assert submissions.withdraw(loaded, number, actor=member).state is SubmissionState.WITHDRAWN
    assert _hits(loaded, TITLE) == 0
    with loaded.read() as session:
        told = session.scalars(select(Notice.title).where(Notice.account_id == member.account_id)).all()
    assert [title.split()[1] for title in told] == ["已公开发布", "已到期"]


def test_nobody_reviews_what_is_theirs_nor_what_lies_elsewhere(loaded: Database) -> None:
    with loaded.read() as session:
        ours = session.scalars(select(Organization.id)).first()
    own = person(loaded, Role.OFFICIAL, scope=XILINGOL)
    colleague = person(loaded, Role.OFFICIAL, scope=XILINGOL, organization_id=ours)
    member = person(loaded, Role.MEMBER, organization_id=ours)
    mine = submissions.submit(loaded, SubmissionKind.DEMAND, token_hex(16), demand(), actor=own)
    theirs = submissions.submit(loaded, SubmissionKind.DEMAND, token_hex(16), demand(), actor=member)
    for number, actor, why in (
        (mine.number, own, AccessDenied),
        (theirs.number, colleague, AccessDenied),
        (mine.number, person(loaded, Role.OFFICIAL, scope=BAOTOU), NotFound),
        (mine.number, person(loaded, Role.OFFICIAL, scope="152501"), NotFound),
        (mine.number, person(loaded, Role.ORGANIZER, events=frozenset({1})), NotFound),
    ):
        with pytest.raises(why):
            publish(loaded, number, actor)
    assert publish(loaded, theirs.number, own).state is SubmissionState.PUBLISHED
    assert publish(loaded, mine.number, colleague).state is SubmissionState.PUBLISHED


def test_a_review_can_be_assigned_only_to_who_may_do_it(loaded: Database) -> None:
    chief, clerk = person(loaded, Role.OFFICIAL, scope="150000"), person(loaded, Role.OFFICIAL, scope=XILINGOL)
    stranger = person(loaded, Role.OFFICIAL, scope=BAOTOU)
    number, _ = submission_id(loaded, hand_in(loaded, demand()).number)
    with loaded.read() as session:
        able = {found.id for found in reviews.reviewers(session, number, actor=chief)}
    assert able >= {chief.account_id, clerk.account_id} and stranger.account_id not in able
    with pytest.raises(InvalidInput):
        reviews.assign(loaded, number, stranger.account_id, actor=chief)
    reviews.assign(loaded, number, clerk.account_id, actor=chief)
    with loaded.write() as session:
        session.get_one(Submission, number).due_at = now_utc() - timedelta(days=1)
    with loaded.read() as session:
        late = reviews.queue(session, QueueQuery(mine=True, overdue=True), actor=clerk)
    assert (late.total, late.overdue, late.mine, late.items[0].assignee) == (1, 1, 1, clerk.name)


def test_a_draft_is_kept_for_its_browser_or_account_and_for_nobody_else(loaded: Database) -> None:
    member, draft = person(loaded, Role.MEMBER), token_hex(16)
    typed = {"title": "半句话", "valid_from": today_shanghai(), "truthful": True, "levels": {"budget": "granted"}}
    kept = {"title": "半句话", "valid_from": today_shanghai(), "levels": {"budget": "granted"}}
    read = lambda actor, browser="": _draft(loaded, draft, actor, browser)  # noqa: E731
    drafts.save(loaded, draft, SubmissionKind.DEMAND, typed, actor=VISITOR, browser="one")
    assert [read(VISITOR, "one"), read(VISITOR, "two"), read(VISITOR), read(member)] == [kept, {}, {}, {}]
    with pytest.raises(NotFound):
        drafts.save(loaded, draft, SubmissionKind.DEMAND, typed, actor=VISITOR, browser="two")
    drafts.save(loaded, draft, SubmissionKind.DEMAND, typed, actor=member, browser="one")
    assert [read(member), read(VISITOR, "one")] == [kept, {}]
    submissions.submit(loaded, SubmissionKind.DEMAND, draft, demand(), actor=member)
    assert read(member) == {}


def _draft(database: Database, draft: str, actor: Actor, browser: str) -> Any:
    with database.read() as session:
        return drafts.load(session, draft, actor=actor, browser=browser)


def test_r17_of_two_reviewers_exactly_one_decides_and_the_other_is_told(loaded: Database) -> None:
    """R17: interleavings of a publication and a refusal of one submission."""
    rounds = 20
    outcomes: list[list[str]] = []
    with ThreadPoolExecutor(2) as pool:
        for _ in range(rounds):
            number, version = submission_id(loaded, hand_in(loaded, demand()).number)
            barrier = Barrier(2)

            def decide(action: Action, number: int = number, version: int = version, start: Barrier = barrier) -> str:
                start.wait()
                try:
                    done = reviews.decide(
                        loaded, number, action, "理由充分", version, actor=REVIEWER, checklist=CHECKED
                    )
                    return done.state.value
                except Conflict:
                    return "told"

            outcomes.append(list(pool.map(decide, (Action.PUBLISH, Action.DECLINE))))
    print(f"R17: {rounds} interleavings, {sum(o.count('told') for o in outcomes)} told, 0 overwritten")
    assert all(o.count("told") == 1 for o in outcomes)


def test_a_wrong_number_and_a_wrong_contact_get_the_same_answer_and_guessing_ends(loaded: Database) -> None:
    receipt = hand_in(loaded, demand())
    sentences = set()
    for number, contact in ((receipt.number, "13900000000"), ("XQ-20200101-0001", CANARY)):
        with pytest.raises(NotFound) as missing:
            submissions.status(loaded, number, contact, actor=VISITOR)
        sentences.add(missing.value.message)
    for _ in range(9):
        with pytest.raises(NotFound):
            submissions.status(loaded, receipt.number, "13900000000", actor=VISITOR)
    with pytest.raises(Conflict):
        submissions.status(loaded, receipt.number, CANARY, actor=VISITOR)
    assert len(sentences) == 1


def test_each_look_at_a_contact_is_noted(loaded: Database) -> None:
    number, _ = submission_id(loaded, hand_in(loaded, demand()).number)
    with pytest.raises(AccessDenied):
        reviews.view_confidential(loaded, number, actor=VISITOR)
    assert reviews.view_confidential(loaded, number, actor=REVIEWER).phone == CANARY
    with loaded.read() as session:
        assert session.scalar(select(func.count()).where(AuditEntry.action == "contact.view")) == 1
