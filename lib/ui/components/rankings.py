"""What a jury made of the projects of an event: the ranking, and each judge's score behind it."""

from lib.domain.dates import show_time
from lib.domain.vocabulary import NO_DATA, UNDISCLOSED
from lib.services import jury
from lib.services.jury import Ranked, Result
from lib.ui.components.markup import Markup, draw, el
from lib.ui.components.tables import cell, row, table


def brief(found: Result) -> None:
    """Ranks and scores; each score leads to what it is made of."""
    names = ("名次", "#得分", "项目", "单位")
    page = f"/roadshows?id={found.event_id}"
    table(
        names,
        (
            row(
                cell(_rank(one), "bj-tight"),
                cell(el("a", _score(one), href=f"{page}&view=jury"), "num"),
                cell(el("a", one.contender.title, href=f"{page}&item={one.contender.item}")),
                cell(one.contender.unit or UNDISCLOSED),
            )
            for one in found.ranked
        ),
    )
    draw(el("p", jury.how(found), cls="bj-meaning"))


def whole(found: Result) -> None:
    """Ranks, scores, and each judge's score; what was left out is struck through."""
    names = ("名次", "#得分", "项目", "单位", *(f"#{number} 号" for number in found.numbers))
    table(
        names,
        (
            row(
                cell(_rank(one), "bj-tight"),
                cell(el("b", _score(one)), "num"),
                cell(one.contender.title),
                cell(one.contender.unit or UNDISCLOSED),
                *(cell(_given(one, number), "num") for number in found.numbers),
            )
            for one in found.ranked
        ),
    )
    weights = "、".join(f"{one.name} {one.weight}" for one in found.measures)
    struck = "划去的分数没有计入。" if found.dropping else ""
    draw(el("p", f"{jury.how(found)}{struck}", el("br"), f"权重：{weights}。", cls="bj-meaning"))


def when(found: Result) -> str:
    """Since when it stands, and who sees it."""
    if found.published_at is None:
        return f"{show_time(found.frozen_at)} 冻结，只有组织者看得到"
    return f"{show_time(found.published_at)} 由主办方公布"


def _rank(one: Ranked) -> str:
    if one.rank is None:
        return "没有评分"
    return f"并列第 {one.rank}" if one.tied else f"第 {one.rank}"


def _score(one: Ranked) -> str:
    return NO_DATA if one.score is None else f"{one.score:f}"


def _given(one: Ranked, number: int) -> Markup | str:
    given = one.judges.get(number)
    if given is None:
        return "—"
    text = f"{given.normalize():f}"
    return el("s", text, title="没有计入") if number in one.dropped else text
