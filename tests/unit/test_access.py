"""Rights are data, denied by default; channels follow from what a source prints."""

import pytest

from lib.domain.access import ROLE_PERMISSIONS, VISITOR, Actor, Permission, Role, require
from lib.domain.channels import channel_of, direction_of
from lib.domain.errors import AccessDenied
from lib.domain.vocabulary import Channel, Direction


def test_every_role_is_listed_and_a_visitor_reviews_nothing() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
    own = {Permission.REGISTER, Permission.CREATE_SUBMISSION, Permission.READ_RECEIPT, Permission.TAKE_PART}
    assert {p for p in ROLE_PERMISSIONS[Role.VISITOR] if not p.startswith("public:")} == own


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", Role)
def test_a_right_is_held_exactly_where_the_table_says(role: Role, permission: Permission) -> None:
    actor = Actor(role=role)
    if permission in ROLE_PERMISSIONS[role]:
        require(actor, permission)
    else:
        with pytest.raises(AccessDenied) as denied:
            require(actor, permission)
        assert "权限" in denied.value.message


def test_nobody_is_more_than_a_visitor_by_default() -> None:
    assert Actor() == VISITOR


@pytest.mark.parametrize(
    ("partner", "kind", "channel"),
    [
        ("蒙古国", "国家", Channel.ABROAD),
        ("北京市", "省区市", Channel.INTERREGIONAL),
        ("清华大学", "高校", Channel.INTERREGIONAL),
        ("中国航天科技集团有限公司", "军工", Channel.MILITARY),
        ("内蒙古大学", "高校", Channel.WITHIN),
    ],
)
def test_a_fact_belongs_to_the_channel_of_its_partner(partner: str, kind: str, channel: Channel) -> None:
    assert channel_of(partner, kind) is channel


@pytest.mark.parametrize(
    ("subject", "direction"),
    [
        ("引进微生物复合菌群", Direction.IN),
        ("向蒙古国转让种植技术", Direction.OUT),
        ("签署友好合作协议", Direction.UNSTATED),
        ("引进技术并出口产品", Direction.UNSTATED),
    ],
)
def test_a_direction_is_taken_only_from_what_is_stated(subject: str, direction: Direction) -> None:
    assert direction_of(subject) is direction
