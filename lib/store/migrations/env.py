"""Alembic's entry: runs on the connection that `lib.store.migrations.upgrade` hands over."""

from alembic import context

from lib.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
