"""Schema migrations (Alembic), run by `python -m lib init` and by tests; no alembic.ini is needed."""

from functools import lru_cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from lib.store import rollup, search


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


@lru_cache
def head() -> str | None:
    """The revision this code expects."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def version(connection: Connection) -> str | None:
    """The revision the database is at; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, to: str = "head") -> None:
    """Bring the database to the newest schema, in one transaction: a failed step leaves the old schema.

    Where the schema moved, the search index and the sums of contracts are made anew from the records, by the code
    that will read them: what is derived need not be carried, and no revision depends on how a later one makes it.

    SQLite can change a table only by building it anew, which foreign keys would take for a deletion: they are
    not enforced meanwhile and all checked before the commit.
    """
    config = _config()
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if sqlite:
            _foreign_keys(connection, enforced=False)
        try:
            with connection.begin():
                config.attributes["connection"] = connection
                before = version(connection)
                command.upgrade(config, to)
                if before != version(connection) == head():
                    for index in search.INDEXES.values():
                        search.rebuild(connection, index)
                    rollup.install(connection)
                    rollup.rebuild(connection)
                if sqlite and (broken := connection.execute(text("PRAGMA foreign_key_check")).all()):
                    raise RuntimeError(f"the migration would break {len(broken)} references: {broken[:3]}")
        finally:
            if sqlite:
                _foreign_keys(connection, enforced=True)


def _foreign_keys(connection: Connection, *, enforced: bool) -> None:
    """Outside any transaction, where alone SQLite listens."""
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA foreign_keys={'ON' if enforced else 'OFF'}")
    cursor.close()
