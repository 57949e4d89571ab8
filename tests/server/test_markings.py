"""R22: what bears a secrecy marking is refused before it is kept, and nothing of it stays anywhere on the disk."""

import asyncio
import random
import shutil
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import Any

import pytest

from bench.client import RunFailed, Tab
from chaos.crowd import fill, on
from lib.domain.access import VISITOR, Actor, Role
from lib.domain.errors import InvalidInput
from lib.domain.submissions import Action
from lib.domain.vocabulary import SubmissionKind
from lib.services import attachments, drafts, forms, grants, reviews, submissions
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import AuditEntry, Draft, Submission
from tests.e2e.server import Server
from tests.samples import achievement, demand, military, person, registration

CANARY = f"K7Q9Z{token_hex(4)}"
MARKED = f"机密★20年 {CANARY}"
FORMS = {
    SubmissionKind.DEMAND: demand(),
    SubmissionKind.ACHIEVEMENT: achievement(),
    SubmissionKind.REGISTRATION: registration(1),
    SubmissionKind.MILITARY: military(),
}


def traces(*folders: Path) -> list[str]:
    """Files below these folders in which the canary stands, in any encoding that we write."""
    wanted = [CANARY.encode(encoding) for encoding in ("utf-8", "utf-16-le")]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert files
    return [str(file) for file in files if any(word in file.read_bytes() for word in wanted)]


def test_every_text_field_is_looked_at_and_leaves_no_trace(
    loaded_sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """R22."""
    monkeypatch.setenv("ATTACHMENTS_DIR", str(tmp_path / "attachments"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    settings.cache_clear()
    member = person(loaded_sqlite, Role.MEMBER)
    refused = 0

    def refuse(field: str, work: Any) -> None:
        nonlocal refused
        with pytest.raises(InvalidInput) as told:
            work()
        assert field in told.value.fields and CANARY not in told.value.message
        refused += 1

    for kind, good in FORMS.items():
        asked = set(forms.FORMS[kind].model_fields) - forms.DECLARED
        for name in (name for name, value in good.items() if isinstance(value, str) and name in asked):
            values = {**good, name: MARKED}
            draft = token_hex(16)
            refuse(name, lambda: submissions.submit(loaded_sqlite, kind, draft, values, actor=VISITOR))  # noqa: B023
            refuse(name, lambda: drafts.save(loaded_sqlite, draft, kind, values, actor=member))  # noqa: B023
    for name, data in ((f"{MARKED}.txt", b"plain"), ("a.txt", MARKED.encode()), ("a.txt", MARKED.encode("gb18030"))):
        kind, draft = SubmissionKind.DEMAND, token_hex(16)
        refuse("file", lambda: attachments.add(loaded_sqlite, kind, draft, name, data, actor=member))  # noqa: B023
    reviewer, key = Actor(Role.ADMINISTRATOR, name="审核员"), token_hex(16)
    refuse("reason", lambda: grants.request_access(loaded_sqlite, key, "achievement", 1, MARKED, actor=member))
    refuse("comment", lambda: grants.decide(loaded_sqlite, 1, False, 1, MARKED, 1, actor=reviewer))
    refuse("comment", lambda: reviews.decide(loaded_sqlite, 1, Action.RETURN, MARKED, 1, actor=reviewer))
    with loaded_sqlite.read() as session:
        assert session.query(Submission).count() == session.query(Draft).count() == 0
        noted = session.query(AuditEntry).filter_by(action="marking.refuse").count()
    settings.cache_clear()
    logged = "".join(capfd.readouterr())
    assert noted == refused and CANARY not in logged and traces(tmp_path) == []
    print(f"R22: {refused} fields and files with a marking refused and noted, 0 traces")
    assert refused > 60


def test_over_the_real_socket_nothing_of_it_reaches_the_disk(
    tmp_path: Path, loaded_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R22."""
    for name in ("TMPDIR", "ATTACHMENTS_DIR"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    server = Server(tmp_path / "served.db", tmp_path / "server.log")
    shutil.copyfile(loaded_file, server.file)
    server.start()
    try:
        asyncio.run(_type_and_send(server))
        assert traces(tmp_path) == []
        server.kill()
        assert traces(tmp_path) == []
    finally:
        server.kill()


async def _type_and_send(server: Server) -> None:
    """Type a marking where it is kept as a draft at once, then into the form, and send that."""
    cookie = f"{settings().browser_cookie}={token_urlsafe(32)}"
    tab = Tab(server.origin, "submit", f"kind=demand&draft={token_hex(16)}", cookie)
    await tab.open()
    await tab.change(tab.field("f-title"), "string_value", MARKED)
    await tab.change(tab.field("f-title"), "string_value", "一份普通的需求")
    fill(tab, random.Random(1))  # noqa: S311
    tab.type(tab.field("f-description"), "string_value", f"这是正文。\n{MARKED}\n以上。")
    while await on(tab):
        fill(tab, random.Random(1))  # noqa: S311
    await tab.press(next(widget for label, widget in tab.widgets.items() if "提交审核" in label))
    said = "\n".join(tab.texts)
    if "bj-receipt" in said:
        raise RunFailed("a marked text was taken")
    assert "涉密" in said and CANARY not in "".join(text for text in tab.texts if "bj-wrong" in text)
    await tab.close()
