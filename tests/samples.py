"""What tests hand in, and the people who do it: forms filled as they should be, accounts of every role."""

from datetime import timedelta
from itertools import count
from typing import Any

from lib.domain.access import Actor, Role
from lib.domain.dates import now_utc, today_shanghai
from lib.store.engine import Database
from lib.store.models import Account, EventOrganizer

CANARY = "13812345678"
HOHHOT, BAOTOU, XILINGOL = "150100", "150200", "152500"
"""Three leagues; the demand below lies in the last."""
CHECKED = {"ownership": True, "secrecy": True, "contact": True}
_NUMBERS = count(1)


def demand(**changes: Any) -> dict[str, Any]:
    return {
        "title": "退役风机叶片回收利用难题",
        "unit": "锡林郭勒盟某风电企业",
        "field": 7,
        "league": "152500",
        "banner": "",
        "credit_code": "91350100M000100Y43",
        "demand_class": "引进及转化应用科技成果",
        "keywords": "风机叶片、回收",
        "description": "纤维与树脂粘合难以分离降解，退役叶片堆存。",
        "indicators": "树脂与纤维分离率不低于 95%",
        "cooperation_mode": "合作开发",
        "budget": "１２０．５",
        "valid_from": today_shanghai(),
        "valid_until": today_shanghai() + timedelta(days=90),
        "contact_name": "张三",
        "contact_phone": CANARY,
        "contact_email": "canary@example.com",
        "truthful": True,
        "not_secret": True,
    } | changes


def achievement(**changes: Any) -> dict[str, Any]:
    return (
        demand()
        | {
            "title": "风机叶片热解回收纤维技术",
            "completer": "李四",
            "achievement_class": "应用技术",
            "summary": "用热解方法回收玻璃纤维，已完成中试。",
            "trl": 6,
            "stage": "中期阶段",
            "rights": [{"kind": "发明专利", "number": "ZL202310000001.0", "state": "有效", "expires": "2043-01-05"}],
            "transfer_mode": "许可他人使用",
            "price": "",
            "other_units": "",
            "award": "",
            "year": "2025",
        }
        | changes
    )


def registration(event_id: int, **changes: Any) -> dict[str, Any]:
    return (
        demand()
        | {
            "event_id": event_id,
            "source": "企业",
            "stage": "中期阶段",
            "technology": "热解回收玻璃纤维，发明专利一件。",
            "team": "负责人李四，成员五人",
            "market": "",
            "financing": "",
            "cooperation": "寻找风电场合作示范",
            "presenter": "李四",
        }
        | changes
    )


def military(**changes: Any) -> dict[str, Any]:
    return (
        demand()
        | {"direction": "军转民", "trl": 6, "stage": "中期阶段"}
        | dict.fromkeys(("secret_content", "secret_patent", "secret_review"), "否")
        | changes
    )


def person(
    database: Database,
    role: Role,
    *,
    scope: str = "",
    organization_id: int | None = None,
    events: frozenset[int] = frozenset(),
    name: str = "",
) -> Actor:
    """An account of this role, without a password, and the actor it is."""
    number = next(_NUMBERS)
    with database.write() as session:
        account = Account(
            login=f"{role.value}{number}", login_key=f"{role.value}{number}", name=name or f"{role.label}{number}",
            password_hash="", role=role.value, scope=scope or None, organization_id=organization_id,
            created_at=now_utc(),
        )  # fmt: skip
        session.add(account)
        session.flush()
        account_id = account.id
        session.add_all(EventOrganizer(account_id=account_id, event_id=event) for event in events)
    return Actor(role, account_id, account.name, organization_id=organization_id, scope=scope, events=events)
