"""What the figures are measured on: databases and servers, each made when a part first asks for it."""

import contextlib
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bench import datasette, postgres, servers
from bench.corpus import Corpus
from bench.report import Report
from bench.servers import FOLDER
from lib.settings import ROOT
from lib.store.engine import Database

SQLITE = "SQLite"
POSTGRESQL = "PostgreSQL"

_REAL = (["init"],)
_STAGE = (["init"], ["demo", "--roadshows"])
_MADE_BY = ("lib/domain", "lib/store", "lib/services", "data")


@dataclass
class Bed:
    """One run: `size` achievements, `rounds` of turns, rounds of load of `seconds`."""

    size: int
    rounds: int
    seconds: float
    running: ExitStack
    report: Report = field(default_factory=Report)

    # -------------------------------------------------------------- databases
    @cached_property
    def real(self) -> Path:
        """The real data alone."""
        return _made("real.db", _REAL)

    @cached_property
    def volume(self) -> Path:
        """The real data and the demonstration set, on SQLite."""
        return _made(f"volume-{self.size}.db", _volume(self.size))

    @cached_property
    def tenth(self) -> Path:
        """The same with a tenth of the achievements."""
        return _made(f"volume-{self.size // 10}.db", _volume(self.size // 10))

    @cached_property
    def postgresql(self) -> str:
        """Address of a PostgreSQL database that holds what `volume` holds."""
        return self._on_postgresql("volume", _volume(self.size))

    @cached_property
    def _server(self) -> Callable[[str], str]:
        return self.running.enter_context(postgres.server())

    def _on_postgresql(self, name: str, commands: Sequence[Sequence[str]]) -> str:
        address = self._server(name)
        for command in commands:
            _product(command, address, f"PostgreSQL, {name}")
        postgres.administer(address, "VACUUM (ANALYZE)")  # as the server does by itself a minute later
        return address

    @cached_property
    def stores(self) -> dict[str, Database]:
        """The databases at volume, by kind."""
        return {SQLITE: self._store(f"sqlite:///{self.volume}"), POSTGRESQL: self._store(self.postgresql)}

    @cached_property
    def small_store(self) -> Database:
        """The database with a tenth of the achievements."""
        return self._store(f"sqlite:///{self.tenth}")

    @cached_property
    def real_store(self) -> Database:
        """The database with the real data alone, on SQLite."""
        return self._store(f"sqlite:///{self.real}")

    @cached_property
    def real_stores(self) -> dict[str, Database]:
        """The databases with the real data alone, by kind."""
        return {SQLITE: self.real_store, POSTGRESQL: self._store(self._on_postgresql("real", _REAL))}

    @cached_property
    def corpora(self) -> dict[str, Corpus]:
        """The texts of the achievements, by the kind of database they were read from."""
        found = {}
        for kind, store in self.stores.items():
            with store.read() as session:
                found[kind] = Corpus(session)
        return found

    @cached_property
    def stages(self) -> dict[str, str]:
        """Addresses of databases with the demonstration roadshows, by kind; they are written in."""
        file = FOLDER / "staged.db"
        _remove(file)
        shutil.copyfile(_made("stage.db", _STAGE), file)
        return {SQLITE: f"sqlite:///{file}", POSTGRESQL: self._on_postgresql("stage", _STAGE)}

    @cached_property
    def contracts(self) -> Path:
        """The real data and ten demonstration contracts for each achievement, on SQLite."""
        return _made(f"contracts-{self.size * 10}.db", _contracts(self.size * 10))

    @cached_property
    def contracts_few(self) -> Path:
        """The same with a hundredth of the contracts."""
        return _made(f"contracts-{self.size // 10}.db", _contracts(self.size // 10))

    @cached_property
    def contracts_postgresql(self) -> str:
        """Address of a PostgreSQL database that holds what `contracts` holds."""
        return self._on_postgresql("contracts", _contracts(self.size * 10))

    def contracts_copy(self) -> Database:
        """The contracts in a SQLite file that may be written in; made anew by every call."""
        file = FOLDER / "contracts-written.db"
        _remove(file)
        shutil.copyfile(self.contracts, file)
        return self._store(f"sqlite:///{file}")

    def copy(self) -> Database:
        """A SQLite database at volume that may be written in; made anew by every call."""
        file = FOLDER / "written.db"
        _remove(file)
        shutil.copyfile(self.volume, file)
        return self._store(f"sqlite:///{file}")

    def _store(self, address: str) -> Database:
        store = Database(address)
        self.running.callback(store.dispose)
        return store

    # -------------------------------------------------------------- servers
    @cached_property
    def datasette(self) -> datasette.Datasette:
        """Datasette on a copy of the achievements of `volume`."""
        with self.stores[SQLITE].read() as session:
            return self.running.enter_context(datasette.serving(session, FOLDER))

    @cached_property
    def hello(self) -> str:
        """Streamlit's hello.py as it comes."""
        return self.running.enter_context(servers.hello())

    @cached_property
    def tuned(self) -> str:
        """The same on the fast loop and without collections: the floor of a well-kept server."""
        return self.running.enter_context(servers.tuned_hello(self.unread("hello.db")))

    @cached_property
    def launched(self) -> str:
        """The same in our whole launch."""
        return self.running.enter_context(servers.tuned_hello(self.unread("hello-launched.db"), whole=True))

    def unread(self, name: str) -> str:
        """Address of a database that nothing is read from, in a file of this name: our launch wants one of its own."""
        file = FOLDER / name
        _remove(file)
        shutil.copyfile(self.real, file)
        return f"sqlite:///{file}"

    @cached_property
    def small(self) -> str:
        """The product on the real data."""
        return self.running.enter_context(servers.product(f"sqlite:///{self.real}"))

    @cached_property
    def products(self) -> dict[str, str]:
        """The product at volume, by the kind of database."""
        addresses = {SQLITE: f"sqlite:///{self.volume}", POSTGRESQL: self.postgresql}
        return {kind: self.running.enter_context(servers.product(address)) for kind, address in addresses.items()}


def _volume(size: int) -> Sequence[Sequence[str]]:
    return ["init"], ["demo", "--achievements", str(size), "--demands", str(size * 3 // 10), "--seed", "1"]


def _contracts(count: int) -> Sequence[Sequence[str]]:
    return ["init"], ["demo", "--contracts", str(count), "--seed", "1"]


def _made(name: str, commands: Sequence[Sequence[str]]) -> Path:
    """A SQLite file that these commands made; kept until the code or the data that fill it change."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / name
    mark, state = file.with_suffix(".made"), _fingerprint(commands)
    if not (mark.exists() and file.exists() and mark.read_text(encoding="utf-8") == state):
        _remove(file)
        for command in commands:
            _product(command, f"sqlite:///{file}", name)
        mark.write_text(state, encoding="utf-8")
    return file


def _fingerprint(commands: Sequence[Sequence[str]]) -> str:
    told = hashlib.sha256(repr(commands).encode())
    for folder in _MADE_BY:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".csv"}:
                told.update(path.read_bytes())
    return told.hexdigest()


def _product(command: Sequence[str], address: str, name: str) -> None:
    print(f"{name}: python -m lib {' '.join(command)}")
    subprocess.run(
        [sys.executable, "-m", "lib", *command],
        cwd=ROOT,
        env=servers.environment(address),
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _remove(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{file}{suffix}").unlink()
