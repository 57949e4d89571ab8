"""我的账号 and 账号管理: buttons do what they say, by whoever is signed in when they are carried out."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update
from streamlit.testing.v1 import AppTest

from lib.domain.access import VISITOR, Role
from lib.services import accounts, registration
from lib.store.engine import Database
from lib.store.models import Account, AccountLink, Login
from lib.ui import guard
from tests.pages.conftest import open_page
from tests.samples import BAOTOU, HOHHOT, person
from tests.services.test_people import NEWCOMER, cheap_hashes

__all__ = ["cheap_hashes"]

Enter = Callable[[int], str]


@pytest.fixture
def enter(app_database: Database, monkeypatch: pytest.MonkeyPatch) -> Enter:
    """Let the next pages be those of this account."""

    def sign(account_id: int) -> str:
        with app_database.write() as session:
            token = accounts.start_login(session, account_id, address="10.0.0.7", agent="Firefox/140 Linux")
        assert token
        monkeypatch.setattr(guard, "token", lambda: token)
        return token

    return sign


@pytest.fixture
def applicant(app_database: Database) -> int:
    """Somebody whose claim waits for the official of 包头市."""
    registration.register(app_database, NEWCOMER, actor=VISITOR, agent="")
    with app_database.read() as session:
        return session.scalars(select(Account.id).where(Account.login_key == "xiaoming")).one()


def words(at: AppTest) -> str:
    return "\n".join(
        [*(e.proto.body for e in at.get("html")), *(e.value for e in (*at.success, *at.warning, *at.info, *at.code))]
    )


def claim_state(store: Database, account_id: int) -> str:
    with store.read() as session:
        return session.scalars(select(Account.claim_state).where(Account.id == account_id)).one()


def test_an_official_approves_what_waits_in_the_league(app_database: Database, enter: Enter, applicant: int) -> None:
    enter(person(app_database, Role.OFFICIAL, scope=HOHHOT).account_id or 0)
    assert "没有待审核的申请" in words(open_page("accounts"))
    enter(person(app_database, Role.OFFICIAL, scope=BAOTOU).account_id or 0)
    at = open_page("accounts")
    assert NEWCOMER["organization"] in words(at) and "13811112222" not in words(at)
    assert "邀请" not in words(at) and not at.get("segmented_control")
    at.button(key=f"no-{applicant}").click().run()
    assert "请写明原因" in words(at) and claim_state(app_database, applicant) == "pending"
    at.button(key=f"yes-{applicant}").click().run()
    assert "已通过" in words(at) and claim_state(app_database, applicant) == "approved"


def test_a_moved_official_loses_access_at_the_next_run(app_database: Database, enter: Enter, applicant: int) -> None:
    """R3: the button was drawn while the league was theirs; the click comes after it was not."""
    official = person(app_database, Role.OFFICIAL, scope=BAOTOU)
    enter(official.account_id or 0)
    at = open_page("accounts")
    with app_database.write() as session:
        session.execute(update(Account).where(Account.id == official.account_id).values(scope=HOHHOT))
    at.button(key=f"yes-{applicant}").click().run()
    assert "不在您的辖区内" in words(at) and NEWCOMER["organization"] not in words(at)
    assert claim_state(app_database, applicant) == "pending"


def test_an_applicant_follows_the_claim_and_ends_other_logins(
    app_database: Database, enter: Enter, applicant: int
) -> None:
    other = enter(applicant)
    enter(applicant)
    at = open_page("account")
    assert "正在等待主管部门审核" in words(at) and "Firefox · Linux" in words(at)
    next(button for button in at.button if button.key == "end-others").click().run()
    assert "已退出其他" in words(at)
    with app_database.read() as session:
        assert accounts.actor_of(session, other).account_id is None
        assert accounts.actor_of(session, guard.token()).account_id == applicant
        assert len(session.scalars(select(Login.token_hash).where(Login.ended_at.is_(None))).all()) == 1


def test_a_changed_text_is_shown_before_anything_else(app_database: Database, enter: Enter, applicant: int) -> None:
    with app_database.write() as session:
        session.execute(update(Account).where(Account.id == applicant).values(consent_version="0.9"))
    enter(applicant)
    assert "请先阅读更新的说明" in words(open_page("home"))
    at = open_page("account")
    at.button(key="agree").click().run()
    assert "已记录您的同意" in words(at)
    assert "请先阅读更新的说明" not in words(open_page("home"))


def test_an_administrator_invites_resets_and_switches_off(app_database: Database, enter: Enter, applicant: int) -> None:
    enter(person(app_database, Role.ADMINISTRATOR).account_id or 0)
    at = open_page("accounts", {"view": "invitations"})
    at.button(key="invite").click().run()
    assert "须选择所管的地区" in words(at) and not at.code
    at.selectbox(key="scope-new").select(BAOTOU).run()
    at.button(key="invite").click().run()
    token = at.code[0].value.rpartition("/invite/")[2]
    with app_database.read() as session:
        assert token not in session.scalars(select(AccountLink.token_hash)).one() and len(token) == 43
    assert not at.run().code  # shown once
    at = open_page("accounts", {"id": str(applicant)})
    assert "13811112222" not in words(at)
    at.button(key=f"phone-{applicant}").click().run()
    assert "13811112222" in words(at) and "13811112222" not in words(at.run())
    at.button(key=f"reset-{applicant}").click().run()
    assert "/reset/" in at.code[0].value
    at.button(key=f"switch-{applicant}").click().run()
    assert "已停用" in words(at)
    with app_database.read() as session:
        assert not session.scalars(select(Account.active).where(Account.id == applicant)).one()
