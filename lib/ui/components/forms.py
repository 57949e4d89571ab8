"""The questions of the forms on the screen: widgets, what was answered, what it reads like afterwards."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

import streamlit as st

from lib.domain import disclosure, trail
from lib.domain.disclosure import Disclosed
from lib.domain.money import show_wan
from lib.domain.vocabulary import FieldLevel, SubmissionKind
from lib.services.forms import DATES, LARGEST_TABLE, SEPARATOR
from lib.services.publication import ANSWERS
from lib.ui.components import bands
from lib.ui.components.guides import guide
from lib.ui.components.markup import draw, el
from lib.ui.components.questions import DECLARED, SELF_CHECK, Field, Section, steps

AMOUNTS: Final = frozenset({"budget", "price", "floor_price"})
"""Answers in 元 that are typed and shown in 万元."""
PAUSE: Final = "1.5s"
"""What somebody types reaches the server after this pause; lib/server/chrome.js does the same for long texts."""


@dataclass(frozen=True)
class Sheet:
    """One form on the screen: whose draft it is, what its fields hold at first, and what is said beside them.

    `start` must stay the same while its widgets are on the screen: what is typed later lives in them.
    """

    kind: SubmissionKind
    draft: str
    start: Mapping[str, Any]
    errors: Mapping[str, str] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)

    def key(self, name: str) -> str:
        """The widget key of a field: of this draft alone, so that no text strays into another."""
        return f"{self.draft[:8]}-f-{name}"

    def level_key(self, name: str) -> str:
        """The widget key of who may see a field."""
        return f"{self.draft[:8]}-level-{name}"


def draw_field(asked: Field, sheet: Sheet) -> Any:
    """The widget of a field with what stands beside it: who may see it, what a reviewer said, what is to be mended."""
    shown = _disclosed(sheet.kind, asked.name)
    if shown is not None and shown.choosable:
        wide = "wide-" if asked.shape == "prose" or shown.name == disclosure.CONTACT else ""
        with st.container(
            horizontal=asked.shape != "table", vertical_alignment="bottom", gap="small",
            key=f"pair-{wide}{sheet.draft[:8]}-{asked.name}",
        ):  # fmt: skip
            value = _widget(asked, asked.asked, sheet)
            if asked.shape == "table":
                _guide(asked, sheet)
            _level(shown, sheet)
    else:
        closed = shown is not None and shown.name != disclosure.CONTACT
        marks = "，".join(("选填",) * asked.optional + (shown.default.label,)) if closed and shown else ""
        value = _widget(asked, f"{asked.label}（{marks}）" if marks else asked.asked, sheet)
    if asked.shape != "table" or shown is None:
        _guide(asked, sheet)
    if said := sheet.comments.get(asked.name, ""):
        draw(el("p", el("b", "审核意见："), said, cls="bj-said"))
    bands.wrong(sheet.errors.get(asked.name, ""))
    return value


def _guide(asked: Field, sheet: Sheet) -> None:
    """What the question is for, in a line; good and bad example open by a click, a tap or a key."""
    told = guide(sheet.kind, asked.name)
    if told is None:
        return
    if not told.good:
        draw(el("p", told.help, cls="bj-guide"))
        return
    draw(
        el(
            "details",
            el("summary", told.help, el("span", "看例子")),
            el("p", el("b", "好例子"), told.good, cls="bj-good"),
            el("p", el("b", "差例子"), told.bad, cls="bj-bad"),
            cls="bj-guide",
        )
    )


@dataclass
class _Lines:
    """Which lines of a table are on the screen, in their order; a number is never used twice while it is."""

    numbers: list[int]
    next: int


def _lines(asked: Field, sheet: Sheet) -> _Lines:
    begun = max(1, len(sheet.start.get(asked.name) or []))
    lines: _Lines = st.session_state.setdefault(f"{sheet.key(asked.name)}-lines", _Lines(list(range(begun)), begun))
    return lines


def _cell(asked: Field, number: int, column: Field) -> str:
    return f"{asked.name}-{number}-{column.name}"


def _table(asked: Field, label: str, sheet: Sheet) -> list[dict[str, str]]:
    """A small table as lines of fields. Blank lines count, so that a sentence about a line names the right one."""
    key, start, lines = sheet.key(asked.name), sheet.start.get(asked.name) or [], _lines(asked, sheet)
    given: list[dict[str, str]] = []
    with st.container(gap="small", key=f"table-{key}"):
        draw(el("p", label, cls="bj-table-label"))
        for place, number in enumerate(lines.numbers, 1):
            begun = start[number] if number < len(start) else {}
            cells = Sheet(sheet.kind, sheet.draft, {_cell(asked, number, c): begun.get(c.name) for c in asked.columns})
            with st.container(gap="small", key=f"cells-{key}-{number}"):
                given.append(_row(asked, lines, place, cells))
        if len(lines.numbers) < LARGEST_TABLE:
            st.button(
                "加一行", icon=":material/add:", type="tertiary", key=f"{key}-more", on_click=_more, args=(lines,)
            )
    return _told(given)


def _row(asked: Field, lines: _Lines, place: int, cells: Sheet) -> dict[str, str]:
    number, line = lines.numbers[place - 1], {}
    several = len(lines.numbers) > 1
    columns = st.columns([4] * len(asked.columns) + [1] * several, gap="small", vertical_alignment="bottom")
    for column, shown in zip(asked.columns, columns, strict=False):
        with shown:
            cell = replace(column, name=_cell(asked, number, column))
            line[column.name] = str(_widget(cell, column.label, cells) or "")
    if several:
        columns[-1].button(
            f"删去第 {place} 行", icon=":material/close:", type="tertiary",
            key=f"{cells.key(asked.name)}-{number}-less", on_click=_less, args=(lines, number),
        )  # fmt: skip
    return line


def _told(lines: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Lines without their blank cells, and without the blank lines after the last that says something."""
    told = [{name: text for name, text in line.items() if text} for line in lines]
    while told and not told[-1]:
        told.pop()
    return told


def _more(lines: _Lines) -> None:
    lines.numbers.append(lines.next)
    lines.next += 1


def _less(lines: _Lines, number: int) -> None:
    if number in lines.numbers:
        lines.numbers.remove(number)


def given(fields: Iterable[Field], sheet: Sheet) -> dict[str, Any]:
    """What the widgets hold that the run before this one drew: no answer is lost with the step it belongs to."""
    found: dict[str, Any] = {}
    for asked in fields:
        key = sheet.key(asked.name)
        if asked.shape == "table" and f"{key}-lines" in st.session_state:
            lines: _Lines = st.session_state[f"{key}-lines"]
            keys = [
                {column.name: sheet.key(_cell(asked, number, column)) for column in asked.columns}
                for number in lines.numbers
            ]
            if any(cell in st.session_state for line in keys for cell in line.values()):
                found[asked.name] = _told(
                    {name: str(st.session_state.get(cell) or "") for name, cell in line.items()} for line in keys
                )
        elif key in st.session_state:
            value = st.session_state[key]
            found[asked.name] = SEPARATOR.join(value or ()) if asked.shape == "choices" else value
    return found


def turn(fields: Iterable[Field], sheet: Sheet) -> None:
    """Another step comes: the lines of its tables are counted anew, from what the sheet starts with then."""
    for asked in fields:
        st.session_state.pop(f"{sheet.key(asked.name)}-lines", None)


def _widget(asked: Field, label: str, sheet: Sheet) -> Any:
    name, start = sheet.key(asked.name), sheet.start.get(asked.name)
    if asked.shape == "table":
        return _table(asked, label, sheet)
    if asked.shape == "choices":
        begun = [option for option in asked.options if option in str(start or "").split(SEPARATOR)]
        chosen = st.pills(label, list(asked.options), selection_mode="multi", default=begun, key=name, wrap=True)
        return SEPARATOR.join(chosen)
    if asked.shape == "prose":
        return st.text_area(label, str(start or ""), key=name, placeholder=asked.placeholder, height=96)
    if asked.shape == "choice":
        options = list(asked.options)
        return st.selectbox(
            label,
            options,
            index=options.index(start) if start in options else None,
            format_func=lambda option: asked.options.get(option, str(option)),
            placeholder="请选择",
            key=name,
        )
    if asked.shape == "date":
        return st.date_input(label, start if isinstance(start, date) else None, format="YYYY-MM-DD", key=name)
    if asked.shape == "tick":
        return st.checkbox(label, bool(start), key=name, wrap=True)
    if asked.shape == "check":
        return st.radio(label, ("否", "是", "不确定"), index=None, horizontal=True, key=name)
    return st.text_input(label, str(start or ""), key=name, placeholder=asked.placeholder, live=PAUSE)


def _disclosed(kind: SubmissionKind, name: str) -> Disclosed | None:
    """Who may see a field of the form, where that is not simply everybody. The e-mail stands for the whole contact."""
    wanted = {disclosure.CONTACT: "contact_email", **ANSWERS}
    return next((shown for shown in disclosure.FIELDS[kind] if wanted.get(shown.name, shown.name) == name), None)


def level_of(kind: SubmissionKind, name: str, chosen: Mapping[str, str]) -> FieldLevel | None:
    """Who may see an answer, given what the owner chose; None where everybody may and nobody can choose otherwise."""
    shown = _disclosed(kind, name)
    return None if shown is None else disclosure.level_of(kind, shown.name, chosen)


def _level(shown: Disclosed, sheet: Sheet) -> None:
    start = disclosure.level_of(sheet.kind, shown.name, sheet.start.get("levels") or {})
    st.selectbox(
        f"谁能看{shown.label}",
        shown.levels,
        index=shown.levels.index(start),
        format_func=lambda level: level.label,
        key=sheet.level_key(shown.name),
        width=168,
    )


def chosen_levels(sheet: Sheet, known: Mapping[str, str]) -> dict[str, str]:
    """What the owner chose, where it is not the default: a level by name of the field; `known` of what is not drawn."""
    found: dict[str, str] = {}
    for shown in disclosure.FIELDS[sheet.kind]:
        before = disclosure.level_of(sheet.kind, shown.name, known)
        level = st.session_state.get(sheet.level_key(shown.name), before)
        if level != shown.default:
            found[shown.name] = FieldLevel(level).value
    return found


def draw_sections(parts: Iterable[Section], sheet: Sheet) -> dict[str, Any]:
    """All questions, two a row where they fit; returns the answers by name."""
    values: dict[str, Any] = {}
    for title, rows in parts:
        if title:
            draw(el("h3", title, cls="bj-part"))
        for row in rows:
            for column, asked in zip(st.columns(len(row), gap="small"), row, strict=True):
                with column:
                    values[asked.name] = draw_field(asked, sheet)
    return values


def typed(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Stored answers as their widgets take them: 万元 for 元, dates for their text."""
    found: dict[str, Any] = {}
    for name, value in answers.items():
        if value in (None, ""):
            continue
        if isinstance(value, list):
            found[name] = _told(value)
        elif name in AMOUNTS:
            found[name] = f"{Decimal(str(value)) / 10_000:f}"
        elif name in DATES and not isinstance(value, date):
            found[name] = date.fromisoformat(value)
        else:
            found[name] = str(value) if name == "year" else value
    return found


def error_summary(errors: Mapping[str, str]) -> None:
    """How many things are to be mended, said once above the form."""
    if errors:
        st.error(f"还有 {len(errors)} 处需要修改，已标在各项下面；填好的内容都还在。", icon=":material/error:")


def answers(kind: SubmissionKind, content: Mapping[str, Any], places: Mapping[str, str]) -> list[tuple[str, str]]:
    """What was answered, label and value, in the order of the form."""
    return [(label, value) for _, label, value in named_answers(kind, content, places)]


def named_answers(
    kind: SubmissionKind, content: Mapping[str, Any], places: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """The same with the name of each field before its label."""
    asked = (item for step in steps(kind, places, places) for item in step.fields if item.name != "title")
    return [(item.name, item.label, text) for item in asked if (text := _shown(item, content.get(item.name)))]


def as_typed(fields: Iterable[Field], answers: Mapping[str, Any]) -> list[tuple[Field, str]]:
    """What stands in the widgets of these fields, as text; what is blank is left out."""
    asked = ((item, _answer(item, answers.get(item.name), "\n")) for item in fields)
    return [(item, text) for item, text in asked if text]


def _answer(asked: Field, value: Any, between: str = "；") -> str:
    if value is None or value == "" or isinstance(value, bool):
        return ""
    if not isinstance(value, list):
        return str(asked.options.get(value, value))
    return between.join(filter(None, (_line(asked, line) for line in value)))


def _line(asked: Field, line: Mapping[str, str]) -> str:
    """A line of a table: its first cell, and the others by name where they are filled."""
    first, *others = asked.columns
    told = (_named(column.label, line[column.name]) for column in others if line.get(column.name))
    return "，".join(filter(None, (line.get(first.name, ""), *told)))


def _named(label: str, text: str) -> str:
    name, percent, _ = label.partition("（%）")
    return f"{name} {text}{'%' if percent else ''}"


def _shown(asked: Field, value: Any) -> str:
    if asked.name in AMOUNTS and value not in (None, ""):
        return show_wan(Decimal(str(value)))
    return _answer(asked, value)


def label(kind: SubmissionKind, name: str) -> str:
    """What an answer is called on the form, or in the trail where the form has no field for it."""
    parts = [*(section for step in steps(kind, {}, {}) for section in step.sections), DECLARED, SELF_CHECK]
    named = {asked.name: asked.label for _, rows in parts for row in rows for asked in row}
    named = {"title": "名称"} | named | disclosure.labels(kind)
    return named.get(name) or trail.detail_label(name)
