"""K01–K20: what each indicator of the technology market means, and the arithmetic that all of them share.

Names and ways of counting that are published or stand in a rule are `published`; the others are this platform's own
definitions and say so wherever they are shown. Money is 元.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from lib.domain.money import YI

_HUNDRED: Final = Decimal(100)
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True)
class Indicator:
    """One indicator. `basis` is where name and counting come from; `caution` what it must not be taken for."""

    key: str
    name: str
    definition: str
    formula: str
    unit: str
    basis: str
    caution: str = ""
    published: bool = False
    """False: defined by this platform."""

    @property
    def standing(self) -> str:
        """Whose definition it is, in words."""
        return "公布口径" if self.published else "本平台定义"


INDICATORS: Final[dict[str, Indicator]] = {
    one.key: one
    for one in (
        Indicator(
            "K01", "技术合同登记数", "时段内登记、没有注销的技术合同项数，按登记日期统计。",
            "登记日期在时段内、未注销的合同数", "项", "技术合同登记表；自治区历次公布",
            "按卖方所在地归属（卖方登记）；卖方所在地未披露的只计入全区。只知道年份、不知道登记日期的合同只计入全年。",
            published=True,
        ),
        Indicator(
            "K02", "合同成交额", "K01 各项合同的合同总金额之和。", "Σ 合同成交额", "万元",
            "技术合同登记表；自治区历次公布",
            "规划（内政发〔2018〕44号）所说「技术合同交易额」没有写明是成交额还是技术交易额，两个数并列给出。"
            "没有披露金额的合同不计 0，另写项数。",
            published=True,
        ),
        Indicator(
            "K03", "技术交易额", "成交额减去购置设备、仪器、零部件、原材料等非技术性费用后的金额之和。",
            "Σ 技术交易额", "万元", "技术合同登记表；自治区历次公布",
            "没有披露的合同不计 0，另写项数。", published=True,
        ),
        Indicator(
            "K04", "技术含量", "技术交易额占成交额的比重。", "技术交易额 ÷ 成交额", "%", "由两个公布口径的数相除",
            "只用两项金额都披露的合同相除，分子分母来自同一批合同。",
        ),
        Indicator(
            "K05", "平均每项成交额", "每项合同的平均成交额。", "合同成交额 ÷ 合同项数", "万元/项", "全国技术市场统计",
            "分母是披露了成交额的合同项数。", published=True,
        ),
        Indicator(
            "K06", "成交额占地区生产总值比重", "同一年、同一地区的合同成交额与地区生产总值之比。",
            "合同成交额 ÷ 地区生产总值", "%", "全国技术市场统计；公布的地区生产总值",
            "只在全年、且公布过同年地区生产总值时计算。", published=True,
        ),
        Indicator(
            "K07", "同比增速", "与上一年同一时段相比的增长。", "本期 ÷ 上年同期 − 1", "%", "自治区历次公布",
            "只与上年同期比：1—6 月只比上年 1—6 月；没有结束的时段不比。", published=True,
        ),
        Indicator(
            "K08", "输出技术", "卖方在本地区的合同：项数与成交额。", "卖方所在地 = 本地区", "项、万元",
            "与登记口径一致（卖方登记）", "含本地区内部成交；与吸纳技术不能相加。",
        ),
        Indicator(
            "K09", "吸纳技术", "买方在本地区的合同：项数与成交额。", "买方所在地 = 本地区", "项、万元", "本平台定义",
            "含本地区内部成交；与输出技术不能相加。在区外登记的合同要另行取得才完整。",
        ),
        Indicator(
            "K10", "区内流动、流向区外、引进", "双方都在本地区；卖方在、买方不在；买方在、卖方不在。",
            "K08 = 本地流动 + 流向外地；K09 = 本地流动 + 引进", "项、万元", "本平台定义",
            "三部分互不重复，各项合同只计一次。一方所在地未披露的另列。",
        ),
        Indicator(
            "K11", "净吸纳", "吸纳技术与输出技术的成交额之差。", "K09 − K08", "万元", "本平台定义",
            "只用披露了金额的合同；负数表示输出多于吸纳。",
        ),
        Indicator(
            "K12", "合同类型结构", "各类技术合同的项数与成交额占比。", "该类 ÷ 写明类型的合同合计", "%",
            "民法典第二十章；全国技术市场统计",
            "2021-01-01 起分五类，技术许可单列；此前四类，许可并入技术转让。跨 2021 年比较用四类可比口径。",
            published=True,
        ),
        Indicator(
            "K13", "领域、知识产权、主体、计划来源结构", "按技术领域、知识产权、买卖双方性质、计划来源的占比。",
            "该项 ÷ 写明该项的合同合计", "%", "技术合同登记表；全国技术市场统计",
            "技术领域为全国技术合同登记系统的 11 个一级类。计划来源的分级用词为本平台所定。", published=True,
        ),
        Indicator(
            "K14", "成果转化率", "有成果经平台对接签约的，占库内成果的比重。", "已签约成果 ÷ 库内成果", "%",
            "本平台定义", "未查到统一的官方定义，只给出本平台的分子与分母，不与其他来源的转化率比较。",
        ),
        Indicator(
            "K15", "转让、许可、作价投资",
            "以转让、许可、作价投资方式转化的合同项数、金额与均价，当年到账，奖励人次与金额。",
            "转让与许可合同的项数、Σ 成交额、均价", "项、万元",
            "促进科技成果转化法第二十一条（年度报告）；科技成果转化年度报告的指标名",
            "库内合同只有转让与许可两类可计，且不限于高校院所；作价投资、到账与奖励没有数据。", published=True,
        ),
        Indicator(
            "K16", "需求对接率", "确认对接的需求占已发布需求的比重。", "确认对接的需求 ÷ 已发布需求", "%", "本平台定义",
            "确认对接由需求方、成果方或审核人在平台上作出。",
        ),
        Indicator(
            "K17", "路演成交率与签约额", "路演项目中由意向跟进到签约的比重，及签约金额。", "签约线索 ÷ 参加路演的项目",
            "%、万元", "本平台定义",
            "签约不足 3 项时不给出金额，以免推知单个单位的数据（统计法第二十八条；界限为本平台所定）。",
        ),
        Indicator(
            "K18", "机构绩效", "技术转移服务机构的综合得分：基础条件、服务绩效、服务能力、规范管理、社会信誉。",
            "10 + 30 + 30 + 20 + 10 分", "分", "外省公开的评分办法", "自治区自己的评分办法没有取得原文，不打分。",
        ),
        Indicator(
            "K19", "技术转移机构数达标", "自治区级技术转移机构数与规划目标（20 家）之比。", "公布的累计机构数 ÷ 20",
            "%", "内政发〔2018〕44号", "目标年为 2020 年；只有全区数。", published=True,
        ),
        Indicator(
            "K20", "政策任务完成率", "规划任务中已完成的比重。", "已完成 ÷ 任务数", "%",
            "内政发〔2018〕44号；本平台分解", "完成与否需要牵头单位报告。",
        ),
    )
}  # fmt: skip
"""By key, in order."""

TARGET_INSTITUTIONS: Final = 20
"""内政发〔2018〕44号: 自治区级技术转移示范机构 at least, by 2020."""
GDP: Final[dict[int, Decimal]] = {
    2021: Decimal("20514.2") * YI,
    2022: Decimal("23158.6") * YI,
    2023: Decimal("24627") * YI,
}
"""地区生产总值 of the region as published, 元. A figure of the same name in the statistics takes the place of one."""
GDP_NAME: Final = "地区生产总值"
SMALL: Final = 3
"""Fewer parties than this tell no sum (统计法 28; the bound is ours)."""
FIVE_SINCE: Final = 2021
"""From this year on 技术许可合同 is a type of its own."""


@dataclass(frozen=True)
class Period:
    """Months of one year, both ends included; all twelve are the whole year."""

    year: int
    first: int = 1
    last: int = 12

    def __post_init__(self) -> None:
        if not (1900 <= self.year <= 2100 and 1 <= self.first <= self.last <= 12):
            raise ValueError(f"no period: {self.year} {self.first}-{self.last}")

    @property
    def whole(self) -> bool:
        """True for a whole year."""
        return (self.first, self.last) == (1, 12)

    @property
    def before(self) -> "Period":
        """The same months of the year before: the only period it may be compared with."""
        return Period(self.year - 1, self.first, self.last)

    @property
    def label(self) -> str:
        """2024 年, 2024 年 1—6 月, 2024 年 3 月."""
        if self.whole:
            return f"{self.year} 年"
        months = f"{self.first}" if self.first == self.last else f"{self.first}—{self.last}"
        return f"{self.year} 年 {months} 月"

    @property
    def printed(self) -> str:
        """The period as published figures name it: 全年, 1-6月, 3月."""
        if self.whole:
            return "全年"
        return f"{self.first}月" if self.first == self.last else f"{self.first}-{self.last}月"

    def over(self, today: date) -> bool:
        """True once its last day has passed."""
        return date(self.year, self.last, monthrange(self.year, self.last)[1]) < today


def share(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """A part of a whole in %, two decimals; None where there is no whole."""
    if not whole:
        return None
    return (Decimal(part) / Decimal(whole) * _HUNDRED).quantize(_CENT, ROUND_HALF_UP)


def growth(now: Decimal | int, before: Decimal | int) -> Decimal | None:
    """Growth over the same period of the year before in %, two decimals; None where there was nothing."""
    if not before:
        return None
    return ((Decimal(now) / Decimal(before) - 1) * _HUNDRED).quantize(_CENT, ROUND_HALF_UP)


def mean(amount: Decimal, number: int) -> Decimal | None:
    """An amount in 元 by the number of contracts, in 元 with two decimals; None for no contract."""
    return (amount / number).quantize(_CENT, ROUND_HALF_UP) if number else None
