"""Identities: one account each, whatever happens at the same time, and no right by a claim."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from lib.domain.access import Actor, Permission, Role
from lib.domain.errors import AccessDenied, Conflict
from lib.services import accounts, identities
from lib.services.identities import Proof
from lib.store.engine import Database
from lib.store.models import Account, Identity, Login

ISSUER = "https://login.example.gov.cn"


def enter(db: Database, proof: Proof) -> identities.Entry:
    return identities.enter(db, proof, address="192.0.2.1", agent="test")


def actor_of(db: Database, token: str) -> Actor:
    with db.read() as session:
        return accounts.actor_of(session, token)


def test_many_first_logins_at_once_make_one_account(db: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        entries = list(pool.map(lambda _: enter(db, Proof(ISSUER, "zhang", "张三")), range(16)))
    assert sum(entry.new for entry in entries) == 1 and len({entry.token for entry in entries}) == 16
    with db.read() as session:
        counted = [session.scalar(select(func.count()).select_from(model)) for model in (Account, Identity, Login)]
    assert counted == [1, 1, 16]


def test_the_same_subject_of_another_issuer_is_somebody_else(db: Database) -> None:
    first, second = (actor_of(db, enter(db, Proof(issuer, "1")).token) for issuer in (ISSUER, ISSUER + "/other"))
    assert first.account_id != second.account_id
    assert first.role is Role.APPLICANT and not first.may(Permission.READ_SHARED_FIELDS)


@pytest.mark.parametrize(
    ("claimed", "shown"),
    [("张三", "张三"), ("", "统一身份用户"), ("\u202eevil", "统一身份用户"), ("\ud800", "统一身份用户"),
     ("\x00\x07", "统一身份用户"), ("长" * 300, "长" * 40), ("  a \n b ", "a b")],
)  # fmt: skip
def test_a_claimed_name_is_only_text(empty_sqlite: Database, claimed: str, shown: str) -> None:
    assert actor_of(empty_sqlite, enter(empty_sqlite, Proof(ISSUER, "1", claimed)).token).name == shown


@pytest.mark.parametrize("proof", [Proof(ISSUER, ""), Proof("", "1"), Proof(ISSUER, "x" * 256)])
def test_what_names_nobody_opens_nothing(empty_sqlite: Database, proof: Proof) -> None:
    with pytest.raises(AccessDenied):
        enter(empty_sqlite, proof)


def test_an_identity_belongs_to_one_account_until_it_is_unlinked(db: Database) -> None:
    keeper = Actor(role=Role.ADMINISTRATOR)
    with db.write() as session:
        ids = [
            accounts.create_account(session, login, "草原上的风力发电机 7 号", login, Role.MEMBER, actor=keeper).id
            for login in ("first", "second")
        ]
    first, second = (Actor(Role.MEMBER, number) for number in ids)
    for _ in range(2):
        with db.write() as session:
            identities.link(session, Proof(ISSUER, "wang"), actor=first)
    with db.write() as session, pytest.raises(Conflict):
        identities.link(session, Proof(ISSUER, "wang"), actor=second)
    token = enter(db, Proof(ISSUER, "wang")).token
    assert actor_of(db, token).account_id == first.account_id
    for _ in range(2):
        with db.write() as session:
            identities.unlink(session, actor=first)
    assert actor_of(db, token).account_id is None
    with db.write() as session:
        identities.link(session, Proof(ISSUER, "wang"), actor=second)
        assert len(identities.linked(session, actor=second)) == 1
    for denied in (identities.link, identities.unlink):
        with db.write() as session, pytest.raises(AccessDenied):
            denied(session, *([Proof(ISSUER, "x")] if denied is identities.link else []), actor=Actor())
