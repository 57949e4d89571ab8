"""提交 and 我的: what is typed is kept, for its owner alone; what comes back is mended; what is public is revised."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import func, select
from streamlit.testing.v1 import AppTest

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import today_shanghai
from lib.domain.errors import Unavailable
from lib.domain.markings import SENTENCE
from lib.domain.submissions import Action
from lib.domain.vocabulary import FieldLevel, SubmissionKind, SubmissionState
from lib.services import drafts, notices, reviews, submissions
from lib.services.forms import SEPARATOR
from lib.store.engine import Database
from lib.store.models import Draft, Submission
from lib.ui import guard
from tests.pages.conftest import open_page
from tests.samples import CHECKED, XILINGOL, achievement, demand, military, person, whole_achievement

DEMAND, MILITARY = SubmissionKind.DEMAND, SubmissionKind.MILITARY
TABLES = {"rights", "shares", "steps", "comparison"}
SAID_OF_WHOLE = (
    "让退役叶片变成可再用的玻璃纤维",
    "环境保护与资源综合利用",
    "7 级 真实环境下的系统演示",
    "编号 ZL201620000002.X",
    "某高校材料学院，份额 33.33%",
    "向他人转让、许可他人使用",
    "处理周期，现有水平 3 至 5 天，本成果 8 小时",
    "熟化，时间 2024-09，做了什么 建成中试线",
)
"""What the last step reads of a whole achievement, among much else."""
SignIn = Callable[..., Actor]


@pytest.fixture(autouse=True)
def cookie(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Which browser the next pages are seen in."""

    def use(name: str) -> None:
        monkeypatch.setattr(guard, "browser", lambda: name)

    use("one")
    return use


def _html(at: AppTest) -> str:
    assert [e.value for e in at.exception] == []
    return "\n".join(e.proto.body for e in at.get("html"))


def _wrong(at: AppTest) -> int:
    return _html(at).count('class="bj-wrong"')


def _saved(at: AppTest) -> bool:
    return any("已自动保存" in caption.value for caption in at.caption)


def _field(at: AppTest, name: str) -> Any:
    kinds = (at.text_input, at.text_area, at.selectbox, at.date_input, at.checkbox, at.radio, at.pills)
    return next(w for kind in kinds for w in kind if str(w.key).endswith(f"-f-{name}"))


def _fill(at: AppTest, values: Mapping[str, Any]) -> AppTest:
    """Give the fields these answers, all of a step at once, and come back to the step that was on the screen."""
    given = {name: None if name == "banner" else value for name, value in values.items() if name not in TABLES}
    for table in TABLES & set(values):
        given |= {
            f"{table}-{n}-{name}": text for n, line in enumerate(values[table]) for name, text in line.items() if text
        }
    here = _step(at)
    for step in (here, *(n for n in range(1, _steps(at) + 1) if n != here)):
        if not given:
            break
        _go(at, step)
        for table in TABLES & set(values):
            for number, line in enumerate(values[table]):
                if _shown(at, f"{table}-0-{min(line)}") and not _shown(at, f"{table}-{number}-{min(line)}"):
                    next(b for b in at.button if str(b.key).endswith(f"-f-{table}-more")).click().run()
        for name in [name for name in given if _shown(at, name)]:
            widget, value = _field(at, name), given.pop(name)
            widget.set_value(value.split(SEPARATOR) if widget in list(at.pills) else value)
        at.run()
    return _go(at, here)


def _shown(at: AppTest, name: str) -> bool:
    try:
        return bool(_field(at, name))
    except StopIteration:
        return False


def _rail(at: AppTest) -> Any:
    """The widget that shows the steps; None on a form of one page."""
    return next((rail for rail in at.segmented_control if str(rail.key).endswith("-step")), None)


def _marks(at: AppTest) -> list[tuple[str, str]]:
    """The sign of each step, and what is said behind its name."""
    options = _rail(at).proto.options
    return [(o.content_icon.split("/")[-1].strip(":"), o.content.partition(" · ")[2]) for o in options]


def _steps(at: AppTest) -> int:
    rail = _rail(at)
    return 1 if rail is None else len(rail.options)


def _step(at: AppTest) -> int:
    rail = _rail(at)
    return 1 if rail is None else int(rail.value)


def _go(at: AppTest, step: int) -> AppTest:
    if step != _step(at):
        _rail(at).set_value(str(step)).run()
    return at


def _at(at: AppTest, name: str) -> Any:
    """A field, on whichever step it is."""
    for step in range(1, _steps(at) + 1):
        if _shown(_go(at, step), name):
            break
    return _field(at, name)


def _press(at: AppTest, label: str) -> AppTest:
    """Press the button; the one that hands a form in stands on its last step."""
    if not any(b.label == label for b in at.button):
        _go(at, _steps(at))
    return next(b for b in at.button if b.label == label).click().run()


def _draft(at: AppTest) -> str:
    value = at.query_params["draft"]  # a list where the test gave it, a text where the page did
    return value if isinstance(value, str) else value[0]


def _count(database: Database, entity: Any) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(entity)) or 0


def _new(database: Database, actor: Actor, kind: SubmissionKind = DEMAND, **changes: Any) -> int:
    values = {DEMAND: demand, SubmissionKind.ACHIEVEMENT: achievement}[kind](**changes)
    receipt = submissions.submit(database, kind, token_hex(16), values, actor=actor)
    with database.read() as session:
        return session.scalars(select(Submission.id).where(Submission.receipt == receipt.number)).one()


def _decide(database: Database, submission_id: int, action: Action, **said: Any) -> None:
    official = person(database, Role.OFFICIAL, scope=XILINGOL)
    with database.read() as session:
        version = reviews.read(session, submission_id, actor=official).version
    comment = said.pop("comment", "")
    reviews.decide(database, submission_id, action, comment, version, actor=official, checklist=CHECKED, **said)


# ------------------------------------------------------------------ what is typed
def test_what_is_typed_is_there_after_a_reload_and_for_nobody_else(
    app_database: Database, sign_in: SignIn, cookie: Callable[[str], None]
) -> None:
    sign_in(Role.VISITOR)
    at = open_page("submit", {"kind": "demand"})
    assert not _saved(at) and _count(app_database, Draft) == 0  # opening a form is not typing
    _fill(at, {"title": "叶片回收难题", "field": 7, "description": "堆存多年"})
    _at(at, "valid_until").set_value(today_shanghai() + timedelta(days=30)).run()
    assert _saved(at)
    again = open_page("submit", {"kind": "demand", "draft": _draft(at)})
    seen = {name: _at(again, name).value for name in ("title", "field", "description", "valid_until")}
    assert list(seen.values()) == ["叶片回收难题", 7, "堆存多年", today_shanghai() + timedelta(days=30)]
    for stranger in ("two", ""):
        cookie(stranger)
        other = open_page("submit", {"kind": "demand", "draft": _draft(at)})
        assert _draft(other) != _draft(at) and _field(other, "title").value == ""
    member = sign_in(Role.MEMBER)
    assert _field(open_page("submit", {"draft": _draft(at)}), "title").value == ""
    assert member.account_id


def test_a_tab_that_comes_back_after_a_crash_keeps_what_was_typed_meanwhile(
    app_database: Database, sign_in: SignIn
) -> None:
    sign_in(Role.VISITOR)
    draft = token_hex(16)
    drafts.save(app_database, draft, DEMAND, {"title": "早先保存的"}, actor=VISITOR, browser="one")
    at = open_page("submit", {"draft": draft})
    _fill(at, {"title": "断线时接着写的"})
    del at.session_state[f"open-{draft}"]  # the server that comes back knows nothing of the tab
    drafts.save(app_database, draft, DEMAND, {"title": "早先保存的"}, actor=VISITOR, browser="one")
    at.run()
    assert _field(at, "title").value == "断线时接着写的"
    with app_database.read() as session:
        assert drafts.load(session, draft, actor=VISITOR, browser="one")["title"] == "断线时接着写的"


def test_a_marking_is_told_beside_its_field_and_stays_on_the_screen_only(
    app_database: Database, sign_in: SignIn
) -> None:
    sign_in(Role.VISITOR)
    at = open_page("submit", {"kind": "demand"})
    _fill(at, {"title": "普通的需求", "description": "机密★10年 绝不外传"})
    _press(at, "提交审核")
    assert _html(at).count(SENTENCE) == 1 and _field(at, "description").value == "机密★10年 绝不外传"
    assert _count(app_database, Draft) == _count(app_database, Submission) == 0
    _fill(at, {"description": "可以公开的难处，写得更长一些"})
    assert SENTENCE not in _html(at) and _saved(at)


def test_while_nothing_can_be_stored_the_form_says_so_and_goes_on(
    app_database: Database, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise Unavailable("数据库没有回应，请稍后再试。", passing=True)

    sign_in(Role.VISITOR)
    at = open_page("submit", {"kind": "demand"})
    with monkeypatch.context() as broken:
        broken.setattr(drafts, "save", away)
        _fill(at, {"title": "叶片回收难题"})
        assert any("还没有存下" in caption.value for caption in at.caption)
    _fill(at, {"keywords": "叶片"})
    assert _saved(at) and _field(at, "title").value == "叶片回收难题"


def test_a_form_is_sent_once_with_its_levels_and_what_is_wrong_stands_beside_the_fields(
    app_database: Database, sign_in: SignIn
) -> None:
    sign_in(Role.VISITOR)
    at = open_page("submit", {"kind": "demand"})
    _fill(at, demand(credit_code="1", contact_phone=""))
    _press(at, "提交审核")
    assert _wrong(at) == 2 and _at(at, "title").value == demand()["title"]
    _at(at, "budget")
    next(s for s in at.selectbox if str(s.key).endswith("-level-budget")).set_value(FieldLevel.SIGNED_IN).run()
    _fill(at, demand())
    _press(at, "提交审核")
    assert "技术需求已收到" in _html(at)
    assert "技术需求已收到" in _html(open_page("submit", {"draft": _draft(at)}))
    with app_database.read() as session:
        found = session.scalars(select(Submission)).one()
        assert found.levels == {"contact": "granted", "budget": "signed_in"} and found.draft_id == _draft(at)
    assert _count(app_database, Draft) == 0


@pytest.mark.parametrize("answer", ["是", "不确定"])
def test_the_military_form_stops_at_any_doubt_and_keeps_nothing(
    answer: str, app_database: Database, sign_in: SignIn
) -> None:
    sign_in(Role.VISITOR)
    at = open_page("submit", {"kind": "military"})
    assert not at.text_area and not at.text_input
    clear = dict.fromkeys(("secret_content", "secret_patent", "secret_review"), "否")
    _fill(at, clear)
    _fill(at, military(**clear))
    assert _saved(at) and not at.text_area and not at.get("file_uploader")
    _fill(at, {"secret_patent": answer})
    assert len(at.error) == 1 and not at.text_input and not [b for b in at.button if b.label == "提交审核"]
    assert _count(app_database, Draft) == 0
    _fill(at, {"secret_patent": "否"})
    assert _field(at, "unit").value == ""
    _fill(at, military())
    _press(at, "提交审核")
    assert "军民对接已收到" in _html(at)


# ------------------------------------------------------------------ step by step
@pytest.mark.parametrize("browser", ["one", ""])
def test_every_answer_outlives_its_step_and_the_last_step_shows_them_all(
    browser: str, app_database: Database, sign_in: SignIn, cookie: Callable[[str], None]
) -> None:
    """A browser without cookies has no draft: there the answers live in the tab."""
    sign_in(Role.VISITOR)
    cookie(browser)
    at = open_page("submit", {"kind": "achievement"})
    whole = whole_achievement()
    _fill(at, whole)
    _go(at, 5)
    said = _html(at)
    assert [text for text in SAID_OF_WHOLE if text not in said] == []
    assert "完整度 **27/27**" in [bar.proto.text for bar in at.get("progress")]
    for name, value in {"value": whole["value"], "trl": 7, "shares-2-holder": "李四", "price": "320"}.items():
        assert _at(at, name).value == value
    assert any("请不要刷新" in caption.value for caption in at.caption) is not bool(browser)
    if browser:
        again = open_page("submit", {"kind": "achievement", "draft": _draft(at), "step": "3"})
        assert _step(again) == 3 and _field(again, "rights-3-kind").value == "技术秘密"
    _fill(at, {"truthful": True, "not_secret": True})
    _press(at, "提交审核")
    assert "科技成果已收到" in _html(at) and "接下来补什么" not in _html(at)
    with app_database.read() as session:
        kept = session.scalars(select(Submission)).one().content
    assert {name: len(kept[name]) for name in TABLES} == {name: len(whole[name]) for name in TABLES}


def test_what_is_refused_leads_to_its_step_and_each_step_says_what_it_lacks(sign_in: SignIn) -> None:
    sign_in(Role.VISITOR)
    at = open_page("submit", {"kind": "demand"})
    _fill(at, demand(indicators="", contact_phone="12345"))
    _go(at, 1)
    _press(at, "下一步")
    assert _step(at) == 2
    _press(at, "提交审核")
    assert _step(at) == 2 and _wrong(at) == 1
    assert _marks(at) == [("check_circle", ""), ("error", ""), ("check_circle", ""), ("error", "1 处要补")]
    _fill(at, {"indicators": "回收率 95%"})
    assert _wrong(at) == 0 and _marks(at)[1] == ("check_circle", "")
    _fill(at, {"contact_phone": demand()["contact_phone"]})
    _press(at, "提交审核")
    assert "技术需求已收到" in _html(at)


def test_lines_are_added_taken_away_and_come_back_as_they_were(sign_in: SignIn) -> None:
    sign_in(Role.VISITOR)
    at = open_page("submit", {"kind": "achievement", "step": "3"})
    key = str(_field(at, "shares-0-holder").key).removesuffix("-0-holder")
    _fill(at, {"shares": [{"holder": name, "share": "10"} for name in ("甲", "乙", "丙")]})
    at.button(key=f"{key}-1-less").click().run()
    at.button(key=f"{key}-more").click().run()
    holders = [w.value for w in at.text_input if str(w.key).startswith(f"{key}-") and str(w.key).endswith("-holder")]
    assert holders == ["甲", "丙", ""]
    again = open_page("submit", {"kind": "achievement", "draft": _draft(at), "step": "3"})
    assert [_field(again, f"shares-{n}-holder").value for n in range(2)] == ["甲", "丙"]
    assert not _shown(again, "shares-2-holder")
    _press(again, "下一步")
    _press(again, "提交审核")
    _go(again, 3)
    assert "现在是 20%" in _html(again)


def test_what_the_catalogue_has_already_is_shown_while_it_is_typed(app_database: Database, sign_in: SignIn) -> None:
    member = sign_in(Role.MEMBER)
    for kind, title in ((DEMAND, "退役风机叶片回收利用难题"), (SubmissionKind.ACHIEVEMENT, "风机叶片热解回收纤维技术")):
        _decide(app_database, _new(app_database, member, kind, title=title), Action.PUBLISH)
    at = open_page("submit", {"kind": "demand"})
    assert "已有人提过类似需求" not in _html(at)
    _fill(at, {"title": "风机叶片怎么回收"})
    links = [e.proto.label for e in at.get("page_link")]
    assert "已有人提过类似需求" in _html(at) and {"退役风机叶片回收利用难题", "风机叶片热解回收纤维技术"} <= set(links)
    assert any("revise=" in e.proto.query_string for e in at.get("page_link") if e.proto.label == "就是这一条，去修订")
    sign_in(Role.MEMBER)
    other = open_page("submit", {"kind": "achievement"})
    _fill(other, {"title": "风机叶片热解"})
    labels = [e.proto.label for e in other.get("page_link")]
    assert "风机叶片热解回收纤维技术" in labels and "就是这一条，去修订" not in labels


def test_the_same_once_more_is_sent_only_by_whoever_insists(app_database: Database, sign_in: SignIn) -> None:
    member = sign_in(Role.MEMBER)
    _new(app_database, member)
    at = open_page("submit", {"kind": "demand"})
    _fill(at, demand(description="同一个题目，另一件事，写清楚一些"))
    _press(at, "提交审核")
    assert len(at.warning) == 1 and "您已经提交过同名的技术需求" in at.warning[0].value
    assert _count(app_database, Submission) == 1
    _press(at, "仍然提交")
    assert "技术需求已收到" in _html(at) and _count(app_database, Submission) == 2


# ------------------------------------------------------------------ with an account
def test_a_member_types_only_what_is_new(app_database: Database, sign_in: SignIn) -> None:
    member = sign_in(Role.MEMBER, organization_id=1)
    at = open_page("submit", {"kind": "demand"})
    assert _at(at, "unit").value and _field(at, "contact_name").value == member.name
    _new(app_database, member)
    at = open_page("submit", {"kind": "achievement"})
    known = {name: _at(at, name).value for name in ("unit", "league", "contact_name", "contact_phone")}
    assert known == {name: demand()[name] for name in known}


def test_what_was_returned_is_mended_from_ones_own_page_and_what_is_public_is_revised(
    app_database: Database, sign_in: SignIn
) -> None:
    member = sign_in(Role.MEMBER)
    returned = _new(app_database, member, SubmissionKind.ACHIEVEMENT, floor_price="80", formula="A:B=3:1")
    _decide(app_database, returned, Action.RETURN, field_comments={"indicators": "写清测试条件"})
    page = open_page("mine", {"id": str(returned)})
    assert "写清测试条件" in _html(page) and "A:B=3:1" in _html(page)
    at = open_page("submit", {"revise": str(returned)})
    assert "写清测试条件" in _html(at)
    assert (_at(at, "floor_price").value, _at(at, "formula").value) == ("80.00", "A:B=3:1")
    _fill(at, {"indicators": "回收率 95%，按国标测试", "truthful": True, "not_secret": True})
    _press(at, "重新提交")
    with app_database.read() as session:
        assert submissions.read_own(session, returned, actor=member).receipt.state is SubmissionState.PENDING
        assert submissions.filled(session, returned, actor=member)["formula"] == "A:B=3:1"
    assert _count(app_database, Draft) == 0

    public = _new(app_database, member)
    _decide(app_database, public, Action.PUBLISH)
    at = open_page("submit", {"revise": str(public)})
    _fill(at, {"title": "退役叶片成套回收难题", "truthful": True, "not_secret": True})
    _press(at, "提交修订")
    assert "技术需求修订已收到" in _html(at) and "原来公开的内容在审核通过以前不变" in _html(at)
    assert "已有一份修订在办理" in _html(open_page("submit", {"revise": str(public)}))
    stranger = sign_in(Role.MEMBER)
    assert stranger.account_id != member.account_id
    for name, query in (("submit", {"revise": str(public)}), ("mine", {"id": str(public)})):
        seen = open_page(name, query)
        assert "没有找到" in _html(seen) and "退役" not in _html(seen)


def test_ones_own_page_withdraws_renews_discards_and_gives_a_feed(app_database: Database, sign_in: SignIn) -> None:
    member = sign_in(Role.MEMBER)
    number = _new(app_database, member)
    drafts.save(app_database, token_hex(16), DEMAND, {"title": "还没写完"}, actor=member, revises_id=number)
    page = open_page("mine", {"id": str(number)})
    _press(page, "确认撤回")
    assert "已撤回" in _html(page)
    expired = _new(app_database, member)
    _decide(app_database, expired, Action.PUBLISH)
    with app_database.write() as session:
        session.get_one(Submission, expired).valid_until = today_shanghai() - timedelta(days=1)
    submissions.expire(app_database, actor=Actor(Role.ADMINISTRATOR, name="测试"))
    page = open_page("mine", {"id": str(expired)})
    _press(page, "续期")
    assert "已发布" in _html(page)

    with app_database.read() as session:
        unread = notices.unread(session, actor=member)
    assert unread == 2
    told = open_page("mine", {"view": "notices"})
    assert [e.proto.label.startswith("**") for e in told.get("page_link") if "XQ" in e.proto.label] == [True, True]
    with app_database.read() as session:
        assert notices.unread(session, actor=member) == 0

    typed = open_page("mine", {"view": "drafts"})
    query = next(e.proto.query_string for e in typed.get("page_link") if e.proto.label == "继续填写")
    assert f"revise={number}" in query and "draft=" in query
    _press(typed, "删除")
    assert _count(app_database, Draft) == 0
    feed = _press(open_page("mine", {"view": "feed"}), "生成订阅地址")
    address = feed.code[0].value
    with app_database.read() as session:
        assert len(notices.of_feed(session, address.removeprefix("/feeds/own/").removesuffix(".atom"))) == 2


def test_a_receipt_is_taken_into_the_own_account(app_database: Database, sign_in: SignIn) -> None:
    number = _new(app_database, VISITOR)
    with app_database.read() as session:
        receipt = session.get_one(Submission, number).receipt
    member = sign_in(Role.MEMBER)
    at = open_page("submit", {"view": "status", "receipt": receipt})
    at.text_input(key="s-contact").set_value(demand()["contact_phone"])
    _press(at, "查询")
    assert "审核应在" in _html(at)
    _press(at, "归到我的账号")
    with app_database.read() as session:
        assert session.get_one(Submission, number).account_id == member.account_id
