"""Which achievements answer a demand and the other way round, with reasons; and what people decided about a pair.

Candidates come from the search index in one statement; only the best of them are read and compared. Nothing here
reads what is sealed: the columns of a record are public.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc, today_shanghai
from lib.domain.errors import AccessDenied, NotFound
from lib.domain.matching import Match, Need, Offer, Said, compare, rarity, read
from lib.domain.text import fold
from lib.domain.vocabulary import FIELDS, Decision
from lib.services import audit, catalogue, concepts, disclosure, forms, markings, notices, scopes
from lib.services.catalogue import Card
from lib.store import search
from lib.store.engine import Database
from lib.store.models import Achievement, Demand, MatchDecision, Submission
from lib.store.postings import postings
from lib.store.search import SearchIndex

LIMIT: Final = 6
LEAST_REASON, MOST_REASON = 4, 200
_POOL: Final = 40
"""How many candidates are looked at by their titles, and how many more than are wanted are compared in full."""
_MORE: Final = 6
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
    decided = _decided(session, MatchDecision.demand_id == demand_id, MatchDecision.achievement_id)
    matches = _answers(session, need, decided, limit)
    return _suggestions(session, matches, decided, "offer_id", catalogue.achievement_cards)


def for_achievement(session: Session, achievement_id: int, *, actor: Actor, limit: int = LIMIT) -> Suggestions:
    """Demands that an achievement may answer. Raises NotFound, AccessDenied."""
    require(actor, Permission.READ_CATALOGUE)
    offer = next(iter(_offers(session, [achievement_id])), None)
    if offer is None:
        raise NotFound("没有找到这项成果，可能已撤下。请回到列表重新查找。")
    decided = _decided(session, MatchDecision.achievement_id == achievement_id, MatchDecision.demand_id)
    said = read(offer, concepts.industries())
    _, rarities = _standing(session, search.ACHIEVEMENTS, said)
    standing, _ = _standing(session, search.DEMANDS, said, rarities)
    needs = _needs(session, _pool(session, search.DEMANDS, said, standing, rarities, decided, limit))
    matches = _best(((need, offer) for need in needs), {offer.id: said}, {}, rarities)
    matches = _with_record(session, _shown(matches, decided, "need_id", limit), {offer.id: offer})
    return _suggestions(session, matches, decided, "need_id", catalogue.demand_cards)


def similar_achievements(session: Session, words: str, *, actor: Actor, limit: int = 3) -> tuple[Card, ...]:
    """Achievements that say what a text says, best first; for 「库里可能已有」. Raises AccessDenied."""
    require(actor, Permission.READ_CATALOGUE)
    matches = _answers(session, Need(id=0, title=words), {}, limit)
    return catalogue.achievement_cards(session, [match.offer_id for match in matches])


def similar_demands(session: Session, words: str, *, actor: Actor, limit: int = 3) -> tuple[Card, ...]:
    """Demands that ask for what a text says, best first; for 「已有人提过类似需求」. Raises AccessDenied."""
    require(actor, Permission.READ_CATALOGUE)
    need = Need(id=0, title=words)
    said = read(need, concepts.industries())
    standing, rarities = _standing(session, search.DEMANDS, said)
    others = _needs(session, _pool(session, search.DEMANDS, said, standing, rarities, {}, limit))
    # Two demands are alike as a demand is like what answers it: of the other one only what it says is compared.
    pairs = ((need, Offer(one.id, one.title, one.text, one.keywords)) for one in others)
    matches = _shown(_best(pairs, {}, {need.id: said}, rarities), {}, "offer_id", limit)
    return catalogue.demand_cards(session, [match.offer_id for match in matches])


def _answers(session: Session, need: Need, decided: Mapping[int, Decision], limit: int) -> list[Match]:
    said = read(need, concepts.industries())
    standing, rarities = _standing(session, search.ACHIEVEMENTS, said)
    offers = _offers(session, _pool(session, search.ACHIEVEMENTS, said, standing, rarities, decided, limit))
    matches = _best(((need, offer) for offer in offers), {}, {need.id: said}, rarities)
    return _with_record(session, _shown(matches, decided, "offer_id", limit), {offer.id: offer for offer in offers})


def _standing(
    session: Session, index: SearchIndex, said: Said, rarities: Mapping[str, float] | None = None
) -> tuple[dict[int, float], dict[str, float]]:
    """How much of what is said stands in each record of a kind, and how rare each of it is there (or as given)."""
    words_of = concepts.industries().words_of
    total, found = postings(session, index, [words_of(key) for key in said.features])
    rare = {key: rarity(posting.count, total) for key, posting in zip(said.features, found, strict=True)}
    weights = rarities if rarities is not None else rare
    standing: dict[int, float] = {}
    for (key, weight), posting in zip(said.features.items(), found, strict=True):
        counts = weight * weights[key]
        for record_id in posting.ids:
            standing[record_id] = standing.get(record_id, 0.0) + counts
    return standing, rare


def _pool(
    session: Session,
    index: SearchIndex,
    said: Said,
    standing: Mapping[int, float],
    rarities: Mapping[str, float],
    decided: Mapping[int, Decision],
    limit: int,
) -> list[int]:
    """The records worth comparing in full: the best by what stands in them at all, and of those by their titles and
    field; not the refused ones, always the confirmed ones."""
    refused = {record_id for record_id, decision in decided.items() if decision is Decision.REFUSED}
    best = nlargest(_POOL, ((counts, record_id) for record_id, counts in standing.items() if record_id not in refused))
    table = index.entity.__table__.c
    rows = session.execute(select(table.id, table.title, table.field).where(table.id.in_([r for _, r in best])))
    words_of = concepts.industries().words_of
    words = [(word, weight * rarities[key]) for key, weight in said.features.items() for word in words_of(key)]
    titled = []
    for row in rows:
        title = fold(row.title)
        counts = standing[row.id]
        for word, stands in words:
            if word in title:
                counts += stands
        titled.append((counts * (1.4 if row.field == said.subject.field else 1), row.id))
    return list({record_id for _, record_id in nlargest(limit + _MORE, titled)} | (decided.keys() - refused))


def _best(
    pairs: Iterable[tuple[Need, Offer]],
    offers: Mapping[int, Said],
    needs: Mapping[int, Said],
    rarities: Mapping[str, float],
) -> list[Match]:
    """The pairs that fit, best first; `offers` and `needs` hold what was read already."""
    today, industries = today_shanghai(), concepts.industries()
    found = (
        compare(
            need, offer, needs.get(need.id) or read(need, industries), offers.get(offer.id) or read(offer, industries),
            rarities, industries, today,
        )
        for need, offer in pairs
    )  # fmt: skip
    matches = [match for match in found if match is not None]
    return sorted(matches, key=lambda match: (-match.rank, -match.strength, -match.need_id, -match.offer_id))


def _shown(matches: list[Match], decided: Mapping[int, Decision], other: str, limit: int) -> list[Match]:
    """The best, and whatever people confirmed."""
    return [match for place, match in enumerate(matches) if place < limit or getattr(match, other) in decided]


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


def _needs(session: Session, ids: Sequence[int]) -> list[Need]:
    columns = (_D.id, _D.title, _D.description, _D.keywords, _D.indicators, _D.field, _D.league_code, _D.budget,
               _D.negotiable, _D.cooperation_mode, _D.demand_class, _D.valid_until)  # fmt: skip
    return [
        Need(
            **_subject(row), text=_text(row.description, row.indicators), amount=row.budget,
            modes=row.cooperation_mode, demand_class=row.demand_class, valid_until=row.valid_until,
        )
        for row in session.execute(select(*columns).where(_D.id.in_(ids)))
    ]  # fmt: skip


def _offers(session: Session, ids: Sequence[int]) -> list[Offer]:
    columns = (_A.id, _A.title, _A.summary, _A.keywords, _A.indicators, _A.field, _A.league_code, _A.price,
               _A.negotiable, _A.transfer_mode, _A.trl, _A.organization_id)  # fmt: skip
    return [
        Offer(
            **_subject(row), text=_text(row.summary, row.indicators), amount=row.price, modes=row.transfer_mode,
            trl=row.trl, organization_id=row.organization_id,
        )
        for row in session.execute(select(*columns).where(_A.id.in_(ids)))
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


def _decided(session: Session, condition: Any, other: Any) -> dict[int, Decision]:
    rows = session.execute(select(other, MatchDecision.decision).where(condition))
    return {record_id: Decision(decision) for record_id, decision in rows}
