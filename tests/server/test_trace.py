"""One id for a request: in the answer, in the log line, in the audit entry; the address it came from beside it."""

import json
import re

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from lib.server import logs
from lib.store.engine import Database
from lib.store.models import AuditEntry
from tests.server.conftest import OURS, PASSWORD
from tests.server.test_logs import as_before  # noqa: F401


def test_a_request_is_known_by_one_id_everywhere(
    client: TestClient, administrator: None, app_database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure()
    broken = client.get("/broken", headers={"X-Request-Id": "chosen-by-a-stranger"})
    line = next(line for line in map(json.loads, capsys.readouterr().err.splitlines()) if "id" in line)
    assert line["request"] == broken.headers["x-request-id"] and line["id"] in broken.text
    wrong = client.post("/login", data={"login": "admin", "password": "falsch falsch"}, headers=OURS)
    right = client.post("/login", data={"login": "admin", "password": PASSWORD}, headers=OURS)
    left = client.post("/logout", headers=OURS)
    with app_database.read() as session:
        statement = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(3)
        entries = session.scalars(statement).all()[::-1]
    answers = (wrong, right, left)
    assert [entry.request_id for entry in entries] == [answer.headers["x-request-id"] for answer in answers]
    assert {entry.address for entry in entries} == {"testclient"}
    assert len({entry.request_id for entry in entries}) == 3
    assert re.fullmatch(r"[0-9a-f]{16}", entries[0].request_id)
