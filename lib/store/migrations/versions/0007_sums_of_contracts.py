"""what a contract is registered with, and the sums of contracts that the database keeps

The triggers that keep the sums are put in place, and the sums made, by the code that reads them, when the schema has
moved: `lib.store.migrations.upgrade`.
"""

from alembic import op
import sqlalchemy as sa

import lib.store.models.base


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

IP = ("发明专利", "实用新型专利", "外观设计专利", "计算机软件著作权", "集成电路布图设计专有权", "植物新品种权",
      "生物医药新品种", "技术秘密", "未涉及知识产权")
PARTIES = ("企业法人", "科研机构", "高等院校", "医疗卫生机构", "其他事业法人", "机关法人", "社团法人", "自然人", "其他组织")
PLANS = ("国家计划", "部门计划", "省级计划", "地市县计划", "计划外")
SIDES = ("seller_side", "buyer_side")
KEYS = {
    "class": ("origin", "year", "type", "mode"),
    "side": ("origin", "year", "month", *SIDES),
    "route": ("origin", "year", "seller", "buyer"),
    "route_type": ("origin", "year", "type", "seller", "buyer"),
    "route_field": ("origin", "year", "field", "seller", "buyer"),
    "structure": ("origin", "year", "month", "seller_side", "dimension", "value"),
}
MONEY = ("amount", "technology", "paired_amount", "paired_technology")
MEASURES = ("number", "disclosed", "amount", "technology_disclosed", "technology", "paired", "paired_amount",
            "paired_technology")


def upgrade() -> None:
    with op.batch_alter_table('contract', recreate='auto') as table:
        table.add_column(sa.Column('registered_on', sa.Date(), nullable=True, comment='登记日期; its year is `year`'))
        table.add_column(sa.Column('withdrawn_on', sa.Date(), nullable=True, comment='注销日期: it counts nowhere from then on'))
        for name, length, comment, values in (
            ('ip_type', 12, '知识产权类型', IP),
            ('seller_kind', 8, '卖方性质', PARTIES),
            ('buyer_kind', 8, '买方性质', PARTIES),
            ('plan_source', 8, '计划来源', PLANS),
        ):
            table.add_column(sa.Column(name, sa.String(length=length), nullable=True, comment=comment))
            listed = ", ".join(f"'{value}'" for value in values)
            table.create_check_constraint(op.f(f'ck_contract_{name}_known'), f"{name} IN ({listed})")
        table.create_index('ix_contract_listed', ['origin', 'year', 'id'])
    kinds = {
        "origin": sa.String(length=9), "year": sa.SmallInteger(), "month": sa.SmallInteger(), "field": sa.SmallInteger(),
        "type": sa.String(length=2), "mode": sa.Text(), "dimension": sa.String(length=12), "value": sa.String(length=12),
        **dict.fromkeys(("seller", "buyer", *SIDES), sa.String(length=6)),
    }
    for cube, keys in KEYS.items():
        op.create_table(
            f'contract_by_{cube}',
            *(sa.Column(key, kinds[key], autoincrement=False, nullable=False) for key in keys),
            *(sa.Column(name, lib.store.models.base.Money() if name in MONEY else sa.BigInteger(), nullable=False)
              for name in MEASURES),
            sa.PrimaryKeyConstraint(*keys, name=op.f(f'pk_contract_by_{cube}')),
            sqlite_with_rowid=False,
        )


def downgrade() -> None:
    raise RuntimeError("what contracts were registered with is not thrown away")
