"""the three-level network: nodes, links, which league a permanent market serves"""

from alembic import op
import sqlalchemy as sa

import lib.store.models.base


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

MOMENT = lib.store.models.base.Moment(timezone=True)


def upgrade() -> None:
    op.create_table('market_member',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('zone', sa.String(length=4), nullable=False),
    sa.Column('league_code', sa.String(length=6), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=True, comment='null: no beginning stated'),
    sa.Column('valid_to', sa.Date(), nullable=True, comment='last day; null: until further notice'),
    sa.Column('basis', sa.Text(), nullable=False, comment='what the membership rests on'),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=9), nullable=False, comment='public, submitted or demo'),
    sa.Column('source_publisher', sa.Text(), nullable=False, comment='blank: the source names none'),
    sa.Column('source_date', sa.Date(), nullable=True, comment='first day of the stated period'),
    sa.Column('source_precision', sa.String(length=5), nullable=True, comment='day, month or year'),
    sa.Column('source_url', sa.Text(), nullable=False),
    sa.Column('source_quality', sa.String(length=8), nullable=False, comment='page or repost'),
    sa.Column('load_key', sa.String(length=64), nullable=True, comment='identity of the row in its file; null when entered in the app'),
    sa.Column('load_hash', sa.String(length=64), nullable=True, comment='content of the row when last loaded'),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('updated_at', MOMENT, nullable=False),
    sa.Column('edited_at', MOMENT, nullable=True, comment='last edit in the app: a load leaves the row alone'),
    sa.CheckConstraint("origin IN ('public', 'submitted', 'demo')", name=op.f('ck_market_member_origin_known')),
    sa.CheckConstraint("zone IN ('中部', '东部', '西部')", name=op.f('ck_market_member_zone_known')),
    sa.CheckConstraint('(source_date IS NULL) = (source_precision IS NULL)', name=op.f('ck_market_member_source_precision_stated')),
    sa.CheckConstraint('length(basis) BETWEEN 1 AND 200', name=op.f('ck_market_member_basis_length')),
    sa.CheckConstraint('valid_to >= valid_from', name=op.f('ck_market_member_period')),
    sa.ForeignKeyConstraint(['league_code'], ['division.code'], name=op.f('fk_market_member_league_code_division')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_market_member')),
    sa.UniqueConstraint('load_key', name=op.f('uq_market_member_load_key'))
    )
    op.create_index(op.f('ix_market_member_league_code'), 'market_member', ['league_code'], unique=False)
    op.create_table('network_node',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=7), nullable=False),
    sa.Column('division_code', sa.String(length=6), nullable=True, comment='the division it serves; of a market, the league it stands in'),
    sa.Column('zone', sa.String(length=4), nullable=False, comment='of a market: 中部, 东部, 西部'),
    sa.Column('name', sa.Text(), nullable=False, comment='blank: not known'),
    sa.Column('unit', sa.Text(), nullable=False, comment='联系单位; no person'),
    sa.Column('staff', sa.SmallInteger(), nullable=True),
    sa.Column('state', sa.String(length=9), nullable=False),
    sa.Column('opened_on', sa.Date(), nullable=True),
    sa.Column('verified_on', sa.Date(), nullable=True, comment='last check; who made it stands in the audit trail'),
    sa.Column('last_report_on', sa.Date(), nullable=True, comment='last report handed up'),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=9), nullable=False, comment='public, submitted or demo'),
    sa.Column('source_publisher', sa.Text(), nullable=False, comment='blank: the source names none'),
    sa.Column('source_date', sa.Date(), nullable=True, comment='first day of the stated period'),
    sa.Column('source_precision', sa.String(length=5), nullable=True, comment='day, month or year'),
    sa.Column('source_url', sa.Text(), nullable=False),
    sa.Column('source_quality', sa.String(length=8), nullable=False, comment='page or repost'),
    sa.Column('load_key', sa.String(length=64), nullable=True, comment='identity of the row in its file; null when entered in the app'),
    sa.Column('load_hash', sa.String(length=64), nullable=True, comment='content of the row when last loaded'),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('updated_at', MOMENT, nullable=False),
    sa.Column('edited_at', MOMENT, nullable=True, comment='last edit in the app: a load leaves the row alone'),
    sa.CheckConstraint("(kind = 'market') = (zone <> '')", name=op.f('ck_network_node_market_has_zone')),
    sa.CheckConstraint("kind = 'market' OR division_code IS NOT NULL", name=op.f('ck_network_node_placed')),
    sa.CheckConstraint("kind IN ('hub', 'branch', 'station', 'city', 'market')", name=op.f('ck_network_node_kind_known')),
    sa.CheckConstraint("origin IN ('public', 'submitted', 'demo')", name=op.f('ck_network_node_origin_known')),
    sa.CheckConstraint("state IN ('unknown', 'preparing', 'open', 'closed')", name=op.f('ck_network_node_state_known')),
    sa.CheckConstraint("zone IN ('', '中部', '东部', '西部')", name=op.f('ck_network_node_zone_known')),
    sa.CheckConstraint('(source_date IS NULL) = (source_precision IS NULL)', name=op.f('ck_network_node_source_precision_stated')),
    sa.CheckConstraint('staff BETWEEN 0 AND 10000', name=op.f('ck_network_node_staff_range')),
    sa.ForeignKeyConstraint(['division_code'], ['division.code'], name=op.f('fk_network_node_division_code_division')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_network_node')),
    sa.UniqueConstraint('load_key', name=op.f('uq_network_node_load_key'))
    )
    op.create_index(op.f('ix_network_node_division_code'), 'network_node', ['division_code'], unique=False)
    op.create_index(op.f('ix_network_node_kind'), 'network_node', ['kind'], unique=False)
    op.create_table('network_link',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('node_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=7), nullable=False),
    sa.Column('to_node_id', sa.Integer(), nullable=True),
    sa.Column('platform', sa.Text(), nullable=False, comment='name of a platform outside; blank within the network'),
    sa.Column('target', sa.Text(), nullable=False, comment="number of the other node, or the platform's name: each link once"),
    sa.Column('state', sa.String(length=9), nullable=False),
    sa.Column('verified_on', sa.Date(), nullable=True, comment='last check; who made it stands in the audit trail'),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=9), nullable=False, comment='public, submitted or demo'),
    sa.Column('source_publisher', sa.Text(), nullable=False, comment='blank: the source names none'),
    sa.Column('source_date', sa.Date(), nullable=True, comment='first day of the stated period'),
    sa.Column('source_precision', sa.String(length=5), nullable=True, comment='day, month or year'),
    sa.Column('source_url', sa.Text(), nullable=False),
    sa.Column('source_quality', sa.String(length=8), nullable=False, comment='page or repost'),
    sa.Column('load_key', sa.String(length=64), nullable=True, comment='identity of the row in its file; null when entered in the app'),
    sa.Column('load_hash', sa.String(length=64), nullable=True, comment='content of the row when last loaded'),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('updated_at', MOMENT, nullable=False),
    sa.Column('edited_at', MOMENT, nullable=True, comment='last edit in the app: a load leaves the row alone'),
    sa.CheckConstraint("(kind = 'outside') = (platform <> '')", name=op.f('ck_network_link_outside_has_platform')),
    sa.CheckConstraint("(kind = 'outside') = (to_node_id IS NULL)", name=op.f('ck_network_link_outside_has_no_node')),
    sa.CheckConstraint("kind IN ('up', 'down', 'outside')", name=op.f('ck_network_link_kind_known')),
    sa.CheckConstraint("origin IN ('public', 'submitted', 'demo')", name=op.f('ck_network_link_origin_known')),
    sa.CheckConstraint("state IN ('unknown', 'manual', 'file', 'interface', 'none')", name=op.f('ck_network_link_state_known')),
    sa.CheckConstraint('(source_date IS NULL) = (source_precision IS NULL)', name=op.f('ck_network_link_source_precision_stated')),
    sa.CheckConstraint('to_node_id <> node_id', name=op.f('ck_network_link_between_two')),
    sa.ForeignKeyConstraint(['node_id'], ['network_node.id'], name=op.f('fk_network_link_node_id_network_node')),
    sa.ForeignKeyConstraint(['to_node_id'], ['network_node.id'], name=op.f('fk_network_link_to_node_id_network_node')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_network_link')),
    sa.UniqueConstraint('load_key', name=op.f('uq_network_link_load_key')),
    sa.UniqueConstraint('node_id', 'kind', 'target', name=op.f('uq_network_link_node_id'))
    )
    op.create_index(op.f('ix_network_link_to_node_id'), 'network_link', ['to_node_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_network_link_to_node_id'), table_name='network_link')
    op.drop_table('network_link')
    op.drop_index(op.f('ix_network_node_kind'), table_name='network_node')
    op.drop_index(op.f('ix_network_node_division_code'), table_name='network_node')
    op.drop_table('network_node')
    op.drop_index(op.f('ix_market_member_league_code'), table_name='market_member')
    op.drop_table('market_member')
