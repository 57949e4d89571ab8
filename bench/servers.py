"""Servers that the figures compare, each a process of its own on a free port."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import httpx
import streamlit

from lib.settings import ROOT

HELLO = Path(streamlit.__file__).parent / "hello" / "hello.py"


@contextlib.contextmanager
def hello() -> Iterator[str]:
    """`streamlit run hello.py` as it comes: no configuration of ours is in its sight. Yields its origin."""
    with tempfile.TemporaryDirectory() as home:
        quiet = ["--server.headless=true", "--browser.gatherUsageStats=false", "--server.address=127.0.0.1"]
        port = _free_port()
        command = [sys.executable, "-m", "streamlit", "run", str(HELLO), f"--server.port={port}", *quiet]
        with _running(command, port, cwd=Path(home), environment={"HOME": home}) as origin:
            yield origin


@contextlib.contextmanager
def tuned_hello(database: Path) -> Iterator[str]:
    """The same hello.py behind our guard and in our launch configuration, which wants a database file of its own."""
    with _ours("bench.hello_app", [], database) as origin:
        yield origin


@contextlib.contextmanager
def product(database: Path) -> Iterator[str]:
    """`python -m lib serve` on a SQLite file. Yields its origin."""
    with _ours("lib", ["serve"], database) as origin:
        yield origin


@contextlib.contextmanager
def _ours(module: str, arguments: Sequence[str], database: Path) -> Iterator[str]:
    port = _free_port()
    command = [sys.executable, "-m", module, *arguments]
    with _running(command, port, cwd=ROOT, environment={**environment(database), "PORT": str(port)}) as origin:
        yield origin


def environment(database: Path) -> dict[str, str]:
    """What the product reads its settings from, with this SQLite file."""
    return {**os.environ, "DATABASE_URL": f"sqlite:///{database}"}


@contextlib.contextmanager
def _running(command: Sequence[str], port: int, *, cwd: Path, environment: dict[str, str]) -> Iterator[str]:
    origin = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=cwd, env={**os.environ, **environment}, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _await(process, origin, log)
            yield origin
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


def _await(process: subprocess.Popen[bytes], origin: str, log: IO[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{origin}/_stcore/health", timeout=5, trust_env=False).status_code == httpx.codes.OK:
                return
        time.sleep(0.1)
    log.seek(0)
    raise RuntimeError(f"{origin} did not start:\n{log.read().decode(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
