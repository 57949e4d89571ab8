"""The demonstration set: invented achievements, demands and contracts, the same for the same seed.

Nothing here is a fact. Units are invented and say so in their names, there are no persons and no patent numbers,
and every text is put together from the phrases of its 技术领域.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from lib.domain.vocabulary import (
    ACHIEVEMENT_CLASSES,
    COOPERATION_MODES,
    DEMAND_CLASSES,
    FIELDS,
    IP_TYPES,
    PLAN_SOURCES,
    PRICING_MODES,
    STAGES,
    TRANSFER_MODES,
    UNREGISTERED,
)

Prepare = Callable[[str, Any], Any]
"""Turns the value of a column into what the database driver takes."""

FIRST_YEAR: Final = 2016
LAST_YEAR: Final = 2025
LICENCES_SINCE: Final = 2021
"""技术许可合同 stands alone from 2021-01-01 (民法典 第八百六十二条)."""
MARK: Final = "（演示）"
"""Ends the name of every invented unit."""


@dataclass(frozen=True)
class Phrases:
    """What the texts of one 技术领域 are made of."""

    things: tuple[str, ...]
    works: tuple[str, ...]
    troubles: tuple[str, ...]
    trades: tuple[str, ...]


PHRASES: Final[dict[int, Phrases]] = {
    1: Phrases(
        ("煤矿智能终端", "草原物联网", "绿色算力调度", "云边协同计算", "蒙汉双语语音", "牧区宽带接入", "工业视觉检测",
         "电力负荷预测", "口岸通关数据", "遥感影像解译", "数据中心液冷", "矿用5G专网"),
        ("感知与控制", "平台研发", "算法优化", "国产化替代", "安全防护", "数字孪生", "大模型应用", "低功耗通信",
         "自动识别", "数据融合"),
        ("现场数据分散、时延较高", "算力负荷波动大、能耗偏高", "人工巡检效率低、漏检多", "多源数据口径不一、难以共享",
         "边远牧区信号覆盖不足"),
        ("数智", "云算", "信联", "智感"),
    ),
    2: Phrases(
        ("遥感卫星", "无人机巡护", "低空物流", "航空复合材料", "卫星导航终端", "火箭发动机壳体", "高空探测气球",
         "通用航空器", "浮空平台", "航天测控天线"),
        ("载荷研制", "轻量化设计", "自主飞行控制", "地面测试", "数据接收处理", "耐寒改进", "结构健康监测", "精密装配",
         "集群调度"),
        ("低温大风条件下续航不足", "复杂地形测控链路不稳", "构件减重与强度难以兼顾", "影像获取与处理周期长"),
        ("天穹", "翔宇", "空域", "星途"),
    ),
    3: Phrases(
        ("矿用卡车", "风电塔筒", "特种车辆", "六面顶压机", "智能采煤机", "乳品灌装线", "大型锻件", "机器人焊接",
         "农牧机械", "轴承滚子", "铝合金压铸件", "重载传动箱"),
        ("智能装配", "在线检测", "精密加工", "无人驾驶", "再制造", "可靠性提升", "数控系统", "柔性生产", "故障诊断",
         "轻量化"),
        ("关键部件寿命短、依赖外购", "加工精度波动、废品率高", "停机检修时间长", "重载工况下振动与磨损严重",
         "多品种小批量换线慢"),
        ("重装", "精工", "智造", "北机"),
    ),
    4: Phrases(
        ("布鲁氏菌病疫苗", "蒙药制剂", "益生菌菌株", "医用影像设备", "动物用生物制品", "苁蓉提取物", "体外诊断试剂",
         "发酵原料药", "骨科植入物", "沙棘活性成分", "甘草酸", "乳源蛋白肽"),
        ("高效筛选", "递送系统", "质量控制", "工艺放大", "临床前评价", "连续发酵", "分离纯化", "稳定性提升",
         "快速检测", "标准化种植"),
        ("有效成分收率低、批次差异大", "疫苗冷链运输成本高", "检测周期长、基层难以开展", "发酵染菌率高",
         "传统制剂质量标准不统一"),
        ("康原", "本草", "生科", "益元"),
    ),
    5: Phrases(
        ("稀土永磁体", "稀土镁合金", "储氢合金", "高纯铝箔", "石墨烯浆料", "碳化硅晶体", "稀土抛光粉", "铝基复合材料",
         "人造金刚石", "氧化锆陶瓷", "气凝胶毡", "铌钛微合金钢", "聚乙烯醇纤维", "稀土催化剂"),
        ("梯级分离", "低重稀土制备", "晶界扩散", "连续化制备", "表面改性", "废料回收", "高纯化", "组织调控",
         "近净成形", "耐蚀涂层"),
        ("低品位矿石选冶回收率低", "重稀土用量大、成本高", "高温环境下性能衰减快", "批量制备一致性差",
         "加工废料难以循环利用"),
        ("稀宝", "材源", "晶曜", "新铝"),
    ),
    6: Phrases(
        ("风光制氢", "电化学储能", "煤炭清洁转化", "风机叶片", "固态储氢罐", "光伏治沙", "飞轮储能", "燃料电池",
         "余热发电", "特高压外送", "绿氨合成", "抽水蓄能", "火电灵活性改造"),
        ("协同控制", "功率预测", "长时储存", "高效转化", "安全预警", "低温启动", "梯次利用", "并网支撑", "耦合集成",
         "智能运维"),
        ("新能源出力波动、弃电偏多", "低温下启动慢、容量衰减", "制氢电耗高、设备寿命短", "机组调峰深度不足",
         "退役部件处置难"),
        ("绿能", "氢源", "风驰", "储安"),
    ),
    7: Phrases(
        ("退化草原", "矿山排土场", "黄河凌汛", "盐碱湖泊", "煤矸石", "焦化废水", "二氧化碳", "粉煤灰", "库布其沙地",
         "乌梁素海", "城镇污泥", "稀土尾矿", "荒漠植被"),
        ("生态修复", "资源化利用", "矿化封存", "近零排放", "微生物治理", "监测预警", "水盐调控", "节水保墒", "碳汇计量",
         "分质回用"),
        ("植被恢复慢、成活率低", "固废堆存占地、利用率不高", "高盐废水处理成本高", "风蚀沙化反复发生",
         "监测点位少、预警滞后"),
        ("蓝原", "绿境", "净源", "沙地"),
    ),
    8: Phrases(
        ("核燃料元件", "同位素药物", "辐照育种", "核级石墨", "放射性废液", "核测井仪", "铀矿地浸", "核电阀门",
         "辐射监测", "钍基材料"),
        ("制备工艺", "在线监测", "安全处置", "屏蔽设计", "无损检测", "高纯提取", "剂量控制", "智能巡检", "自动装配"),
        ("浸出周期长、药剂消耗大", "关键部件检测手段不足", "废液减容效果差", "辐射场测量响应慢"),
        ("核安", "铀源", "同辉", "原核"),
    ),
    9: Phrases(
        ("肉羊", "肉牛", "奶牛", "马铃薯", "玉米", "向日葵", "苜蓿", "大豆", "绒山羊", "春小麦", "乳酸菌", "蒙古马",
         "设施番茄", "河套枸杞", "羊草"),
        ("新品种选育", "高效快繁", "精准饲喂", "节水栽培", "疫病防控", "种质资源保存", "全程机械化", "盐碱地改良",
         "绿色加工", "质量追溯", "性别控制胚胎"),
        ("良种自给率不高、繁育周期长", "灌溉用水多、水肥利用率低", "饲草季节性短缺", "盐碱地出苗率低、产量不稳",
         "加工副产物浪费多"),
        ("牧丰", "草都", "种源", "河套"),
    ),
    10: Phrases(
        ("氢能重卡", "草原公路", "重载铁路", "高寒桥梁", "智能网联汽车", "口岸换装", "无人矿卡", "充换电站", "冻土路基",
         "多式联运", "沥青路面"),
        ("低温适应", "智能调度", "病害检测", "快速养护", "车路协同", "轻量化设计", "能耗优化", "安全监控", "再生利用"),
        ("冬季低温下续驶里程下降", "冻融病害多、养护成本高", "换装等待时间长", "重载车辙与裂缝发展快"),
        ("路桥", "驰远", "通达", "车联"),
    ),
    11: Phrases(
        ("装配式建筑", "清洁供热", "牧区饮水", "智慧社区", "地下管网", "被动式住宅", "历史街区", "应急避难场所",
         "雨雪冰冻灾害", "再生骨料", "北方地源热泵"),
        ("节能改造", "监测预警", "智能运维", "风险评估", "低碳设计", "快速建造", "水质净化", "信息模型", "防灾减灾"),
        ("冬季供热能耗高、冷热不均", "管网漏损率高、定位难", "偏远嘎查饮水水质不稳", "既有建筑保温差",
         "灾害预警时效不足"),
        ("安居", "城建", "民安", "惠城"),
    ),
}  # fmt: skip

_SUFFIXES: Final = ("关键技术", "成套技术与装备", "技术集成与示范", "工艺及产业化", "技术研究与应用", "系统研制")
_QUALIFIERS: Final = ("", "", "高寒地区", "干旱区", "规模化", "绿色低碳", "智能化", "新一代", "低成本")
_METRICS: Final = (
    "综合能耗下降{}%", "生产效率提高{}%", "单位成本降低{}%", "回收率提高到8{1}.{1}%", "使用寿命延长{}%",
    "故障率下降{}%", "节水{}%", "合格率提高{}个百分点", "年新增产值{}00万元", "处理能力提升{}%",
)  # fmt: skip
_VARIANTS: Final = 60
_STATES: Final = ("完成中试验证", "建成示范线", "开展小试", "实现批量应用", "通过现场考核", "推广应用", "开展示范",
                  "建设试验基地")  # fmt: skip
_DEMAND_ENDS: Final = ("技术需求", "攻关需求", "技术引进", "联合研发", "改造升级")
_UNITS: Final = ("科技有限公司", "工程技术研究院", "实业有限公司", "研究所", "产业发展有限公司")
_ABROAD: Final = ("工业大学", "技术中心", "工程公司", "应用研究所")
_CONTRACTS: Final = (
    ("KF", "委托开发", "委托开发", 22), ("KF", "合作开发", "合作开发", 14), ("ZR", "专利权转让", "专利权转让", 5),
    ("ZR", "技术秘密转让", "技术秘密转让", 3), ("XK", "专利实施许可", "专利实施许可", 6),
    ("XK", "技术秘密使用许可", "技术秘密使用许可", 2), ("ZX", "技术咨询", "技术咨询", 10),
    ("FW", "技术服务", "技术服务", 34), ("FW", "技术培训", "技术培训", 4),
)  # fmt: skip
"""Type, what the title ends with, mode as printed, and how common it is."""
_RIGHTS: Final = {
    "专利权转让": "发明专利", "专利实施许可": "发明专利", "技术秘密转让": "技术秘密",
    "技术秘密使用许可": "技术秘密", "技术培训": "未涉及知识产权",
}  # fmt: skip
"""What a mode of contract is about by its name; the others draw from all kinds by these weights."""
_IP_WEIGHTS: Final = (14, 6, 1, 7, 1, 2, 1, 18, 50)
_PLAN_WEIGHTS: Final = (4, 3, 8, 5, 80)


@dataclass(frozen=True)
class Setting:
    """The places of the set: (code, name) of leagues, provinces and countries; (code, league code) of banners."""

    leagues: Sequence[tuple[str, str]]
    banners: Sequence[tuple[str, str]]
    provinces: Sequence[tuple[str, str]]
    countries: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class _Unit:
    name: str
    league: str
    banner: str | None


def achievements(count: int, seed: int, setting: Setting) -> Iterator[dict[str, Any]]:
    """`count` achievements as columns of the table, without id. Money in 元."""
    rng = Random(f"achievements {seed}")  # noqa: S311 - invented data, not a secret
    other = Random(f"achievements {seed}, what else")  # noqa: S311 - what came later leaves the rest as it was
    units = _home_units(rng, setting)
    names = dict(setting.leagues)
    metrics = _metrics(rng)
    titles = {code: _titles(p) for code, p in PHRASES.items()}
    moments = _moments(rng)
    for _ in range(count):
        code = rng.randrange(1, len(FIELDS) + 1)
        phrases = PHRASES[code]
        qualifier, thing, work, suffix = titles[code][_below(rng, len(titles[code]))]
        unit = units[_below(rng, len(units))]
        trl = _below(rng, 13) - 3
        placed = _below(rng, 10) > 0
        price = _price(rng)
        year, moment = moments[_below(rng, len(moments))]
        trouble = phrases.troubles[_below(rng, len(phrases.troubles))]
        at = _below(rng, len(metrics))
        first, second = metrics[at], metrics[(at + _VARIANTS * (1 + _below(rng, len(_METRICS) - 1))) % len(metrics)]
        state = _STATES[_below(rng, len(_STATES))]
        right, mode = IP_TYPES[_below(rng, len(IP_TYPES))], TRANSFER_MODES[1 + _below(rng, 4)]
        yield {
            "title": f"{qualifier}{thing}{work}{suffix}",
            "organization_text": unit.name,
            "year": year,
            "field": code,
            "summary": (
                f"针对{trouble}的问题，研究{thing}{work}的方法与工艺，形成{suffix}，{first}，{second}；"
                f"已在{names[unit.league]}{state}，可在同类企业和地区复制。"
            ),
            "achievement_class": ACHIEVEMENT_CLASSES[0 if trl > 2 else _below(rng, 3)],
            "keywords": f"{thing}、{work}",
            "indicators": first,
            "trl": trl if trl > 0 else None,
            "stage": STAGES[(trl > 4) + (trl > 7)] if trl > 0 else "",
            "rights": _rights(other, right),
            "transfer_mode": "、".join(_with_more(other, mode, TRANSFER_MODES)),
            "price": price,
            "negotiable": price is None and _below(rng, 2) == 0,
            "public_good": (True, False, False, None, None)[_below(other, 5)],
            "league_code": unit.league if placed else None,
            "banner_code": unit.banner if placed else None,
            "created_at": moment,
        }


def demands(count: int, seed: int, setting: Setting) -> Iterator[dict[str, Any]]:
    """`count` demands as columns of the table, without id. Money in 元."""
    rng = Random(f"demands {seed}")  # noqa: S311 - invented data, not a secret
    other = Random(f"demands {seed}, what else")  # noqa: S311 - as above
    units = _home_units(rng, setting)
    metrics = _metrics(rng)
    titles = {code: _titles(p) for code, p in PHRASES.items()}
    moments = _moments(rng)
    for _ in range(count):
        code = rng.randrange(1, len(FIELDS) + 1)
        phrases = PHRASES[code]
        qualifier, thing, work, _suffix = titles[code][_below(rng, len(titles[code]))]
        unit = units[_below(rng, len(units))]
        placed = _below(rng, 10) > 0
        budget = _price(rng)
        year, moment = moments[_below(rng, len(moments))]
        trouble = phrases.troubles[_below(rng, len(phrases.troubles))]
        metric = metrics[_below(rng, len(metrics))]
        mode = COOPERATION_MODES[_below(rng, len(COOPERATION_MODES))]
        opens = moment.date()
        yield {
            "title": f"{qualifier}{thing}{work}{_DEMAND_ENDS[_below(rng, len(_DEMAND_ENDS))]}",
            "organization_text": unit.name,
            "field": code,
            "description": (
                f"企业在{thing}生产与应用中遇到{trouble}的问题，希望以{mode}的方式引进或共同研发{work}技术，"
                f"要求{metric}，并提供现场试验条件和配套资金。"
            ),
            "year": year,
            "demand_class": DEMAND_CLASSES[_below(rng, len(DEMAND_CLASSES))],
            "keywords": f"{thing}、{work}",
            "indicators": metric,
            "cooperation_mode": "、".join(_with_more(other, mode, COOPERATION_MODES)),
            "budget": budget,
            "negotiable": budget is None and _below(rng, 2) == 0,
            "valid_from": opens,
            "valid_until": date(opens.year + 1 + _below(rng, 2), opens.month, min(opens.day, 28)),
            "league_code": unit.league if placed else None,
            "banner_code": unit.banner if placed else None,
            "created_at": moment,
        }


CONTRACT_COLUMNS: Final = (
    "title", "contract_type", "field", "mode", "pricing", "year", "created_at", "updated_at", "registered_on",
    "ip_type", "plan_source", "seller", "buyer", "seller_place", "buyer_place", "seller_kind", "buyer_kind",
    "amount", "technology_amount",
)  # fmt: skip
_DEAL, _ROUTE = slice(0, 11), slice(11, 17)
_AMOUNT: Final = slice(17, 19)
_DEALS = 60_000
_ROUTES = 20_000
_AMOUNTS = 10_000
_BATCH = 10_000


def contracts(count: int, seed: int, setting: Setting, prepare: Prepare) -> Iterator[tuple[Any, ...]]:
    """`count` contracts as tuples of `CONTRACT_COLUMNS`, put together from three pools of prepared values.

    技术交易额 never exceeds 合同成交额 (R01), and licences are signed from 2021 on only.
    """
    rng = Random(f"contracts {seed}")  # noqa: S311 - invented data, not a secret
    other = Random(f"contracts {seed}, what else")  # noqa: S311 - as above
    deals = [_prepared(CONTRACT_COLUMNS[_DEAL], deal, prepare) for deal in _deals(rng, other)]
    routes = [_prepared(CONTRACT_COLUMNS[_ROUTE], route, prepare) for route in _routes(rng, setting)]
    amounts = [_prepared(CONTRACT_COLUMNS[_AMOUNT], amount, prepare) for amount in _amounts(rng)]
    for start in range(0, count, _BATCH):
        size = min(_BATCH, count - start)
        drawn = zip(rng.choices(deals, k=size), rng.choices(routes, k=size), rng.choices(amounts, k=size), strict=True)
        yield from (deal + route + amount for deal, route, amount in drawn)


def _prepared(columns: Sequence[str], values: Sequence[Any], prepare: Prepare) -> tuple[Any, ...]:
    return tuple(prepare(column, value) for column, value in zip(columns, values, strict=True))


def _deals(rng: Random, other: Random) -> Iterator[tuple[Any, ...]]:
    """Title, type, field, mode, pricing, year, moment, 登记日期, 知识产权 and 计划来源."""
    titles = {code: _titles(p) for code, p in PHRASES.items()}
    moments = _moments(rng)
    weights = [weight for *_, weight in _CONTRACTS]
    for _ in range(_DEALS):
        code = rng.randrange(1, len(FIELDS) + 1)
        qualifier, thing, work, _suffix = titles[code][_below(rng, len(titles[code]))]
        year, moment = moments[_below(rng, len(moments))]
        kind, end, mode, _weight = rng.choices(_CONTRACTS, weights)[0]
        if kind == "XK" and year < LICENCES_SINCE:
            kind, end, mode, _weight = _CONTRACTS[2]
        pricing = PRICING_MODES[_below(rng, 3)]
        right = _RIGHTS.get(mode) or other.choices(IP_TYPES, _IP_WEIGHTS)[0]
        plan = other.choices(PLAN_SOURCES, _PLAN_WEIGHTS)[0]
        title = f"{qualifier}{thing}{work}{end}合同"
        yield title, kind, code, mode, pricing, year, moment, moment, moment.date(), right, plan


def _routes(rng: Random, setting: Setting) -> Iterator[tuple[str, ...]]:
    """Seller, buyer, their places and kinds: within the region, in from elsewhere or out to elsewhere."""
    home = [(unit.name, unit.banner or unit.league) for unit in _home_units(rng, setting)]
    provinces = [
        (f"{name}{_coined(rng)}{_UNITS[_below(rng, len(_UNITS))]}{MARK}", code)
        for code, name in setting.provinces
        for _ in range(12)
    ]
    countries = [(f"{name}{_coined(rng)}{end}{MARK}", code) for code, name in setting.countries for end in _ABROAD]
    for _ in range(_ROUTES):
        seller = buyer = home[_below(rng, len(home))]
        while buyer == seller:
            buyer = home[_below(rng, len(home))]
        way = _below(rng, 100)
        if way >= 45:
            other = provinces if way < 90 else countries
            partner = other[_below(rng, len(other))]
            seller, buyer = (partner, buyer) if way < 75 or way >= 94 else (seller, partner)
        yield seller[0], buyer[0], seller[1], buyer[1], _party(seller[0]), _party(buyer[0])


def _party(name: str) -> str:
    """What kind of party an invented unit is, by how its name ends."""
    plain = name.removesuffix(MARK)
    if plain.endswith("大学"):
        return "高等院校"
    return "企业法人" if plain.endswith("公司") else "科研机构"


def _amounts(rng: Random) -> Iterator[tuple[Decimal, Decimal]]:
    """合同成交额 and 技术交易额 in 元."""
    for _ in range(_AMOUNTS):
        amount = Decimal(100 * max(100, int(rng.lognormvariate(8.4, 1.5))))
        share = Decimal(60 + _below(rng, 41)).scaleb(-2)
        yield amount, (amount * share).quantize(Decimal("0.01"))


# ------------------------------------------------------------------ pieces
def _below(rng: Random, limit: int) -> int:
    """A number from 0 to `limit` - 1; quicker than `randrange`."""
    return int(rng.random() * limit)


def _coined(rng: Random) -> str:
    return rng.choice("云海晨安瑞恒远同嘉博") + rng.choice("川源峰泽宁程岳泰和信")


def _home_units(rng: Random, setting: Setting) -> list[_Unit]:
    """Invented units of the region: some of each league, one or more of each banner."""
    names = dict(setting.leagues)
    places: list[tuple[str, str | None]] = [(league, None) for league, _ in setting.leagues for _ in range(20)]
    places += [(league, banner) for banner, league in setting.banners for _ in range(6)]
    trades = [trade for phrases in PHRASES.values() for trade in phrases.trades]
    return [
        _Unit(
            f"{names[league]}{_coined(rng)}{rng.choice(trades)}{_UNITS[_below(rng, len(_UNITS))]}{MARK}",
            league,
            banner,
        )
        for league, banner in places
    ]


def _titles(phrases: Phrases) -> list[tuple[str, str, str, str]]:
    return [
        (qualifier, thing, work, suffix)
        for qualifier in _QUALIFIERS
        for thing in phrases.things
        for work in phrases.works
        for suffix in _SUFFIXES
    ]


def _metrics(rng: Random) -> list[str]:
    return [template.format(5 + _below(rng, 35), 1 + _below(rng, 9)) for template in _METRICS for _ in range(_VARIANTS)]


def _moments(rng: Random) -> list[tuple[int, datetime]]:
    """Moments over ten years, more of them late, each with the year it belongs to."""
    weights = [year - FIRST_YEAR + 2 for year in range(FIRST_YEAR, LAST_YEAR + 1)]
    years = rng.choices(range(FIRST_YEAR, LAST_YEAR + 1), weights, k=4000)
    return [
        (year, datetime(year, 1, 1, 4, tzinfo=UTC) + timedelta(minutes=_below(rng, 364 * 24 * 60))) for year in years
    ]


def _rights(rng: Random, kind: str) -> list[dict[str, str]]:
    """Kinds of rights, without numbers: none for a fifth, two or three for a third."""
    if _below(rng, 5) == 0:
        return []
    kinds = [kind] if kind in UNREGISTERED else _with_more(rng, kind, IP_TYPES[: -len(UNREGISTERED)])
    return [{"kind": each, "number": "", "state": "", "expires": ""} for each in kinds]


def _with_more(rng: Random, first: str, words: Sequence[str]) -> list[str]:
    """The first, and for a third one or two others."""
    others = [words[_below(rng, len(words))] for _ in range(max(0, _below(rng, 6) - 3))]
    return list(dict.fromkeys((first, *others)))


def _price(rng: Random) -> Decimal | None:
    """A price in 元, or None where nothing is stated."""
    return Decimal(10_000 * (10 + _below(rng, 990))) if _below(rng, 5) < 2 else None
