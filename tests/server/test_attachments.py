"""The one route by which an attachment leaves: to whoever may open it now, as a file that nothing runs or keeps."""

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest
from starlette.testclient import TestClient

from lib.domain.access import Actor, Role
from lib.domain.vocabulary import FieldLevel, SubmissionKind
from lib.services import accounts, attachments
from lib.settings import settings
from lib.store.engine import Database
from tests.samples import person

NAME = '报告"; filename=x.txt'


@pytest.fixture
def file(app_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Actor, int]]:
    """An attachment of an unpublished draft, and its owner."""
    monkeypatch.setenv("ATTACHMENTS_DIR", str(tmp_path / "attachments"))
    settings.cache_clear()
    owner = person(app_database, Role.MEMBER)
    added = attachments.add(
        app_database, SubmissionKind.DEMAND, token_hex(16), NAME, b"canary", FieldLevel.PUBLIC, actor=owner
    )
    yield owner, added.id
    monkeypatch.undo()
    settings.cache_clear()


def sign_in(client: TestClient, database: Database, actor: Actor) -> None:
    with database.write() as session:
        token = accounts.start_login(session, actor.account_id or 0, address="", agent="")
    client.cookies.set(settings().session_cookie, token or "")


def test_a_file_goes_to_its_owner_as_an_attachment_that_nothing_keeps(
    client: TestClient, app_database: Database, file: tuple[Actor, int]
) -> None:
    owner, number = file
    sign_in(client, app_database, owner)
    answer = client.get(f"/download/attachment/{number}")
    assert (answer.status_code, answer.content) == (200, b"canary")
    assert answer.headers["content-disposition"].startswith("attachment; filename*=utf-8''%E6%8A%A5")
    wanted = {
        "cache-control": "no-store", "x-content-type-options": "nosniff", "content-type": "text/plain; charset=utf-8",
        "content-security-policy": "default-src 'none'; sandbox",
    }  # fmt: skip
    assert {name: answer.headers[name] for name in wanted} == wanted


def test_to_anybody_else_there_is_no_such_file(
    client: TestClient, app_database: Database, file: tuple[Actor, int]
) -> None:
    _, number = file
    answers = [client.get(f"/download/attachment/{number}")]
    sign_in(client, app_database, person(app_database, Role.MEMBER))
    answers += [client.get(f"/download/attachment/{n}") for n in (number, number + 1, 0, 2**40)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
    for path in ("-1", "x", f"{number}/x", f"../attachment/{number}x", ""):
        assert b"canary" not in client.get(f"/download/attachment/{path}").content
    assert client.post(f"/download/attachment/{number}").status_code in {403, 405}
