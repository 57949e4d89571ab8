"""people, review, confidentiality, audit chain"""

from alembic import op
import sqlalchemy as sa

import lib.store.models.base
from lib.domain.chain import START
from lib.store.chain import hashed
from lib.store.models import AuditEntry


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

MOMENT = lib.store.models.base.Moment(timezone=True)
ROLES = "'visitor', 'applicant', 'member', 'organizer', 'broker', 'official', 'administrator'"
KINDS = "'demand', 'achievement', 'registration', 'military'"
RECORDS = "'achievement', 'demand', 'event_item'"

APPEND_ONLY = {
    'sqlite': [
        "CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
        "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
        # REPLACE deletes without firing the trigger above on connections that do not ask for recursive triggers.
        "CREATE TRIGGER audit_entry_no_replace BEFORE INSERT ON audit_entry "
        "WHEN EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
    ],
    'postgresql': [
        "CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$",
        "CREATE TRIGGER audit_entry_no_change BEFORE UPDATE OR DELETE ON audit_entry "
        "FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()",
        "CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()",
    ],
}


def text(name, comment=None):
    return sa.Column(name, sa.Text(), nullable=False, server_default='', comment=comment)


COMMENTS = {
    ('account', 'password_hash'): 'argon2id; blank: logs in by an identity only',
    ('submission', 'content'): 'the fields of the form that are not sealed',
    ('audit_entry', 'id'): 'gap-free, drawn from the head',
    ('audit_entry', 'detail'): 'before and after where something changed',
}


def upgrade() -> None:
    _people()
    _submissions()
    _records()
    _audit()
    if op.get_bind().dialect.name == 'postgresql':
        for (table, column), words in COMMENTS.items():
            op.execute(f"COMMENT ON COLUMN {table}.{column} IS '{words}'")


def _people() -> None:
    with op.batch_alter_table('account', recreate='auto') as table:
        table.drop_constraint(op.f('ck_account_role_known'), type_='check')
        table.add_column(text('phone', 'confidential'))
        table.add_column(sa.Column('scope', sa.String(length=6), nullable=True, comment='the division an official answers for'))
        table.add_column(sa.Column('organization_id', sa.Integer(), nullable=True, comment='set when the claim is approved'))
        table.add_column(sa.Column('claim_state', sa.String(length=8), nullable=False, server_default='none'))
        table.add_column(text('claim_name', 'the organization claimed'))
        table.add_column(sa.Column('claim_code', sa.String(length=18), nullable=False, server_default='', comment='统一社会信用代码'))
        table.add_column(sa.Column('claim_league', sa.String(length=6), nullable=True, comment='the league whose official decides the claim'))
        table.add_column(text('claim_comment', 'what the official answered'))
        table.add_column(sa.Column('consent_version', sa.String(length=10), nullable=False, server_default=''))
        table.add_column(sa.Column('consented_at', MOMENT, nullable=True))
        table.add_column(sa.Column('feed_hash', sa.String(length=64), nullable=True, comment="SHA-256 of the own feed's key"))
        table.add_column(sa.Column('erased_at', MOMENT, nullable=True, comment='personal data were removed; the row stays for the audit'))
        table.create_check_constraint(op.f('ck_account_role_known'), f'role IN ({ROLES})')
        table.create_check_constraint(op.f('ck_account_claim_state_known'), "claim_state IN ('none', 'pending', 'approved', 'declined')")
        table.create_foreign_key(op.f('fk_account_scope_division'), 'division', ['scope'], ['code'])
        table.create_foreign_key(op.f('fk_account_claim_league_division'), 'division', ['claim_league'], ['code'])
        table.create_foreign_key(op.f('fk_account_organization_id_organization'), 'organization', ['organization_id'], ['id'])
        table.create_unique_constraint(op.f('uq_account_feed_hash'), ['feed_hash'])
        table.create_index('ix_account_organization_id', ['organization_id'])
        table.create_index('ix_account_claim_league', ['claim_league'])
    op.add_column('login', sa.Column('method', sa.String(length=8), nullable=False, server_default='password'))

    op.create_table('event_organizer',
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_event_organizer_account_id_account')),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_event_organizer_event_id_event')),
    sa.PrimaryKeyConstraint('account_id', 'event_id', name=op.f('pk_event_organizer'))
    )
    op.create_table('identity',
    sa.Column('issuer', sa.String(length=255), nullable=False),
    sa.Column('subject', sa.String(length=255), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('linked_at', MOMENT, nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_identity_account_id_account')),
    sa.PrimaryKeyConstraint('issuer', 'subject', name=op.f('pk_identity'))
    )
    op.create_index('ix_identity_account_id', 'identity', ['account_id'])
    op.create_table('account_link',
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('purpose', sa.String(length=10), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True, comment='whose password is reset'),
    sa.Column('role', sa.String(length=16), nullable=True, comment='what the invited account becomes'),
    sa.Column('organization_id', sa.Integer(), nullable=True),
    sa.Column('scope', sa.String(length=6), nullable=True),
    sa.Column('event_id', sa.Integer(), nullable=True),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('expires_at', MOMENT, nullable=False),
    sa.Column('used_at', MOMENT, nullable=True),
    sa.CheckConstraint("purpose IN ('invitation', 'reset')", name=op.f('ck_account_link_purpose_known')),
    sa.CheckConstraint(f'role IN ({ROLES})', name=op.f('ck_account_link_role_known')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_link_account_id_account')),
    sa.ForeignKeyConstraint(['created_by'], ['account.id'], name=op.f('fk_account_link_created_by_account')),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_account_link_event_id_event')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_account_link_organization_id_organization')),
    sa.ForeignKeyConstraint(['scope'], ['division.code'], name=op.f('fk_account_link_scope_division')),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_account_link'))
    )
    op.create_table('attempt',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False, comment='SHA-256 of the address or number'),
    sa.Column('at', MOMENT, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attempt'))
    )
    op.create_index('ix_attempt_recent', 'attempt', ['kind', 'key', 'at'])


def _submissions() -> None:
    with op.batch_alter_table('submission', recreate='auto') as table:
        table.drop_constraint(op.f('ck_submission_kind_known'), type_='check')
        table.drop_constraint(op.f('ck_submission_state_known'), type_='check')
        table.add_column(sa.Column('levels', sa.JSON(), nullable=False, server_default='{}', comment='field to FieldLevel, where it is not public'))
        table.add_column(sa.Column('sealed', sa.JSON(), nullable=False, server_default='{}', comment='confidential: fields of level granted'))
        table.add_column(text('contact_hint', 'masked: 张＊ 138****5678'))
        table.add_column(sa.Column('league_code', sa.String(length=6), nullable=True, comment='who reviews it'))
        table.add_column(sa.Column('banner_code', sa.String(length=6), nullable=True))
        table.add_column(sa.Column('account_id', sa.Integer(), nullable=True, comment='null: a visitor'))
        table.add_column(sa.Column('organization_id', sa.Integer(), nullable=True, comment="the submitter's organization: it owns the record"))
        table.add_column(sa.Column('revises_id', sa.Integer(), nullable=True, comment='the published submission this one would replace'))
        table.add_column(sa.Column('before', sa.JSON(), nullable=True, comment='title and content the reviewer saw last'))
        table.add_column(sa.Column('due_at', MOMENT, nullable=True, comment='when the review should be done'))
        table.add_column(sa.Column('assignee_id', sa.Integer(), nullable=True))
        table.add_column(sa.Column('field_comments', sa.JSON(), nullable=False, server_default='{}'))
        table.add_column(sa.Column('checklist', sa.JSON(), nullable=False, server_default='{}'))
        table.add_column(sa.Column('valid_until', sa.Date(), nullable=True, comment='after this day a published demand expires'))
        table.create_check_constraint(op.f('ck_submission_kind_known'), f'kind IN ({KINDS})')
        table.create_check_constraint(
            'ck_submission_state_known',
            "state IN ('pending', 'published', 'returned', 'declined', 'withdrawn', 'expired', 'archived')",
        )
        table.create_foreign_key(op.f('fk_submission_league_code_division'), 'division', ['league_code'], ['code'])
        table.create_foreign_key(op.f('fk_submission_banner_code_division'), 'division', ['banner_code'], ['code'])
        table.create_foreign_key(op.f('fk_submission_account_id_account'), 'account', ['account_id'], ['id'])
        table.create_foreign_key(op.f('fk_submission_organization_id_organization'), 'organization', ['organization_id'], ['id'])
        table.create_foreign_key(op.f('fk_submission_revises_id_submission'), 'submission', ['revises_id'], ['id'])
        table.create_foreign_key(op.f('fk_submission_assignee_id_account'), 'account', ['assignee_id'], ['id'])
        for column in ('account_id', 'organization_id', 'revises_id', 'due_at', 'assignee_id', 'valid_until'):
            table.create_index(f'ix_submission_{column}', [column])
        table.create_index('ix_submission_place', ['state', 'league_code', 'banner_code'])
        table.create_index('ix_submission_record', ['kind', 'record_id'])
    _place_submissions()

    op.create_table('draft',
    sa.Column('id', sa.String(length=32), nullable=False, comment='the draft id of the address'),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('browser_hash', sa.String(length=64), nullable=False, comment="SHA-256 of a visitor's browser cookie"),
    sa.Column('revises_id', sa.Integer(), nullable=True),
    sa.Column('values', sa.JSON(), nullable=False, comment='as typed; confidential'),
    sa.Column('saved_at', MOMENT, nullable=False),
    sa.CheckConstraint(f'kind IN ({KINDS})', name=op.f('ck_draft_kind_known')),
    sa.CheckConstraint('length(id) = 32', name=op.f('ck_draft_id_length')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_draft_account_id_account')),
    sa.ForeignKeyConstraint(['revises_id'], ['submission.id'], name=op.f('fk_draft_revises_id_submission')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft'))
    )
    op.create_index('ix_draft_account_id', 'draft', ['account_id'])
    op.create_index('ix_draft_saved_at', 'draft', ['saved_at'])
    op.create_table('sealed_field',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('record_kind', sa.String(length=12), nullable=False),
    sa.Column('record_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=30), nullable=False),
    sa.Column('level', sa.String(length=9), nullable=False),
    sa.Column('value', sa.Text(), nullable=False, comment='confidential; as the record page shows it'),
    sa.CheckConstraint(f'record_kind IN ({RECORDS})', name=op.f('ck_sealed_field_record_kind_known')),
    sa.CheckConstraint("level IN ('signed_in', 'granted')", name=op.f('ck_sealed_field_level_known')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sealed_field')),
    sa.UniqueConstraint('record_kind', 'record_id', 'name', name=op.f('uq_sealed_field_record_kind'))
    )
    op.create_table('access_request',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('draft_id', sa.String(length=32), nullable=False, comment='a repeat writes once'),
    sa.Column('record_kind', sa.String(length=12), nullable=False),
    sa.Column('record_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('asked_at', MOMENT, nullable=False),
    sa.Column('decided_at', MOMENT, nullable=True),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.Column('granted_until', MOMENT, nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint(f'record_kind IN ({RECORDS})', name=op.f('ck_access_request_record_kind_known')),
    sa.CheckConstraint("state IN ('pending', 'granted', 'declined', 'revoked')", name=op.f('ck_access_request_state_known')),
    sa.CheckConstraint('length(draft_id) = 32', name=op.f('ck_access_request_draft_id_length')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_access_request_account_id_account')),
    sa.ForeignKeyConstraint(['decided_by'], ['account.id'], name=op.f('fk_access_request_decided_by_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_access_request')),
    sa.UniqueConstraint('draft_id', name=op.f('uq_access_request_draft_id'))
    )
    op.create_index('ix_access_request_account_id', 'access_request', ['account_id'])
    op.create_index('ix_access_request_record', 'access_request', ['record_kind', 'record_id'])
    op.create_table('attachment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('submission_id', sa.Integer(), nullable=True),
    sa.Column('draft_id', sa.String(length=32), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('stored', sa.String(length=36), nullable=False, comment='random file name'),
    sa.Column('name', sa.Text(), nullable=False, comment='as the browser named it, cleaned; only ever shown as text'),
    sa.Column('media_type', sa.String(length=80), nullable=False, comment='what its bytes are'),
    sa.Column('size', sa.BigInteger(), nullable=False, comment='bytes'),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('level', sa.String(length=9), nullable=False),
    sa.Column('uploaded_at', MOMENT, nullable=False),
    sa.CheckConstraint("level IN ('public', 'signed_in', 'granted')", name=op.f('ck_attachment_level_known')),
    sa.CheckConstraint('size > 0', name=op.f('ck_attachment_size_positive')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_attachment_account_id_account')),
    sa.ForeignKeyConstraint(['submission_id'], ['submission.id'], name=op.f('fk_attachment_submission_id_submission')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachment')),
    sa.UniqueConstraint('stored', name=op.f('uq_attachment_stored'))
    )
    for column in ('account_id', 'draft_id', 'submission_id'):
        op.create_index(f'ix_attachment_{column}', 'attachment', [column])
    op.create_table('notice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('at', MOMENT, nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('page', sa.String(length=20), nullable=False, comment='the page it leads to'),
    sa.Column('query', sa.JSON(), nullable=False, comment='and the parameters of its address'),
    sa.Column('read_at', MOMENT, nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_notice_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice'))
    )
    op.create_index('ix_notice_account', 'notice', ['account_id', 'read_at'])


def _place_submissions() -> None:
    """What was handed in before lies where its form says; its contact gets a mask."""
    from lib.domain.submissions import mask_name, mask_phone

    connection = op.get_bind()
    table = sa.table(
        'submission', sa.column('id', sa.Integer), sa.column('content', sa.JSON), sa.column('contact_name', sa.Text),
        sa.column('contact_phone', sa.Text), sa.column('contact_hint', sa.Text), sa.column('league_code', sa.String),
        sa.column('banner_code', sa.String), sa.column('valid_until', sa.Date),
    )
    for row in connection.execute(sa.select(table)).all():
        content = row.content
        connection.execute(
            sa.text(
                'UPDATE submission SET contact_hint = :hint, league_code = :league, banner_code = :banner, '
                'valid_until = :until WHERE id = :id'
            ).bindparams(sa.bindparam('until', type_=sa.Date)),
            {
                'id': row.id,
                'hint': f'{mask_name(row.contact_name)} {mask_phone(row.contact_phone)}',
                'league': content.get('league') or None,
                'banner': content.get('banner') or None,
                'until': _day(content.get('valid_until')),
            },
        )


def _day(value):
    from datetime import date

    return date.fromisoformat(value) if value else None


def _records() -> None:
    """SQLite: an id is given away once only. PostgreSQL's sequences never give one twice."""
    if op.get_bind().dialect.name == 'sqlite':
        for name in ('achievement', 'demand', 'event_item'):
            with op.batch_alter_table(name, recreate='always', table_kwargs={'sqlite_autoincrement': True}):
                pass


def _audit() -> None:
    with op.batch_alter_table('audit_entry', recreate='auto') as table:
        table.add_column(sa.Column('role', sa.String(length=16), nullable=False, server_default=''))
        table.add_column(sa.Column('league_code', sa.String(length=6), nullable=True, comment='where the object lies'))
        table.add_column(sa.Column('banner_code', sa.String(length=6), nullable=True))
        table.add_column(sa.Column('outcome', sa.String(length=8), nullable=False, server_default='done', comment='done or refused'))
        table.add_column(sa.Column('session', sa.String(length=16), nullable=False, server_default='', comment="start of the login's hash"))
        table.add_column(sa.Column('hash', sa.String(length=64), nullable=False, server_default='', comment='SHA-256 of this and the last'))
        table.create_index('ix_audit_entry_account_id', ['account_id'])
        table.create_index('ix_audit_entry_action', ['action'])
        table.create_index('ix_audit_entry_league_code', ['league_code'])
        table.create_index('ix_audit_entry_object', ['object_kind', 'object_id'])
    op.create_table('audit_head',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('number', sa.Integer(), nullable=False, comment='id of the last entry'),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_audit_head_one_row')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_head'))
    )
    connection = op.get_bind()
    table = AuditEntry.__table__
    old = connection.execute(sa.select(table).order_by(table.c.id)).mappings().all()
    number, last = 0, START
    for number, last in hashed(iter(old)):
        connection.execute(table.update().where(table.c.id == number).values(hash=last))
    connection.execute(sa.text('INSERT INTO audit_head (id, number, hash) VALUES (1, :number, :hash)'), {'number': number, 'hash': last})
    for statement in APPEND_ONLY[connection.dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("an audit trail is not taken back")
