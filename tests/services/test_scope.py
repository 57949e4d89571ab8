"""R3: an official of a region, league or banner meets what lies there and nothing else, by every way of reading."""

from collections.abc import Iterator
from dataclasses import dataclass
from secrets import token_hex

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.domain.access import REGION, VISITOR, Actor, Role, covers
from lib.domain.errors import AccessDenied, NotFound
from lib.domain.submissions import Action
from lib.domain.vocabulary import AccessState, SubmissionKind, SubmissionState
from lib.services import accounts, disclosure, entries, grants, registration, reviews, submissions
from lib.services.reviews import QueueQuery
from lib.store.engine import Database
from lib.store.models import Account, Division, Submission
from tests.samples import CHECKED, achievement, demand, person

CHIEF = Actor(role=Role.ADMINISTRATOR, name="测试")
REASON = "想做中试合作，需要了解关键参数。"


@dataclass(frozen=True)
class Placed:
    """One place with a record of each kind that officials read."""

    league: str
    banner: str
    pending: int
    published: int
    record: int


def _hand_in(database: Database, kind: SubmissionKind, league: str, banner: str) -> int:
    form = demand if kind is SubmissionKind.DEMAND else achievement
    values = form(title=f"待办事项{league}{banner}", league=league, banner=banner)
    receipt = submissions.submit(database, kind, token_hex(16), values, actor=VISITOR)
    with database.read() as session:
        return session.scalars(select(Submission.id).where(Submission.receipt == receipt.number)).one()


@pytest.fixture
def places(loaded: Database) -> list[Placed]:
    """All leagues, each with and without one of its banners."""
    asker = person(loaded, Role.BROKER)
    found = []
    with loaded.read() as session:
        pairs = [(league, "") for league in _codes(session, "league")]
        pairs += [(f"{code[:4]}00", code) for code in {code[:4]: code for code in _codes(session, "banner")}.values()]
    for league, banner in pairs:
        pending = _hand_in(loaded, SubmissionKind.DEMAND, league, banner)
        published = _hand_in(loaded, SubmissionKind.ACHIEVEMENT, league, banner)
        done = reviews.decide(loaded, published, Action.PUBLISH, "", 1, actor=CHIEF, checklist=CHECKED)
        record = done.record_id or 0
        grants.request_access(loaded, token_hex(16), "achievement", record, REASON, actor=asker)
        found.append(Placed(league, banner, pending, published, record))
        if not banner:
            applicant = person(loaded, Role.APPLICANT)
            with loaded.write() as session:
                claim = session.get_one(Account, applicant.account_id)
                claim.claim_state, claim.claim_name, claim.claim_league = "pending", f"单位{league}", league
    return found


def _codes(session: Session, level: str) -> list[str]:
    return list(session.scalars(select(Division.code).where(Division.level == level).order_by(Division.code)))


def _officials(database: Database, places: list[Placed]) -> Iterator[Actor]:
    for scope in [REGION, *(place.banner or place.league for place in places)]:
        yield person(database, Role.OFFICIAL, scope=scope)


def _queue(session: Session, actor: Actor) -> set[int]:
    first = reviews.queue(session, QueueQuery(), actor=actor)
    pages = [first, *(reviews.queue(session, QueueQuery(page=n), actor=actor) for n in range(2, first.pages + 1))]
    assert first.counts[SubmissionState.PENDING] == first.total == reviews.waiting(session, actor=actor)
    return {item.id for page in pages for item in page.items}


def _asked(session: Session, actor: Actor) -> set[str]:
    first = grants.requests_for(session, AccessState.PENDING, actor=actor)
    rest = (grants.requests_for(session, AccessState.PENDING, n, actor=actor) for n in range(2, first.pages + 1))
    return {item.title for page in (first, *rest) for item in page.items}


def test_r3_no_way_of_reading_or_deciding_reaches_beyond_the_scope(loaded: Database, places: list[Placed]) -> None:
    """R3: 12 leagues × 3 levels × every way to read."""
    officials = list(_officials(loaded, places))
    ways = refused = 0
    for actor in officials:
        near = [place for place in places if covers(actor.scope, place.league, place.banner)]
        far = [place for place in places if place not in near]
        with loaded.read() as session:
            assert _queue(session, actor) == {place.pending for place in near}
            assert _asked(session, actor) == {f"待办事项{place.league}{place.banner}" for place in near}
            claims = {claim.organization for claim in registration.pending_claims(session, actor)}
            assert claims == {f"单位{place.league}" for place in near if not place.banner}
            assert registration.count_claims(session, actor) == len(claims)
            trail = entries.search(session, entries.AuditQuery(), actor=actor)
            leagues = {(entry.league_code, entry.banner_code) for entry in trail.items}
            assert actor.scope == REGION or all(covers(actor.scope, *pair) for pair in leagues)
            ways += 7
            foreign = {place.league for place in far} - {place.league for place in near}
            exported = entries.export_csv(loaded, entries.AuditQuery(), actor=actor).decode()
            assert not [code for code in foreign if f",{code}," in exported]
            for place in far:
                assert "granted" not in disclosure.levels(session, "achievement", place.record, actor=actor)
                for read in (reviews.read, reviews.reviewers):
                    with pytest.raises(NotFound):
                        read(session, place.pending, actor=actor)
        for place in far[:: 1 if actor.scope.endswith("00") else 7]:
            with pytest.raises(NotFound):
                reviews.decide(loaded, place.pending, Action.PUBLISH, "", 1, actor=actor, checklist=CHECKED)
            with pytest.raises(NotFound):
                reviews.view_confidential(loaded, place.pending, actor=actor)
            refused += 2
        ways += 3 * len(far)
    print(
        f"R3: {len(officials)} officials, {ways} ways to read, {refused} decisions and contacts refused, 0 foreign rows"
    )
    assert len(officials) == 25 and refused > 12 * 11


def test_r3_an_official_who_is_moved_loses_the_old_place_at_the_next_run(loaded: Database) -> None:
    """R3: rights are read anew with every run, so a changed scope needs no new login to count."""
    pending = _hand_in(loaded, SubmissionKind.DEMAND, "152500", "")
    actor = person(loaded, Role.OFFICIAL, scope="152500")
    with loaded.write() as session:
        token = accounts.start_login(session, actor.account_id or 0, address="", agent="")
    with loaded.read() as session:
        assert reviews.read(session, pending, actor=accounts.actor_of(session, token)).id == pending
    with loaded.write() as session:
        session.get_one(Account, actor.account_id).scope = "150200"
    with loaded.read() as session, pytest.raises((NotFound, AccessDenied)):
        reviews.read(session, pending, actor=accounts.actor_of(session, token))
