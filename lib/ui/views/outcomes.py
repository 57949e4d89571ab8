"""成效: what came of an event, each number with its rows."""

import streamlit as st

from lib.domain.dates import show_time
from lib.domain.money import show_wan
from lib.domain.vocabulary import MARKS, NO_DATA, ThreadState
from lib.services import outcome_sheets, outcomes
from lib.services.outcomes import LABELS, MEANINGS, Outcome, Row
from lib.store.engine import database
from lib.ui import address
from lib.ui.components import bands
from lib.ui.components.markup import Markup, draw, el
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context


def desk(ctx: Context, event_id: int) -> None:
    """The figures, the rows of the one that was chosen below its group, and what came of each item."""
    with database().read() as session:
        found = outcomes.read(session, event_id, actor=ctx.actor)
    files = (("打印成效报告", f"/print/events/{event_id}/outcome"),
             ("成效报告 Word", f"/download/events/{event_id}/outcome.docx"))  # fmt: skip
    draw(el("nav", *(el("a", label, href=href, cls="bj-more") for label, href in files), cls="bj-take"))
    chosen = address.choice("figure", tuple(LABELS), "")
    for title, names in outcome_sheets.GROUPS.items():
        bands.section(title)
        draw(el("div", *(_figure(event_id, name, found, chosen) for name in names), cls="bj-figures"))
        if chosen in names:
            _rows(ctx, event_id, chosen)
    signed, asked = found.figures[ThreadState.SIGNED.value], found.figures["intentions"]
    rate = f"{signed / asked:.1%}（{signed} / {asked}）" if asked else NO_DATA
    amount = show_wan(found.amount) if found.amount is not None else NO_DATA
    draw(el("p", f"路演成交率 {rate}　签约额 {amount}", cls="bj-lead"))
    draw(el("p", " ".join(MEANINGS.values()), cls="bj-meaning"))
    _items(event_id, found)


def _figure(event_id: int, name: str, found: Outcome, chosen: str) -> Markup:
    href = f"/hosting?id={event_id}&view=outcomes&figure={name}"
    here = {"aria_current": "true"} if name == chosen else {}
    return el("a", el("b", outcome_sheets.shown(found, name)), el("span", LABELS[name]), href=href, **here)


def _rows(ctx: Context, event_id: int, figure: str) -> None:
    with database().read() as session:
        found = outcomes.rows(session, event_id, figure, actor=ctx.actor)
    bands.section(f"{LABELS[figure]}：{len(found)} 条")
    if not found:
        st.caption("没有记录。")
        return
    names = ("内容", "谁", "时间", "说明")
    table(
        names,
        (
            row(
                cell(_what(one), "bj-wide"),
                cell(one.who),
                cell(show_time(one.when) if one.when else "", "bj-tight"),
                cell(one.note),
            )
            for one in found
        ),
        stack=True,
    )


def _what(one: Row) -> Markup | str:
    """What a row is about; of an intention, the way to its follow-up."""
    return el("a", one.what, href=f"/followups?id={one.interest}") if one.interest else one.what


def _items(event_id: int, found: Outcome) -> None:
    bands.section("逐项")
    if not found.items:
        st.caption("这场活动没有项目。")
        return
    names = ("项目", "#打分", *(f"#{label}" for label in MARKS.values()), "#提问", "#意向", "#签约", "#签约额")
    table(
        names,
        (
            row(
                cell(el("a", one.title, href=f"/roadshows?id={event_id}&item={one.id}")),
                cell(str(one.counts.marks), "num"),
                *(cell(NO_DATA if mean is None else str(mean), "num") for mean in one.counts.means.values()),
                cell(str(one.counts.questions), "num"),
                cell(str(one.counts.intentions), "num"),
                cell(str(one.signed), "num"),
                cell(NO_DATA if one.amount is None else show_wan(one.amount), "num"),
            )
            for one in found.items
        ),
    )
