"""对接跟进: who follows an intention up, what came of each step, and what is due.

Who left it is read by whoever may follow it up only, and each look is recorded.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from lib.domain import followups
from lib.domain.access import Actor, Permission, require
from lib.domain.dates import SHANGHAI, now_utc, today_shanghai
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound
from lib.domain.money import parse_amount
from lib.domain.text import clean
from lib.domain.vocabulary import ThreadState
from lib.services import audit, leads, notices
from lib.services.contacts import Contact
from lib.store.engine import Database
from lib.store.models import Interest, Notice, Thread, ThreadStep

_NOTE: Final = 500
_TITLE: Final = 100
CHANGED: Final = "这条线索刚刚被别人改过，请看过现在的样子再改。"
"""What is said of a change that was made on something else."""


def view_contact(database: Database, interest_id: int, *, actor: Actor) -> Contact:
    """Who left an intention and what they want to talk about; each look is recorded. Raises NotFound, AccessDenied."""
    require(actor, Permission.FOLLOW_UP)
    with database.write() as session:
        found = locked(session, interest_id, actor, confidential=True)
        audit.record(session, actor, "contact.view", "interest", found.id)
        return Contact(found.name, found.unit, found.phone, found.note, found.hint, found.consent_version)


# ------------------------------------------------------------------ following up
def take(database: Database, interest_id: int, due_on: date | None, *, actor: Actor) -> int:
    """Take an intention on, or over from somebody else; returns its thread. The same again changes nothing.

    Raises InvalidInput (a day that has passed), NotFound, AccessDenied.
    """
    require(actor, Permission.FOLLOW_UP)
    if due_on is not None and due_on < today_shanghai():
        raise InvalidInput({"due_on": "「下次联系」已经过去，请重新选择。"})

    def write(session: Session) -> int:
        found = locked(session, interest_id, actor)
        thread = session.scalars(select(Thread).where(Thread.interest_id == interest_id)).one_or_none()
        if thread is None:
            thread = Thread(
                interest_id=interest_id, owner_id=actor.account_id, opened_at=now_utc(), due_on=due_on,
                state=ThreadState.OPEN.value,
            )  # fmt: skip
            session.add(thread)
            session.flush()
            audit.record(session, actor, "thread.take", "thread", thread.id, item=found.event_item_id)
        elif thread.owner_id != actor.account_id:
            audit.record(session, actor, "thread.take", "thread", thread.id, before=thread.owner_id)
            title = leads.lead(session.execute(leads.leads().where(Interest.id == interest_id)).one()).title
            notices.tell(
                session, thread.owner_id, f"{actor.name}接着跟进您的线索", "followups", {"id": str(interest_id)}, title
            )
            thread.owner_id, thread.due_on = actor.account_id, due_on or thread.due_on
        return thread.id

    return database.settle(write)


def step(
    database: Database, thread_id: int, state: ThreadState, version: int, values: Mapping[str, Any], *, actor: Actor
) -> None:
    """Note what happened, as the thread was at `version`: the state it led to, a note, and when the next step is due.

    `values`: note, due_on, and for 已签约 signed_on, contract_title, amount (万元 as typed; blank: not told). Raises
    InvalidInput, Conflict, NotFound, AccessDenied.
    """
    require(actor, Permission.FOLLOW_UP)
    with database.write() as session:
        about = session.scalar(select(Thread.interest_id).where(Thread.id == thread_id))
        if about is None:
            raise NotFound("没有找到这条线索，请刷新列表。")
        left = locked(session, about, actor)  # before its thread, as whoever takes it or hands it over does
        thread = session.get_one(Thread, thread_id, with_for_update=True)
        columns, note = _checked(values, state, left.created_at.astimezone(SHANGHAI).date())
        if thread.version != version:
            if thread.version == version + 1 and _last(session, thread_id) == (state.value, note, actor.account_id):
                return  # sent twice
            raise Conflict(CHANGED)
        before = ThreadState(thread.state)
        if not followups.may(before, state):
            raise InvalidInput({"state": f"「{before.label}」之后不能直接到「{state.label}」，请重新选择。"})
        if before is ThreadState.SIGNED:
            columns = {}  # what was signed stands; a note may still be added
        now = now_utc()
        for name, value in columns.items():
            setattr(thread, name, value)
        thread.contacted_at = followups.first_contact(thread.contacted_at, state, now)
        thread.state = state.value
        thread.owner_id = thread.owner_id or actor.account_id
        session.add(ThreadStep(thread_id=thread_id, at=now, state=state.value, note=note, account_id=actor.account_id))
        audit.record(session, actor, "thread.step", "thread", thread_id, state=[before.value, state.value])


def remind(database: Database, *, actor: Actor) -> int:
    """Leave a notice for whoever has a step due by tomorrow, one a thread and day it is due; how many were left.

    Raises AccessDenied.
    """
    require(actor, Permission.LOAD_DATA)
    told = 0
    with database.write() as session:
        rows = session.execute(
            leads.leads().where(
                Thread.due_on <= today_shanghai() + timedelta(days=1), leads.running(), Thread.owner_id.is_not(None)
            )
        ).all()
        for lead in map(leads.lead, rows):
            body = f"{lead.title}　{lead.due_on}"
            link = {"id": str(lead.interest_id)}
            known = session.scalars(
                select(Notice.query).where(
                    Notice.account_id == lead.owner_id, Notice.page == "followups", Notice.body == body
                )
            )
            if link not in list(known):
                notices.tell(session, lead.owner_id, "该联系了", "followups", link, body)
                told += 1
    return told


# ------------------------------------------------------------------ inside
def locked(session: Session, interest_id: int, actor: Actor, *, confidential: bool = False) -> Interest:
    """An intention that the actor may follow up, locked. Raises NotFound, AccessDenied."""
    hidden = (undefer(Interest.name), undefer(Interest.unit), undefer(Interest.phone), undefer(Interest.note))
    found = session.scalars(
        select(Interest).where(Interest.id == interest_id).options(*(hidden if confidential else ())).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound("没有找到这条意向，请刷新列表。")
    if session.scalar(select(Interest.id).where(Interest.id == interest_id, leads.reach(actor))) is None:
        raise AccessDenied("这条意向不归您跟进：由活动主办方、记录的单位或当地主管部门办理。")
    return found


def _last(session: Session, thread_id: int) -> tuple[str, str, int | None] | None:
    """State, note and account of the newest step."""
    found = session.execute(
        select(ThreadStep.state, ThreadStep.note, ThreadStep.account_id)
        .where(ThreadStep.thread_id == thread_id)
        .order_by(ThreadStep.id.desc())
        .limit(1)
    ).one_or_none()
    return None if found is None else (found.state, found.note, found.account_id)


def _checked(values: Mapping[str, Any], state: ThreadState, left_on: date) -> tuple[dict[str, Any], str]:
    """The columns of a step and its note. Raises InvalidInput with a sentence each."""
    problems: dict[str, str] = {}
    texts: dict[str, str] = {}
    for name, label, most in (("note", "情况", _NOTE), ("contract_title", "合同名称", _TITLE)):
        try:
            texts[name] = clean(str(values.get(name) or ""), multiline=name == "note")
        except ValueError:
            problems[name] = f"「{label}」里有看不见的控制字符，请删去后重新输入。"
            continue
        if len(texts[name]) > most:
            problems[name] = f"「{label}」最多 {most} 字，请删减。"
    columns: dict[str, Any] = {"due_on": None, "signed_on": None, "contract_title": "", "amount": None}
    if state in followups.RUNNING:
        due = values.get("due_on")
        if due is not None and (not isinstance(due, date) or due < today_shanghai()):
            problems["due_on"] = "「下次联系」已经过去，请重新选择。"
        columns["due_on"] = due
    if state is ThreadState.SIGNED:
        signed = values.get("signed_on")
        if not isinstance(signed, date) or not left_on <= signed <= today_shanghai():
            problems["signed_on"] = "请选择「签约日期」，从留下意向那天到今天。"
        columns["signed_on"] = signed
        columns["contract_title"] = texts.get("contract_title", "")
        typed = str(values.get("amount") or "").strip()
        if typed:
            try:
                columns["amount"] = parse_amount(typed.removesuffix("万元").removesuffix("万"))
                if columns["amount"] <= 0:
                    raise ValueError
            except ValueError:
                problems["amount"] = "「合同金额」请填以万元为单位的数字，例如 120 或 120.5；不便写可以留空。"
    if problems:
        raise InvalidInput(problems)
    return columns, texts.get("note", "")
