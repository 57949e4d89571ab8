"""The words of the field. Codes are ours where no source is named; labels are the official words."""

from enum import StrEnum
from typing import Final

FIELDS: Final[dict[int, str]] = {
    1: "电子信息",
    2: "航空航天",
    3: "先进制造",
    4: "生物、医药和医疗器械",
    5: "新材料及其应用",
    6: "新能源与高效节能",
    7: "环境保护与资源综合利用",
    8: "核应用",
    9: "农业",
    10: "现代交通",
    11: "城市建设与社会发展",
}
"""技术领域: the 11 first-level classes in the order of 全国技术合同登记系统."""

FIELD_CODES: Final[dict[str, int]] = {label: code for code, label in FIELDS.items()}


class Origin(StrEnum):
    """Where a record comes from."""

    PUBLIC = "public"
    SUBMITTED = "submitted"
    DEMO = "demo"

    @property
    def label(self) -> str:
        """The tag the record wears on the screen."""
        return {"public": "公开信息", "submitted": "平台申报", "demo": "演示数据"}[self.value]

    @property
    def code(self) -> int:
        """The number that stands for it in the search index."""
        return {"public": 1, "submitted": 2, "demo": 3}[self.value]


class Channel(StrEnum):
    """转移通道 of the plan, 一(四)."""

    ABROAD = "abroad"
    INTERREGIONAL = "interregional"
    MILITARY = "military"
    WITHIN = "within"

    @property
    def label(self) -> str:
        """The channel's name."""
        return {"abroad": "跨国", "interregional": "跨区域", "military": "军民", "within": "区内"}[self.value]


class Direction(StrEnum):
    """Which way technology flows, seen from the region."""

    IN = "in"
    OUT = "out"
    UNSTATED = "unstated"

    @property
    def label(self) -> str:
        """The direction's name."""
        return {"in": "引进", "out": "输出", "unstated": "未写明"}[self.value]


class Level(StrEnum):
    """三级网络."""

    REGION = "region"
    LEAGUE = "league"
    BANNER = "banner"

    @property
    def label(self) -> str:
        """The level's name."""
        return {"region": "自治区", "league": "盟市", "banner": "旗县"}[self.value]


class SubmissionKind(StrEnum):
    """What people hand in. MILITARY is the structured form of the 军民 channel; it publishes a demand."""

    DEMAND = "demand"
    ACHIEVEMENT = "achievement"
    REGISTRATION = "registration"
    MILITARY = "military"

    @property
    def label(self) -> str:
        """The form's name."""
        return {
            "demand": "技术需求",
            "achievement": "科技成果",
            "registration": "路演报名",
            "military": "军民对接",
        }[self.value]

    @property
    def prefix(self) -> str:
        """The two letters a receipt number begins with."""
        return {"demand": "XQ", "achievement": "CG", "registration": "BM", "military": "JM"}[self.value]


class SubmissionState(StrEnum):
    """Where a submission stands; the names of publish review in rules §2.18, and what follows publication."""

    DRAFT = "draft"
    PENDING = "pending"
    PUBLISHED = "published"
    RETURNED = "returned"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    ARCHIVED = "archived"

    @property
    def label(self) -> str:
        """The state's name."""
        return {
            "draft": "草稿",
            "pending": "待审核",
            "published": "已发布",
            "returned": "退回整改",
            "declined": "不予发布",
            "withdrawn": "已撤回",
            "expired": "已到期",
            "archived": "已归档",
        }[self.value]


class FieldLevel(StrEnum):
    """Who may see a field; its owner decides."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    GRANTED = "granted"

    @property
    def label(self) -> str:
        """The level's name."""
        return {"public": "公开", "signed_in": "登录可见", "granted": "授权可见"}[self.value]


class AccessState(StrEnum):
    """Where a request to see restricted fields stands."""

    PENDING = "pending"
    GRANTED = "granted"
    DECLINED = "declined"
    REVOKED = "revoked"

    @property
    def label(self) -> str:
        """The state's name; a grant that ran out reads 已到期 and is told by its date."""
        return {"pending": "待办理", "granted": "已授权", "declined": "未同意", "revoked": "已收回"}[self.value]


class Decision(StrEnum):
    """What people decided about a demand and an achievement."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"

    @property
    def label(self) -> str:
        """The decision's name."""
        return {"confirmed": "确认对接", "refused": "不合适"}[self.value]


class ClaimState(StrEnum):
    """Where an account's claim to an organization stands."""

    NONE = "none"
    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"

    @property
    def label(self) -> str:
        """The state's name."""
        return {"none": "未申请", "pending": "待审核", "approved": "已通过", "declined": "未通过"}[self.value]


class EventState(StrEnum):
    """Where an event stands; a draft is seen by whoever runs it, and by nobody else."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The state's name."""
        return {"draft": "未公布", "published": "已公布", "cancelled": "已取消"}[self.value]


class ItemKind(StrEnum):
    """What stands on a programme."""

    ACHIEVEMENT = "achievement"
    DEMAND = "demand"
    TALK = "talk"
    BREAK = "break"

    @property
    def label(self) -> str:
        """The kind's name."""
        return {"achievement": "成果", "demand": "需求", "talk": "发言", "break": "休息"}[self.value]


class AttendeeState(StrEnum):
    """Where somebody's registration to attend stands."""

    REGISTERED = "registered"
    WAITING = "waiting"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The state's name."""
        return {"registered": "已报名", "waiting": "候补", "cancelled": "已取消"}[self.value]


class QuestionState(StrEnum):
    """What the host did with a question from the audience."""

    NEW = "new"
    ANSWERED = "answered"
    HIDDEN = "hidden"

    @property
    def label(self) -> str:
        """The state's name."""
        return {"new": "待回答", "answered": "已回答", "hidden": "不展示"}[self.value]


class ThreadState(StrEnum):
    """How far the follow-up of an intention is; the words are ours."""

    OPEN = "open"
    CONTACTED = "contacted"
    TALKING = "talking"
    SIGNED = "signed"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """The state's name."""
        return {
            "open": "待联系",
            "contacted": "已联系",
            "talking": "洽谈中",
            "signed": "已签约",
            "closed": "未达成",
        }[self.value]


ORGANIZATION_KINDS: Final = (
    "企业", "科研院所", "新型研发机构", "技术转移机构", "高校", "产业联盟", "孵化器", "技术交易市场",
    "金融机构", "技术合同登记机构", "众创空间", "大学科技园", "其他",
)  # fmt: skip
EVENT_KINDS: Final = ("路演", "成果推介", "对接会", "拍卖", "培训", "展会", "旗县推介")
EVENT_FORMATS: Final = ("线下", "线上", "线上线下结合")
MARKS: Final[dict[str, str]] = {"need": "需求契合", "maturity": "技术成熟", "willingness": "合作意愿"}
"""What an audience marks from 1 to 5; the words are ours."""
PARTNER_KINDS: Final = ("国家", "省区市", "科研院所", "高校", "军工")

ACHIEVEMENT_CLASSES: Final = ("应用技术", "基础理论", "软科学")
"""成果类别: three registration forms (成果登记)."""
STAGES: Final = ("初期阶段", "中期阶段", "成熟应用阶段")
"""所处阶段 of 成果登记."""
TRL_LEVELS: Final[dict[int, str]] = {
    1: "基本原理被发现和阐述",
    2: "形成技术概念或应用方案",
    3: "应用分析与实验室研究，关键功能实验室验证",
    4: "实验室原理样机组件或实验板在实验室验证",
    5: "完整实验室样机在相关环境中验证",
    6: "模拟环境下的系统演示",
    7: "真实环境下的系统演示",
    8: "定型试验",
    9: "运行与评估",
}
"""技术成熟度 1–9 as commonly used; shown as help text, never as a standard's wording."""
IP_TYPES: Final = (
    "发明专利", "实用新型专利", "外观设计专利", "计算机软件著作权", "集成电路布图设计专有权", "植物新品种权",
    "生物医药新品种", "技术秘密", "未涉及知识产权",
)  # fmt: skip
IP_STATES: Final = ("申请中", "有效", "已失效")
"""Where an intellectual property right stands; the words are ours. An application is a state, not a kind."""
UNREGISTERED: Final = ("技术秘密", "未涉及知识产权")
"""Kinds that have no number, no state and no expiry."""
TRL_SCHEMES: Final = ("通用九级说明", "GB/T 37264-2018", "GB/T 22900-2022")
"""What a 技术成熟度 was judged by: two national standards are in play, so it stands beside the level."""
TRL_JUDGES: Final = ("自评", "第三方")
STEPS: Final = ("创造", "熟化", "评估", "定价", "交易", "应用")
"""The way of an achievement in the region's plan (内政发〔2018〕44号)."""
YES_NO: Final = ("是", "否")
TRANSFER_MODES: Final = (
    "自行投资实施转化", "向他人转让", "许可他人使用", "以该成果作为合作条件共同实施",
    "作价投资折算股份或出资比例", "其他协商确定的方式",
)  # fmt: skip
"""转化方式: 促进科技成果转化法 第十六条."""
PRICING_MODES: Final = ("协议定价", "在技术交易市场挂牌交易", "拍卖", "等其他方式")
"""定价方式: 促进科技成果转化法 第十八条."""
DEMAND_CLASSES: Final = ("联合实施科技计划项目", "引进及转化应用科技成果", "引进培养高层次创新团队及人才")
"""需求类别 of 乌科发〔2021〕4号."""
COOPERATION_MODES: Final = (
    "技术转让", "专利许可", "委托开发", "合作开发", "技术咨询", "技术服务", "技术入股", "股权投资", "其他",
)  # fmt: skip
MILITARY_DIRECTIONS: Final = ("军转民", "民参军")
"""The two ways of the 军民 channel (plan 一(四), 二(五)3); the words are ours."""
CONTRACT_TYPES: Final[dict[str, str]] = {
    "KF": "技术开发合同",
    "ZR": "技术转让合同",
    "XK": "技术许可合同",
    "ZX": "技术咨询合同",
    "FW": "技术服务合同",
}
"""民法典 第二十章; 技术许可合同 stands alone from 2021-01-01."""
PARTY_KINDS: Final = (
    "企业法人", "科研机构", "高等院校", "医疗卫生机构", "其他事业法人", "机关法人", "社团法人", "自然人", "其他组织",
)  # fmt: skip
"""买方、卖方性质: the reporting groups of 技术合同登记表, with 事业法人 in its parts."""
PLAN_SOURCES: Final = ("国家计划", "部门计划", "省级计划", "地市县计划", "计划外")
"""计划来源 by level: 计划外 is the registration form's last choice, the levels above it are our words."""

UNDISCLOSED: Final = "未披露"
NO_DATA: Final = "暂无数据"
