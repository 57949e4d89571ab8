"""Servers that the figures compare, each a process of its own on a free port."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import httpx
import streamlit

from lib.settings import ROOT

FOLDER = ROOT / "build" / "bench"
HELLO = Path(streamlit.__file__).parent / "hello" / "hello.py"


@contextlib.contextmanager
def hello() -> Iterator[str]:
    """`streamlit run hello.py` as it comes: no configuration of ours is in its sight. Yields its origin."""
    with tempfile.TemporaryDirectory() as home:
        quiet = ["--server.headless=true", "--browser.gatherUsageStats=false", "--server.address=127.0.0.1"]
        port = free_port()
        command = [sys.executable, "-m", "streamlit", "run", str(HELLO), f"--server.port={port}", *quiet]
        with running(command, port, cwd=Path(home), environment={"HOME": home}) as origin:
            yield origin


@contextlib.contextmanager
def tuned_hello(address: str, *, whole: bool = False) -> Iterator[str]:
    """The same hello.py behind our guard, on the fast loop and without collections, which wants a database of its own.

    With `whole` all of our launch is around it: it sends sooner, too.
    """
    with _ours("bench.hello_app", ["whole"] if whole else [], address) as origin:
        yield origin


@contextlib.contextmanager
def empty(address: str) -> Iterator[str]:
    """A page with nothing on it and a route that does nothing, in our launch configuration."""
    with _ours("bench.empty_app", [], address) as origin:
        yield origin


@contextlib.contextmanager
def product(address: str) -> Iterator[str]:
    """`python -m lib serve` on a database. Yields its origin."""
    with _ours("lib", ["serve"], address) as origin:
        yield origin


@contextlib.contextmanager
def _ours(module: str, arguments: Sequence[str], address: str) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", module, *arguments]
    with running(command, port, cwd=ROOT, environment={**environment(address), "PORT": str(port)}) as origin:
        yield origin


def environment(address: str) -> dict[str, str]:
    """What the product reads its settings from: this database, and attachments that are nobody's."""
    return {**os.environ, "DATABASE_URL": address, "ATTACHMENTS_DIR": str(FOLDER / "attachments")}


@contextlib.contextmanager
def running(
    command: Sequence[str],
    port: int,
    *,
    cwd: Path,
    environment: Mapping[str, str],
    ready: str = "/_stcore/health",
) -> Iterator[str]:
    """A server in a process of its own until the block ends; yields its origin once `ready` answers."""
    origin = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=cwd, env={**os.environ, **environment}, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _await(process, f"{origin}{ready}", log)
            yield origin
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


def _await(process: subprocess.Popen[bytes], address: str, log: IO[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(address, timeout=5, trust_env=False).status_code == httpx.codes.OK:
                return
        time.sleep(0.1)
    log.seek(0)
    raise RuntimeError(f"{address} did not answer:\n{log.read().decode(errors='replace')[-2000:]}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
