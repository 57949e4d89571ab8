"""R24, R26: everything goes out and comes back the same, on both databases and between them, also under load.

Whatever is damaged is refused, and leaves the database as empty as it was.
"""

import json
import re
import tarfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Text, cast, func, select, type_coerce

from lib.domain.access import Actor, Role
from lib.domain.errors import AccessDenied, Conflict, ProductError, Unavailable
from lib.services import archive, audit, catalogue
from lib.services.catalogue import CatalogueQuery
from lib.settings import settings
from lib.store import chain
from lib.store.engine import Database
from lib.store.models import (
    AccessRequest,
    Account,
    AccountLink,
    Achievement,
    Attachment,
    Attempt,
    Attendee,
    AuditEntry,
    Base,
    Contract,
    Criterion,
    Demand,
    Draft,
    Event,
    EventItem,
    EventOrganizer,
    Identity,
    Interest,
    Judge,
    JuryResult,
    Login,
    Mark,
    MarketMember,
    MatchDecision,
    NetworkLink,
    NetworkNode,
    Notice,
    ProgrammeVersion,
    Question,
    ReceiptCounter,
    SavedSearch,
    Score,
    SealedField,
    Stage,
    Submission,
    Thread,
    ThreadStep,
)
from tests.conftest import BACKENDS
from tests.e2e.server import Server

KEEPER = Actor(role=Role.ADMINISTRATOR, name="命令行")
MOMENT = datetime(2026, 11, 26, 3, 4, 5, 678901, tzinfo=UTC)
ODD = "𠮷㐂 ᠮᠣᠩᠭᠣᠯ\u180b =1+1 \\ \" ' \t\n行二\u2028%_"
OF = {"origin": "submitted", "created_at": MOMENT, "updated_at": MOMENT}
Another = Callable[[str], Database]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where attachments lie in this test; `elsewhere` moves on to another folder for the second database."""
    monkeypatch.setenv("ATTACHMENTS_DIR", str(tmp_path / "files"))
    settings.cache_clear()
    (tmp_path / "files").mkdir()
    yield tmp_path / "files"
    settings.cache_clear()


def elsewhere(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATTACHMENTS_DIR", str(tmp_path / name))
    settings.cache_clear()
    return tmp_path / name


def submission(number: int, **values: Any) -> Submission:
    return Submission(
        **{
            "draft_id": f"{number:032x}", "receipt": f"XQ-20261126-{number:04d}", "kind": "demand", "title": ODD,
            "state": "published", "content": {"b": [1, None, {"钱": "1.10"}], "a": 1e3}, "contact_name": "张三",
            "contact_phone": "13800000000", "submitted_at": MOMENT,
        } | values
    )  # fmt: skip


def fill(db: Database, folder: Path) -> None:
    """At least one row in every table, with values that are easily lost on the way."""
    stored = f"{7:032x}"
    (folder / stored).write_bytes(b"%PDF-1.7 \x00\xff" * 999)
    digest = sha256((folder / stored).read_bytes()).hexdigest()
    with db.write() as session:
        account = Account(login="甲甲", login_key="甲甲", name=ODD, password_hash="", role="member", created_at=MOMENT)
        event = Event(title="路演", kind="路演", **OF)
        first = submission(1, before=None)
        session.add_all([account, event, first])
        session.flush()
        session.add_all(
            [
                submission(2, revises_id=first.id, account_id=account.id, before={"title": None}),
                Achievement(title=ODD, price=Decimal("99999999999999.99"), source_date=date(1999, 1, 1),
                            source_precision="year", shares=[{"holder": ODD, "share": "33.33"}],
                            public_good=False, **OF),
                Demand(title="需求", budget=Decimal("0.01"), negotiable=True, **OF),
                EventItem(event_id=event.id, title="项目"),
                EventOrganizer(account_id=account.id, event_id=event.id),
                Identity(issuer="https://id", subject="s", account_id=account.id, linked_at=MOMENT),
                AccountLink(token_hash="t", purpose="reset", account_id=account.id, created_at=MOMENT,
                            expires_at=MOMENT),
                Login(token_hash="h", account_id=account.id, started_at=MOMENT, seen_at=MOMENT, expires_at=MOMENT),
                Attempt(kind="login", key="k", at=MOMENT),
                Draft(id=f"{3:032x}", kind="demand", values={"标题": ODD}, saved_at=MOMENT),
                SealedField(record_kind="demand", record_id=1, name="contact", level="granted", value=ODD),
                AccessRequest(draft_id=f"{4:032x}", record_kind="demand", record_id=1, account_id=account.id,
                              reason="对接", asked_at=MOMENT),
                Attachment(draft_id=f"{1:032x}", account_id=account.id, stored=stored, name="方案.pdf", size=10989,
                           media_type="application/pdf", sha256=digest, uploaded_at=MOMENT),
                Notice(account_id=account.id, at=MOMENT, title="通知", page="submit", query={"id": "1"}),
                MatchDecision(demand_id=1, achievement_id=2, decision="refused", reason=ODD, account_id=account.id,
                              at=MOMENT),
                SavedSearch(account_id=account.id, kind="achievement", query="q=稀土", name=ODD[:60], created_at=MOMENT,
                            seen_at=MOMENT),
                ReceiptCounter(kind="demand", day=date(2026, 11, 26), last=2),
                ProgrammeVersion(event_id=event.id, number=1, published_at=MOMENT, content=[{"item": 1, "room": ODD}]),
                Attendee(event_id=event.id, draft_id=f"{5:032x}", receipt="GM-1", key_hash="k", state="registered",
                         name=ODD, unit="", phone="13800000000", hint="张＊", consent_version="1.0",
                         registered_at=MOMENT),
                Stage(event_id=event.id, seq=1 << 52, slide="title", timers={"spent": {"item-1": 5}},
                      updated_at=MOMENT),
                Mark(draft_id=f"{6:032x}", event_id=event.id, event_item_id=1, browser_hash="b", need=5,
                     created_at=MOMENT),
                Question(draft_id=f"{7:032x}", event_id=event.id, event_item_id=1, browser_hash="b", text="多少钱？",
                         created_at=MOMENT),
                Criterion(event_id=event.id, position=0, name="成熟度", weight=100),
                Judge(event_id=event.id, number=1, code_hash="c", made_at=MOMENT),
                NetworkNode(kind="station", division_code="150222", name=ODD, staff=0, state="open",
                            opened_on=date(2026, 1, 2), **OF),
                MarketMember(zone="中部", league_code="150200", valid_to=date(2026, 1, 1), basis=ODD, **OF),
                NetworkLink(node_id=1, kind="outside", platform=ODD, target=ODD, state="none", **OF),
                JuryResult(event_id=event.id, content=[{"item": 1, "score": "88.50"}], frozen_at=MOMENT),
            ]
        )  # fmt: skip
        interest = Interest(draft_id=f"{8:032x}", event_id=event.id, event_item_id=1, browser_hash="b", note=ODD,
                            created_at=MOMENT)  # fmt: skip
        session.add(interest)
        session.flush()
        thread = Thread(interest_id=interest.id, state="signed", opened_at=MOMENT, signed_on=date(2026, 12, 1),
                        amount=Decimal("123456.78"))  # fmt: skip
        session.add(thread)
        session.flush()
        session.add(ThreadStep(thread_id=thread.id, at=MOMENT, state="signed", note=ODD))
        session.add(Score(judge_id=1, event_item_id=1, criterion_id=1, points=Decimal("88.5"), scored_at=MOMENT))
        audit.record(session, KEEPER, "test.write", "test", 1, changes={"名": [None, ODD]}, n=3)
        session.flush()
        top = Achievement(title="最后一项", **OF)
        session.add(top)
    with db.write() as session:
        session.delete(session.get_one(Achievement, top.id))  # the highest id, which must not be given again


def contents(db: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, JSON as its text; of the audit trail, what was there before the archive was made."""
    found = {}
    with db.read() as session:
        last = session.scalars(
            select(AuditEntry.id).where(AuditEntry.action.in_(["data.export", "data.backup", "data.restore"]))
        )
        end = min(last, default=1 << 60)
        for table in Base.metadata.sorted_tables:
            columns = [
                c if type(c.type).__name__ != "JSON" else type_coerce(c, Text) if db.sqlite else cast(c, Text)
                for c in table.c
            ]
            rows = [tuple(row) for row in session.execute(select(*columns))]
            found[table.name] = sorted((row for row in rows if table.name != "audit_entry" or row[0] < end), key=repr)
    del found["audit_head"]
    return found


@pytest.mark.parametrize("backend", BACKENDS)
def test_everything_comes_back_the_same(
    loaded: Database, backend: str, another: Another, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R26: there and back again, on each database and between the two."""
    fill(loaded, folder)
    before = contents(loaded)
    assert [name for name, rows in before.items() if not rows] == []
    with loaded.read() as session:
        found = catalogue.search_achievements(session, CatalogueQuery(q="稀土"), actor=KEEPER).total
    out = archive.export_all(loaded, tmp_path / "out", actor=KEEPER)
    copies = elsewhere("copy", tmp_path, monkeypatch)
    other = another(backend)
    done = archive.restore(other, tmp_path / "out", actor=KEEPER)
    assert contents(other) == before and done.rows == out.rows and out.missing == ()
    assert {path.name: path.read_bytes() for path in copies.iterdir()} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }
    archive.backup(other, tmp_path / "back.tar.gz", actor=KEEPER)
    elsewhere("third", tmp_path, monkeypatch)
    third = another(loaded.url.get_backend_name())
    archive.restore(third, tmp_path / "back.tar.gz", actor=KEEPER)
    assert contents(third)["achievement"] == before["achievement"]
    for store in (other, third):
        with store.write() as session:
            fresh = Achievement(title="稀土永磁新法", **OF)
            session.add(fresh)
            session.flush()
            assert fresh.id > max(row[0] for row in before["achievement"]) + 1, "an id was given twice"
        with store.read() as session:
            query = CatalogueQuery(q="稀土")
            assert catalogue.search_achievements(session, query, actor=KEEPER).total == found + 1
            assert audit.verify(session, chain.Head.parse(out.head), actor=KEEPER).faults == ()
    print(f"R26: {loaded.url.get_backend_name()} to {backend} and back: {out.total} rows equal")


def test_a_backup_under_load_is_one_moment_and_the_product_starts_on_it(
    loaded: Database, another: Another, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R24: taken while eight writers write; rows, chain and attachments are those of one moment."""
    fill(loaded, folder)
    stop, written = threading.Event(), [0] * 8

    def write(writer: int) -> None:
        while not stop.is_set():
            with loaded.write() as session:
                session.add(Contract(title=f"合同 {writer}", amount=Decimal(writer + 1), **OF))
                audit.record(session, KEEPER, "test.contract", "contract", written[writer])
            written[writer] += 1

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    try:
        while sum(written) < 40:
            stop.wait(0.01)
        done = archive.backup(loaded, tmp_path / "load.tar", actor=KEEPER)
        during = sum(written)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    copies = elsewhere("copy", tmp_path, monkeypatch)
    other = another(loaded.url.get_backend_name())
    back = archive.restore(other, tmp_path / "load.tar", actor=KEEPER)
    with other.read() as session:
        kept = session.scalar(select(func.count()).where(Contract.title.like("合同 %"))) or 0
        noted = session.scalar(select(func.count()).where(AuditEntry.action == "test.contract"))
        assert audit.verify(session, chain.Head.parse(done.head), actor=KEEPER).faults == ()
        hashes = {a.stored: a.sha256 for a in session.scalars(select(Attachment))}
    assert kept == noted and 40 <= kept <= during < sum(written) + 1
    assert {path.name: sha256(path.read_bytes()).hexdigest() for path in copies.iterdir()} == hashes != {}
    if other.file:
        other.dispose()
        server = Server(other.file, tmp_path / "server.log")
        server.start()  # waits until /readyz says 200
        server.kill()
    print(
        f"R24: {done.total} rows backed up in {done.seconds:.1f} s beside {during} writes, restored in "
        f"{back.seconds:.1f} s on {loaded.url.get_backend_name()}"
    )


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    at = data.index("行二".encode())
    data[at] ^= 1
    path.write_bytes(data)


def _manifest(**values: Any) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        file = path / "manifest.json"
        file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | values), "utf-8")

    return change


def _rewritten(path: Path) -> None:
    """A forger who also mends the manifest, but not the chain."""
    file = path / "tables" / "audit_entry.jsonl"
    file.write_text(re.sub("test.write", "test.other", file.read_text("utf-8")), "utf-8")
    manifest = json.loads((path / "manifest.json").read_text("utf-8"))
    manifest["files"]["tables/audit_entry.jsonl"]["sha256"] = sha256(file.read_bytes()).hexdigest()
    (path / "manifest.json").write_text(json.dumps(manifest), "utf-8")


DAMAGES: dict[str, tuple[bool, Callable[[Path], Any], str]] = {
    "a flipped bit in a table": (True, lambda p: _flip(p / "tables" / "achievement.jsonl"), "校验值不符"),
    "a flipped bit in a tar": (False, _flip, "已损坏"),
    "a tar cut short": (
        False,
        lambda p: p.write_bytes(p.read_bytes()[:-12_000]),
        "已损坏",
    ),  # more than a tar is padded
    "half a tar": (False, lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]), "已损坏"),
    "no archive at all": (False, lambda p: p.write_bytes(b"PK\x03\x04" * 99), "已损坏"),
    "a table gone": (True, lambda p: (p / "tables" / "demand.jsonl").unlink(), "缺少或多余"),
    "an attachment gone": (True, lambda p: next((p / "attachments").iterdir()).unlink(), "缺少或多余"),
    "a file more": (True, lambda p: (p / "tables" / "x.jsonl").write_text("{}"), "缺少或多余"),
    "no manifest": (True, lambda p: (p / "manifest.json").unlink(), "清单"),
    "another schema": (True, _manifest(schema="0001"), "结构版本"),
    "other row counts": (True, _manifest(rows={}), "行数与清单不符"),
    "names that lead elsewhere": (True, _manifest(files={"../../etc/passwd": {"sha256": ""}}), "清单"),
    "a rewritten audit trail": (True, _rewritten, "操作记录核对不通过"),
}


def test_what_is_damaged_is_refused_and_leaves_nothing(
    loaded_sqlite: Database, db: Database, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R24: a corrupted backup is detected, whatever the damage; the database stays empty, no file is left."""
    fill(loaded_sqlite, folder)
    copies = elsewhere("copy", tmp_path, monkeypatch)
    monkeypatch.setenv("ATTACHMENTS_DIR", str(folder))
    for number, (what, (as_folder, damage, sentence)) in enumerate(DAMAGES.items()):
        target = tmp_path / f"archive-{number}"
        elsewhere("files", tmp_path, monkeypatch)
        write = archive.export_all if as_folder else archive.backup
        write(loaded_sqlite, target, actor=KEEPER)
        damage(target)
        elsewhere("copy", tmp_path, monkeypatch)
        with pytest.raises(ProductError) as refused:
            archive.restore(db, target, actor=KEEPER)
        assert sentence in refused.value.message, what
        with db.read() as session:
            rows = {t.name: session.scalar(select(func.count()).select_from(t)) for t in archive.tables()}
        assert {name for name, count in rows.items() if count} == {"audit_head"}, what
        assert not copies.exists() or not any(copies.iterdir()), what
    print(f"R24: {len(DAMAGES)} damages, {len(DAMAGES)} refused")
    done = archive.restore(db, tmp_path / f"archive-{number}", actor=KEEPER, despite_faults=True)
    with db.read() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None and done.total > 1000
    assert (entry.action, len(entry.detail["faults"])) == ("data.restore", 1)


def test_an_archive_is_whole_or_not_there_private_and_never_written_over(
    loaded_sqlite: Database, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(loaded_sqlite, folder)
    target = tmp_path / "a.tar"
    archive.backup(loaded_sqlite, target, actor=KEEPER)
    assert target.stat().st_mode & 0o777 == 0o600
    with tarfile.open(target) as tar:
        assert {member.mode for member in tar} == {0o600}
    whole = target.read_bytes()
    for way in (archive.backup, archive.export_all):
        with pytest.raises(Conflict, match="已经存在"):
            way(loaded_sqlite, target, actor=KEEPER)
    with pytest.raises(Conflict, match="已经有数据"):
        archive.restore(loaded_sqlite, target, actor=KEEPER)
    with pytest.raises(AccessDenied):
        archive.backup(loaded_sqlite, tmp_path / "b.tar", actor=Actor(role=Role.OFFICIAL, scope="150000"))
    assert target.read_bytes() == whole

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    for way in (archive.backup, archive.export_all):
        with pytest.raises(Unavailable, match="磁盘空间"):
            way(loaded_sqlite, tmp_path / "c", actor=KEEPER)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir() if "c" in path.name.split(".")] == []
    (folder / f"{7:032x}").unlink(missing_ok=True)
    elsewhere("files", tmp_path, monkeypatch)
    assert archive.backup(loaded_sqlite, tmp_path / "d.tar", actor=KEEPER).missing == (f"{7:032x}",)
