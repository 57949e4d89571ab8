"""What tests hand in, and the people who do it: forms filled as they should be, accounts of every role."""

from datetime import datetime, time, timedelta
from itertools import count
from typing import Any

from lib.domain.access import Actor, Role
from lib.domain.dates import now_utc, today_shanghai
from lib.store.engine import Database
from lib.store.models import Account, Event, EventOrganizer

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
            "advantage": "",
            "forecast": "",
            "financing": "",
            "cooperation": "寻找风电场合作示范",
            "presenter": "李四",
            "video_url": "",
        }
        | changes
    )


def roadshow(**changes: Any) -> dict[str, Any]:
    """An event as its organizer describes it: in a week, in the league of the demand above."""
    start = datetime.combine(today_shanghai() + timedelta(days=7), time(9))
    return {
        "title": "锡林郭勒盟新能源科技成果路演",
        "kind": "路演",
        "starts": start,
        "ends": start + timedelta(hours=2),
        "league": XILINGOL,
        "banner": "",
        "city": "",
        "format": "线下",
        "venue": "锡林浩特市会展中心 2 号厅",
        "stream_url": "",
        "organizer": "锡林郭勒盟科学技术局",
        "co_organizers": "",
        "partner": "",
        "capacity": 3,
        "registration_opens": None,
        "registration_closes": None,
        "introduction": "",
        "rules": "",
    } | changes


def node(**changes: Any) -> dict[str, Any]:
    """A branch of the network as its official enters it."""
    return {
        "name": "锡林郭勒盟技术转移分支",
        "unit": "锡林郭勒盟科学技术局",
        "staff": 3,
        "state": "open",
        "opened_on": None,
        "last_report_on": None,
        "source_publisher": "锡林郭勒盟科学技术局",
        "source_on": "2026-11-02",
        "source_url": "",
    } | changes


def outside_link(**changes: Any) -> dict[str, Any]:
    """A link to a platform outside."""
    return {
        "kind": "outside",
        "target": "全国技术合同登记系统",
        "state": "manual",
        "note": "",
        "source_publisher": "锡林郭勒盟科学技术局",
        "source_on": "2026-11",
        "source_url": "",
    } | changes


def upcoming(database: Database, *events: int) -> None:
    """Let these events take place in a week: registrations are taken before an event, not after it."""
    with database.write() as session:
        for number in events:
            session.get_one(Event, number).held_on = today_shanghai() + timedelta(days=7)
            session.get_one(Event, number).held_precision = "day"


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


def whole_achievement(**changes: Any) -> dict[str, Any]:
    """An achievement whose every answer is given."""
    today = today_shanghai()
    return (
        achievement()
        | {
            "keywords": "风机叶片、回收、热解",
            "value": "让退役叶片变成可再用的玻璃纤维，每吨处理成本降三成",
            "summary": "用低温热解把树脂与玻璃纤维分开，纤维强度保留八成以上，可回用于建材增强，已完成中试。",
            "problem": "退役风机叶片中的热固性树脂难以降解，堆存占地，填埋有污染，破碎后只能作低价填料。",
            "application": "风电场退役叶片的集中处置；复合材料制造企业边角料的回收；建材企业的短切纤维供应。",
            "indicators": "树脂与纤维分离率 96%，纤维强度保留率 82%，单线年处理量 2000 吨。",
            "comparison": [
                {"indicator": "树脂与纤维分离率", "existing": "80%", "ours": "96%"},
                {"indicator": "每吨处理成本", "existing": "1,500 元", "ours": "1,050 元"},
                {"indicator": "处理周期", "existing": "3 至 5 天", "ours": "8 小时"},
                {"indicator": "纤维强度保留率", "existing": "", "ours": "82%"},
            ],
            "trl": 7,
            "trl_scheme": "GB/T 22900-2022",
            "trl_judge": "第三方",
            "trl_evidence": "2025 年中试线连续运行 72 小时，检测报告由有资质的检测机构出具。",
            "rights": [
                {"kind": "发明专利", "number": "ZL202310000001.0", "state": "有效", "expires": "2043-01-05"},
                {"kind": "实用新型专利", "number": "ZL201620000002.X", "state": "有效",
                 "expires": str(today - timedelta(days=40))},
                {"kind": "计算机软件著作权", "number": "2024SR0000003", "state": "有效",
                 "expires": str(today + timedelta(days=200))},
                {"kind": "技术秘密", "number": "", "state": "", "expires": ""},
            ],
            "shares": [
                {"holder": "锡林郭勒盟某风电企业", "share": "60"},
                {"holder": "某高校材料学院", "share": "33.33"},
                {"holder": "李四", "share": "6.67"},
            ],
            "transfer_mode": "向他人转让、许可他人使用、作价投资折算股份或出资比例",
            "pricing_mode": "协议定价",
            "price": "320",
            "other_units": "某高校材料学院",
            "award": "自治区重点研发计划",
            "steps": [
                {"step": "创造", "on": "2022-03", "note": "实验室完成树脂热解"},
                {"step": "熟化", "on": "2024-09", "note": "建成中试线"},
                {"step": "评估", "on": "2025-06-30", "note": "第三方检测"},
                {"step": "应用", "on": "2025", "note": "两家风电场试用"},
            ],
            "public_good": "否",
            "valid_until": today + timedelta(days=300),
        }
        | changes
    )  # fmt: skip


def whole_demand(**changes: Any) -> dict[str, Any]:
    """A demand whose every answer is given."""
    return (
        demand()
        | {
            "description": "退役风机叶片的纤维与树脂粘合难以分离降解，厂区堆存已超过三千吨，占地一百二十亩，"
            "每年新增约八百吨。现有办法只能破碎填埋，环保要求逐年提高，运输和处置费用每年超过两百万元。",
            "comparison": [
                {"indicator": "树脂与纤维分离率", "existing": "60%", "wanted": "95%"},
                {"indicator": "年处理量", "existing": "", "wanted": "1,000 吨"},
            ],
            "tried": "试过机械破碎和化学溶解：破碎后的料只能填埋；溶解用的溶剂回收不了，成本太高。",
            "acceptance": "在需求单位厂区连续运行 30 天，由有资质的检测机构抽样三次，分离率均达到要求。",
            "cooperation_mode": "委托开发、合作开发、技术入股",
            "deadline": today_shanghai() + timedelta(days=500),
            "valid_until": today_shanghai() + timedelta(days=20),
        }
        | changes
    )
