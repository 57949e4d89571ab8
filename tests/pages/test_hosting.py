"""办活动 on the page: an event is written, its programme built and published, and nothing typed is lost on the way."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from lib.domain.access import Actor, Role
from lib.domain.vocabulary import EventState, ItemKind
from lib.services import hosting, programme
from lib.store.engine import Database
from lib.store.models import Achievement, Division, Event, EventItem, ProgrammeVersion
from tests.pages.conftest import open_page
from tests.samples import XILINGOL, person, roadshow

DRAFT = "d" * 32
NAME = "我刚刚写的活动名称"
SignIn = Callable[..., Actor]
Scene = tuple[Actor, int, list[int]]


@pytest.fixture
def scene(app_database: Database, sign_in: SignIn) -> Scene:
    """An official, a draft event of theirs with three achievements on its programme."""
    actor = sign_in(Role.OFFICIAL)
    event = hosting.create(app_database, DRAFT, roadshow(), actor=actor)
    items = []
    with app_database.read() as session:
        records = list(session.scalars(select(Achievement.id).limit(3)))
    for record in records:
        with app_database.read() as session:
            stamp = programme.draft(session, event, actor=actor).stamp
        items.append(programme.add_record(app_database, event, ItemKind.ACHIEVEMENT, record, stamp, actor=actor))
    return actor, event, items


def html(at: AppTest) -> str:
    assert [e.value for e in at.exception] == []
    return "\n".join(e.proto.body for e in at.get("html"))


def told(at: AppTest) -> str:
    return " ".join(box.value for box in (*at.success, *at.warning, *at.error))


def version(database: Database, event: int) -> int:
    with database.read() as session:
        return session.get_one(Event, event).version


def kept(database: Database, item: int) -> tuple[int | None, int]:
    with database.read() as session:
        found = session.get_one(EventItem, item)
        return found.minutes, found.position


def cell(at: AppTest, item: int, name: str) -> str:
    """The key of a cell of a line."""
    every = [*at.number_input, *at.text_input]
    return next(key for key in (widget.key or "" for widget in every) if key.startswith(f"item-{item}-{name}"))


def form(at: AppTest, field: str) -> str:
    """The key of an answer of the form."""
    keys = (widget.key or "" for widget in at.text_input)
    return next(key for key in keys if key.startswith("event-") and key.endswith(f"-{field}"))


def save(at: AppTest) -> AppTest:
    return next(b for b in at.button if b.label.startswith("保存")).click().run()


def open_programme(event: int) -> AppTest:
    return open_page("hosting", {"id": str(event), "view": "programme"})


def test_a_programme_is_built_by_buttons_and_published(app_database: Database, scene: Scene) -> None:
    _, event, (first, second, third) = scene
    at = open_programme(event)
    at.text_input(key="talk-title").set_value("政策解读")
    at.button(key="add-talk").click().run()
    assert "政策解读" in html(at)
    at.button(key=f"up-{third}").click().run()
    at.button(key=f"off-{first}").click().run()
    at.button(key="programme-publish").click().run()
    assert "议程第 1 版已公布" in told(at)
    with app_database.read() as session:
        content = session.scalars(select(ProgrammeVersion.content)).one()
    assert [line["item"] for line in content][:2] == [third, second]
    assert content[2]["title"] == "政策解读"


def test_a_cell_left_by_a_click_on_a_button_keeps_both(app_database: Database, scene: Scene) -> None:
    _, event, (first, *_) = scene
    at = open_programme(event)
    at.number_input(key=cell(at, first, "minutes")).set_value(25)
    at.button(key=f"down-{first}").click().run()
    assert kept(app_database, first) == (25, 1)
    assert "别人改过" not in told(at)


def test_two_cells_of_one_run_are_both_kept(app_database: Database, scene: Scene) -> None:
    _, event, (first, second, _) = scene
    at = open_programme(event)
    at.number_input(key=cell(at, first, "minutes")).set_value(25)
    at.number_input(key=cell(at, second, "minutes")).set_value(26)
    at.run()
    assert (kept(app_database, first)[0], kept(app_database, second)[0]) == (25, 26)


def test_what_somebody_else_changed_is_not_overwritten(app_database: Database, scene: Scene) -> None:
    actor, event, (first, second, _) = scene
    at = open_programme(event)
    with app_database.read() as session:
        stamp = programme.draft(session, event, actor=actor).stamp
    programme.edit(app_database, event, second, {"minutes": 40}, stamp, actor=actor)
    at.number_input(key=cell(at, first, "minutes")).set_value(25).run()
    assert "别人改过" in told(at)
    assert kept(app_database, first)[0] == 8


def test_a_line_is_moved_by_its_number_however_far(app_database: Database, scene: Scene) -> None:
    actor, event, (first, second, third) = scene
    at = open_programme(event)
    at.number_input(key=cell(at, third, "place")).set_value(1).run()

    def order() -> list[int]:
        with app_database.read() as session:
            return [line.item.id for line in programme.draft(session, event, actor=actor).lines]

    assert order() == [third, first, second]
    assert [at.number_input(key=cell(at, item, "place")).value for item in order()] == [1, 2, 3]
    at.number_input(key=cell(at, third, "place")).set_value(2)
    at.number_input(key=cell(at, first, "minutes")).set_value(33).run()
    assert order() == [first, third, second]
    assert kept(app_database, first)[0] == 33
    assert "别人改过" not in told(at)
    with app_database.read() as session:
        stamp = programme.draft(session, event, actor=actor).stamp
    programme.edit(app_database, event, second, {"minutes": 40}, stamp, actor=actor)
    at.number_input(key=cell(at, second, "place")).set_value(1).run()
    assert "别人改过" in told(at)
    assert at.number_input(key=cell(at, second, "place")).value == 3, "it shows where the line is"


def test_the_event_is_published_right_after_its_programme(app_database: Database, scene: Scene) -> None:
    _, event, _ = scene
    at = open_programme(event)
    at.button(key="programme-publish").click().run()
    at.button(key="event-publish").click().run()
    assert "活动已公布" in told(at)
    with app_database.read() as session:
        assert session.get_one(Event, event).state == EventState.PUBLISHED.value


def test_a_line_that_does_not_fit_is_marked_and_led_to(app_database: Database, scene: Scene) -> None:
    actor, event, (first, second, third) = scene
    for item, minutes in ((first, 100), (second, 100)):
        with app_database.read() as session:
            stamp = programme.draft(session, event, actor=actor).stamp
        programme.edit(app_database, event, item, {"minutes": minutes}, stamp, actor=actor)
    at = open_programme(event)
    (late,) = at.warning
    assert "比活动结束时间晚" in late.value
    assert f"[第 3 项](#line-{third})" in late.value
    drawn = html(at)
    assert (drawn.count("要核对"), drawn.count(f'id="line-{third}"')) == (1, 1)
    at.number_input(key=cell(at, first, "minutes")).set_value(5).run()
    assert "要核对" not in html(at)


def test_an_event_that_moved_asks_for_its_programme_anew(app_database: Database, scene: Scene) -> None:
    actor, event, _ = scene
    hosting.publish(app_database, event, version(app_database, event), actor=actor)
    open_programme(event).button(key="programme-publish").click().run()
    assert not open_page("roadshows", {"id": str(event)}).info
    later = {name: roadshow()[name] + timedelta(days=2) for name in ("starts", "ends")}
    hosting.save(app_database, event, roadshow(**later), version(app_database, event), actor=actor)
    assert "待重新公布" in " ".join(box.value for box in open_page("roadshows", {"id": str(event)}).info)
    at = open_programme(event)
    assert "已隐去" in told(at)
    at.button(key="programme-publish").click().run()
    assert "议程第 2 版已公布" in told(at)
    assert "已隐去" not in told(at)


def test_the_words_of_a_talk_are_changed_in_its_line(app_database: Database, scene: Scene) -> None:
    actor, event, _ = scene
    with app_database.read() as session:
        stamp = programme.draft(session, event, actor=actor).stamp
    talk = programme.add_line(app_database, event, ItemKind.TALK, {"title": "致辞"}, stamp, actor=actor)
    at = open_programme(event)
    at.text_input(key=cell(at, talk, "title")).set_value("政策解读").run()
    with app_database.read() as session:
        assert session.get_one(EventItem, talk).title == "政策解读"


def test_a_talk_without_a_title_is_one_sentence(scene: Scene) -> None:
    at = open_programme(scene[1])
    at.button(key="add-talk").click().run()
    assert "请填写题目" in html(at)


def test_what_was_typed_stays_when_somebody_else_saved_meanwhile(app_database: Database, scene: Scene) -> None:
    actor, event, _ = scene
    at = open_page("hosting", {"id": str(event)})
    at.text_input(key=form(at, "title")).set_value(NAME).run()
    hosting.save(app_database, event, roadshow(venue="另一个会场的地址"), version(app_database, event), actor=actor)
    assert "别人改过" in told(save(at)) + html(at)
    assert at.text_input(key=form(at, "title")).value == NAME
    at.button(key="event-reopen").click().run()
    assert at.text_input(key=form(at, "title")).value == roadshow()["title"]
    at.text_input(key=form(at, "title")).set_value(NAME).run()
    assert "已保存" in told(save(at))
    with app_database.read() as session:
        found = session.get_one(Event, event)
        assert (found.title, found.venue) == (NAME, "另一个会场的地址")


def test_what_was_typed_stays_over_another_tab_and_over_publishing(app_database: Database, scene: Scene) -> None:
    event = scene[1]
    at = open_page("hosting", {"id": str(event)})
    at.text_input(key=form(at, "title")).set_value(NAME).run()
    tabs = at.segmented_control(key="view")
    tabs.set_value("programme").run()
    at.segmented_control(key="view").set_value("info").run()
    assert at.text_input(key=form(at, "title")).value == NAME
    at.button(key="event-publish").click().run()
    assert "已保存" in told(save(at))
    with app_database.read() as session:
        found = session.get_one(Event, event)
        assert (found.title, found.state) == (NAME, EventState.PUBLISHED.value)


def test_a_wrong_answer_is_named_and_what_was_typed_stays(app_database: Database, sign_in: SignIn) -> None:
    sign_in(Role.OFFICIAL)
    at = open_page("hosting", {"view": "new", "draft": DRAFT})
    at.text_input(key=form(at, "title")).set_value("路演").run()
    assert "活动名称" in html(save(at))
    assert at.text_input(key=form(at, "title")).value == "路演"
    with app_database.read() as session:
        assert session.scalar(select(Event.id).where(Event.load_key.like("hosting:%"))) is None


def test_a_banner_official_begins_in_the_own_banner(app_database: Database, sign_in: SignIn) -> None:
    with app_database.read() as session:
        banner = session.scalars(select(Division.code).where(Division.parent_code == XILINGOL)).first()
    sign_in(Role.OFFICIAL, scope=banner)
    at = open_page("hosting", {"view": "new"})
    chosen = {box.label: box.value for box in at.selectbox}
    assert (chosen["盟市"], chosen["旗县（选填）"]) == (XILINGOL, banner)


def test_what_a_public_fact_does_not_state_is_not_stated_by_opening_it(app_database: Database, sign_in: SignIn) -> None:
    sign_in(Role.ADMINISTRATOR)
    with app_database.read() as session:
        event = session.scalars(select(Event.id).where(Event.format == "").limit(1)).one()
    at = open_page("hosting", {"id": str(event)})
    assert next(box.value for box in at.selectbox if box.label == "举办形式") == ""


def test_a_cancellation_needs_a_reason_and_tells(app_database: Database, scene: Scene) -> None:
    actor, event, _ = scene
    hosting.publish(app_database, event, version(app_database, event), actor=actor)
    at = open_page("hosting", {"id": str(event)})
    at.text_input(key="cancel-reason").set_value("不")
    assert "原因" in told(at.button(key="event-cancel").click().run())
    at.text_input(key="cancel-reason").set_value("场地临时不能用")
    assert "活动已取消" in told(at.button(key="event-cancel").click().run())


@pytest.mark.parametrize("who", [Role.OFFICIAL, Role.ORGANIZER])
def test_an_event_of_somebody_else_is_not_there(app_database: Database, sign_in: SignIn, who: Role) -> None:
    owner = person(app_database, Role.OFFICIAL, scope=XILINGOL)
    event = hosting.create(app_database, DRAFT, roadshow(), actor=owner)
    sign_in(who, **({"scope": "150200"} if who is Role.OFFICIAL else {}))
    seen = html(open_page("hosting", {"id": str(event)}))
    assert "不由您组织" in seen
    assert roadshow()["title"] not in seen


def test_a_jury_is_set_up_at_the_desk(app_database: Database, scene: Scene) -> None:
    _, event, _ = scene
    at = open_page("hosting", {"id": str(event), "view": "jury"})
    at.number_input(key=f"jury-weight-{event}-0").set_value(50)
    at.button(key="jury-save").click().run()
    assert "现在是 120，请减少 20" in html(at)
    assert at.number_input(key=f"jury-weight-{event}-0").value == 50, "what was typed stays"
    at.text_input(key=f"jury-name-{event}-1").set_value("")
    at.button(key="jury-save").click().run()
    assert "评分标准已保存" in told(at) and at.number_input(key=f"jury-weight-{event}-1").value == 15
    at.number_input(key=f"jury-wanted-{event}").set_value(2)
    at.button(key="jury-appoint").click().run()
    assert "生成了 2 个评分码" in told(at) and html(at).count("　已打 0 /") == 2
    at.button(key="jury-hide").click().run()
    assert "评分码只在这里显示一次" not in told(at)
    at.button(key="switch-2").click().run()
    assert "2 号评委已停用" in told(at) and "已停用，不计入" in html(at)
    at.button(key="renew-1").click().run()
    assert "旧码已失效" in told(at) and "评分码只在这里显示一次" in told(at)
