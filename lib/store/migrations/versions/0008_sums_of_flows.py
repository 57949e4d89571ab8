"""the sums of contracts by league, field and the way over the border

Their triggers are put in place, and the sums made, when the schema has moved: `lib.store.migrations.upgrade`.
"""

from alembic import op
import sqlalchemy as sa

import lib.store.models.base


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

KEYS = {"origin": sa.String(length=9), "year": sa.SmallInteger(), "field": sa.SmallInteger(),
        "league": sa.String(length=6), "crossing": sa.String(length=17)}
MONEY = ("amount", "technology", "paired_amount", "paired_technology")
MEASURES = ("number", "disclosed", "amount", "technology_disclosed", "technology", "paired", "paired_amount",
            "paired_technology")


def upgrade() -> None:
    op.create_table(
        'contract_by_flow',
        *(sa.Column(key, kind, autoincrement=False, nullable=False) for key, kind in KEYS.items()),
        *(sa.Column(name, lib.store.models.base.Money() if name in MONEY else sa.BigInteger(), nullable=False)
          for name in MEASURES),
        sa.PrimaryKeyConstraint(*KEYS, name=op.f('pk_contract_by_flow')),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise RuntimeError("the triggers of this version keep these sums; an older version makes its own")
