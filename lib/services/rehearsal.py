"""Two roadshows to rehearse with, made from the public catalogue and marked `demo`: one that comes within a day, with
its programme and its audience's registrations, and one forty days ago with all that came of it.

The records they show are real; the audience, its marks and intentions, the jury and the follow-ups are invented. Nobody
in them has a telephone number, so nothing here can be taken for a person.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any, Final

from sqlalchemy import case, delete, select
from sqlalchemy.orm import Session

from lib.domain import consent
from lib.domain.dates import SHANGHAI, Precision, now_utc
from lib.domain.errors import Conflict
from lib.domain.vocabulary import AttendeeState, ItemKind, Origin, QuestionState, ThreadState
from lib.store import revision
from lib.store.models import (
    Achievement,
    Attendee,
    Criterion,
    Demand,
    Event,
    EventItem,
    EventOrganizer,
    Interest,
    Judge,
    JuryResult,
    Mark,
    ProgrammeVersion,
    Question,
    Score,
    Stage,
    Thread,
    ThreadStep,
)

PUBLISHER: Final = "演示数据生成器"
_ACHIEVEMENTS: Final = 5
_AUDIENCE: Final = 60
_CAPACITY: Final = 50
_LEAGUE: Final = "150400"
_UNDISCLOSED: Final = "演示观众"
_QUESTIONS: Final = (
    "中试数据是在什么规模的装置上取得的？",
    "本地企业试用，设备由谁投入？",
    "专利许可是独占还是普通许可？",
    "这项技术在高寒地区冬季能不能运行？",
)
_CRITERIA: Final = (("技术先进性", 30), ("成熟度", 30), ("市场前景", 25), ("团队", 15))


def create(session: Session, seed: int) -> tuple[int, int]:
    """Add both events; returns the ids of the coming and the past one. Raises Conflict when there is one already, or
    the catalogue has no public achievements to show.
    """
    if session.scalar(select(Event.id).where(Event.origin == Origin.DEMO.value).limit(1)):
        raise Conflict("库中已有演示路演，请先运行 python -m lib demo --clear 清除。")
    shown = _achievements(session)
    wanted = session.scalar(
        select(Demand).where(Demand.origin == Origin.PUBLIC.value, Demand.organization_text != "").order_by(Demand.id)
    )
    if len(shown) < _ACHIEVEMENTS or wanted is None:
        raise Conflict("库中没有足够的公开成果和需求，请先运行 python -m lib init。")
    random, now = Random(seed), now_utc()  # noqa: S311 - invented on purpose, the same for a seed
    coming = _event(session, "草原乳业与绿色能源科技成果路演", _soon(now), now)
    items = _programme(session, coming, shown, wanted)
    _publish(session, coming, items[:-1], 1, now - timedelta(days=3))
    _publish(session, coming, items, 2, now - timedelta(hours=20))
    _audience(session, coming, random, present=False)
    past_start = datetime.combine((now - timedelta(days=40)).astimezone(SHANGHAI).date(), time(9), SHANGHAI)
    past = _event(session, "赤峰市农牧业科技成果路演", past_start, now - timedelta(days=60))
    items = _programme(session, past, shown, wanted)
    _publish(session, past, items, 1, past_start - timedelta(days=5))
    _audience(session, past, random, present=True)
    presented = [item for item in items if item.kind in {ItemKind.ACHIEVEMENT.value, ItemKind.DEMAND.value}]
    _responses(session, past, presented, random)
    _jury(session, past, presented, random)
    revision.bump(session, ("event", "event_item"))
    return coming.id, past.id


def clear(session: Session) -> int:
    """Remove every demonstration event with all that belongs to it; how many events."""
    events = session.scalars(select(Event.id).where(Event.origin == Origin.DEMO.value)).all()
    if not events:
        return 0
    interests = select(Interest.id).where(Interest.event_id.in_(events))
    threads = select(Thread.id).where(Thread.interest_id.in_(interests))
    judges = select(Judge.id).where(Judge.event_id.in_(events))
    session.execute(delete(ThreadStep).where(ThreadStep.thread_id.in_(threads)))
    session.execute(delete(Thread).where(Thread.interest_id.in_(interests)))
    session.execute(delete(Score).where(Score.judge_id.in_(judges)))
    for entity in (
        Interest, Mark, Question, Attendee, Stage, ProgrammeVersion, JuryResult, Judge, Criterion, EventOrganizer,
        EventItem,
    ):  # fmt: skip
        session.execute(delete(entity).where(entity.event_id.in_(events)))
    session.execute(delete(Event).where(Event.id.in_(events)))
    revision.bump(session, ("event", "event_item"))
    return len(events)


# ------------------------------------------------------------------ inside
def _achievements(session: Session) -> Sequence[Achievement]:
    """Public achievements that tell most of themselves: with a price first, then with an award, then with a unit."""
    told = case((Achievement.price.is_not(None), 0), (Achievement.award != "", 1), else_=2)
    return session.scalars(
        select(Achievement)
        .where(Achievement.origin == Origin.PUBLIC.value, Achievement.organization_text != "")
        .order_by(told, Achievement.year.desc().nulls_last(), Achievement.id)
        .limit(_ACHIEVEMENTS)
    ).all()


def _soon(now: datetime) -> datetime:
    """An hour of today or tomorrow, in Shanghai, that lies between one and eighteen hours ahead."""
    here = now.astimezone(SHANGHAI)
    return next(
        moment
        for day in (here.date(), here.date() + timedelta(days=1))
        for hour in (9, 14, 19)
        if (moment := datetime.combine(day, time(hour), SHANGHAI)) - here >= timedelta(hours=1)
    )


def _event(session: Session, title: str, start: datetime, made: datetime) -> Event:
    event = Event(
        title=title, kind="路演", held_on=start.astimezone(SHANGHAI).date(), held_precision=Precision.DAY.value,
        starts_at=start, ends_at=start + timedelta(hours=2), format="线上线下结合", city="赤峰市", league_code=_LEAGUE,
        venue="演示会场", organizer="演示主办单位", co_organizers="演示协办单位", capacity=_CAPACITY,
        introduction="演示用的一场路演：展示的成果和需求是公开信息，观众、评分和对接都是生成的。",
        rules="每个项目讲 8 分钟，问答在台下进行；请勿拍摄屏幕上的技术参数。",
        registration_opens=made, registration_closes=start - timedelta(minutes=30),
        origin=Origin.DEMO.value, source_publisher=PUBLISHER, source_date=made.astimezone(SHANGHAI).date(),
        source_precision=Precision.DAY.value, created_at=made, updated_at=made,
    )  # fmt: skip
    session.add(event)
    session.flush()
    return event


def _programme(session: Session, event: Event, shown: Sequence[Achievement], wanted: Demand) -> list[EventItem]:
    def item(kind: ItemKind, title: str, minutes: int, **more: Any) -> EventItem:
        return EventItem(event_id=event.id, kind=kind.value, registered=False, title=title, minutes=minutes, **more)

    def of(record: Any) -> dict[str, Any]:
        return {"organization_text": record.organization_text, "field": record.field}

    items = [
        item(
            ItemKind.TALK,
            "内蒙古技术转移体系与本场项目说明",
            10,
            organization_text="演示主办单位",
            presenter="演示主持人",
        ),
        *(item(ItemKind.ACHIEVEMENT, a.title, 8, achievement_id=a.id, summary=a.summary, **of(a)) for a in shown[:3]),
        item(ItemKind.BREAK, "茶歇与自由交流", 15),
        *(item(ItemKind.ACHIEVEMENT, a.title, 8, achievement_id=a.id, summary=a.summary, **of(a)) for a in shown[3:]),
        item(ItemKind.DEMAND, wanted.title, 8, demand_id=wanted.id, summary=wanted.description, **of(wanted)),
    ]
    for position, one in enumerate(items):
        one.position = position
    session.add_all(items)
    session.flush()
    return items


def _publish(session: Session, event: Event, items: Sequence[EventItem], number: int, at: datetime) -> None:
    start = event.starts_at
    content = []
    for one in items:
        content.append(
            {"item": one.id, "minutes": one.minutes, "room": one.room, "presenter": one.presenter,
             "starts": start.astimezone(UTC).isoformat() if start else None}
        )  # fmt: skip
        start = start + timedelta(minutes=one.minutes or 0) if start else None
    session.add(ProgrammeVersion(event_id=event.id, number=number, published_at=at, content=content))


def _draft(event: Event, *names: object) -> str:
    return sha256(repr((event.id, *names)).encode()).hexdigest()[:32]


def _device(event: Event, number: int) -> str:
    return sha256(repr((event.id, "device", number)).encode()).hexdigest()


def _audience(session: Session, event: Event, random: Random, *, present: bool) -> None:
    registered = (event.registration_opens or event.created_at) + timedelta(hours=1)
    for number in range(1, _AUDIENCE + 1):
        state = AttendeeState.REGISTERED if number <= _CAPACITY else AttendeeState.WAITING
        here = present and state is AttendeeState.REGISTERED and random.random() < 0.8
        session.add(
            Attendee(
                event_id=event.id, draft_id=_draft(event, "attendee", number), receipt=f"DEMO-{event.id}-{number:03d}",
                key_hash=_device(event, -number), state=state.value, name=f"{_UNDISCLOSED}{number}", unit="",
                phone="", hint=f"{_UNDISCLOSED}{number}", consent_version=consent.VERSION,
                registered_at=registered + timedelta(minutes=7 * number),
                checked_in_at=event.starts_at if here else None,
            )
        )  # fmt: skip


def _responses(session: Session, event: Event, items: Sequence[EventItem], random: Random) -> None:
    """Marks and questions of forty devices, intentions of some, and what was done with these."""
    asked = 0
    for place, item in enumerate(items):
        at = (event.starts_at or event.created_at) + timedelta(minutes=12 + 9 * place)
        for number in range(1, 41):
            if random.random() < 0.6:
                points = {name: random.randint(2, 5) for name in ("need", "maturity", "willingness")}
                session.add(
                    Mark(event_id=event.id, event_item_id=item.id, browser_hash=_device(event, number),
                         draft_id=_draft(event, "mark", item.id, number), created_at=at, **points)
                )  # fmt: skip
        for number in random.sample(range(1, 41), 2):
            session.add(
                Question(event_id=event.id, event_item_id=item.id, browser_hash=_device(event, number),
                         draft_id=_draft(event, "question", item.id, number), text=_QUESTIONS[asked % len(_QUESTIONS)],
                         state=(QuestionState.ANSWERED if asked % 3 else QuestionState.NEW).value, created_at=at)
            )  # fmt: skip
            asked += 1
        for number in random.sample(range(1, 41), random.randint(2, 5)):
            interest = Interest(
                event_id=event.id, event_item_id=item.id, browser_hash=_device(event, number), created_at=at,
                draft_id=_draft(event, "interest", item.id, number), name=f"{_UNDISCLOSED}{number}",
                hint=f"{_UNDISCLOSED}{number}", consent_version=consent.VERSION,
            )  # fmt: skip
            session.add(interest)
            session.flush()
            if random.random() < 0.75:
                session.add_all(_follow_up(session, interest, random))


_WAYS: Final = (
    (ThreadState.CONTACTED,),
    (ThreadState.CONTACTED, ThreadState.TALKING),
    (ThreadState.CONTACTED, ThreadState.TALKING, ThreadState.SIGNED),
    (ThreadState.CONTACTED, ThreadState.CLOSED),
)


def _follow_up(session: Session, interest: Interest, random: Random) -> Iterator[ThreadStep]:
    way = random.choice(_WAYS)
    days = sorted(random.sample(range(1, 35), len(way)))
    moments = [interest.created_at + timedelta(days=day) for day in days]
    signed = way[-1] is ThreadState.SIGNED
    thread = Thread(
        interest_id=interest.id, state=way[-1].value, opened_at=interest.created_at + timedelta(hours=2),
        contacted_at=moments[0],
        due_on=None if way[-1] in {ThreadState.SIGNED, ThreadState.CLOSED} else (moments[-1] + timedelta(30)).date(),
        signed_on=moments[-1].date() if signed else None, contract_title="演示合同" if signed else "",
        amount=Decimal(random.randint(10, 200)) * 10_000 if signed and random.random() < 0.7 else None,
    )  # fmt: skip
    session.add(thread)
    session.flush()
    for moment, state in zip(moments, way, strict=True):
        yield ThreadStep(thread_id=thread.id, at=moment, state=state.value, note="演示记录")


def _jury(session: Session, event: Event, items: Sequence[EventItem], random: Random) -> None:
    """Seven judges who scored every item; the result is frozen and published by whoever rehearses."""
    criteria = [
        Criterion(event_id=event.id, position=place, name=name, weight=weight)
        for place, (name, weight) in enumerate(_CRITERIA)
    ]
    judges = [
        Judge(event_id=event.id, number=number, code_hash=_device(event, 1000 + number), active=True,
              made_at=event.created_at)
        for number in range(1, 8)
    ]  # fmt: skip
    session.add_all([*criteria, *judges])
    session.flush()
    for item in items:
        level = random.randint(70, 90)
        session.add_all(
            Score(judge_id=judge.id, event_item_id=item.id, criterion_id=criterion.id,
                  points=Decimal(min(100, max(0, level + random.randint(-8, 8)))),
                  scored_at=event.ends_at or event.created_at)
            for judge in judges
            for criterion in criteria
        )  # fmt: skip
