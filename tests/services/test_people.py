"""People: register and claim, be approved by whoever answers for the league, be invited, leave without a trace."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex
from threading import Barrier
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, update

from lib.domain import consent
from lib.domain.access import VISITOR, Actor, Permission, Role
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound, ProductError, TooManyTries
from lib.domain.submissions import Action
from lib.domain.vocabulary import SubmissionKind, SubmissionState
from lib.services import accounts, links, people, personal, registration, reviews, submissions
from lib.store.engine import Database
from lib.store.models import Account, AuditEntry, Base, Demand, Login, Organization, Submission
from tests.samples import BAOTOU, CHECKED, HOHHOT, achievement, demand, person

KEEPER = Actor(role=Role.ADMINISTRATOR, name="命令行")
PASSWORD = "草原上的风力发电机 7 号"
NEWCOMER = {
    "login": "xiaoming", "name": "王小明", "phone": "138 1111 2222", "password": PASSWORD, "again": PASSWORD,
    "organization": "内蒙古 草原风电（集团）有限公司", "code": "91350100M000100Y43", "league": BAOTOU, "consent": "1",
}  # fmt: skip
AGENT = "Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Real argon2id, with little memory."""
    accounts._dummy_hash.cache_clear()
    monkeypatch.setattr(accounts, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    yield
    accounts._dummy_hash.cache_clear()


def register(db: Database, **changes: str) -> Actor:
    token = registration.register(
        db, {**NEWCOMER, **changes}, actor=Actor(address="10.0.0.9", name="访客"), agent=AGENT
    )
    return who(db, token)


def who(db: Database, token: str) -> Actor:
    with db.read() as session:
        return accounts.actor_of(session, token, address="10.0.0.9")


def row(db: Database, actor: Actor) -> Account:
    with db.read() as session:
        return session.get_one(Account, actor.account_id)


def pending(db: Database, actor: Actor) -> list[str]:
    with db.read() as session:
        found = registration.pending_claims(session, actor)
        assert registration.count_claims(session, actor) == len(found)
    return [claim.login for claim in found]


# ------------------------------------------------------------------ registration
def test_an_applicant_can_log_in_and_does_little_until_approved(loaded: Database) -> None:
    mine = register(loaded)
    account = row(loaded, mine)
    assert mine.role is Role.APPLICANT and mine.organization_id is None
    assert not mine.may(Permission.READ_SHARED_FIELDS) and not mine.may(Permission.UPLOAD_ATTACHMENT)
    assert (account.phone, account.claim_league, account.consent_version) == ("13811112222", BAOTOU, consent.VERSION)
    with loaded.read() as session:
        trail = session.scalars(select(AuditEntry).where(AuditEntry.action == "account.register")).one()
    assert trail.league_code == BAOTOU and "13811112222" not in json.dumps(trail.detail)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        (dict.fromkeys(NEWCOMER, ""), {"login", "name", "password", "organization", "code", "league", "consent"}),
        ({"again": "another"}, {"again"}), ({"consent": "on"}, {"consent"}), ({"phone": "12"}, {"phone"}),
        ({"code": "91350100M000100Y44"}, {"code"}), ({"code": "9" * 18}, {"code"}), ({"league": "150000"}, {"league"}),
        ({"league": "150202"}, {"league"}), ({"league": "110000"}, {"league"}),
        ({"organization": "（）（）"}, {"organization"}),
        ({"organization": "企\u202e业公司"}, {"organization"}), ({"name": "王\u202e"}, {"name"}),
        ({"password": "short", "again": "short"}, {"password"}), ({"organization": "公" * 101}, {"organization"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_once_and_nothing_is_kept(
    loaded_sqlite: Database, changes: dict[str, str], fields: set[str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        register(loaded_sqlite, **changes)
    assert set(refused.value.fields) == fields
    with loaded_sqlite.read() as session:
        assert session.scalar(select(func.count()).select_from(Account)) == 0


def test_a_login_in_use_is_refused_and_an_address_registers_only_so_often(
    loaded_sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(loaded_sqlite)
    with pytest.raises(InvalidInput) as refused:
        register(loaded_sqlite, login="ＸiaoMing")
    assert refused.value.fields == {"login": accounts.LOGIN_TAKEN}
    monkeypatch.setattr(registration.attempts, "exhausted", lambda *_: True)
    with pytest.raises(TooManyTries):
        register(loaded_sqlite, login="another")


# ------------------------------------------------------------------ claims
def test_a_claim_is_decided_by_whoever_answers_for_its_league(loaded: Database) -> None:
    """R3: own league and the region, never another league, a banner, or the applicant."""
    mine = register(loaded)
    version = row(loaded, mine).version
    near, far = (person(loaded, Role.OFFICIAL, scope=scope) for scope in (BAOTOU, HOHHOT))
    banner = person(loaded, Role.OFFICIAL, scope="150202")
    assert [pending(loaded, official) for official in (near, far, banner)] == [["xiaoming"], [], []]
    assert pending(loaded, KEEPER) == ["xiaoming"]
    selfish = Actor(Role.OFFICIAL, mine.account_id, "自己", scope=BAOTOU)
    for stranger in (far, banner, selfish, mine, VISITOR):
        with pytest.raises(AccessDenied):
            registration.approve(loaded, mine.account_id or 0, version, actor=stranger)
        with pytest.raises(AccessDenied):
            registration.decline(loaded, mine.account_id or 0, version, "不认识的单位", actor=stranger)
    registration.approve(loaded, mine.account_id or 0, version, "高校", actor=near)
    account = row(loaded, mine)
    assert account.role == Role.MEMBER.value and pending(loaded, near) == []
    with loaded.read() as session:
        made = session.get_one(Organization, account.organization_id)
    assert (made.kind, made.origin, made.league_code) == ("高校", "submitted", BAOTOU)
    with pytest.raises(Conflict):
        registration.approve(loaded, mine.account_id or 0, version, actor=near)
    # The second of the same unit, written otherwise, joins it.
    second = register(loaded, login="second", organization="内蒙古草原风电(集团)有限公司")
    registration.approve(loaded, second.account_id or 0, row(loaded, second).version, actor=near)
    assert row(loaded, second).organization_id == account.organization_id


def test_a_refused_claim_says_why_and_may_be_made_again(loaded: Database) -> None:
    mine = register(loaded)
    near = person(loaded, Role.OFFICIAL, scope=BAOTOU)
    account_id, version = mine.account_id or 0, row(loaded, mine).version
    with pytest.raises(InvalidInput):
        registration.decline(loaded, account_id, version, " 否 ", actor=near)
    registration.decline(loaded, account_id, version, "名称与代码不符", actor=near)
    account = row(loaded, mine)
    assert (account.claim_state, account.claim_comment, account.role) == ("declined", "名称与代码不符", "applicant")
    registration.claim(loaded, {**NEWCOMER, "league": HOHHOT}, actor=mine)
    assert pending(loaded, near) == [] and row(loaded, mine).claim_state == "pending"
    with pytest.raises(Conflict):  # the claim was changed after the official read it
        registration.approve(loaded, account_id, version, actor=KEEPER)


# ------------------------------------------------------------------ administrators
def test_the_last_administrator_and_oneself_stay(loaded: Database) -> None:
    first, second = (person(loaded, Role.ADMINISTRATOR) for _ in range(2))

    def version(actor: Actor) -> int:
        return row(loaded, actor).version

    for mine in (first, second):
        with pytest.raises(AccessDenied):
            people.switch(loaded, mine.account_id or 0, False, version(mine), actor=mine)
        with pytest.raises(AccessDenied):
            people.assign(loaded, mine.account_id or 0, Role.BROKER, version(mine), actor=mine)
    with pytest.raises(Conflict):
        people.switch(loaded, second.account_id or 0, False, version(second) + 1, actor=first)
    people.switch(loaded, second.account_id or 0, False, version(second), actor=first)
    for change in (
        lambda: people.switch(loaded, first.account_id or 0, False, version(first), actor=KEEPER),
        lambda: people.assign(loaded, first.account_id or 0, Role.BROKER, version(first), actor=KEEPER),
    ):
        with pytest.raises(AccessDenied, match="最后一个"):
            change()
    people.switch(loaded, second.account_id or 0, True, version(second), actor=first)
    people.assign(loaded, second.account_id or 0, Role.OFFICIAL, version(second), actor=first, scope=BAOTOU)
    with loaded.read() as session:
        detail = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "account.assign")).one()
        listed = people.listing(session, "", Role.OFFICIAL, actor=first).items
    assert detail["before"]["role"] == "administrator" and detail["after"]["scope"] == BAOTOU
    assert [(item.id, item.scope_name) for item in listed] == [(second.account_id, "包头市")]


@pytest.mark.parametrize(
    ("role", "given", "field"),
    [
        (Role.OFFICIAL, {}, "scope"), (Role.OFFICIAL, {"scope": "999999"}, "scope"),
        (Role.BROKER, {"scope": BAOTOU}, "scope"),
        (Role.MEMBER, {}, "organization_id"), (Role.MEMBER, {"organization_id": 10**9}, "organization_id"),
        (Role.ORGANIZER, {}, "events"), (Role.ORGANIZER, {"event_id": 10**9}, "events"), (Role.VISITOR, {}, "role"),
        (Role.BROKER, {"days": 0}, "days"), (Role.BROKER, {"days": 31}, "days"),
    ],
)  # fmt: skip
def test_an_invitation_names_what_its_role_needs(
    loaded_sqlite: Database, role: Role, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        links.invite(loaded_sqlite, role, **{"days": 7, **given}, actor=KEEPER)
    assert set(refused.value.fields) == {field}


# ------------------------------------------------------------------ links
def test_a_link_opens_once_in_its_time_and_for_its_purpose(loaded: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """R5: one use, an end, no other purpose; the database holds only hashes."""
    mine = register(loaded)
    invitation = links.invite(loaded, Role.OFFICIAL, 7, actor=KEEPER, scope=BAOTOU)
    revoked = links.invite(loaded, Role.BROKER, 7, actor=KEEPER)
    with loaded.read() as session:
        waiting = links.open_invitations(session, actor=KEEPER)
    links.revoke(loaded, next(w.mark for w in waiting if w.invitation.role is Role.BROKER), actor=KEEPER)
    earlier, reset = (links.reset_link(loaded, mine.account_id or 0, actor=KEEPER) for _ in range(2))
    values = {**NEWCOMER, "login": "invited"}
    invited = who(loaded, links.accept(loaded, invitation, values, actor=VISITOR, agent=AGENT))
    assert (invited.role, invited.scope) == (Role.OFFICIAL, BAOTOU)
    links.reset(loaded, reset, PASSWORD + "!", PASSWORD + "!", actor=VISITOR)
    late = links.invite(loaded, Role.BROKER, 7, actor=KEEPER)
    with monkeypatch.context() as later:
        now = links.now_utc()
        later.setattr(links, "now_utc", lambda: now + links.timedelta(days=7, seconds=1))
        with pytest.raises(NotFound):
            links.accept(loaded, late, {**values, "login": "late"}, actor=VISITOR, agent="")
    dead = (invitation, revoked, earlier, reset, "x" * 43, "", "草" * 43)
    for number, token in enumerate(dead):
        with pytest.raises(NotFound):
            links.accept(loaded, token, {**values, "login": f"n{number}"}, actor=VISITOR, agent="")
        with pytest.raises(NotFound):
            links.accept_signed_in(loaded, token, actor=mine, agent="")
        with pytest.raises(NotFound):
            links.reset(loaded, token, PASSWORD, PASSWORD, actor=VISITOR)
    with pytest.raises(AccessDenied):
        links.accept_signed_in(loaded, late, actor=person(loaded, Role.ADMINISTRATOR), agent="")
    kept = whole(loaded)
    assert not [token for token in (*dead[:4], late) if token in kept]


def whole(db: Database) -> str:
    """Every value of every table."""
    with db.read() as session:
        return "".join(
            str(row) for table in Base.metadata.sorted_tables for row in session.execute(select(table)).all()
        )


# ------------------------------------------------------------------ at the same moment
def test_what_can_happen_once_happens_once_when_many_try_at_the_same_moment(loaded: Database) -> None:
    """R17 for people: one login, one organization, one use of a link, one decision; everybody else is told."""
    applicants = [register(loaded, login=f"claimant{number}") for number in range(4)]
    versions = [row(loaded, mine).version for mine in applicants]
    near = person(loaded, Role.OFFICIAL, scope=BAOTOU)
    invitation = links.invite(loaded, Role.BROKER, 7, actor=KEEPER)
    first = applicants[0].account_id or 0
    scenes: dict[str, tuple[Callable[[int], object], int]] = {
        "one claim": (lambda _n: registration.approve(loaded, first, versions[0], actor=near), 1),
        "one login": (lambda _n: register(loaded, login="wanted"), 1),
        "one link": (
            lambda n: links.accept(loaded, invitation, {**NEWCOMER, "login": f"i{n}"}, actor=VISITOR, agent=""), 1
        ),
    }  # fmt: skip
    for name, (attempt, wins) in scenes.items():
        assert at_once(attempt) == wins, name
    with loaded.read() as session:
        named = select(func.count()).where(Organization.name == NEWCOMER["organization"])
        assert session.scalar(named) == 1
    print(f"R17: {len(scenes)} races of 4, one winner each")


def test_one_organization_is_made_of_many_claims(loaded: Database) -> None:
    applicants = [register(loaded, login=f"claimant{number}") for number in range(4)]
    versions = [row(loaded, mine).version for mine in applicants]
    near = person(loaded, Role.OFFICIAL, scope=BAOTOU)
    won = at_once(lambda n: registration.approve(loaded, applicants[n].account_id or 0, versions[n], actor=near))
    with loaded.read() as session:
        ids = session.scalars(select(Account.organization_id).where(Account.organization_id.is_not(None))).all()
    assert len(ids) == won >= 1 and len(set(ids)) == 1


def at_once(attempt: Callable[[int], object]) -> int:
    """Four try at the same moment; how many succeeded. Whoever did not was told so in a sentence."""
    start, won = Barrier(4), []

    def run(number: int) -> None:
        start.wait()
        try:
            attempt(number)
        except ProductError:
            return
        won.append(number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    return len(won)


# ------------------------------------------------------------------ personal data
def test_a_phone_is_masked_and_each_look_is_noted(loaded: Database) -> None:
    mine = register(loaded)
    with loaded.read() as session:
        shown = str(people.listing(session, actor=KEEPER)) + str(registration.pending_claims(session, KEEPER))
    assert "13811112222" not in shown and "138****2222" in shown
    assert people.view_phone(loaded, mine.account_id or 0, actor=KEEPER) == "13811112222"
    with loaded.read() as session:
        looks = session.scalars(select(AuditEntry).where(AuditEntry.action == "contact.view")).all()
    assert [entry.object_id for entry in looks] == [str(mine.account_id)]


def test_own_data_are_complete_own_and_without_secrets(loaded: Database) -> None:
    mine, other = register(loaded), register(loaded, login="other", name="别人", phone="13933334444")
    for actor in (mine, other):
        submissions.submit(
            loaded, SubmissionKind.DEMAND, token_hex(16), demand(title=f"需求：{actor.name}"), actor=actor
        )
    data = json.dumps(personal.export(loaded, actor=mine), ensure_ascii=False)
    for held in (
        "xiaoming",
        "13811112222",
        NEWCOMER["organization"].replace("（", "")[:6],
        "需求：王小明",
        "account.register",
    ):
        assert held in data
    account = row(loaded, mine)
    for secret in ("argon2", account.password_hash, mine.session, "别人", "13933334444"):
        assert secret not in data


def test_an_erased_account_leaves_only_what_belongs_to_its_unit(loaded: Database) -> None:
    mine = register(loaded)
    near = person(loaded, Role.OFFICIAL, scope=BAOTOU)
    registration.approve(loaded, mine.account_id or 0, row(loaded, mine).version, actor=near)
    mine = who(loaded, accounts.log_in(loaded, "xiaoming", PASSWORD, address="10.0.0.9", agent=AGENT))
    contact = {"contact_name": "王联系人", "contact_phone": "13855556666", "contact_email": "erase@example.com"}
    waiting = submissions.submit(
        loaded, SubmissionKind.ACHIEVEMENT, token_hex(16), achievement(league=BAOTOU, **contact), actor=mine
    )
    public = submissions.submit(
        loaded, SubmissionKind.DEMAND, token_hex(16), demand(league=BAOTOU, **contact), actor=mine
    )
    with loaded.read() as session:
        number, version = session.execute(
            select(Submission.id, Submission.version).where(Submission.receipt == public.number)
        ).one()
    done = reviews.decide(loaded, number, Action.PUBLISH, "", version, actor=near, checklist=CHECKED)
    with pytest.raises(AccessDenied):
        personal.erase(loaded, "not the password at all", actor=mine)
    assert row(loaded, mine).erased_at is None
    personal.erase(loaded, PASSWORD, actor=mine)
    with loaded.read() as session:
        found = session.scalars(select(Submission).where(Submission.receipt == waiting.number)).one()
        assert found.state == SubmissionState.WITHDRAWN.value
        assert session.get_one(Demand, done.record_id).organization_text
        assert session.scalar(select(func.count()).where(Login.account_id == mine.account_id)) == 0
        trail = session.scalars(select(AuditEntry.action).where(AuditEntry.account_id == mine.account_id)).all()
    assert trail[-1] == "account.erase" and "submission.create" in " ".join(trail)
    with loaded.read() as session:
        tables = [table for table in Base.metadata.sorted_tables if table.name != "audit_entry"]
        kept = "".join(str(r) for table in tables for r in session.execute(select(table)).all())
        audited = "".join(str(r) for r in session.execute(select(AuditEntry.detail, AuditEntry.object_id)).all())
    for personal_ in ("王小明", "xiaoming", "13811112222", "王联系人", "13855556666", "erase@example.com"):
        assert personal_ not in kept, personal_
        assert personal_ not in audited, personal_
    again = register(loaded)  # the login is free
    assert again.account_id != mine.account_id


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (AGENT, "Chrome · Windows"), ("", "其他浏览器"), ("curl/8", "其他浏览器"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604", "Safari · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140", "Edge · Windows"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile Safari/537 MicroMessenger/8", "微信 · 安卓"),
    ],
)  # fmt: skip
def test_a_browser_is_told_in_words(agent: str, words: str) -> None:
    assert personal.browsers.in_words(agent) == words


def test_a_changed_text_asks_again_and_only_those_who_agreed(loaded_sqlite: Database) -> None:
    mine, keeper = register(loaded_sqlite), person(loaded_sqlite, Role.ADMINISTRATOR)

    def asked() -> list[bool]:
        with loaded_sqlite.read() as session:
            return [personal.must_agree(session, actor=actor) for actor in (mine, keeper, VISITOR)]

    assert asked() == [False] * 3
    with loaded_sqlite.write() as session:
        session.execute(update(Account).where(Account.id == mine.account_id).values(consent_version="0.9"))
    assert asked() == [True, False, False]
    personal.agree(loaded_sqlite, actor=mine)
    assert asked() == [False] * 3
