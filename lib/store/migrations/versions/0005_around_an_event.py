"""what happens around an event: programme, audience, stage, jury, follow-up"""

from alembic import op
import sqlalchemy as sa

import lib.store.models.base


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

MOMENT = lib.store.models.base.Moment(timezone=True)
STATES = "state IN ('draft', 'published', 'cancelled')"
FORMATS = "format IN ('', '线下', '线上', '线上线下结合')"
KINDS = "kind IN ('achievement', 'demand', 'talk', 'break')"


def upgrade() -> None:
    _event()
    _event_item()
    _tables()


def _event() -> None:
    with op.batch_alter_table('event', recreate='auto') as table:
        table.add_column(sa.Column('state', sa.String(length=9), server_default='published', nullable=False))
        table.add_column(sa.Column('starts_at', MOMENT, nullable=True, comment='where the hour is known; its day is held_on'))
        table.add_column(sa.Column('ends_at', MOMENT, nullable=True))
        table.add_column(sa.Column('format', sa.String(length=8), server_default='', nullable=False, comment='线下, 线上 …; blank: not stated'))
        table.add_column(sa.Column('venue', sa.Text(), server_default='', nullable=False, comment='地点: hall and address'))
        table.add_column(sa.Column('stream_url', sa.Text(), server_default='', nullable=False, comment='where it can be watched'))
        table.add_column(sa.Column('co_organizers', sa.Text(), server_default='', nullable=False, comment='协办、支持单位'))
        table.add_column(sa.Column('introduction', sa.Text(), server_default='', nullable=False))
        table.add_column(sa.Column('rules', sa.Text(), server_default='', nullable=False, comment='活动规则'))
        table.add_column(sa.Column('capacity', sa.Integer(), nullable=True, comment='seats for an audience; null: not limited'))
        table.add_column(sa.Column('registration_opens', MOMENT, nullable=True))
        table.add_column(sa.Column('registration_closes', MOMENT, nullable=True))
        table.create_check_constraint(op.f('ck_event_state_known'), STATES)
        table.create_check_constraint(op.f('ck_event_format_known'), FORMATS)
        table.create_check_constraint(op.f('ck_event_period_in_order'), 'ends_at > starts_at')
        table.create_check_constraint(op.f('ck_event_capacity_positive'), 'capacity > 0')


def _event_item() -> None:
    # An id is given away once only: SQLite would forget the last one with the table it builds anew.
    connection = op.get_bind()
    sqlite = connection.dialect.name == 'sqlite'
    given = connection.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'event_item'")) if sqlite else None
    with op.batch_alter_table('event_item', recreate='auto', table_kwargs={'sqlite_autoincrement': True}) as table:
        table.add_column(sa.Column('kind', sa.String(length=11), server_default='achievement', nullable=False))
        table.add_column(sa.Column('registered', sa.Boolean(), server_default=sa.true(), nullable=False, comment='made by a registration; false: picked by the organizer'))
        table.add_column(sa.Column('position', sa.Integer(), server_default='0', nullable=False, comment='order on the programme, then id'))
        table.add_column(sa.Column('minutes', sa.SmallInteger(), nullable=True, comment='null: not on the programme yet'))
        table.add_column(sa.Column('room', sa.String(length=40), server_default='', nullable=False, comment='rooms run side by side'))
        table.add_column(sa.Column('presenter', sa.String(length=40), server_default='', nullable=False, comment='who speaks; public'))
        table.add_column(sa.Column('demand_id', sa.Integer(), nullable=True, comment='the demand it shows; the same'))
        table.create_check_constraint(op.f('ck_event_item_kind_known'), KINDS)
        table.create_check_constraint(op.f('ck_event_item_minutes_range'), 'minutes BETWEEN 1 AND 600')
        table.create_index('ix_event_item_demand_id', ['demand_id'])
    if given:
        connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'event_item'"))
        connection.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('event_item', :given)"), {'given': given})


def _tables() -> None:
    op.create_table('attendee',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('draft_id', sa.String(length=32), nullable=False, comment='from the address or the device: a repeat writes once'),
    sa.Column('receipt', sa.String(length=20), nullable=False),
    sa.Column('key_hash', sa.String(length=64), nullable=False, comment="SHA-256 of the receipt link's key"),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('name', sa.Text(), nullable=False, comment='confidential'),
    sa.Column('unit', sa.Text(), nullable=False, comment='confidential'),
    sa.Column('phone', sa.Text(), nullable=False, comment='confidential'),
    sa.Column('hint', sa.Text(), nullable=False, comment='masked: 张＊ 138****5678'),
    sa.Column('consent_version', sa.String(length=10), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True, comment='null: a visitor'),
    sa.Column('registered_at', MOMENT, nullable=False),
    sa.Column('cancelled_at', MOMENT, nullable=True),
    sa.Column('checked_in_at', MOMENT, nullable=True),
    sa.Column('checked_in_by', sa.Integer(), nullable=True),
    sa.Column('erased_at', MOMENT, nullable=True, comment='name, unit and phone were removed; the row counts on'),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("state IN ('registered', 'waiting', 'cancelled')", name=op.f('ck_attendee_state_known')),
    sa.CheckConstraint('length(draft_id) = 32', name=op.f('ck_attendee_draft_id_length')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_attendee_account_id_account')),
    sa.ForeignKeyConstraint(['checked_in_by'], ['account.id'], name=op.f('fk_attendee_checked_in_by_account')),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_attendee_event_id_event')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attendee')),
    sa.UniqueConstraint('draft_id', name=op.f('uq_attendee_draft_id')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_attendee_key_hash')),
    sa.UniqueConstraint('receipt', name=op.f('uq_attendee_receipt'))
    )
    op.create_index(op.f('ix_attendee_event_id'), 'attendee', ['event_id'], unique=False)
    op.create_table('criterion',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('weight', sa.SmallInteger(), nullable=False, comment='percent; 100 over the criteria of an event'),
    sa.CheckConstraint('length(name) BETWEEN 1 AND 40', name=op.f('ck_criterion_name_length')),
    sa.CheckConstraint('weight BETWEEN 1 AND 100', name=op.f('ck_criterion_weight_range')),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_criterion_event_id_event')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_criterion'))
    )
    op.create_index(op.f('ix_criterion_event_id'), 'criterion', ['event_id'], unique=False)
    op.create_table('interest',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('draft_id', sa.String(length=32), nullable=False, comment='from the address or the device: a repeat writes once'),
    sa.Column('event_id', sa.Integer(), nullable=True),
    sa.Column('event_item_id', sa.Integer(), nullable=True, comment='one that was taken back keeps its number'),
    sa.Column('achievement_id', sa.Integer(), nullable=True, comment='the record it is about; the same'),
    sa.Column('demand_id', sa.Integer(), nullable=True, comment='the same'),
    sa.Column('browser_hash', sa.String(length=64), nullable=False, comment="SHA-256 of the browser's cookie"),
    sa.Column('account_id', sa.Integer(), nullable=True, comment='null: a visitor'),
    sa.Column('name', sa.Text(), nullable=False, comment='confidential'),
    sa.Column('unit', sa.Text(), nullable=False, comment='confidential'),
    sa.Column('phone', sa.Text(), nullable=False, comment='confidential'),
    sa.Column('note', sa.Text(), nullable=False, comment='confidential'),
    sa.Column('hint', sa.Text(), nullable=False, comment='masked; blank: no contact was left'),
    sa.Column('consent_version', sa.String(length=10), nullable=False, comment='blank: nothing personal was given'),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('erased_at', MOMENT, nullable=True, comment='personal data were removed; the row counts on'),
    sa.CheckConstraint('(event_id IS NULL) = (event_item_id IS NULL)', name=op.f('ck_interest_item_of_event')),
    sa.CheckConstraint('event_item_id IS NOT NULL OR achievement_id IS NOT NULL OR demand_id IS NOT NULL', name=op.f('ck_interest_of_something')),
    sa.CheckConstraint('length(draft_id) = 32', name=op.f('ck_interest_draft_id_length')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_interest_account_id_account')),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_interest_event_id_event')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_interest')),
    sa.UniqueConstraint('draft_id', name=op.f('uq_interest_draft_id')),
    sa.UniqueConstraint('event_item_id', 'browser_hash', name=op.f('uq_interest_event_item_id'))
    )
    op.create_index(op.f('ix_interest_achievement_id'), 'interest', ['achievement_id'], unique=False)
    op.create_index(op.f('ix_interest_created_at'), 'interest', ['created_at'], unique=False)
    op.create_index(op.f('ix_interest_demand_id'), 'interest', ['demand_id'], unique=False)
    op.create_index(op.f('ix_interest_event_id'), 'interest', ['event_id'], unique=False)
    op.create_table('judge',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.SmallInteger(), nullable=False, comment='1, 2, 3 …: 1 号评委'),
    sa.Column('code_hash', sa.String(length=64), nullable=False, comment='SHA-256 of the code'),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('made_at', MOMENT, nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_judge_event_id_event')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_judge')),
    sa.UniqueConstraint('code_hash', name=op.f('uq_judge_code_hash')),
    sa.UniqueConstraint('event_id', 'number', name=op.f('uq_judge_event_id'))
    )
    op.create_table('jury_result',
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False, comment='ranked: item, rank, score, judges, dropped, tied'),
    sa.Column('frozen_at', MOMENT, nullable=False),
    sa.Column('frozen_by', sa.Integer(), nullable=True),
    sa.Column('published_at', MOMENT, nullable=True),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_jury_result_event_id_event')),
    sa.ForeignKeyConstraint(['frozen_by'], ['account.id'], name=op.f('fk_jury_result_frozen_by_account')),
    sa.PrimaryKeyConstraint('event_id', name=op.f('pk_jury_result'))
    )
    op.create_table('mark',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('draft_id', sa.String(length=32), nullable=False, comment='from the address or the device: a repeat writes once'),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('event_item_id', sa.Integer(), nullable=False, comment='one that was taken back keeps its number'),
    sa.Column('browser_hash', sa.String(length=64), nullable=False, comment="SHA-256 of the browser's cookie"),
    sa.Column('need', sa.SmallInteger(), nullable=True, comment='需求契合'),
    sa.Column('maturity', sa.SmallInteger(), nullable=True, comment='技术成熟'),
    sa.Column('willingness', sa.SmallInteger(), nullable=True, comment='合作意愿'),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.CheckConstraint('length(draft_id) = 32', name=op.f('ck_mark_draft_id_length')),
    sa.CheckConstraint('maturity BETWEEN 1 AND 5', name=op.f('ck_mark_maturity_range')),
    sa.CheckConstraint('need BETWEEN 1 AND 5', name=op.f('ck_mark_need_range')),
    sa.CheckConstraint('willingness BETWEEN 1 AND 5', name=op.f('ck_mark_willingness_range')),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_mark_event_id_event')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mark')),
    sa.UniqueConstraint('draft_id', name=op.f('uq_mark_draft_id')),
    sa.UniqueConstraint('event_item_id', 'browser_hash', name=op.f('uq_mark_event_item_id'))
    )
    op.create_index(op.f('ix_mark_event_id'), 'mark', ['event_id'], unique=False)
    op.create_table('programme_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False, comment='1, 2, 3 … within the event'),
    sa.Column('published_at', MOMENT, nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('content', sa.JSON(), nullable=False, comment='in order: item, minutes, room, presenter, starts (ISO moment, or null)'),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_programme_version_account_id_account')),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_programme_version_event_id_event')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_programme_version')),
    sa.UniqueConstraint('event_id', 'number', name=op.f('uq_programme_version_event_id'))
    )
    op.create_table('question',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('draft_id', sa.String(length=32), nullable=False, comment='from the address or the device: a repeat writes once'),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('event_item_id', sa.Integer(), nullable=False, comment='one that was taken back keeps its number'),
    sa.Column('browser_hash', sa.String(length=64), nullable=False, comment="SHA-256 of the browser's cookie"),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.CheckConstraint("state IN ('new', 'answered', 'hidden')", name=op.f('ck_question_state_known')),
    sa.CheckConstraint('length(draft_id) = 32', name=op.f('ck_question_draft_id_length')),
    sa.CheckConstraint('length(text) BETWEEN 1 AND 200', name=op.f('ck_question_text_length')),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_question_event_id_event')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_question')),
    sa.UniqueConstraint('draft_id', name=op.f('uq_question_draft_id')),
    sa.UniqueConstraint('event_item_id', 'browser_hash', name=op.f('uq_question_event_item_id'))
    )
    op.create_index(op.f('ix_question_event_id'), 'question', ['event_id'], unique=False)
    op.create_table('stage',
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False, comment="raised by the presenter's browser with each change"),
    sa.Column('slide', sa.String(length=40), nullable=False, comment='key of the slide, such as title or item-12'),
    sa.Column('item_id', sa.Integer(), nullable=True, comment='the item on stage, if the slide shows one'),
    sa.Column('timers', sa.JSON(), nullable=False, comment="as the presenter's browser keeps them"),
    sa.Column('updated_at', MOMENT, nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True, comment='who presents'),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_stage_account_id_account')),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_stage_event_id_event')),
    sa.PrimaryKeyConstraint('event_id', name=op.f('pk_stage'))
    )
    op.create_table('score',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('judge_id', sa.Integer(), nullable=False),
    sa.Column('event_item_id', sa.Integer(), nullable=False, comment='one that was taken back keeps its number'),
    sa.Column('criterion_id', sa.Integer(), nullable=False),
    sa.Column('points', lib.store.models.base.Exact(20, 4), nullable=False, comment='0 to 100, at most two decimals'),
    sa.Column('scored_at', MOMENT, nullable=False),
    sa.ForeignKeyConstraint(['criterion_id'], ['criterion.id'], name=op.f('fk_score_criterion_id_criterion')),
    sa.ForeignKeyConstraint(['judge_id'], ['judge.id'], name=op.f('fk_score_judge_id_judge')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_score')),
    sa.UniqueConstraint('judge_id', 'event_item_id', 'criterion_id', name=op.f('uq_score_judge_id'))
    )
    op.create_index(op.f('ix_score_event_item_id'), 'score', ['event_item_id'], unique=False)
    op.create_table('thread',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('interest_id', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=True, comment='who follows it up'),
    sa.Column('state', sa.String(length=9), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=True, comment='when the next step is due'),
    sa.Column('opened_at', MOMENT, nullable=False),
    sa.Column('contacted_at', MOMENT, nullable=True, comment='first contact'),
    sa.Column('signed_on', sa.Date(), nullable=True),
    sa.Column('contract_title', sa.Text(), nullable=False),
    sa.Column('amount', lib.store.models.base.Money(18, 2), nullable=True, comment='合同金额, 元; null: not told'),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'signed') = (signed_on IS NOT NULL)", name=op.f('ck_thread_signed_with_day')),
    sa.CheckConstraint("state IN ('open', 'contacted', 'talking', 'signed', 'closed')", name=op.f('ck_thread_state_known')),
    sa.CheckConstraint('amount > 0', name=op.f('ck_thread_amount_positive')),
    sa.ForeignKeyConstraint(['interest_id'], ['interest.id'], name=op.f('fk_thread_interest_id_interest')),
    sa.ForeignKeyConstraint(['owner_id'], ['account.id'], name=op.f('fk_thread_owner_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_thread')),
    sa.UniqueConstraint('interest_id', name=op.f('uq_thread_interest_id'))
    )
    op.create_index(op.f('ix_thread_due_on'), 'thread', ['due_on'], unique=False)
    op.create_index(op.f('ix_thread_owner_id'), 'thread', ['owner_id'], unique=False)
    op.create_table('thread_step',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('thread_id', sa.Integer(), nullable=False),
    sa.Column('at', MOMENT, nullable=False),
    sa.Column('state', sa.String(length=9), nullable=False, comment='the state it led to'),
    sa.Column('note', sa.Text(), nullable=False, comment='confidential'),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_thread_step_account_id_account')),
    sa.ForeignKeyConstraint(['thread_id'], ['thread.id'], name=op.f('fk_thread_step_thread_id_thread')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_thread_step'))
    )
    op.create_index(op.f('ix_thread_step_thread_id'), 'thread_step', ['thread_id'], unique=False)


def downgrade() -> None:
    raise RuntimeError("registrations and follow-ups are not thrown away")
