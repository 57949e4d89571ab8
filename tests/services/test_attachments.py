"""Attachments: who may add, see, open and remove them; what is left on the disk after whatever happens."""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from secrets import token_hex

import pytest
from sqlalchemy import select, update

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import now_utc
from lib.domain.errors import AccessDenied, InvalidInput, NotFound, ProductError, Unavailable
from lib.domain.submissions import Action
from lib.domain.vocabulary import FieldLevel, SubmissionKind
from lib.services import attachments, grants, reviews, submissions
from lib.services.attachments import MOST_FILES
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import AccessRequest, Attachment, AuditEntry, Submission
from tests.samples import CHECKED, achievement, person
from tests.services.test_disclosure import REASON, People

KIND = SubmissionKind.ACHIEVEMENT
KEEPER = Actor(role=Role.ADMINISTRATOR, name="命令行")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the attachments."""
    monkeypatch.setenv("ATTACHMENTS_DIR", str(tmp_path / "attachments"))
    settings.cache_clear()
    yield tmp_path / "attachments"
    monkeypatch.undo()
    settings.cache_clear()


def add(database: Database, draft: str, actor: Actor, text: str, level: FieldLevel = FieldLevel.GRANTED) -> int:
    return attachments.add(database, KIND, draft, f"{text}.txt", text.encode(), level, actor=actor).id


def opens(database: Database, number: int, actor: Actor) -> bool:
    try:
        return attachments.open_file(database, number, actor=actor).path.is_file()
    except NotFound:
        return False


def decide(database: Database, draft: str, action: Action, comment: str = "") -> int:
    """The region's administrator decides; the id of the record, 0 without one."""
    with database.read() as session:
        found = session.scalars(select(Submission).where(Submission.draft_id == draft)).one()
    administrator = person(database, Role.ADMINISTRATOR)
    done = reviews.decide(database, found.id, action, comment, found.version, actor=administrator, checklist=CHECKED)
    return done.record_id or 0


def test_each_level_opens_to_its_people_before_and_after_publication(loaded: Database) -> None:
    people = People(loaded)
    draft = token_hex(16)
    files = {level: add(loaded, draft, people.owner, f"文件 {level}", level) for level in FieldLevel}

    def seen_by() -> dict[str, tuple[str, ...]]:
        everybody = {**vars(people), "visitor": VISITOR}
        return {
            name: tuple(level.value for level, number in files.items() if opens(loaded, number, actor))
            for name, actor in everybody.items()
        }

    everything = tuple(level.value for level in FieldLevel)
    nothing: tuple[str, ...] = ()
    expected = dict.fromkeys((*vars(people), "visitor"), nothing)
    assert seen_by() == expected | {"owner": everything}
    submissions.submit(loaded, KIND, draft, achievement(), actor=people.owner)
    near = dict.fromkeys(("owner", "colleague", "official", "administrator"), everything)
    assert seen_by() == expected | near
    record = decide(loaded, draft, Action.PUBLISH)
    known = dict.fromkeys(("elsewhere", "asker", "other"), ("public", "signed_in"))
    assert seen_by() == expected | near | known | dict.fromkeys(("applicant", "visitor"), ("public",))
    request = grants.request_access(loaded, token_hex(16), "achievement", record, REASON, actor=people.asker)
    with loaded.read() as session:
        version = session.get_one(AccessRequest, request).version
    grants.decide(loaded, request, True, 1, "", version, actor=people.owner)
    assert seen_by()["asker"] == everything
    with loaded.read() as session:
        listed = attachments.of_record(session, "achievement", record, actor=people.other)
        opened = session.scalars(select(AuditEntry).where(AuditEntry.action == "attachment.open")).all()
    assert [(item.open, item.name) for item in listed] == [
        (True, "文件 public.txt"),
        (True, "文件 signed_in.txt"),
        (False, ""),
    ]
    assert "文件" not in str([entry.detail for entry in opened])


def test_what_may_not_be_added_is_refused_with_a_sentence_and_leaves_no_file(
    loaded_sqlite: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = People(loaded_sqlite)
    draft, foreign, full, handed = (token_hex(16) for _ in range(4))
    add(loaded_sqlite, foreign, people.asker, "别人的")
    for i in range(MOST_FILES):
        add(loaded_sqlite, full, people.owner, f"第 {i} 个")
    submissions.submit(loaded_sqlite, KIND, handed, achievement(), actor=people.owner)
    kept = sorted(folder.iterdir())
    monkeypatch.setattr(settings(), "attachment_quota_mb", 1)

    def attempt(draft: str, data: bytes = b"text", kind: SubmissionKind = KIND, actor: Actor = people.owner) -> None:
        attachments.add(loaded_sqlite, kind, draft, "a.txt", data, actor=actor)

    cases: list[tuple[tuple[object, ...], type[ProductError], str]] = [
        ((draft, b"text", SubmissionKind.MILITARY), InvalidInput, "不收附件"),
        ((draft, b""), InvalidInput, "空"),
        ((draft, "密级：机密".encode()), InvalidInput, "涉密"),
        ((draft, b"x" * 1_100_000), InvalidInput, "超过每个账号的 1 MB"),
        ((foreign,), NotFound, "草稿"),
        (("x",), NotFound, "草稿"),
        ((full, b"one more"), InvalidInput, "最多 5 个"),
        ((handed,), InvalidInput, "已经提交"),
        ((draft, b"x", KIND, people.applicant), AccessDenied, "权限"),
        ((draft, b"x", KIND, people.official), AccessDenied, "权限"),
        ((draft, b"x", KIND, VISITOR), AccessDenied, "登录"),
    ]
    for arguments, kind, words in cases:
        with pytest.raises(kind, match=words):
            attempt(*arguments)  # type: ignore[arg-type]
    assert sorted(folder.iterdir()) == kept
    with loaded_sqlite.read() as session:
        (refused,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "marking.refuse")).all()
    assert refused.detail == {"rules": ["level"], "lengths": [len("密级：机密".encode())]}


def test_a_file_is_private_written_once_and_gone_when_its_row_is(loaded: Database, folder: Path) -> None:
    people = People(loaded)
    draft = token_hex(16)
    number = add(loaded, draft, people.owner, "报告")
    assert add(loaded, draft, people.owner, "报告") == number
    (file,) = folder.iterdir()
    assert (len(file.name), file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (32, 0o600, 0o700)
    attachments.remove(loaded, number, actor=people.asker)
    assert file.exists()
    submissions.submit(loaded, KIND, draft, achievement(), actor=people.owner)
    with loaded.read() as session:
        assert session.get_one(Attachment, number).submission_id is not None
    with pytest.raises(InvalidInput, match="正在审核"):
        attachments.remove(loaded, number, actor=people.owner)
    decide(loaded, draft, Action.RETURN, "请补充材料")
    attachments.remove(loaded, number, actor=people.owner)
    attachments.remove(loaded, number, actor=people.owner)
    assert not file.exists()
    assert not opens(loaded, number, people.owner)
    add(loaded, draft, people.owner, "补充材料")


def test_a_row_that_does_not_commit_and_a_disk_that_is_full_leave_nothing(
    loaded_sqlite: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = People(loaded_sqlite)
    with monkeypatch.context() as broken, pytest.raises(RuntimeError):
        broken.setattr(attachments, "_note", _fail)
        add(loaded_sqlite, token_hex(16), people.owner, "甲")
    with monkeypatch.context() as full, pytest.raises(Unavailable, match="磁盘"):
        full.setattr(os, "fsync", _no_space)
        add(loaded_sqlite, token_hex(16), people.owner, "乙")
    assert list(folder.iterdir()) == []
    assert add(loaded_sqlite, token_hex(16), people.owner, "丙")


def _fail(*_: object, **__: object) -> None:
    raise RuntimeError("before the commit")


def _no_space(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_sweep_clears_what_nobody_owns_and_nothing_else(loaded: Database, folder: Path) -> None:
    people = People(loaded)
    drafts = [token_hex(16) for _ in range(3)]
    kept, handed, forgotten = (add(loaded, draft, people.owner, draft) for draft in drafts)
    submissions.submit(loaded, KIND, drafts[1], achievement(), actor=people.owner)
    with loaded.write() as session:
        old = now_utc() - timedelta(days=91)
        session.execute(update(Attachment).where(Attachment.id.in_([handed, forgotten])).values(uploaded_at=old))
    with loaded.read() as session:
        sure, *_ = session.scalars(select(Attachment.stored).where(Attachment.id == kept))
    unknown, crashed, young = "f" * 32, "e" * 32, "d" * 32
    for name, age in ((unknown, 7200), (crashed, 7200), (young, 60)):
        (folder / name).write_bytes(b"x")
        for marker in () if name == unknown else (f".{name}.unsure", f".{name}.part"):
            (folder / marker).write_bytes(b"")
            os.utime(folder / marker, (time.time() - age,) * 2)
    (folder / f".{sure}.unsure").touch()
    os.utime(folder / f".{sure}.unsure", (0, 0))
    assert attachments.sweep(loaded, actor=KEEPER) == 2
    assert attachments.sweep(loaded, actor=KEEPER) == 0
    assert [opens(loaded, number, people.owner) for number in (kept, handed, forgotten)] == [True, True, False]
    left = {file.name for file in folder.iterdir()}
    assert {unknown, young, f".{young}.unsure", f".{young}.part", sure} < left
    assert len(left) == 6, "a file, or its marker, too many"
