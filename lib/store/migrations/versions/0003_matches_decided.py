"""what people decided about suggested pairs"""

from alembic import op
import sqlalchemy as sa

import lib.store.models.base


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('match_decision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('demand_id', sa.Integer(), nullable=False),
    sa.Column('achievement_id', sa.Integer(), nullable=False),
    sa.Column('decision', sa.String(length=9), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.CheckConstraint("decision IN ('confirmed', 'refused')", name=op.f('ck_match_decision_decision_known')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_match_decision_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_match_decision')),
    sa.UniqueConstraint('demand_id', 'achievement_id', name=op.f('uq_match_decision_demand_id'))
    )
    op.create_index(op.f('ix_match_decision_achievement_id'), 'match_decision', ['achievement_id'])


def downgrade() -> None:
    raise RuntimeError("decisions are not thrown away")
