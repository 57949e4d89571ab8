"""R4's scene: a text that occurs nowhere else in every confidential place, put there by the real services."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from secrets import token_hex
from typing import Any

from sqlalchemy import select

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.submissions import Action
from lib.domain.vocabulary import FieldLevel, SubmissionKind, SubmissionState
from lib.files import export
from lib.files.template import Column
from lib.services import attachments, bulk, drafts, grants, links, notices, registration, reviews, submissions
from lib.store.engine import Database
from lib.store.models import AccessRequest, Event, Submission
from lib.ui.navigation import PLACES
from tests.samples import CHECKED, XILINGOL, achievement, demand, military, person, upcoming
from tests.samples import registration as entry
from tests.services.test_disclosure import People

KINDS = SubmissionKind
_NO_HEX = str.maketrans("0123456789abcdef", "ghjkmpqstuvwxzoi")


@dataclass
class Planted:
    """What was planted: canaries by who may meet them, and the addresses of what carries them.

    `closed`: 授权可见, opened by nobody here unless they click; `named`: the names of such files. `shared`: 登录可见.
    `handed_in`: not published, or the reason of a request; whoever decides sees it. `own`: drafts, answers, phones,
    only their owner's. `keys`: what opens something, nobody's. `public` stands in a public title, to show that who
    looks finds what is there.
    """

    people: People
    closed: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)
    handed_in: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    public: str = ""
    records: dict[str, list[int]] = field(default_factory=dict)
    submissions: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    drafts: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    organizer: Actor = VISITOR

    def all(self) -> set[str]:
        """Every canary that is not public."""
        return self.closed | self.named | self.shared | self.handed_in | self.own | self.keys

    def viewers(self) -> dict[str, tuple[Actor, set[str], bool]]:
        """Who looks, what they must not meet, and whether they click on what opens something to them.

        Reviewers do not: it would open everything of the division to them, and be noted.
        """
        everything, people = self.all(), self.people
        stranger, reviewer = everything - self.shared, everything - self.shared - self.handed_in - self.named
        return {
            "visitor": (VISITOR, everything, True),
            "applicant": (people.applicant, everything, True),
            "member": (people.other, stranger, True),
            "organizer": (self.organizer, stranger, True),
            "official elsewhere": (people.elsewhere, stranger, True),
            "official": (people.official, reviewer, False),
            "administrator": (people.administrator, reviewer, False),
        }


def plant(database: Database) -> Planted:
    """Accounts, submissions in every state, records, files, requests, drafts and keys, each with its canary."""
    numbers = count(1)
    planted = Planted(People(database))
    people = planted.people

    def words(group: set[str]) -> str:
        made = f"cnry{next(numbers):02d}{token_hex(5)}"
        group.add(made)
        return made

    def amount(group: set[str]) -> str:
        made = f"{70_000 + next(numbers)}.{next(numbers) % 90 + 10}"
        group |= {made, f"{made[:2]},{made[2:]}", made.replace(".", "") + "00"}
        return made

    def phone(group: set[str]) -> str:
        made = f"1397391{next(numbers):04d}"
        group.add(made)
        return made

    def contact(group: set[str]) -> dict[str, str]:
        name, mail = words(group), words(group)
        return {"contact_name": name, "contact_phone": phone(group), "contact_email": f"{mail}@example.com"}

    def file(draft: str, level: FieldLevel, group: set[str]) -> None:
        name, content = f"{words(planted.named if group is closed else group)}.txt", words(group).encode()
        added = attachments.add(database, KINDS.ACHIEVEMENT, draft, name, content, level, actor=people.owner)
        planted.files.append(added.id)

    def hand_in(kind: SubmissionKind, values: dict[str, Any], actor: Actor, action: Action | None) -> int:
        draft = values.pop("draft", token_hex(16))
        receipt = submissions.submit(database, kind, draft, values, actor=actor)
        with database.read() as session:
            found = session.scalars(select(Submission).where(Submission.receipt == receipt.number)).one()
        planted.submissions.append(found.id)
        if action is None:
            return found.id
        told = {} if action is Action.PUBLISH else {"comment": "请补充"}
        done = reviews.decide(
            database, found.id, action, told.get("comment", ""), found.version,
            actor=people.administrator, checklist=CHECKED,
        )  # fmt: skip
        if done.record_id:
            planted.records.setdefault(kind.value, []).append(done.record_id)
        return found.id

    closed, shared, handed_in, own, keys = (
        planted.closed, planted.shared, planted.handed_in, planted.own, planted.keys,
    )  # fmt: skip
    open_to_accounts = {"contact": "signed_in", "price": "signed_in", "indicators": "signed_in", "ip": "signed_in"}
    only_granted = dict.fromkeys(("contact", "price", "indicators", "ip", "budget"), "granted")
    planted.public = token_hex(8).translate(_NO_HEX)  # no piece of it is in a canary

    # Published: every field that need not be public, at both levels.
    for levels, group in ((only_granted, closed), (open_to_accounts, shared)):
        draft = token_hex(16)
        file(draft, FieldLevel.GRANTED, closed)
        file(draft, FieldLevel.SIGNED_IN, shared)
        hand_in(KINDS.ACHIEVEMENT, achievement(
            draft=draft, title=f"成果 {planted.public}", **contact(group), price=amount(group),
            rights=[{"kind": "发明专利", "number": words(group)}],
            indicators=words(group), floor_price=amount(closed), formula=words(closed), levels=levels,
        ), people.owner, Action.PUBLISH)  # fmt: skip
        hand_in(KINDS.DEMAND, demand(
            **contact(group), budget=amount(group), indicators=words(group),
            levels={"budget": levels["price"], "indicators": levels["price"], "contact": levels["price"]},
        ), people.owner, Action.PUBLISH)  # fmt: skip
    with database.read() as session:
        event_id, elsewhere = session.scalars(select(Event.id).order_by(Event.id).limit(2)).all()
    planted.organizer = person(database, Role.ORGANIZER, events=frozenset({elsewhere}))
    planted.records["event"] = [event_id]
    upcoming(database, event_id)
    hand_in(KINDS.REGISTRATION, entry(
        event_id, **contact(closed), team=words(closed), market=words(closed), financing=words(closed),
        advantage=words(closed), forecast=words(closed),
    ), people.owner, Action.PUBLISH)  # fmt: skip
    hand_in(KINDS.MILITARY, military(**contact(closed)), people.owner, Action.PUBLISH)

    # Handed in and not published: everything in it is a canary.
    for action in (None, Action.RETURN, Action.DECLINE):
        draft = token_hex(16)
        for level in FieldLevel:
            file(draft, level, handed_in)
        hand_in(KINDS.ACHIEVEMENT, achievement(
            draft=draft, title=f"成果 {words(handed_in)}", summary=f"一项还没有发布的成果 {words(handed_in)}",
            **contact(closed), formula=words(closed), floor_price=amount(closed),
        ), people.owner, action)  # fmt: skip
    gone = hand_in(KINDS.DEMAND, demand(title=f"需求 {words(handed_in)}"), people.owner, Action.PUBLISH)
    submissions.withdraw(database, gone, actor=people.owner)

    # Nobody's but their owner's.
    for levels in ({}, only_granted):
        typed = {name: words(own) for name in ("title", "summary", "formula", "contact_name")}
        planted.drafts.append(token_hex(16))
        drafts.save(database, planted.drafts[-1], KINDS.ACHIEVEMENT, typed | {"levels": levels}, actor=people.owner)
    columns = [Column(name, name) for name in ("title", "formula", *bulk.required(KINDS.ACHIEVEMENT) - {"title"})]
    sent = export.csv_bytes([column.name for column in columns], [[words(own) for _ in columns]])
    planted.tables = [bulk.preview(database, KINDS.ACHIEVEMENT, columns, "x.csv", sent, actor=people.owner).digest]
    record = planted.records["achievement"][0]
    for answer in (None, "declined", "granted"):
        asker = person(database, Role.MEMBER)
        request = grants.request_access(
            database, token_hex(16), "achievement", record, f"用于评估合作 {words(handed_in)}", actor=asker
        )
        if answer is None:
            continue
        with database.read() as session:
            version = session.get_one(AccessRequest, request).version
        grants.decide(database, request, answer == "granted", 30, f"说明 {words(own)}", version, actor=people.owner)

    # What opens something.
    secret = words(keys)
    keys.add(registration.register(database, {
        "login": f"user{token_hex(3)}", "name": "申请人", "phone": phone(own), "password": secret, "again": secret,
        "organization": "某新材料有限公司", "code": "91350100M000100Y43", "league": XILINGOL, "consent": "1",
    }, actor=VISITOR, agent="test"))  # fmt: skip
    keys.add(
        links.invite(database, Role.MEMBER, 7, actor=people.administrator, organization_id=people.owner.organization_id)
    )
    keys.add(links.reset_link(database, people.owner.account_id or 0, actor=people.administrator))
    keys.add(notices.new_feed_key(database, actor=people.owner))
    return planted


def found_in(text: bytes | str, canaries: set[str]) -> set[str]:
    """The canaries that stand in a text or in bytes."""
    raw = text.encode() if isinstance(text, str) else text
    return {canary for canary in canaries if canary.encode() in raw}


def addresses(planted: Planted) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every page, with each record, submission, draft and view that an address can name."""
    records = planted.records
    named: dict[str, list[dict[str, Any]]] = {
        "achievements": [{"id": str(i)} for i in records["achievement"]] + [{"q": planted.public}],
        "demands": [{"id": str(i)} for i in records["demand"] + records["military"]],
        "roadshows": [{"id": str(i)} for i in records["event"]],
        "review": [{"id": str(i)} for i in planted.submissions] + [{"state": s.value} for s in SubmissionState],
        "mine": [{"id": str(i)} for i in planted.submissions]
        + [{"view": v} for v in ("notices", "drafts", "searches", "feed")],
        "access": [{"view": view} for view in ("mine", "waiting", "granted")],
        "submit": [{"kind": "achievement", "draft": draft} for draft in planted.drafts]
        + [{"view": "status"}, {"view": "bulk"}],
        "audit": [{"page": "2"}],
    }
    for place in PLACES:
        yield place.name, {}
        for query in named.pop(place.name, []):
            yield place.name, query
    assert named == {}, "an address of no page"
