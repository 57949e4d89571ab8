"""Matching on both databases: better than the baselines, the same from both sides, and what people decide."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bench import judged
from lib.domain.access import VISITOR, Role
from lib.domain.dates import now_utc, today_shanghai
from lib.domain.errors import AccessDenied, InvalidInput, NotFound
from lib.domain.matching import Grade
from lib.domain.vocabulary import Decision
from lib.services import matching
from lib.store import search
from lib.store.engine import Database
from lib.store.models import Achievement, AuditEntry, Demand, MatchDecision
from lib.store.postings import MOST, counts, postings
from tests.samples import person


def _shown(database: Database, demand_id: int) -> list[tuple[int, bool]]:
    with database.read() as session:
        found = matching.for_demand(session, demand_id, actor=VISITOR)
        return [(item.card.id, item.confirmed) for item in found.items]


def test_judged_pairs_are_ranked_better_than_by_either_baseline(loaded: Database) -> None:
    with loaded.read() as session:
        scores, margins, listed = judged.pairs(session), judged.folds(session), judged.precision(session)
    ours = scores.pop("matching")
    assert len(scores) == 3 and ours.ndcg >= max(score.ndcg for score in scores.values()) + 0.15
    assert ours.recall >= max(score.recall for score in scores.values()) + 0.15
    assert margins[0] > 0 and sum(margin >= 0.15 for margin in margins) >= len(margins) - 1
    strong, fair, weak = (right / all_of_it for right, all_of_it in listed.values())
    assert strong >= 0.75 and strong >= 1.5 * fair and fair >= 3 * weak
    print(f"judged: {ours} against {scores}; {margins}; {listed}")


def test_demands_that_were_not_seen_before_are_ranked_better_too(loaded: Database) -> None:
    scores = judged.unseen(loaded)
    ours = scores.pop("matching")
    assert ours.ndcg >= max(score.ndcg for score in scores.values()) + 0.1
    with loaded.read() as session:
        assert not session.scalar(select(func.count()).select_from(Demand).where(Demand.origin == "demo"))


def test_a_pair_reads_the_same_from_both_sides(loaded: Database) -> None:
    checked = 0
    with loaded.read() as session:
        for demand_id in session.scalars(select(Demand.id)).all():
            for item in matching.for_demand(session, demand_id, actor=VISITOR).items:
                back = matching.for_achievement(session, item.card.id, actor=VISITOR, limit=50)
                other = next((b.match for b in back.items if b.card.id == demand_id), None)
                if other is None:  # what is weak need not be found from the side that says less
                    assert item.match.grade is Grade.WEAK
                    continue
                assert (other.grade, other.reasons, other.gaps) == (
                    item.match.grade, item.match.reasons, item.match.gaps,
                )  # fmt: skip
                assert other.strength == pytest.approx(item.match.strength)
                checked += 1
    assert checked > 100


def test_postings_are_what_a_scan_finds_and_estimated_beyond_their_bound(loaded: Database) -> None:
    words = (("稀土",), ("乳业", "奶牛"), ("bdo",), ("，",), ("没有这个词",))
    with loaded.write() as session:
        moments = {"origin": "demo", "created_at": now_utc(), "updated_at": now_utc()}
        session.add_all(Achievement(title=f"常见词 {n}", **moments) for n in range(2 * MOST))
    with loaded.read() as session:
        texts = {a.id: "\n".join(search.words(getattr(a, c)) for c in ("title", *search.ACHIEVEMENTS.body)).casefold()
                 for a in session.scalars(select(Achievement))}  # fmt: skip
        asked = [*words, ("常见词",), ("电解",)]
        found = postings(session, search.ACHIEVEMENTS, asked)
        frequent = postings(session, search.ACHIEVEMENTS, asked, counted=[len(texts)] * len(asked))
        both = postings(session, search.ACHIEVEMENTS, asked, together=[(0, 6), (0, 4)])[len(asked) :]
        total, counted = counts(session, search.ACHIEVEMENTS, asked)
    assert total == len(texts) and found == frequent
    assert counted == {any_of: posting.count for any_of, posting in zip(asked, found, strict=True)}
    assert set(both[0].ids) == set(found[0].ids) & set(found[6].ids) != set() and both[1].ids == ()
    for any_of, posting in zip(words[:3], found, strict=False):
        assert set(posting.ids) == {i for i, text in texts.items() if any(w.casefold() in text for w in any_of)}
        assert posting.count == len(posting.ids) > 0
    assert found[3].ids == found[4].ids == ()
    assert len(found[5].ids) == MOST and min(found[5].ids) > MOST and found[5].count == pytest.approx(total, rel=0.3)


def test_who_decides_and_what_follows(loaded: Database) -> None:
    broker, member = person(loaded, Role.BROKER), person(loaded, Role.MEMBER)
    (first, _), (second, _), *_ = _shown(loaded, 13)
    for wrong in ("", "好", "长" * 201, "反\u202e向的理由"):
        with pytest.raises(InvalidInput, match="理由"):
            matching.decide(loaded, 13, first, Decision.CONFIRMED, wrong, actor=broker)
    with pytest.raises(AccessDenied):
        matching.decide(loaded, 13, first, Decision.CONFIRMED, "已约见双方", actor=member)
    with pytest.raises(NotFound):
        matching.decide(loaded, 13, 9999, Decision.CONFIRMED, "已约见双方", actor=broker)
    for _ in range(2):
        matching.decide(loaded, 13, first, Decision.CONFIRMED, "已约见双方", actor=broker)
        matching.decide(loaded, 13, second, Decision.REFUSED, "工艺路线不同", actor=broker)
    assert (first, True) in _shown(loaded, 13) and second not in dict(_shown(loaded, 13))
    with loaded.read() as session:
        found = matching.for_demand(session, 13, actor=VISITOR)
        assert (found.confirmed, found.refused) == (1, 1)
        assert 13 not in {i.card.id for i in matching.for_achievement(session, second, actor=VISITOR, limit=50).items}
        assert {(d.decision, d.reason) for d in matching.decisions(session, 13, actor=broker)} == {
            (Decision.CONFIRMED, "已约见双方"), (Decision.REFUSED, "工艺路线不同"),
        }  # fmt: skip
        assert matching.decisions(session, 13, actor=member) == matching.decisions(session, 13, actor=VISITOR) == ()
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("match."))).all()
        assert [entry.action for entry in noted] == ["match.confirm", "match.refuse"]
        assert not any("已约见" in str(entry.detail) for entry in noted)
    matching.decide(loaded, 13, second, Decision.CONFIRMED, "工艺已改", actor=broker)
    assert (second, True) in _shown(loaded, 13)
    with loaded.read() as session:
        assert session.scalar(select(func.count()).select_from(MatchDecision)) == 2


def test_a_demand_whose_time_is_over_is_offered_to_nobody(loaded: Database) -> None:
    (first, _), *_ = _shown(loaded, 13)
    with loaded.write() as session:
        session.get_one(Demand, 13).valid_until = today_shanghai() - timedelta(days=1)
    assert _shown(loaded, 13) == []
    with loaded.read() as session:
        found = matching.for_achievement(session, first, actor=VISITOR, limit=50)
        assert found.items and 13 not in {item.card.id for item in found.items}


def test_an_achievement_whose_time_is_over_is_offered_to_nobody(loaded: Database) -> None:
    (first, _), *_ = _shown(loaded, 13)
    with loaded.write() as session:
        session.get_one(Achievement, first).valid_until = today_shanghai() - timedelta(days=1)
    assert _shown(loaded, 13) and first not in dict(_shown(loaded, 13))
    with loaded.read() as session:
        assert matching.for_achievement(session, first, actor=VISITOR, limit=50).items == ()
