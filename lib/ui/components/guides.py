"""How to answer each question of the two guided forms: what it is for, a good and a bad example, what is said while
it is missing. Written for whoever fills a form in for the first time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lib.domain.vocabulary import SubmissionKind


@dataclass(frozen=True)
class Guide:
    """The help of one question. Questions with a list to choose from need no example.

    `nudge` says what to add and what for, while the answer is missing.
    """

    help: str
    good: str = ""
    bad: str = ""
    nudge: str = ""


_SHARED: Final[dict[str, Guide]] = {
    "field": Guide("按内容选最主要的一个，别人按领域筛选时靠它。", nudge="选上技术领域，按领域找的人才看得到"),
    "keywords": Guide(
        "写别人会拿来搜的词：对象、工艺、材料。", "稀土永磁、废料回收", "新技术、高质量、创新",
        "写上关键词，别人才搜得到",
    ),
    "league": Guide("单位所在的盟市，由当地审核。", nudge="选上盟市，才知道由哪里审核"),
    "banner": Guide("不清楚可以不选。"),
    "contact_name": Guide(
        "审核和对接时找的那个人，联系方式默认不公开。", "其木格", "办公室", "写上联系人，审核时好找到您"
    ),
    "contact_phone": Guide(
        "手机或带区号的固定电话，查进度也用它。", "0471-1234567", "1234567（缺区号）", "写上联系电话，查进度要用"
    ),
    "contact_email": Guide("没有可以不填。", "name@example.com", "name＠公司邮箱"),
}  # fmt: skip
_ACHIEVEMENT: Final[dict[str, Guide]] = {
    "title": Guide(
        "对象加办法，让外行也知道是做什么的。", "风机叶片热解回收纤维技术", "某某重大专项成果之三",
        "写上成果名称，别人先看到它",
    ),
    "value": Guide(
        "给谁解决什么、好多少，一句话说完，列表里最先看到它。",
        "让退役风机叶片的玻璃纤维回收率到 95%，每吨处理成本降三成", "国内领先的先进技术",
        "补上一句话价值，别人在列表里就能看懂好处",
    ),
    "summary": Guide(
        "三句话：解决什么问题、怎么解决、用在哪里。",
        "退役叶片难降解，长期堆存。本技术在无氧炉里热解树脂，取出纤维再织毡，已在锡林郭勒盟一个风电场处理 200 吨。",
        "本成果技术先进、应用前景广阔，达到国内领先水平。", "补上成果简介，说清解决什么、怎么解决",
    ),
    "problem": Guide(
        "写原来的做法和它的难处，不写自己的技术。", "叶片切割后填埋，每吨运费 600 元，占地且不降解。",
        "行业存在诸多痛点。", "补上解决的问题，有同样难处的单位才会停下来看",
    ),
    "application": Guide(
        "谁、在什么地方、什么条件下用得上；用不上的也写。", "装机 10 万千瓦以上的风电场，北方冬季零下 30 度可运行。",
        "可广泛应用于各行各业。", "补上应用场景，别人才知道自己用不用得上",
    ),
    "achievement_class": Guide("能直接用到生产里的选应用技术。", nudge="选上成果类别"),
    "year": Guide("技术做成的那一年。", "2025", "近几年", "写上完成年份，别人才知道新不新"),
    "indicators": Guide(
        "每行一项：指标、数值、在什么条件下测的。", "纤维回收率 ≥ 95%（第三方检测，2025 年 6 月）\n处理能力 2 吨/小时",
        "各项指标优异。", "补上技术指标，写数字",
    ),
    "comparison": Guide(
        "同一个指标，现有水平和本成果各是多少；现有水平不清楚可以空着。", "回收率：现有 82%，本成果 95%",
        "回收率：现有较低，本成果较高", "补上对比基准，别人才知道好在哪里",
    ),
    "trl": Guide("按做到的程度选，拿不准选低的一级。", nudge="选上技术成熟度，企业先看它"),
    "stage": Guide("还在试验选初期，做过中试选中期，已经在用选成熟应用。", nudge="选上所处阶段"),
    "trl_scheme": Guide("按哪个标准或说明判断的；没有按标准评过，选通用九级说明。"),
    "trl_judge": Guide("自己估的选自评，请机构评过的选第三方。", nudge="写明成熟度由谁判定，自评也可以"),
    "trl_evidence": Guide(
        "能拿得出来的材料：报告名称、时间、地点。", "2025 年 6 月在某风电场连续运行 72 小时，有检测报告。",
        "技术已经成熟。", "补上成熟度证据，别人才信这一级",
    ),
    "steps": Guide(
        "只写已经发生的，时间到年或到月都行。", "熟化 · 2025-06 · 建成 2 吨/小时中试线", "应用 · 即将推广",
        "补上走到哪一步，写已经发生的事",
    ),
    "formula": Guide(
        "只给获得授权的人看；涉及国家秘密的一个字也不要写。", "热解温度 480 度，停留 40 分钟", "详见专利文件",
    ),
    "rights": Guide(
        "一项一行，编号照证书抄；技术秘密和未涉及的只选形式。", "发明专利 · ZL202310000001.0 · 有效 · 2043-01-05",
        "专利若干项", "写上知识产权，没有就选「未涉及知识产权」",
    ),
    "shares": Guide(
        "谁占多少，各行加起来是 100；只有一家写一行 100。", "甲公司 60，乙大学 40", "双方共有",
        "补上权益份额，谈合作时心里有数",
    ),
    "award": Guide(
        "写奖项或课题的全名和年份。", "2024 年度内蒙古自治区科学技术进步奖二等奖", "多次获奖",
    ),
    "public_good": Guide("不图盈利、面向公共服务的选是。", nudge="选明是不是公益性的"),
    "transfer_mode": Guide("可以选几种，想清楚愿意怎么合作。", nudge="选上拟转化方式，对方才知道怎么谈"),
    "pricing_mode": Guide(
        "国家设立的研究开发机构和高等院校按规定选一种，企业可以不选。", nudge="选上定价方式，价格怎么定就清楚了"
    ),
    "valid_until": Guide("过了这一天就不再列出，可以续期；不选为长期。", nudge="选上有效期止，别人才知道还作不作数"),
    "price": Guide("以万元为单位，只写数字；没想好就留空。", "120.5", "1205000 元左右"),
    "floor_price": Guide("最低能接受的价格，只给获得授权的人看。", "80", "价格好商量"),
    "unit": Guide("照营业执照或法人证书写全称。", "内蒙古某风电运维有限公司", "某风电", "写上单位全称"),
    "completer": Guide("贡献最大的那一位，写姓名。", "李四", "项目组", "写上第一完成人"),
    "other_units": Guide("一起完成的单位，写全称，用顿号隔开。", "内蒙古农业大学、某牧机厂", "若干合作单位"),
}  # fmt: skip
_DEMAND: Final[dict[str, Guide]] = {
    "title": Guide(
        "什么东西、要解决什么，一句话。", "退役风机叶片回收利用难题", "寻求技术合作", "写上一句话需求，别人先看到它"
    ),
    "description": Guide(
        "现在怎么做、卡在哪里、一年损失多少。",
        "每年退下叶片约 300 吨，人工切割后堆在场站，占地 8 亩，填埋每吨要 600 元，环保要求两年内清空。",
        "急需先进技术，希望有实力的单位联系。", "补上现在的难处，说清卡在哪里",
    ),
    "tried": Guide(
        "试过的办法和没成的原因，别人就不会再走一遍。", "试过机械粉碎，纤维太短，卖不上价。", "没有效果。",
        "补上试过的办法，免得别人再推荐一遍",
    ),
    "demand_class": Guide("想要现成技术的选引进及转化，想一起申报项目的选联合实施。", nudge="选上需求类别"),
    "indicators": Guide(
        "每行一项，写到数字和单位。", "纤维回收率 ≥ 90%\n处理成本 ≤ 800 元/吨\n年处理 300 吨", "达到先进水平。",
        "补上希望达到的指标，写数字",
    ),
    "comparison": Guide(
        "同一个指标，现在是多少、希望到多少；现在不清楚可以空着。", "处理成本：现在 1200 元/吨，希望 800 元/吨",
        "处理成本：现在较高，希望较低", "补上量化指标，配成果时先看它",
    ),
    "acceptance": Guide(
        "怎样就算解决了：测什么、在哪里测、谁来测。", "在本场连续运行 30 天，由有资质的机构检测回收率。", "达到满意。",
        "补上验收标准，双方都知道怎样算成",
    ),
    "deadline": Guide("什么时候必须用上；不急可以不选。", nudge="选上希望完成日期，对方好排时间"),
    "cooperation_mode": Guide("可以选几种，都能谈就多选。", nudge="选上合作方式，对方才知道怎么谈"),
    "budget": Guide("以万元为单位，只写数字；没定就留空。", "80", "几十万"),
    "wanted": Guide("有想找的单位或专家就写，没有可以空着。", "内蒙古工业大学材料学院", "越有名越好"),
    "valid_from": Guide("从哪一天起对外公布。", nudge="选上有效期起"),
    "valid_until": Guide("到哪一天为止，到期可以续。", nudge="选上有效期止"),
    "unit": Guide("照营业执照写全称。", "内蒙古某风电运维有限公司", "某风电", "写上单位全称"),
    "credit_code": Guide(
        "营业执照上的 18 位代码，只用于审核。", "91330100799655058B", "15 位的旧注册号", "写上统一社会信用代码"
    ),
}  # fmt: skip
GUIDES: Final[Mapping[SubmissionKind, Mapping[str, Guide]]] = {
    SubmissionKind.ACHIEVEMENT: _SHARED | _ACHIEVEMENT,
    SubmissionKind.DEMAND: _SHARED | _DEMAND,
}
"""By kind of form and name of the question."""


def guide(kind: SubmissionKind, name: str) -> Guide | None:
    """The help of a question, or None where a form has none."""
    return GUIDES.get(kind, {}).get(name)
