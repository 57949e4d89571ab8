"""The record pages in each of their states: whole, bare, partly closed, running out, run out."""

from datetime import timedelta
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import select, update

from lib.domain.dates import today_shanghai
from lib.domain.submissions import Action
from lib.domain.vocabulary import FieldLevel, SubmissionKind
from lib.services import attachments, grants, reviews, submissions
from lib.store.engine import Database
from lib.store.models import AccessRequest, Achievement, Event, EventItem, Submission
from tests.conftest import LOADER
from tests.pages.conftest import open_page
from tests.pages.test_access import Become, become, button
from tests.pages.test_network import html
from tests.samples import CHECKED, registration, upcoming, whole_achievement, whole_demand
from tests.services.test_disclosure import REASON, People, publish

__all__ = ["become"]
KIND = SubmissionKind.ACHIEVEMENT
NUMBER = "ZL202310000001.0"


@pytest.fixture
def people(app_database: Database) -> People:
    """The owner and others."""
    return People(app_database)


def shown(number: int, page: str = "achievements") -> str:
    """What the page of a record says, without its marks of style."""
    at = open_page(page, {"id": str(number)})
    assert not at.exception
    return html(at)


def links(number: int, page: str = "achievements") -> list[tuple[str, str]]:
    """Labels and addresses of the page's own links."""
    at = open_page(page, {"id": str(number)})
    return [(link.proto.label, link.proto.query_string) for link in at.get("page_link")]


def test_a_whole_record_tells_everything(app_database: Database, people: People, become: Become) -> None:
    number = publish(app_database, KIND, whole_achievement(), people.owner)
    with app_database.read() as session:
        event = session.scalars(select(Event).order_by(Event.id).limit(1)).one()
    upcoming(app_database, event.id)
    publish(app_database, SubmissionKind.REGISTRATION, registration(event.id, achievement_id=number), people.owner)
    become(None)
    told = shown(number)
    values = whole_achievement()
    for words in (
        values["value"], values["problem"], values["application"], values["indicators"], values["trl_evidence"], NUMBER,
        "第三方", "GB/T 22900-2022", "真实环境下的系统演示", "（已到期）", "（12 个月内到期）", "无编号", "协议定价",
        "320.00 万元", "2024-09 建成中试线", "不是公益性成果", event.title, f"/roadshows?id={event.id}",
        "可能用得上它的需求",
        f"/print/achievements/{number}", f"/download/achievements/{number}.docx", "审核发布", "各项都已写明",
    ):  # fmt: skip
        assert words in told, words
    assert "width:83.3%" in told and "width:70.0%" in told, "80 of 96, 1,050 of 1,500"
    assert told.count("bj-after") == 2, "two of four lines hold plain numbers of one unit"
    assert "flex-grow:33.33" in told and "33.33%" in told
    assert "已填 24 / 24 项" in told
    assert ("我有意向", "kind=demand") in [(label, query.split("&")[0]) for label, query in links(number)]


def test_a_bare_fact_is_no_wall_of_blanks(app_database: Database, become: Become) -> None:
    become(None)
    with app_database.read() as session:
        number = session.scalar(select(Achievement.id).where(Achievement.award.contains("一等奖")).limit(1)) or 0
    told = shown(number)
    for absent in (
        "知识产权</h2>",
        "权益份额</h2>",
        "成熟度证据</h2>",
        "对比基准</h2>",
        "合作方式与价格",
        "成果说明",
        "第一完成人</dt>",
    ):
        assert absent not in told, absent
    assert "来源没有写明：" in told and "一句话价值" in told and "来源与更新记录" in told
    assert "相关成果" in told and "成熟度未披露" in told


def test_numbers_that_are_not_public_are_opened_by_whom_the_owner_lets(
    app_database: Database, people: People, become: Become
) -> None:
    levels = {"ip": "granted", "indicators": "signed_in"}
    number = publish(app_database, KIND, whole_achievement(levels=levels), people.owner)
    for actor in (None, people.other):
        become(actor)
        told = shown(number)
        assert NUMBER not in told and "发明专利" in told and "授权可见" in told and "2043-01-05" in told
        assert "登录可见，见「需要授权的内容」" in told
    become(people.asker)
    request = grants.request_access(app_database, "a" * 32, "achievement", number, REASON, actor=people.asker)
    with app_database.read() as session:
        seen = session.get_one(AccessRequest, request).version
    grants.decide(app_database, request, True, 30, "", seen, actor=people.owner)
    at = open_page("achievements", {"id": str(number)})
    assert NUMBER not in html(at)
    assert NUMBER in html(button(at, "查看"))


def test_files_are_listed_for_whom_they_are_open(app_database: Database, people: People, become: Become) -> None:
    draft = token_hex(16)
    for level, name in ((FieldLevel.PUBLIC, "检测报告.txt"), (FieldLevel.GRANTED, "配方说明.txt")):
        attachments.add(app_database, KIND, draft, name, name.encode(), level, actor=people.owner)
    submissions.submit(app_database, KIND, draft, whole_achievement(), actor=people.owner)
    with app_database.read() as session:
        found = session.scalars(select(Submission).where(Submission.draft_id == draft)).one()
    done = reviews.decide(
        app_database, found.id, Action.PUBLISH, "", found.version, actor=people.administrator, checklist=CHECKED
    )
    become(None)
    at = open_page("achievements", {"id": str(done.record_id)})
    assert "附件</h2>" in html(at) and "检测报告.txt" in html(at) and "配方说明" not in html(at)
    assert "另有 1 个附件没有对您开放。" in [caption.value for caption in at.caption]
    become(people.owner)
    assert "配方说明.txt" in shown(done.record_id or 0)


def test_a_record_that_runs_out_says_so_and_leads_its_owner_to_renewal(
    app_database: Database, people: People, become: Become
) -> None:
    soon = today_shanghai() + timedelta(days=9)
    number = publish(app_database, KIND, whole_achievement(valid_until=soon, tried=""), people.owner)
    become(people.other)
    assert "还有 9 天" in shown(number)
    assert not {"在「我的」里办理", "补充或修改"} & {label for label, _ in links(number)}
    become(people.owner)
    assert {"在「我的」里办理", "补充或修改"} < {label for label, _ in links(number)}
    over = today_shanghai() - timedelta(days=1)
    with app_database.write() as session:
        session.execute(update(Achievement).where(Achievement.id == number).values(valid_until=over))
        session.execute(update(Submission).where(Submission.record_id == number).values(valid_until=over))
    assert "已经过期" in shown(number)
    submissions.expire(app_database, actor=LOADER)
    assert f"有效期到 {over} 为止，已从目录撤下" in shown(number)
    assert "在「我的」里续期" in {label for label, _ in links(number)}
    become(None)
    assert "已从目录撤下" in shown(number)
    assert "在「我的」里续期" not in {label for label, _ in links(number)}


def test_a_demand_mirrors_it(app_database: Database, people: People, become: Become) -> None:
    number = publish(app_database, SubmissionKind.DEMAND, whole_demand(), people.owner)
    become(None)
    told = shown(number, "demands")
    values = whole_demand()
    for words in (
        values["tried"], values["acceptance"], values["indicators"], "量化指标", "120.50 万元", str(values["deadline"]),
        "委托开发、合作开发、技术入股", "已填 15 / 15 项", "还有 20 天", f"/print/demands/{number}",
        "库里可能用得上的成果",
    ):  # fmt: skip
        assert words in told, words
    assert ("我能解决", "kind=achievement") in [
        (label, query.split("&")[0]) for label, query in links(number, "demands")
    ]


def test_a_registration_names_an_achievement_of_ones_own(
    app_database: Database, people: People, become: Become
) -> None:
    number = publish(app_database, KIND, whole_achievement(), people.owner)
    with app_database.read() as session:
        event = session.scalar(select(Event.id).limit(1)) or 0
    upcoming(app_database, event)

    def asked(actor: Any) -> list[Any]:
        become(actor)
        at = open_page("submit", {"kind": "registration", "event": str(event)})
        assert not at.exception
        return [box for box in at.selectbox if box.label.startswith("展示库里的成果")]

    assert asked(None) == []
    (box,) = asked(people.colleague)
    assert box.value is None and len(box.options) >= 1
    box.set_value(number).run()
    assert not asked(people.asker) or number not in asked(people.asker)[0].options
    publish(app_database, SubmissionKind.REGISTRATION, registration(event, achievement_id=number), people.owner)
    with app_database.read() as session:
        assert session.scalar(select(EventItem.achievement_id)) == number
    with app_database.read() as session:
        entry = session.scalars(select(Submission.id).where(Submission.kind == "registration")).one()
    become(people.owner)
    assert f"/achievements?id={number}" in html(open_page("mine", {"id": str(entry)}))
    become(people.administrator)
    assert f"/achievements?id={number}" in html(open_page("review", {"id": str(entry)}))
    become(None)
    assert f"/achievements?id={number}" in html(open_page("roadshows", {"id": str(event)}))


def test_an_intention_is_left_on_a_record_and_reaches_its_owner(
    app_database: Database, people: People, become: Become, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form says what is wrong; the owner finds what was left among the follow-ups, masked."""
    from lib.ui import guard

    number = publish(app_database, KIND, whole_achievement(), people.owner)
    become(None)
    monkeypatch.setattr(guard, "browser", lambda: "d" * 64)
    at = open_page("achievements", {"id": str(number)})
    name = f"intent-achievement-{number}"
    at.button(key=name).click().run()
    at.text_input(key=f"{name}-phone").set_value("13912345678")
    at.button(key=f"{name}-send").click().run()
    assert not at.exception
    at.button(key=name).click().run()  # a whole run closes the drawer; in a browser it stays (tests/e2e/test_follow.py)
    assert "勾选同意" in " ".join(block.proto.body for block in at.get("html"))
    at.text_input(key=f"{name}-phone").set_value("13912345678")
    at.text_input(key=f"{name}-name").set_value("张三")
    at.checkbox(key=f"{name}-consent").check()
    at.button(key=f"{name}-send").click().run()
    assert "意向已收到" in at.success[0].value
    become(people.owner)
    told = " ".join(block.proto.body for block in open_page("followups").get("html"))
    assert "张＊ 139****5678" in told
    assert "13912345678" not in told
