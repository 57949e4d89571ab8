"""Where the data comes from: files, publishers and their records add up to the files themselves."""

import csv
import hashlib
from collections import Counter, defaultdict

import pytest

from lib.domain.access import VISITOR
from lib.domain.dates import now_utc
from lib.domain.errors import InvalidQuery
from lib.services import sources
from lib.services.sources import KINDS
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import Contract

Row = dict[str, str]


@pytest.fixture(scope="module")
def by_publisher() -> dict[str, Counter[str]]:
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for kind in KINDS:
        with (settings().public_dir / f"{kind.key}.csv").open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                counted[row["source_publisher"].strip()][kind.key] += 1
    return counted


def test_every_file_is_listed_with_rows_and_fingerprint(loaded: Database) -> None:
    with loaded.read() as session:
        found = {file.name: file for file in sources.files(session, actor=VISITOR)}
    assert {f"{kind.key}.csv" for kind in KINDS} <= set(found)
    for name in (f"{kind.key}.csv" for kind in KINDS):
        data = (settings().public_dir / name).read_bytes()
        rows = list(csv.DictReader(data.decode("utf-8-sig").splitlines()))
        assert (found[name].rows, found[name].sha256) == (len(rows), hashlib.sha256(data).hexdigest())
        days = sorted(row["source_date"] for row in rows if row["source_date"])
        assert str(found[name].first)[:4] == days[0][:4]
        assert str(found[name].last).startswith(days[-1])


def test_publishers_and_their_counts_agree_with_the_files(
    loaded: Database, by_publisher: dict[str, Counter[str]]
) -> None:
    with loaded.write() as session:
        session.add(Contract(title="演示合同", origin="demo", created_at=now_utc(), updated_at=now_utc()))
    with loaded.read() as session:
        first = sources.publishers(session, actor=VISITOR, size=100)
        second = sources.publishers(session, actor=VISITOR, size=100, page=2)
        found = {p.name: {kind: n for kind, n in p.counts.items() if n} for p in (*first.items, *second.items)}
        assert found == {name: dict(counts) for name, counts in by_publisher.items()}
        assert first.total == len(by_publisher)
        assert first.unnamed == by_publisher[""].total()
        assert first.named == len(by_publisher) - 1
        assert second.items[-1].name == ""
        only = sources.publishers(session, actor=VISITOR, q="科技厅", size=100)
        assert {p.name for p in only.items} == {name for name in by_publisher if "科技厅" in name}
        assert only.unnamed == 0


@pytest.mark.parametrize("publisher", ["", "内蒙古日报", "没有这家"])
def test_the_records_of_a_publisher_are_those_that_were_counted(
    loaded: Database, by_publisher: dict[str, Counter[str]], publisher: str
) -> None:
    expected = by_publisher.get(publisher, Counter())
    with loaded.read() as session:
        everything = []
        for number in (1, 2):
            page = sources.rows_of(session, publisher, actor=VISITOR, page=number, size=100)
            everything += page.items
        assert Counter(row.kind for row in everything) == expected
        assert {value.value: value.count for value in page.kinds} == dict(expected)
        some = sources.rows_of(session, publisher, actor=VISITOR, kinds=("statistics",), size=100)
        assert some.total == expected["statistics"] == len(some.items)
        assert {value.value: value.count for value in some.kinds} == dict(expected)


def test_clauses_stand_in_the_order_of_the_plan(loaded: Database) -> None:
    with loaded.read() as session:
        found = sources.clauses(session, actor=VISITOR, size=100)
        assert (found.total, len(found.items)) == (135, 100)
        assert [clause.id for clause in found.items] == sorted(clause.id for clause in found.items)
        assert sources.clauses(session, actor=VISITOR, q="挂牌").items[0].section == "二（二）"


@pytest.mark.parametrize(
    ("section", "label"), [("0", "引言"), ("1.4", "一（四）"), ("2.10", "二（十）"), ("x", "引言")]
)
def test_sections_are_numbered_as_in_the_plan(section: str, label: str) -> None:
    assert sources.section_label(section) == label


def test_a_question_out_of_range_is_refused(empty_sqlite: Database) -> None:
    with empty_sqlite.read() as session:
        with pytest.raises(InvalidQuery):
            sources.publishers(session, actor=VISITOR, page=0)
        with pytest.raises(InvalidQuery):
            sources.rows_of(session, "", actor=VISITOR, kinds=("rumours",))
        with pytest.raises(InvalidQuery):
            sources.clauses(session, actor=VISITOR, size=101)
