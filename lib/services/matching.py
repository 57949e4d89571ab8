"""Which achievements answer a demand and the other way round, with reasons; and what people decided about a pair.

Candidates come from the search index by the features that say most; only the best of them are read and compared.
Nothing here reads what is sealed: the columns of a record are public.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest
from itertools import combinations, islice
from typing import Any, Final

from sqlalchemy import BindParameter, Select, bindparam, func, select
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc, today_shanghai
from lib.domain.errors import AccessDenied, NotFound
from lib.domain.matching import Match, Need, Offer, Said, compare, rarity, read, shared, worth
from lib.domain.vocabulary import FIELDS, Decision
from lib.services import audit, catalogue, concepts, disclosure, forms, markings, notices, scopes
from lib.services.catalogue import Card
from lib.store import search
from lib.store.engine import Database
from lib.store.models import Achievement, Demand, MatchDecision, Submission
from lib.store.postings import MOST, counts, postings
from lib.store.search import SearchIndex

LIMIT: Final = 6
LEAST_REASON, MOST_REASON = 4, 200
_MORE: Final = 5
"""How many more records than are wanted are read and compared."""
_LARGE: Final = 2_000
"""Up to so many records all that a record says is asked for."""
_ASKED, _WORDS = 5, 4
"""By how many features the records are looked for in a larger index, and how many of them may be words."""
_TELLING, _FEW = 0.4, 2
"""Where fewer features than these say at least so much, the sectors are asked for too."""
_BEST_KNOWN: Final = 12
"""By how many words an industry is looked for there, and a sector by twice as many: the table names the best known
first."""
_BESIDE: Final = 0.2
"""The share of the best one's strength below which a match is not worth naming beside it."""
_PROLIFIC: Final = 3
"""From how many achievements in a field a unit's record is worth a word."""
_A, _D = Achievement.__table__.c, Demand.__table__.c


@dataclass(frozen=True)
class Suggestion:
    """The other record of a pair, why it fits, what is open, and whether people confirmed it."""

    card: Card
    match: Match
    confirmed: bool


@dataclass(frozen=True)
class Suggestions:
    """What is suggested for a record, best first. Refused pairs are counted and not among the items."""

    items: tuple[Suggestion, ...]
    refused: int

    @property
    def confirmed(self) -> int:
        """How many of the items people confirmed."""
        return sum(item.confirmed for item in self.items)


@dataclass(frozen=True)
class Decided:
    """A decision about a pair as those see it who may decide: with the reason and the title of the other record."""

    achievement_id: int
    title: str
    decision: Decision
    reason: str


# ------------------------------------------------------------------ suggesting
def for_demand(session: Session, demand_id: int, *, actor: Actor, limit: int = LIMIT) -> Suggestions:
    """Achievements that may answer a demand. Raises NotFound, AccessDenied."""
    require(actor, Permission.READ_CATALOGUE)
    need = next(iter(_needs(session, [demand_id])), None)
    if need is None:
        raise NotFound("没有找到这项需求，可能已撤下。请回到列表重新查找。")
    decided = _decided(session, _OF_DEMAND, demand_id)
    matches = _answers(session, need, decided, limit)
    return _suggestions(session, matches, decided, "offer_id", catalogue.achievement_cards)


def for_achievement(session: Session, achievement_id: int, *, actor: Actor, limit: int = LIMIT) -> Suggestions:
    """Demands that an achievement may answer. Raises NotFound, AccessDenied."""
    require(actor, Permission.READ_CATALOGUE)
    offer = next(iter(_offers(session, [achievement_id])), None)
    if offer is None:
        raise NotFound("没有找到这项成果，可能已撤下。请回到列表重新查找。")
    decided = _decided(session, _OF_ACHIEVEMENT, achievement_id)
    industries = concepts.industries()
    said = read(offer, industries)
    standing = _standing(session, search.DEMANDS, said.features)
    needs = _needs(session, _pool(session, said, standing, decided, limit))
    pairs = [(need, offer, read(need, industries), said) for need in needs]
    alike = {key for _, _, here, there in pairs for key in shared(here, there) if key[0] != "#"}
    rarities = _standing(session, search.ACHIEVEMENTS, alike).rarities
    matches = _shown(_compared(pairs, rarities), decided, "need_id", limit)
    matches = _with_record(session, matches, {offer.id: offer})
    return _suggestions(session, matches, decided, "need_id", catalogue.demand_cards)


def similar_achievements(session: Session, words: str, *, actor: Actor, limit: int = 3) -> tuple[Card, ...]:
    """Achievements that say what a text says, best first; for 「库里可能已有」. Raises AccessDenied."""
    require(actor, Permission.READ_CATALOGUE)
    matches = _answers(session, Need(id=0, title=words), {}, limit)
    return catalogue.achievement_cards(session, [match.offer_id for match in matches])


def similar_demands(session: Session, words: str, *, actor: Actor, limit: int = 3) -> tuple[Card, ...]:
    """Demands that ask for what a text says, best first; for 「已有人提过类似需求」. Raises AccessDenied."""
    require(actor, Permission.READ_CATALOGUE)
    industries, need = concepts.industries(), Need(id=0, title=words)
    said = read(need, industries)
    standing = _standing(session, search.DEMANDS, said.features)
    others = _needs(session, _pool(session, said, standing, {}, limit))
    # Two demands are alike as a demand is like what answers it: of the other one only what it says is compared.
    pairs = [(need, Offer(one.id, one.title, one.text, one.keywords), said, read(one, industries)) for one in others]
    matches = _shown(_compared(pairs, standing.rarities), {}, "offer_id", limit)
    return catalogue.demand_cards(session, [match.offer_id for match in matches])


def _answers(session: Session, need: Need, decided: Mapping[int, Decision], limit: int) -> list[Match]:
    if need.over(today_shanghai()):
        return []
    industries = concepts.industries()
    said = read(need, industries)
    standing = _standing(session, search.ACHIEVEMENTS, said.features)
    offers = _offers(session, _pool(session, said, standing, decided, limit))
    pairs = [(need, offer, said, read(offer, industries)) for offer in offers]
    matches = _shown(_compared(pairs, standing.rarities), decided, "offer_id", limit)
    return _with_record(session, matches, {offer.id: offer for offer in offers})


@dataclass(frozen=True)
class _Standing:
    """How often and how rarely the features of records stand in an index of `total` records."""

    index: SearchIndex
    total: int
    counts: Mapping[str, float]
    rarities: Mapping[str, float]


def _standing(session: Session, index: SearchIndex, features: Iterable[str]) -> _Standing:
    industries = concepts.industries()
    words = {key: industries.words_of(key) for key in features}
    total, found = counts(session, index, words.values())
    known = {key: found[any_of] for key, any_of in words.items()}
    rarities = {key: rarity(count, total) for key, count in known.items()}
    return _Standing(index, total, known, rarities | industries.rarities)


def _pool(session: Session, said: Said, standing: _Standing, decided: Mapping[int, Decision], limit: int) -> list[int]:
    """The records that may fit, the best by what stands in them at all: not the refused, always the confirmed ones.

    In a large index only the words and industries that say most are asked for, the first two of the words
    together, and sectors where these say little: of a frequent feature alone no more than the newest records are seen.
    """
    large = standing.total > _LARGE
    stands = {key: weight for key, weight in said.features.items() if standing.counts[key]}
    says = {key: weight * worth(key) * standing.rarities[key] for key, weight in stands.items()}
    if not large or sum(weight >= _TELLING for weight in says.values()) < _FEW:
        says |= {key: weight * worth(key) * standing.rarities[key] for key, weight in said.sectors.items()}
    asked = sorted(says, key=lambda key: -says[key])
    together: list[tuple[int, int]] = []
    if large:
        words = [key for key in asked if key[0] not in "@#"][:_WORDS]
        asked = [*words, *(key for key in asked if key[0] in "@#")][:_ASKED]
        frequent = [place for place, key in enumerate(words) if standing.counts[key] > MOST]
        pairs = ((one, other) for one, other in combinations(frequent, 2) if not _overlap(asked[one], asked[other]))
        together = list(islice(pairs, 1))
    words_of, counted = concepts.industries().words_of, [standing.counts.get(key, 0.0) for key in asked]
    most = {"@": _BEST_KNOWN, "#": 2 * _BEST_KNOWN} if large else {}
    words_asked = [words_of(key)[: most.get(key[0])] for key in asked]
    found = postings(session, standing.index, words_asked, together, counted)
    holds: dict[int, float] = {}
    for key, posting in zip(asked, found, strict=False):
        for record_id in posting.ids:
            holds[record_id] = holds.get(record_id, 0.0) + says[key]
    for (one, other), posting in zip(together, found[len(asked) :], strict=True):
        both = says[asked[one]] + says[asked[other]]
        for record_id in posting.ids:
            holds[record_id] = max(holds.get(record_id, 0.0), both)
    for record_id, decision in decided.items():
        if decision is Decision.REFUSED:
            holds.pop(record_id, None)
    best = nlargest(limit + _MORE, zip(holds.values(), holds, strict=True))
    confirmed = {record_id for record_id, decision in decided.items() if decision is Decision.CONFIRMED}
    return list({record_id for _, record_id in best} | confirmed)


def _overlap(one: str, other: str) -> bool:
    return one in other or other in one


def _compared(pairs: Iterable[tuple[Need, Offer, Said, Said]], rarities: Mapping[str, float]) -> list[Match]:
    """The pairs that fit, best first."""
    today = today_shanghai()
    found = (compare(need, offer, here, there, rarities, today) for need, offer, here, there in pairs)
    matches = [match for match in found if match is not None]
    return sorted(matches, key=lambda match: (-match.rank, -match.strength, -match.need_id, -match.offer_id))


def _shown(matches: list[Match], decided: Mapping[int, Decision], other: str, limit: int) -> list[Match]:
    """The best without what is little beside them, and whatever people confirmed."""
    least = _BESIDE * max((match.strength for match in matches), default=0.0)
    best = [match for match in matches if match.strength >= least][:limit]
    return [match for match in matches if match in best or getattr(match, other) in decided]


def _with_record(session: Session, matches: list[Match], offers: Mapping[int, Offer]) -> list[Match]:
    """The same, with a word about the unit where it has made several achievements in the field."""
    units = {o.organization_id for m in matches if (o := offers[m.offer_id]).organization_id and o.field}
    if not units:
        return matches
    counted = select(_A.organization_id, _A.field, func.count()).where(_A.organization_id.in_(units))
    made = {(unit, field): n for unit, field, n in session.execute(counted.group_by(_A.organization_id, _A.field))}
    told = []
    for match in matches:
        offer = offers[match.offer_id]
        count = made.get((offer.organization_id, offer.field), 0)
        if offer.field and count >= _PROLIFIC:
            words = f"完成单位在{FIELDS[offer.field]}领域有 {count} 项成果"
            match = replace(match, reasons=(*match.reasons, words))
        told.append(match)
    return told


def _suggestions(
    session: Session, matches: Sequence[Match], decided: Mapping[int, Decision], other: str, cards: Any
) -> Suggestions:
    ids = [getattr(match, other) for match in matches]
    by_id = {card.id: card for card in cards(session, ids)}
    items = tuple(
        Suggestion(by_id[record_id], match, decided.get(record_id) is Decision.CONFIRMED)
        for record_id, match in zip(ids, matches, strict=True)
    )
    return Suggestions(items, sum(decision is Decision.REFUSED for decision in decided.values()))


# ------------------------------------------------------------------ reading
def _subject(row: Any) -> dict[str, Any]:
    return {
        "id": row.id, "title": row.title, "keywords": row.keywords, "field": row.field,
        "league_code": row.league_code, "negotiable": row.negotiable,
    }  # fmt: skip


# What is read again and again is put together once.
_IDS: Final[BindParameter[Sequence[int]]] = bindparam("ids", expanding=True)
_NEEDS: Final = select(
    _D.id, _D.title, _D.description, _D.keywords, _D.indicators, _D.field, _D.league_code, _D.budget, _D.negotiable,
    _D.cooperation_mode, _D.demand_class, _D.valid_until,
).where(_D.id.in_(_IDS))  # fmt: skip
_OFFERS: Final = select(
    _A.id, _A.title, _A.value, _A.problem, _A.application, _A.summary, _A.keywords, _A.indicators, _A.field,
    _A.league_code, _A.price, _A.negotiable, _A.transfer_mode, _A.trl, _A.organization_id, _A.valid_until,
).where(_A.id.in_(_IDS))  # fmt: skip


def _needs(session: Session, ids: Sequence[int]) -> list[Need]:
    return [
        Need(
            **_subject(row), text=_text(row.description, row.indicators), amount=row.budget,
            modes=row.cooperation_mode, demand_class=row.demand_class, valid_until=row.valid_until,
        )
        for row in session.execute(_NEEDS, {"ids": ids})
    ]  # fmt: skip


def _offers(session: Session, ids: Sequence[int]) -> list[Offer]:
    return [
        Offer(
            **_subject(row), text=_text(row.value, row.problem, row.application, row.summary, row.indicators),
            amount=row.price, modes=row.transfer_mode, trl=row.trl, organization_id=row.organization_id,
            valid_until=row.valid_until,
        )
        for row in session.execute(_OFFERS, {"ids": ids})
    ]  # fmt: skip


def _text(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


# ------------------------------------------------------------------ deciding
def may_decide(session: Session, demand_id: int, *, actor: Actor) -> bool:
    """True for brokers, whoever owns the demand, and officials of its place."""
    require(actor, Permission.READ_CATALOGUE)
    if actor.may(Permission.DECIDE_MATCH):
        return True
    row = session.execute(select(_D.league_code, _D.banner_code).where(_D.id == demand_id)).first()
    if row is None:
        return False
    if actor.may(Permission.DECIDE_ACCESS) and actor.covers(row.league_code, row.banner_code):
        return True
    return actor.may(Permission.MANAGE_OWN_RECORDS) and disclosure.owns(session, "demand", demand_id, actor=actor)


def decisions(session: Session, demand_id: int, *, actor: Actor) -> tuple[Decided, ...]:
    """What was decided about a demand, the newest first; nothing for who may not decide. Raises AccessDenied."""
    if not may_decide(session, demand_id, actor=actor):
        return ()
    rows = session.execute(
        select(MatchDecision, _A.title)
        .join(Achievement.__table__, _A.id == MatchDecision.achievement_id)
        .where(MatchDecision.demand_id == demand_id)
        .order_by(MatchDecision.at.desc(), MatchDecision.id.desc())
    )
    return tuple(Decided(d.achievement_id, title, Decision(d.decision), d.reason) for d, title in rows)


def decide(
    database: Database, demand_id: int, achievement_id: int, decision: Decision, reason: str, *, actor: Actor
) -> None:
    """Confirm or refuse a pair, with a reason; a later decision takes the place of the one before.

    The same again changes nothing. Raises InvalidInput for a reason of other than 4 to 200 characters, NotFound
    when a record is gone, AccessDenied.
    """
    require(actor, Permission.READ_CATALOGUE)
    markings.refuse(database, {"reason": reason}, actor=actor)
    words = forms.reason(reason, "理由", LEAST_REASON, MOST_REASON)
    with database.write() as session:
        demand = session.get(Demand, demand_id, with_for_update={"of": Demand})  # one decides about a demand at a time
        achievement = session.get(Achievement, achievement_id)
        if demand is None or achievement is None:
            raise NotFound("没有找到这条记录，可能已撤下。请刷新页面。")
        if not may_decide(session, demand_id, actor=actor):
            raise AccessDenied("只有技术经纪人、需求单位和所在地主管部门可以办理对接。")
        known = session.scalar(
            select(MatchDecision).where(
                MatchDecision.demand_id == demand_id, MatchDecision.achievement_id == achievement_id
            )
        )
        before = known.decision if known else ""
        if known is None:
            known = MatchDecision(demand_id=demand_id, achievement_id=achievement_id)
            session.add(known)
        elif (known.decision, known.reason) == (decision.value, words):
            return
        known.decision, known.reason = decision.value, words
        known.account_id, known.at = actor.account_id, now_utc()
        session.flush()
        action = "match.confirm" if decision is Decision.CONFIRMED else "match.refuse"
        audit.record(
            session, actor, action, "demand", demand_id, league=demand.league_code, banner=demand.banner_code,
            achievement=achievement_id, decision=[before, decision.value],
        )  # fmt: skip
        if decision is Decision.CONFIRMED and before != decision.value:
            _tell(session, demand, achievement, actor)


def _tell(session: Session, demand: Demand, achievement: Achievement, actor: Actor) -> None:
    """The accounts that handed in the two records learn of it, except whoever decided."""
    told = f"「{demand.title}」与「{achievement.title}」已确认对接"
    for kind, page, record_id in (("demand", "demands", demand.id), ("achievement", "achievements", achievement.id)):
        handed_in = session.scalars(select(Submission.account_id).where(disclosure.of_record(kind, record_id)))
        for owner in sorted({owner for owner in handed_in if owner and not scopes.is_own(actor, owner, None)}):
            notices.tell(session, owner, told, page, {"id": str(record_id)})


_OF_DEMAND: Final = select(MatchDecision.achievement_id, MatchDecision.decision).where(
    MatchDecision.demand_id == bindparam("record")
)
_OF_ACHIEVEMENT: Final = select(MatchDecision.demand_id, MatchDecision.decision).where(
    MatchDecision.achievement_id == bindparam("record")
)


def _decided(session: Session, decisions_of: Select[int, str], record_id: int) -> dict[int, Decision]:
    return {other: Decision(decision) for other, decision in session.execute(decisions_of, {"record": record_id})}
