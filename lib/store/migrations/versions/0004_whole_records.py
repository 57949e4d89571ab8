"""what a record page tells, and saved searches"""

from alembic import op
import sqlalchemy as sa

import lib.store.models.base


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

MOMENT = lib.store.models.base.Moment(timezone=True)
LINES = {
    ('achievement', 'rights'): '知识产权: kind, number, state, expires',
    ('achievement', 'comparison'): '对比基准: indicator, existing, ours',
    ('achievement', 'shares'): '权益份额: holder, share in percent; 100 in all',
    ('achievement', 'steps'): '阶段记录: step, on, note',
    ('demand', 'comparison'): '量化指标: indicator, existing, wanted',
}
TEXTS = {
    ('achievement', 'value'): '一句话价值',
    ('achievement', 'problem'): '解决的问题',
    ('achievement', 'application'): '应用场景',
    ('achievement', 'trl_scheme'): '成熟度依据的标准',
    ('achievement', 'trl_judge'): '自评 or 第三方',
    ('achievement', 'trl_evidence'): '成熟度证据',
    ('achievement', 'pricing_mode'): '定价方式',
    ('demand', 'tried'): '已经试过的办法',
    ('demand', 'acceptance'): '验收标准',
}
OTHERS = {
    ('achievement', 'public_good'): (sa.Boolean(), '公益性; null: not stated'),
    ('achievement', 'valid_until'): (sa.Date(), None),
    ('demand', 'deadline'): (sa.Date(), '希望完成日期'),
    ('event_item', 'achievement_id'): (
        sa.Integer(), 'the achievement it shows; one that was taken back keeps its number'
    ),
}


def upgrade() -> None:
    for (table, name), comment in LINES.items():
        op.add_column(table, sa.Column(name, sa.JSON(), nullable=False, server_default='[]', comment=comment))
    for (table, name), comment in TEXTS.items():
        op.add_column(table, sa.Column(name, sa.Text(), nullable=False, server_default='', comment=comment))
    for (table, name), (kind, comment) in OTHERS.items():
        op.add_column(table, sa.Column(name, kind, nullable=True, comment=comment))
    op.create_index('ix_event_item_achievement_id', 'event_item', ['achievement_id'])
    _rights_of_records()
    _rights_of_submissions()
    _drafts()
    _saved_searches()
    _search_index()
    for table in ('achievement', 'demand', 'organization'):
        op.create_index(f'ix_{table}_created_at', table, ['created_at'])
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("COMMENT ON COLUMN achievement.transfer_mode IS '拟转化方式, several separated by 、'")
        op.execute("COMMENT ON COLUMN demand.cooperation_mode IS '合作方式, several separated by 、'")


def _saved_searches() -> None:
    op.create_table('saved_search',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('query', sa.Text(), nullable=False, comment='the parameters of its address, in one order'),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('seen_at', MOMENT, nullable=False, comment='what was published later is unread'),
    sa.CheckConstraint("kind IN ('achievement', 'demand', 'organization')", name=op.f('ck_saved_search_kind_known')),
    sa.CheckConstraint('length(name) BETWEEN 1 AND 60', name=op.f('ck_saved_search_name_length')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_saved_search_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_search')),
    sa.UniqueConstraint('account_id', 'kind', 'query', name=op.f('uq_saved_search_account_id'))
    )


# ------------------------------------------------------------------ further facets, keywords of their own
GROUPS = {
    'achievement': {
        'cell': 'field、league、year、origin', 'banner': 'banner', 'traits': 'stage、trl、price、unit、public_good',
        'sets': 'ip、mode',
    },
    'demand': {'cell': 'field、league、year、origin', 'banner': 'banner', 'traits': 'price、unit', 'sets': 'mode'},
    'organization': {'cell': 'kind、league、origin', 'banner': 'banner'},
}


def _search_index() -> None:
    """Empty tables: `lib.store.migrations.upgrade` fills them after the newest revision, with the code that reads them.

    To fill them here would take either a copy of how texts are cut and numbers made, or code that changes later.
    """
    for name, groups in GROUPS.items():
        op.drop_table(f'{name}_index')
        op.drop_table(f'{name}_fts')
        op.create_table(
            f'{name}_index',
            sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
            *(sa.Column(column, sa.Integer(), nullable=False, comment=group) for column, group in groups.items()),
            sa.Column('recency', sa.Integer(), nullable=False),
            sa.PrimaryKeyConstraint('id', name=op.f(f'pk_{name}_index')),
        )
        op.create_index(f'ix_{name}_index_cell', f'{name}_index', ['cell'])
        op.create_index(f'ix_{name}_index_recency', f'{name}_index', ['recency', 'id'])
        if op.get_bind().dialect.name == 'sqlite':
            op.execute(
                f"CREATE VIRTUAL TABLE {name}_fts USING fts5("
                "title, keywords, body, content='', tokenize='unicode61 remove_diacritics 0')"
            )
        else:
            columns = ', '.join(f'{column} integer NOT NULL' for column in (*groups, 'recency'))
            op.execute(f'CREATE TABLE {name}_fts (id integer PRIMARY KEY, {columns}, grams tsvector NOT NULL)')
            op.execute(f'CREATE INDEX ix_{name}_fts_grams ON {name}_fts USING gin (grams)')


# ------------------------------------------------------------------ 知识产权形式与编号 become lines
def _rights_of_records() -> None:
    connection = op.get_bind()
    achievement = sa.table('achievement', sa.column('id'), sa.column('ip'), sa.column('rights', sa.JSON()))
    stated = sa.select(achievement.c.ip).where(achievement.c.ip != '').distinct()
    for (ip,) in connection.execute(stated).all():
        kind, _, number = ip.partition(' ')
        change = achievement.update().where(achievement.c.ip == ip).values(rights=[_line(kind, number)])
        connection.execute(change)
    if connection.dialect.name == 'sqlite':
        op.execute('ALTER TABLE achievement DROP COLUMN ip')  # batch mode would lose AUTOINCREMENT
    else:
        op.drop_column('achievement', 'ip')


def _rights_of_submissions() -> None:
    connection = op.get_bind()
    submission = sa.table(
        'submission', sa.column('id'), sa.column('kind'), sa.column('content', sa.JSON()),
        sa.column('sealed', sa.JSON()), sa.column('before', sa.JSON()),
    )  # fmt: skip
    for row in connection.execute(sa.select(submission).where(submission.c.kind == 'achievement')).all():
        content, sealed = dict(row.content), dict(row.sealed or {})
        number = sealed.pop('ip_number', '')
        if number:
            sealed['rights'] = [_line(content.get('ip_type', ''), number)]
        values = {'content': _with_lines(content), 'sealed': sealed}
        if row.before:
            values['before'] = _with_lines(dict(row.before))
        connection.execute(submission.update().where(submission.c.id == row.id).values(values))


def _drafts() -> None:
    connection = op.get_bind()
    draft = sa.table('draft', sa.column('id'), sa.column('kind'), sa.column('values', sa.JSON()))
    for row in connection.execute(sa.select(draft).where(draft.c.kind == 'achievement')).all():
        change = draft.update().where(draft.c.id == row.id)
        connection.execute(change.values({'values': _with_lines(dict(row[2]))}))


def _with_lines(answers):
    kind, number = answers.pop('ip_type', ''), answers.pop('ip_number', '')
    if kind or number:
        answers['rights'] = [_line(kind, number)]
    return answers


def _line(kind, number):
    return {'kind': kind, 'number': number or '', 'state': '', 'expires': ''}


def downgrade() -> None:
    raise RuntimeError("what records tell is not thrown away")
