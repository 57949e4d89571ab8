"""the walking product"""

from alembic import op
import sqlalchemy as sa

import lib.store.models.base
from lib.store.search import DDL


revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('account',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('login', sa.Text(), nullable=False, comment='as typed at creation'),
    sa.Column('login_key', sa.Text(), nullable=False, comment='NFKC and case-folded'),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=False, comment='argon2id'),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('failed_logins', sa.Integer(), nullable=False),
    sa.Column('locked_until', lib.store.models.base.Moment(timezone=True), nullable=True),
    sa.Column('created_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("role IN ('visitor', 'administrator')", name=op.f('ck_account_role_known')),
    sa.CheckConstraint('length(login) BETWEEN 2 AND 64', name=op.f('ck_account_login_length')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('login_key', name=op.f('uq_account_login_key'))
    )
    op.create_table('achievement_index',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('field', sa.Integer(), nullable=False),
    sa.Column('league', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('origin', sa.Integer(), nullable=False),
    sa.Column('cell', sa.Integer(), nullable=False, comment='all facets as one number: counting groups by one column'),
    sa.Column('recency', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_achievement_index'))
    )
    with op.batch_alter_table('achievement_index', schema=None) as batch_op:
        batch_op.create_index('ix_achievement_index_cell', ['cell'], unique=False)
        batch_op.create_index('ix_achievement_index_recency', ['recency', 'id'], unique=False)

    op.create_table('audit_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True, comment='null: a visitor or the command line'),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('object_kind', sa.String(length=20), nullable=False),
    sa.Column('object_id', sa.String(length=40), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.Column('address', sa.String(length=64), nullable=False),
    sa.Column('request_id', sa.String(length=32), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entry'))
    )
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_entry_at'), ['at'], unique=False)

    op.create_table('contract',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('seller', sa.Text(), nullable=False),
    sa.Column('buyer', sa.Text(), nullable=False),
    sa.Column('seller_place', sa.String(length=6), nullable=True, comment='division, province or country code'),
    sa.Column('buyer_place', sa.String(length=6), nullable=True, comment='division, province or country code'),
    sa.Column('amount', lib.store.models.base.Money(precision=18, scale=2), nullable=True, comment='合同成交额, 元'),
    sa.Column('technology_amount', lib.store.models.base.Money(precision=18, scale=2), nullable=True, comment='技术交易额, 元 (rule R01)'),
    sa.Column('contract_type', sa.String(length=2), nullable=True, comment='KF ZR XK ZX FW'),
    sa.Column('field', sa.SmallInteger(), nullable=True),
    sa.Column('mode', sa.Text(), nullable=False, comment='as printed'),
    sa.Column('pricing', sa.Text(), nullable=False, comment='as printed'),
    sa.Column('year', sa.SmallInteger(), nullable=True),
    sa.Column('origin', sa.String(length=9), nullable=False, comment='public, submitted or demo'),
    sa.Column('source_publisher', sa.Text(), nullable=False, comment='blank: the source names none'),
    sa.Column('source_date', sa.Date(), nullable=True, comment='first day of the stated period'),
    sa.Column('source_precision', sa.String(length=5), nullable=True, comment='day, month or year'),
    sa.Column('source_url', sa.Text(), nullable=False),
    sa.Column('source_quality', sa.String(length=8), nullable=False, comment='page or repost'),
    sa.Column('load_key', sa.String(length=64), nullable=True, comment='identity of the row in its file; null when entered in the app'),
    sa.Column('load_hash', sa.String(length=64), nullable=True, comment='content of the row when last loaded'),
    sa.Column('created_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('updated_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('edited_at', lib.store.models.base.Moment(timezone=True), nullable=True, comment='last edit in the app: a load leaves the row alone'),
    sa.CheckConstraint("origin IN ('public', 'submitted', 'demo')", name=op.f('ck_contract_origin_known')),
    sa.CheckConstraint('(source_date IS NULL) = (source_precision IS NULL)', name=op.f('ck_contract_source_precision_stated')),
    sa.CheckConstraint('amount > 0', name=op.f('ck_contract_amount_positive')),
    sa.CheckConstraint('field BETWEEN 1 AND 11', name=op.f('ck_contract_field_range')),
    sa.CheckConstraint('technology_amount > 0 AND technology_amount <= amount', name=op.f('ck_contract_technology_amount_range')),
    sa.CheckConstraint('year BETWEEN 1900 AND 2100', name=op.f('ck_contract_year_range')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contract')),
    sa.UniqueConstraint('load_key', name=op.f('uq_contract_load_key'))
    )
    with op.batch_alter_table('contract', schema=None) as batch_op:
        batch_op.create_index('ix_contract_census', ['origin', 'year', 'contract_type', 'mode', 'amount'], unique=False)

    op.create_table('dataset',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('row_count', sa.Integer(), nullable=False),
    sa.Column('loaded_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_dataset'))
    )
    op.create_table('demand_index',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('field', sa.Integer(), nullable=False),
    sa.Column('league', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('origin', sa.Integer(), nullable=False),
    sa.Column('cell', sa.Integer(), nullable=False, comment='all facets as one number: counting groups by one column'),
    sa.Column('recency', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_demand_index'))
    )
    with op.batch_alter_table('demand_index', schema=None) as batch_op:
        batch_op.create_index('ix_demand_index_cell', ['cell'], unique=False)
        batch_op.create_index('ix_demand_index_recency', ['recency', 'id'], unique=False)

    op.create_table('division',
    sa.Column('code', sa.String(length=6), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('short_name', sa.String(length=20), nullable=False),
    sa.Column('level', sa.String(length=6), nullable=False),
    sa.Column('parent_code', sa.String(length=6), nullable=True),
    sa.Column('zone', sa.String(length=4), nullable=False, comment='东部, 中部, 西部: customary, not in the plan'),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('lon', sa.Float(), nullable=False),
    sa.Column('lat', sa.Float(), nullable=False),
    sa.Column('seat_lon', sa.Float(), nullable=False),
    sa.Column('seat_lat', sa.Float(), nullable=False),
    sa.CheckConstraint("level IN ('region', 'league', 'banner')", name=op.f('ck_division_level_known')),
    sa.ForeignKeyConstraint(['parent_code'], ['division.code'], name=op.f('fk_division_parent_code_division')),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_division'))
    )
    with op.batch_alter_table('division', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_division_level'), ['level'], unique=False)
        batch_op.create_index(batch_op.f('ix_division_parent_code'), ['parent_code'], unique=False)

    op.create_table('organization_index',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('kind', sa.Integer(), nullable=False),
    sa.Column('league', sa.Integer(), nullable=False),
    sa.Column('origin', sa.Integer(), nullable=False),
    sa.Column('cell', sa.Integer(), nullable=False, comment='all facets as one number: counting groups by one column'),
    sa.Column('recency', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organization_index'))
    )
    with op.batch_alter_table('organization_index', schema=None) as batch_op:
        batch_op.create_index('ix_organization_index_cell', ['cell'], unique=False)
        batch_op.create_index('ix_organization_index_recency', ['recency', 'id'], unique=False)

    op.create_table('policy_clause',
    sa.Column('id', sa.String(length=8), nullable=False),
    sa.Column('section', sa.String(length=8), nullable=False),
    sa.Column('phrase', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('shows', sa.Text(), nullable=False, comment='what the product can honestly show for it'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_policy_clause'))
    )
    op.create_table('receipt_counter',
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'day', name=op.f('pk_receipt_counter'))
    )
    op.create_table('revision',
    sa.Column('topic', sa.String(length=20), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('topic', name=op.f('pk_revision'))
    )
    op.create_table('statistic',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('indicator', sa.Text(), nullable=False),
    sa.Column('scope', sa.Text(), nullable=False, comment='全区, a league, or a direction such as 吸纳北京'),
    sa.Column('year', sa.SmallInteger(), nullable=True),
    sa.Column('period', sa.Text(), nullable=False, comment='全年, 1-6月, 累计, 目标 …'),
    sa.Column('value', lib.store.models.base.Exact(precision=20, scale=4), nullable=False),
    sa.Column('unit', sa.String(length=8), nullable=False),
    sa.Column('origin', sa.String(length=9), nullable=False, comment='public, submitted or demo'),
    sa.Column('source_publisher', sa.Text(), nullable=False, comment='blank: the source names none'),
    sa.Column('source_date', sa.Date(), nullable=True, comment='first day of the stated period'),
    sa.Column('source_precision', sa.String(length=5), nullable=True, comment='day, month or year'),
    sa.Column('source_url', sa.Text(), nullable=False),
    sa.Column('source_quality', sa.String(length=8), nullable=False, comment='page or repost'),
    sa.Column('load_key', sa.String(length=64), nullable=True, comment='identity of the row in its file; null when entered in the app'),
    sa.Column('load_hash', sa.String(length=64), nullable=True, comment='content of the row when last loaded'),
    sa.Column('created_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('updated_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('edited_at', lib.store.models.base.Moment(timezone=True), nullable=True, comment='last edit in the app: a load leaves the row alone'),
    sa.CheckConstraint("origin IN ('public', 'submitted', 'demo')", name=op.f('ck_statistic_origin_known')),
    sa.CheckConstraint('(source_date IS NULL) = (source_precision IS NULL)', name=op.f('ck_statistic_source_precision_stated')),
    sa.CheckConstraint('year BETWEEN 1900 AND 2100', name=op.f('ck_statistic_year_range')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_statistic')),
    sa.UniqueConstraint('load_key', name=op.f('uq_statistic_load_key'))
    )
    with op.batch_alter_table('statistic', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_statistic_indicator'), ['indicator'], unique=False)

    op.create_table('cooperation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('partner', sa.Text(), nullable=False),
    sa.Column('partner_kind', sa.String(length=8), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('year', sa.SmallInteger(), nullable=True),
    sa.Column('channel', sa.String(length=13), nullable=False),
    sa.Column('direction', sa.String(length=8), nullable=False),
    sa.Column('origin', sa.String(length=9), nullable=False, comment='public, submitted or demo'),
    sa.Column('source_publisher', sa.Text(), nullable=False, comment='blank: the source names none'),
    sa.Column('source_date', sa.Date(), nullable=True, comment='first day of the stated period'),
    sa.Column('source_precision', sa.String(length=5), nullable=True, comment='day, month or year'),
    sa.Column('source_url', sa.Text(), nullable=False),
    sa.Column('source_quality', sa.String(length=8), nullable=False, comment='page or repost'),
    sa.Column('load_key', sa.String(length=64), nullable=True, comment='identity of the row in its file; null when entered in the app'),
    sa.Column('load_hash', sa.String(length=64), nullable=True, comment='content of the row when last loaded'),
    sa.Column('created_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('updated_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('edited_at', lib.store.models.base.Moment(timezone=True), nullable=True, comment='last edit in the app: a load leaves the row alone'),
    sa.Column('league_code', sa.String(length=6), nullable=True),
    sa.Column('banner_code', sa.String(length=6), nullable=True),
    sa.CheckConstraint("channel IN ('abroad', 'interregional', 'military', 'within')", name=op.f('ck_cooperation_channel_known')),
    sa.CheckConstraint("direction IN ('in', 'out', 'unstated')", name=op.f('ck_cooperation_direction_known')),
    sa.CheckConstraint("origin IN ('public', 'submitted', 'demo')", name=op.f('ck_cooperation_origin_known')),
    sa.CheckConstraint('(source_date IS NULL) = (source_precision IS NULL)', name=op.f('ck_cooperation_source_precision_stated')),
    sa.CheckConstraint('year BETWEEN 1900 AND 2100', name=op.f('ck_cooperation_year_range')),
    sa.ForeignKeyConstraint(['banner_code'], ['division.code'], name=op.f('fk_cooperation_banner_code_division')),
    sa.ForeignKeyConstraint(['league_code'], ['division.code'], name=op.f('fk_cooperation_league_code_division')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cooperation')),
    sa.UniqueConstraint('load_key', name=op.f('uq_cooperation_load_key'))
    )
    with op.batch_alter_table('cooperation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_cooperation_channel'), ['channel'], unique=False)
        batch_op.create_index(batch_op.f('ix_cooperation_league_code'), ['league_code'], unique=False)

    op.create_table('login',
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('started_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('seen_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('expires_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('ended_at', lib.store.models.base.Moment(timezone=True), nullable=True),
    sa.Column('address', sa.String(length=64), nullable=False),
    sa.Column('agent', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_login_account_id_account')),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_login'))
    )
    with op.batch_alter_table('login', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_login_account_id'), ['account_id'], unique=False)

    op.create_table('organization',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_key', sa.Text(), nullable=False, comment='lib.domain.text.organization_key(name)'),
    sa.Column('kind', sa.String(length=20), nullable=False, comment='our classification'),
    sa.Column('banner_text', sa.Text(), nullable=False, comment='a zone that is no division, e.g. 稀土高新区'),
    sa.Column('since_year', sa.SmallInteger(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=9), nullable=False, comment='public, submitted or demo'),
    sa.Column('source_publisher', sa.Text(), nullable=False, comment='blank: the source names none'),
    sa.Column('source_date', sa.Date(), nullable=True, comment='first day of the stated period'),
    sa.Column('source_precision', sa.String(length=5), nullable=True, comment='day, month or year'),
    sa.Column('source_url', sa.Text(), nullable=False),
    sa.Column('source_quality', sa.String(length=8), nullable=False, comment='page or repost'),
    sa.Column('load_key', sa.String(length=64), nullable=True, comment='identity of the row in its file; null when entered in the app'),
    sa.Column('load_hash', sa.String(length=64), nullable=True, comment='content of the row when last loaded'),
    sa.Column('created_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('updated_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('edited_at', lib.store.models.base.Moment(timezone=True), nullable=True, comment='last edit in the app: a load leaves the row alone'),
    sa.Column('league_code', sa.String(length=6), nullable=True),
    sa.Column('banner_code', sa.String(length=6), nullable=True),
    sa.CheckConstraint("origin IN ('public', 'submitted', 'demo')", name=op.f('ck_organization_origin_known')),
    sa.CheckConstraint('(source_date IS NULL) = (source_precision IS NULL)', name=op.f('ck_organization_source_precision_stated')),
    sa.CheckConstraint('length(name) BETWEEN 1 AND 120', name=op.f('ck_organization_name_length')),
    sa.ForeignKeyConstraint(['banner_code'], ['division.code'], name=op.f('fk_organization_banner_code_division')),
    sa.ForeignKeyConstraint(['league_code'], ['division.code'], name=op.f('fk_organization_league_code_division')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organization')),
    sa.UniqueConstraint('load_key', name=op.f('uq_organization_load_key')),
    sa.UniqueConstraint('name_key', name=op.f('uq_organization_name_key'))
    )
    with op.batch_alter_table('organization', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_organization_league_code'), ['league_code'], unique=False)

    op.create_table('achievement',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('other_units', sa.Text(), nullable=False),
    sa.Column('year', sa.SmallInteger(), nullable=True),
    sa.Column('award', sa.Text(), nullable=False, comment='award or programme the source names'),
    sa.Column('field', sa.SmallInteger(), nullable=True, comment='技术领域 1–11, our classification'),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('achievement_class', sa.Text(), nullable=False, comment='成果类别'),
    sa.Column('completer', sa.Text(), nullable=False, comment='第一完成人'),
    sa.Column('keywords', sa.Text(), nullable=False, comment='at most 3, separated by 、'),
    sa.Column('indicators', sa.Text(), nullable=False, comment='技术指标'),
    sa.Column('trl', sa.SmallInteger(), nullable=True, comment='技术成熟度 1–9'),
    sa.Column('stage', sa.Text(), nullable=False, comment='所处阶段'),
    sa.Column('ip', sa.Text(), nullable=False, comment='知识产权形式与编号'),
    sa.Column('transfer_mode', sa.Text(), nullable=False, comment='拟转化方式'),
    sa.Column('price', lib.store.models.base.Money(precision=18, scale=2), nullable=True, comment='意向价格, 元'),
    sa.Column('negotiable', sa.Boolean(), nullable=False, comment='面议'),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('organization_text', sa.Text(), nullable=False, comment='as printed by the source; may be blank'),
    sa.Column('organization_id', sa.Integer(), nullable=True),
    sa.Column('origin', sa.String(length=9), nullable=False, comment='public, submitted or demo'),
    sa.Column('source_publisher', sa.Text(), nullable=False, comment='blank: the source names none'),
    sa.Column('source_date', sa.Date(), nullable=True, comment='first day of the stated period'),
    sa.Column('source_precision', sa.String(length=5), nullable=True, comment='day, month or year'),
    sa.Column('source_url', sa.Text(), nullable=False),
    sa.Column('source_quality', sa.String(length=8), nullable=False, comment='page or repost'),
    sa.Column('load_key', sa.String(length=64), nullable=True, comment='identity of the row in its file; null when entered in the app'),
    sa.Column('load_hash', sa.String(length=64), nullable=True, comment='content of the row when last loaded'),
    sa.Column('created_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('updated_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('edited_at', lib.store.models.base.Moment(timezone=True), nullable=True, comment='last edit in the app: a load leaves the row alone'),
    sa.Column('league_code', sa.String(length=6), nullable=True),
    sa.Column('banner_code', sa.String(length=6), nullable=True),
    sa.CheckConstraint("origin IN ('public', 'submitted', 'demo')", name=op.f('ck_achievement_origin_known')),
    sa.CheckConstraint('(source_date IS NULL) = (source_precision IS NULL)', name=op.f('ck_achievement_source_precision_stated')),
    sa.CheckConstraint('field BETWEEN 1 AND 11', name=op.f('ck_achievement_field_range')),
    sa.CheckConstraint('length(summary) BETWEEN 0 AND 4000', name=op.f('ck_achievement_summary_length')),
    sa.CheckConstraint('length(title) BETWEEN 1 AND 200', name=op.f('ck_achievement_title_length')),
    sa.CheckConstraint('trl BETWEEN 1 AND 9', name=op.f('ck_achievement_trl_range')),
    sa.CheckConstraint('year BETWEEN 1900 AND 2100', name=op.f('ck_achievement_year_range')),
    sa.ForeignKeyConstraint(['banner_code'], ['division.code'], name=op.f('fk_achievement_banner_code_division')),
    sa.ForeignKeyConstraint(['league_code'], ['division.code'], name=op.f('fk_achievement_league_code_division')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_achievement_organization_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_achievement')),
    sa.UniqueConstraint('load_key', name=op.f('uq_achievement_load_key'))
    )
    with op.batch_alter_table('achievement', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_achievement_league_code'), ['league_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_achievement_organization_id'), ['organization_id'], unique=False)

    op.create_table('demand',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('field', sa.SmallInteger(), nullable=True, comment='技术领域 1–11'),
    sa.Column('budget', lib.store.models.base.Money(precision=18, scale=2), nullable=True, comment='预算, 元; null: 面议 or undisclosed'),
    sa.Column('negotiable', sa.Boolean(), nullable=False, comment='面议'),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('year', sa.SmallInteger(), nullable=True),
    sa.Column('demand_class', sa.Text(), nullable=False, comment='需求类别'),
    sa.Column('keywords', sa.Text(), nullable=False),
    sa.Column('indicators', sa.Text(), nullable=False, comment='技术指标'),
    sa.Column('cooperation_mode', sa.Text(), nullable=False, comment='合作方式'),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('organization_text', sa.Text(), nullable=False, comment='as printed by the source; may be blank'),
    sa.Column('organization_id', sa.Integer(), nullable=True),
    sa.Column('origin', sa.String(length=9), nullable=False, comment='public, submitted or demo'),
    sa.Column('source_publisher', sa.Text(), nullable=False, comment='blank: the source names none'),
    sa.Column('source_date', sa.Date(), nullable=True, comment='first day of the stated period'),
    sa.Column('source_precision', sa.String(length=5), nullable=True, comment='day, month or year'),
    sa.Column('source_url', sa.Text(), nullable=False),
    sa.Column('source_quality', sa.String(length=8), nullable=False, comment='page or repost'),
    sa.Column('load_key', sa.String(length=64), nullable=True, comment='identity of the row in its file; null when entered in the app'),
    sa.Column('load_hash', sa.String(length=64), nullable=True, comment='content of the row when last loaded'),
    sa.Column('created_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('updated_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('edited_at', lib.store.models.base.Moment(timezone=True), nullable=True, comment='last edit in the app: a load leaves the row alone'),
    sa.Column('league_code', sa.String(length=6), nullable=True),
    sa.Column('banner_code', sa.String(length=6), nullable=True),
    sa.CheckConstraint("origin IN ('public', 'submitted', 'demo')", name=op.f('ck_demand_origin_known')),
    sa.CheckConstraint('(source_date IS NULL) = (source_precision IS NULL)', name=op.f('ck_demand_source_precision_stated')),
    sa.CheckConstraint('budget > 0', name=op.f('ck_demand_budget_positive')),
    sa.CheckConstraint('field BETWEEN 1 AND 11', name=op.f('ck_demand_field_range')),
    sa.CheckConstraint('length(description) BETWEEN 0 AND 4000', name=op.f('ck_demand_description_length')),
    sa.CheckConstraint('length(title) BETWEEN 1 AND 200', name=op.f('ck_demand_title_length')),
    sa.CheckConstraint('year BETWEEN 1900 AND 2100', name=op.f('ck_demand_year_range')),
    sa.ForeignKeyConstraint(['banner_code'], ['division.code'], name=op.f('fk_demand_banner_code_division')),
    sa.ForeignKeyConstraint(['league_code'], ['division.code'], name=op.f('fk_demand_league_code_division')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_demand_organization_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_demand')),
    sa.UniqueConstraint('load_key', name=op.f('uq_demand_load_key'))
    )
    with op.batch_alter_table('demand', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_demand_league_code'), ['league_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_demand_organization_id'), ['organization_id'], unique=False)

    op.create_table('event',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False, comment='our classification'),
    sa.Column('held_on', sa.Date(), nullable=True, comment='first day of the stated period'),
    sa.Column('held_precision', sa.String(length=5), nullable=True),
    sa.Column('city', sa.Text(), nullable=False, comment='as printed; outside the region too'),
    sa.Column('banner_text', sa.Text(), nullable=False, comment='a zone that is no division'),
    sa.Column('organizer', sa.Text(), nullable=False),
    sa.Column('organization_id', sa.Integer(), nullable=True),
    sa.Column('project_count', sa.Integer(), nullable=True, comment='projects presented, where stated'),
    sa.Column('partner', sa.Text(), nullable=False, comment='partner region or country, as printed'),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=9), nullable=False, comment='public, submitted or demo'),
    sa.Column('source_publisher', sa.Text(), nullable=False, comment='blank: the source names none'),
    sa.Column('source_date', sa.Date(), nullable=True, comment='first day of the stated period'),
    sa.Column('source_precision', sa.String(length=5), nullable=True, comment='day, month or year'),
    sa.Column('source_url', sa.Text(), nullable=False),
    sa.Column('source_quality', sa.String(length=8), nullable=False, comment='page or repost'),
    sa.Column('load_key', sa.String(length=64), nullable=True, comment='identity of the row in its file; null when entered in the app'),
    sa.Column('load_hash', sa.String(length=64), nullable=True, comment='content of the row when last loaded'),
    sa.Column('created_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('updated_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('edited_at', lib.store.models.base.Moment(timezone=True), nullable=True, comment='last edit in the app: a load leaves the row alone'),
    sa.Column('league_code', sa.String(length=6), nullable=True),
    sa.Column('banner_code', sa.String(length=6), nullable=True),
    sa.CheckConstraint("origin IN ('public', 'submitted', 'demo')", name=op.f('ck_event_origin_known')),
    sa.CheckConstraint('(source_date IS NULL) = (source_precision IS NULL)', name=op.f('ck_event_source_precision_stated')),
    sa.CheckConstraint('length(title) BETWEEN 1 AND 200', name=op.f('ck_event_title_length')),
    sa.ForeignKeyConstraint(['banner_code'], ['division.code'], name=op.f('fk_event_banner_code_division')),
    sa.ForeignKeyConstraint(['league_code'], ['division.code'], name=op.f('fk_event_league_code_division')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_event_organization_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_event')),
    sa.UniqueConstraint('load_key', name=op.f('uq_event_load_key'))
    )
    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_event_held_on'), ['held_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_event_kind'), ['kind'], unique=False)
        batch_op.create_index(batch_op.f('ix_event_league_code'), ['league_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_event_organization_id'), ['organization_id'], unique=False)

    op.create_table('event_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('organization_text', sa.Text(), nullable=False),
    sa.Column('field', sa.SmallInteger(), nullable=True),
    sa.Column('stage', sa.Text(), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('cooperation', sa.Text(), nullable=False, comment='合作需求'),
    sa.CheckConstraint('field BETWEEN 1 AND 11', name=op.f('ck_event_item_field_range')),
    sa.CheckConstraint('length(title) BETWEEN 1 AND 200', name=op.f('ck_event_item_title_length')),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_event_item_event_id_event')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_event_item'))
    )
    with op.batch_alter_table('event_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_event_item_event_id'), ['event_id'], unique=False)

    op.create_table('submission',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('draft_id', sa.String(length=32), nullable=False, comment='from the address: a repeat writes once'),
    sa.Column('receipt', sa.String(length=20), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('state', sa.String(length=9), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False, comment='the public fields of the form'),
    sa.Column('contact_name', sa.Text(), nullable=False, comment='confidential'),
    sa.Column('contact_phone', sa.Text(), nullable=False, comment='confidential'),
    sa.Column('contact_email', sa.Text(), nullable=False, comment='confidential'),
    sa.Column('event_id', sa.Integer(), nullable=True),
    sa.Column('submitted_at', lib.store.models.base.Moment(timezone=True), nullable=False),
    sa.Column('decided_at', lib.store.models.base.Moment(timezone=True), nullable=True),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.Column('comment', sa.Text(), nullable=False, comment='what the reviewer says to the submitter'),
    sa.Column('record_id', sa.Integer(), nullable=True, comment='the record that publishing made, by kind'),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("kind IN ('demand', 'achievement', 'registration')", name=op.f('ck_submission_kind_known')),
    sa.CheckConstraint("state IN ('pending', 'published', 'returned', 'declined')", name=op.f('ck_submission_state_known')),
    sa.CheckConstraint('length(draft_id) = 32', name=op.f('ck_submission_draft_id_length')),
    sa.ForeignKeyConstraint(['decided_by'], ['account.id'], name=op.f('fk_submission_decided_by_account')),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_submission_event_id_event')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submission')),
    sa.UniqueConstraint('draft_id', name=op.f('uq_submission_draft_id')),
    sa.UniqueConstraint('receipt', name=op.f('uq_submission_receipt'))
    )
    with op.batch_alter_table('submission', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_submission_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_submission_submitted_at'), ['submitted_at'], unique=False)
    for statement in DDL[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("the first schema has nothing before it")
