"""What happened to a record, on its page: days and steps for everybody, names and changes for whom it concerns."""

from lib.domain.dates import show_time
from lib.services import entries
from lib.services.entries import Step
from lib.store.engine import database
from lib.ui.components.markup import Markup, draw, el
from lib.ui.guard import Context


def steps(ctx: Context, kind: str, record_id: int) -> None:
    """The way of an achievement, a demand or an event's items; nothing for a record that took no way here."""
    with database().read() as session:
        found = entries.history(session, kind, record_id, actor=ctx.actor)
    if found:
        draw(el("ol", *(_step(step) for step in found), cls="bj-steps"))


def _step(step: Step) -> Markup:
    changed = (el("div", f"{name}：", el("del", was), " → ", el("ins", now)) for name, was, now in step.changes)
    return el(
        "li",
        el("time", show_time(step.at) if step.who else show_time(step.at)[:10]),
        el("b", step.label),
        el("span", step.who) if step.who else None,
        *changed,
        el("div", f"意见：{step.comment}") if step.comment else None,
    )
