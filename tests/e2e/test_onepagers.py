"""The sheet of a record as Chromium prints it: one A4 page, whatever was written."""

import re
from typing import Any

from playwright.sync_api import Browser

from lib.domain.access import VISITOR
from lib.domain.vocabulary import STEPS, SubmissionKind
from lib.server import onepagers
from lib.services import records
from lib.store.engine import Database
from tests.samples import whole_achievement, whole_demand
from tests.services.test_disclosure import People, publish


def long(most: int) -> str:
    """A text of so many characters."""
    return ("退役叶片的纤维与树脂分离，" * 200)[:most]


def longest() -> dict[str, Any]:
    """An achievement whose answers are as long as the form lets them be."""
    lines = [{"indicator": long(100), "existing": long(100), "ours": long(100)} for _ in range(10)]
    right = {"kind": "集成电路布图设计专有权", "number": long(100), "state": "有效", "expires": "2026-12-01"}
    return whole_achievement(
        title=long(100), value=long(60), summary=long(2000), problem=long(1000), application=long(1000),
        indicators=long(1000), trl_evidence=long(500), award=long(100), other_units=long(200), comparison=lines,
        rights=[right] * 10, shares=[{"holder": long(100), "share": "10"}] * 10,
        steps=[{"step": step, "on": "2024-01-01", "note": long(100)} for step in STEPS],
    )  # fmt: skip


def test_every_record_prints_on_one_page(chromium: Browser, app_database: Database) -> None:
    owner, kinds = People(app_database).owner, SubmissionKind
    texts = {name: long(1000) for name in ("description", "indicators", "tried", "acceptance")}
    lines = [{"indicator": long(100), "existing": "", "wanted": long(100)} for _ in range(10)]
    numbers = [
        ("achievement", 1), ("demand", 1),
        ("achievement", publish(app_database, kinds.ACHIEVEMENT, whole_achievement(), owner)),
        ("achievement", publish(app_database, kinds.ACHIEVEMENT, longest(), owner)),
        ("demand", publish(app_database, kinds.DEMAND, whole_demand(**texts, comparison=lines), owner)),
    ]  # fmt: skip
    page = chromium.new_page()
    for kind, number in numbers:
        with app_database.read() as session:
            sheet = records.sheet(session, kind, number, actor=VISITOR, base="https://x.example", coded=True)
        page.set_content(onepagers.page_of(sheet, f"/{kind}s?id={number}", f"/download/{kind}s/{number}.docx"))
        printed = page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 1, f"{kind} {number}"
        width = page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
        assert width == 0
    page.close()
