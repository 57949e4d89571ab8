"""对接跟进 on the page: the list as it is narrowed and as a file, and a follow-up that goes to somebody else."""

from collections.abc import Callable
from secrets import token_hex

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import today_shanghai
from lib.domain.vocabulary import ThreadState
from lib.services import demo, followups, responses
from lib.services.demo import Volume
from lib.store.engine import Database
from lib.store.models import Event, EventItem, Interest, Thread
from tests.pages.conftest import open_page
from tests.samples import CANARY, person

KEEPER = Actor(role=Role.ADMINISTRATOR, name="测试")
CHIFENG = "150400"
SignIn = Callable[..., Actor]


@pytest.fixture
def interest(app_database: Database) -> int:
    """An intention with a telephone number, about an item of the demonstration roadshow that comes, in 赤峰."""
    demo.create(app_database, Volume(roadshows=True), actor=KEEPER)
    with app_database.read() as session:
        event = session.scalars(select(Event.id).where(Event.origin == "demo").order_by(Event.starts_at.desc())).first()
        item = session.scalars(
            select(EventItem.id).where(EventItem.event_id == event, EventItem.achievement_id.is_not(None))
        ).first()
    told = {"id": token_hex(16), "item": item, "name": "张三", "phone": CANARY, "consent": "1"}
    responses.keep(app_database, event or 0, "intention", told, device="d" * 64, actor=VISITOR)
    with app_database.read() as session:
        return session.scalars(select(Interest.id).where(Interest.event_id == event)).one()


def html(at: AppTest) -> str:
    assert [e.value for e in at.exception] == []
    return "\n".join(e.proto.body for e in at.get("html"))


def owner(database: Database, interest: int) -> int | None:
    with database.read() as session:
        return session.scalar(select(Thread.owner_id).where(Thread.interest_id == interest))


def test_an_intention_is_given_to_somebody_else_who_reads_it_among_the_notices(
    app_database: Database, sign_in: SignIn, interest: int
) -> None:
    heir = person(app_database, Role.OFFICIAL, scope=CHIFENG, name="接手的人")
    person(app_database, Role.OFFICIAL, scope="150200", name="管不着的人")
    sign_in(Role.OFFICIAL, scope=CHIFENG, name="转交的人")
    at = open_page("followups", {"id": str(interest)})
    assert "请选择转给谁" in html(at.button(key="lead-hand").click().run())
    box = at.selectbox(key="lead-heir")
    assert any("接手的人（主管部门）" in option for option in box.options)
    assert not any("管不着的人" in option for option in box.options)
    box.set_value(heir.account_id).run()
    at.button(key="lead-hand").click().run()
    assert [sentence.value for sentence in at.success] == ["已转交，对方会收到通知。"]
    assert owner(app_database, interest) == heir.account_id
    assert "接手的人" in html(at)
    assert CANARY not in html(at)


def test_what_somebody_else_changed_meanwhile_is_not_handed_over(
    app_database: Database, sign_in: SignIn, interest: int
) -> None:
    first = person(app_database, Role.OFFICIAL, scope=CHIFENG, name="先接手的人")
    second = person(app_database, Role.OFFICIAL, scope=CHIFENG, name="后接手的人")
    sign_in(Role.OFFICIAL, scope=CHIFENG)
    at = open_page("followups", {"id": str(interest)})
    followups.take(app_database, interest, None, actor=first)
    at.selectbox(key="lead-heir").set_value(second.account_id)
    at.button(key="lead-hand").click().run()
    assert "刚刚被别人改过" in " ".join(box.value for box in at.warning)
    assert owner(app_database, interest) == first.account_id


def test_the_list_is_narrowed_in_the_address_and_the_file_is_asked_for_the_same(
    app_database: Database, sign_in: SignIn, interest: int
) -> None:
    actor = sign_in(Role.OFFICIAL, scope=CHIFENG, name="主办人甲")
    followups.take(app_database, interest, today_shanghai(), actor=actor)
    whole = open_page("followups")
    assert 'href="/download/followups.xlsx"' in html(whole)
    whole.selectbox(key="lead-owner").set_value(str(actor.account_id)).run()
    assert whole.query_params["owner"] == str(actor.account_id)
    whole.selectbox(key="lead-due").set_value("soon").run()
    drawn = html(whole)
    assert f"/download/followups.xlsx?owner={actor.account_id}&amp;due=soon" in drawn
    assert drawn.count(f'href="/followups?id={interest}"') == 2, "among the reminders and in the list, and nothing else"
    assert drawn.count('href="/followups?id=') == 2
    narrowed = open_page("followups", {"owner": str(actor.account_id), "due": "overdue"})
    assert "没有符合条件的意向" in html(narrowed)
    assert "下载" not in html(narrowed)


def test_a_step_that_was_noted_leaves_the_form_blank_and_one_that_was_refused_as_it_was(
    app_database: Database, sign_in: SignIn, interest: int
) -> None:
    actor = sign_in(Role.OFFICIAL, scope=CHIFENG)
    thread = followups.take(app_database, interest, None, actor=actor)
    at = open_page("followups", {"id": str(interest)})
    at.selectbox(key=f"lead-{thread}-state").set_value(ThreadState.CONTACTED)
    at.text_area(key=f"lead-{thread}-note").set_value("打过电话").run()
    at.button(key="lead-step").click().run()
    assert "打过电话" in html(at)
    assert at.text_area(key=f"lead-{thread}-note").value == ""
    at.selectbox(key=f"lead-{thread}-state").set_value(ThreadState.SIGNED).run()
    at.text_input(key=f"lead-{thread}-amount").set_value("许多")
    at.button(key="lead-step").click().run()
    assert "「合同金额」请填" in html(at)
    assert at.text_input(key=f"lead-{thread}-amount").value == "许多"
    at.text_input(key=f"lead-{thread}-amount").set_value("12")
    at.date_input(key=f"lead-{thread}-signed_on").set_value(today_shanghai())
    at.button(key="lead-step").click().run()
    assert "已签约，跟进结束" in " ".join(box.value for box in at.success)
    with app_database.read() as session:
        other = session.scalars(select(Thread).where(Thread.state == "contacted")).first()
    assert other is not None
    at.query_params["id"] = str(other.interest_id)
    at.run()
    assert html(at), "another one opens as it is"
    assert at.selectbox(key=f"lead-{other.id}-state").value == ThreadState.CONTACTED
