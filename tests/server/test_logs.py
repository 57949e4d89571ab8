"""The log: one JSON object a line, without secrets, an error once with the id that the person saw."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from lib.server import logs
from lib.services import trouble


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The log of the test run, whatever a test configures."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize("name", ["password", "token", "cookie", "Authorization", "contact_phone", "email", "secret"])
def test_secrets_and_personal_data_stay_out(capsys: pytest.CaptureFixture[str], name: str) -> None:
    logs.configure()
    structlog.get_logger("t").warning("something", **{name: "13800000000"})
    (line,) = lines(capsys)
    assert line[name] == "***" and line["event"] == "something"


def test_addresses_of_databases_lose_their_password(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    logging.getLogger("library").warning("cannot reach %s", "postgresql+psycopg://app:hunter2@db/x")
    assert lines(capsys)[0]["event"] == "cannot reach postgresql+psycopg://app:***@db/x"


def test_an_error_is_logged_once_with_one_id(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    try:
        password = "hunter2"
        raise ValueError("broken")
    except ValueError as error:
        number = trouble.note(error, path="/x")
        assert trouble.note(error) == number and password
    (line,) = lines(capsys)
    assert line["id"] == number and "ValueError: broken" in line["exception"]
    assert number in trouble.sentence(number)


def test_a_line_break_cannot_forge_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    structlog.get_logger("t").warning('one\n{"event": "two"}')
    assert len(lines(capsys)) == 1
