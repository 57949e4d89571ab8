"""Drafts that are handed in: by their own account, once, and nothing of them is left."""

from secrets import token_hex

import pytest
from sqlalchemy import func, select

from lib.domain.access import VISITOR, Role
from lib.domain.dates import now_utc
from lib.domain.errors import NotFound
from lib.domain.vocabulary import SubmissionKind
from lib.services import drafts, submissions
from lib.store.engine import Database
from lib.store.models import Attachment, Draft, Submission
from tests.samples import CANARY, demand, person

DEMAND = SubmissionKind.DEMAND


def test_nobody_hands_in_what_another_account_typed_or_added_files_to(loaded: Database) -> None:
    owner, other = person(loaded, Role.MEMBER), person(loaded, Role.MEMBER)
    typed, filed = token_hex(16), token_hex(16)
    drafts.save(loaded, typed, DEMAND, {"title": "别人的草稿"}, actor=owner)
    with loaded.write() as session:
        session.add(
            Attachment(
                draft_id=filed, account_id=owner.account_id, stored=token_hex(16), name="a.pdf",
                media_type="application/pdf", size=1, sha256="0" * 64, uploaded_at=now_utc(),
            )
        )  # fmt: skip
    for draft in (typed, filed):
        for stranger in (other, VISITOR):
            with pytest.raises(NotFound):
                submissions.submit(loaded, DEMAND, draft, demand(), actor=stranger)
        assert submissions.submit(loaded, DEMAND, draft, demand(), actor=owner).number
    with loaded.read() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 2
        assert session.scalar(select(func.count()).select_from(Draft)) == 0


def test_another_tab_keeps_nothing_of_a_draft_that_was_handed_in(loaded: Database) -> None:
    draft = token_hex(16)
    submissions.submit(loaded, DEMAND, draft, demand(), actor=VISITOR)
    assert drafts.save(loaded, draft, DEMAND, {"title": "晚到一步"}, actor=VISITOR, browser="one") is None
    with loaded.read() as session:
        assert drafts.find(session, draft, actor=VISITOR, browser="one") is None


def test_the_next_form_knows_what_the_last_one_said_and_only_for_its_own_account(loaded: Database) -> None:
    member, colleague = (person(loaded, Role.MEMBER, organization_id=1) for _ in range(2))
    submissions.submit(loaded, DEMAND, token_hex(16), demand(), actor=member)
    with loaded.read() as session:
        known = submissions.remembered(session, actor=member)
        assert {name: known[name] for name in ("unit", "league", "contact_phone")} == {
            name: demand()[name] for name in ("unit", "league", "contact_phone")
        }
        assert CANARY not in submissions.remembered(session, actor=colleague).values()
        assert submissions.remembered(session, actor=VISITOR) == {}
