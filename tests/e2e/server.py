"""The real server in a process of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from lib.domain.access import Actor, Role
from lib.services import accounts
from lib.settings import ROOT, settings
from lib.store.engine import Database

PASSWORD = "草原上的风吹过-2026"


@dataclass
class Server:
    """`python -m lib serve` on a database file of its own, or on the database that `url` names."""

    file: Path
    log: Path
    url: str = ""
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until the server says that it is ready."""
        self.port = self.port or _free_port()
        environment = {**os.environ, "DATABASE_URL": self.url or f"sqlite:///{self.file}", "PORT": str(self.port)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "lib", "serve"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            assert self.process.poll() is None, self.output()
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.origin}/readyz", timeout=5, trust_env=False).status_code == 200:
                    return
            time.sleep(0.1)
        raise AssertionError("the server is not ready after a minute\n" + self.output())

    def kill(self) -> None:
        """End it as a power cut would: no signal that it could handle."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            self.process = None

    def output(self) -> str:
        """What it wrote on standard error and output so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def administrator(self) -> None:
        """An account that may review: login admin, with PASSWORD."""
        store = Database(f"sqlite:///{self.file}")
        with store.write() as session:
            keeper = Actor(role=Role.ADMINISTRATOR, name="测试")
            accounts.create_account(session, "admin", PASSWORD, "管理员", Role.ADMINISTRATOR, actor=keeper)
        store.dispose()

    def sign_in(self, login: str = "admin") -> str:
        """Log the administrator, or another account with PASSWORD, in without a browser; returns the token."""
        answer = httpx.post(
            f"{self.origin}/login",
            data={"login": login, "password": PASSWORD},
            headers={"Origin": self.origin},
            trust_env=False,
        )
        return answer.cookies[settings().session_cookie]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
