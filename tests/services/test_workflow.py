"""Whatever people do in whatever order: a submission moves only along the one state machine, and is public then."""

from collections.abc import Callable
from datetime import timedelta
from secrets import token_hex
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import today_shanghai
from lib.domain.errors import AccessDenied, Conflict, NotFound
from lib.domain.submissions import TRANSITIONS, Action
from lib.domain.vocabulary import SubmissionKind, SubmissionState
from lib.services import catalogue, reviews, submissions
from lib.store.engine import Database
from lib.store.models import AuditEntry, Submission
from tests.samples import BAOTOU, CHECKED, XILINGOL, demand, person

KEEPER: Final = Actor(role=Role.ADMINISTRATOR, name="命令行")
Step = Callable[[Database, int, Actor], Any]


def _decide(action: Action) -> Step:
    def decide(database: Database, number: int, actor: Actor) -> Any:
        with database.read() as session:
            version = session.get_one(Submission, number).version
        return reviews.decide(database, number, action, "理由充分", version, actor=actor, checklist=CHECKED)

    return decide


def _expire(database: Database, number: int, _actor: Actor) -> Any:
    with database.write() as session:
        session.get_one(Submission, number).valid_until = today_shanghai() - timedelta(days=1)
    return submissions.expire(database, actor=KEEPER)


STEPS: Final[dict[str, Step]] = {
    **{action.value: _decide(action) for action in reviews.DECISIONS},
    "resubmit": lambda db, n, actor: submissions.resubmit_own(
        db, n, demand(indicators=f"指标 {token_hex(4)}"), actor=actor
    ),
    "withdraw": lambda db, n, actor: submissions.withdraw(db, n, actor=actor),
    "archive": lambda db, n, actor: reviews.archive(db, n, actor=actor),
    "renew": lambda db, n, actor: submissions.renew(db, n, today_shanghai() + timedelta(days=9), actor=actor),
    "expire": _expire,
}


DOERS: Final = {"resubmit": (0,), "withdraw": (0,), "renew": (0,), "expire": (0, 1, 2, 3)}
"""Who of the people below may do it; the official of the submission's league decides and archives."""


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 3)), min_size=1, max_size=9))
def test_every_walk_keeps_to_the_state_machine(loaded_sqlite: Database, walk: list[tuple[str, int]]) -> None:
    people = (
        person(loaded_sqlite, Role.MEMBER),
        person(loaded_sqlite, Role.OFFICIAL, scope=XILINGOL),
        person(loaded_sqlite, Role.OFFICIAL, scope=BAOTOU),
        VISITOR,
    )
    receipt = submissions.submit(loaded_sqlite, SubmissionKind.DEMAND, token_hex(16), demand(), actor=people[0])
    with loaded_sqlite.read() as session:
        number = session.scalars(select(Submission.id).where(Submission.receipt == receipt.number)).one()
    state, record_id = SubmissionState.PENDING, 0
    for name, who in walk:
        reached = TRANSITIONS.get((state, Action(name)))
        try:
            STEPS[name](loaded_sqlite, number, people[who])
        except (AccessDenied, NotFound, Conflict):
            reached = None
        with loaded_sqlite.read() as session:
            found = session.get_one(Submission, number)
            entries = session.scalars(select(AuditEntry).where(AuditEntry.object_id == str(number))).all()
            record_id = found.record_id or record_id
            expected = reached if reached and who in DOERS.get(name, (1,)) else state
            assert found.state == expected, f"{state} --{name} by {who}--> {found.state}"
            assert (found.state == "published") is _public(session, record_id)
        state = SubmissionState(found.state)
        assert not {entry.actor for entry in entries} & {people[2].name, VISITOR.name}


def _public(session: Any, record_id: int) -> bool:
    try:
        return bool(catalogue.read_demand(session, record_id, actor=VISITOR))
    except NotFound:
        return False
