"""R22: markings of state secrets are found in every usual shape; words of the trade never are."""

import csv
from itertools import product

import pytest

from lib.domain.markings import RULES, marking
from lib.settings import settings

GRADES = ("绝密", "机密", "秘密")
MARKED = {
    "star": [
        *(f"{grade}★" for grade in GRADES),
        *(f"{grade}★{term}" for grade, term in product(GRADES, ("10年", "长期", "启用前"))),
        "机　密 ★ ２０ 年", "机\u200b密★10年", "秘密☆6个月", "机密*10年", "機密★長期", "祕密★1年",
        "绝密级★30年", "★机密★", "★ 秘密",
        "关于某型装备试验情况的报告 机密★20年 第3份", "国家秘密★5年", "绝密⭐长期", "附件：\n秘密★3年\n试验数据",
    ],
    "level": [
        *(f"密级：{grade}" for grade in GRADES),
        "密 级: 机密", "密级　秘密", "密级（绝密）", "密级【机密】", "密级=秘密", "保密等级：机密级",
        "定密等级：秘密", "密级\n机密",
        "涉密等级为绝密", "文件编号 12，密级：秘密，份数 30",
    ],
    "internal": [
        "内部资料 注意保存", "内部资料，注意保密", "内部文件　不得外传", "内部材料·严禁扩散",
        "内部参考（请妥善保管）", "内部资料\n请勿外传",
    ],
    "bracket": [
        "【机密】某项目方案", "［绝密］", "〔秘密〕", "（机密）关于某项目的请示", "【秘密★3年】",
        "《绝密级》", "[机密 10年]",
    ],
    "line": ["某单位\n机密\n某报告", "绝 密", "秘密：", "机密 5年"],
}  # fmt: skip
WORDS = (
    "商业秘密", "技术秘密", "保密协议", "解密算法", "机密性", "秘密分享", "加密与解密", "涉密信息系统集成资质",
    "国家秘密",
    "密级标识管理软件", "绝密配方般的口感", "机密计算", "保密审查", "秘密级以上", "内部资料管理系统",
    "内部使用的催化剂",
    "五星★级服务", "★商业秘密★", "经营秘密", "密钥",
)  # fmt: skip
SENTENCES = (
    "{}", "本单位拥有{}。", "不涉及{}，可以公开", "{}保护技术研究", "签订{}后提供样品", "1．{}；2．其他", "（含{}）",
    "合作方式：转让{}", "关键词：{}、稀土", "现在的难处是{}\n指标另附\n",
)  # fmt: skip
LEGAL = (
    "涉及绝密、机密、秘密三级国家秘密的内容不得提交", "密级分为绝密、机密、秘密三级", "密级：公开", "密级：无",
    "密级：绝密、机密、秘密三级的划分",
    "内部资料整理与注意力模型", "保密期限：三年", "密级为秘密级以上的人员不得报名", "技术秘密★重点推荐",
    "密级：商业秘密",
    "数据的机密性、完整性、可用性", "机密\u200d性", "内部文件系统不得断电",
)  # fmt: skip


def test_every_marking_is_found_and_no_legal_text_is() -> None:
    """R22."""
    marked = [(rule, text) for rule, texts in MARKED.items() for text in texts]
    legal = [sentence.format(word) for word in WORDS for sentence in SENTENCES] + list(LEGAL)
    assert len(marked) >= 50 and len(legal) >= 200 and set(MARKED) == set(RULES)
    assert [(text, marking(text)) for rule, text in marked if marking(text) is None] == []
    assert [(text, marking(text)) for text in legal if marking(text)] == []
    print(f"R22: {len(marked)} markings found, {len(legal)} legal texts passed, 0 false")


@pytest.mark.parametrize("name", ["achievements", "demands", "organizations", "events", "contracts", "cooperation"])
def test_no_public_record_bears_a_marking(name: str) -> None:
    with (settings().public_dir / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert len(cells) > 100
    assert [(cell, marking(cell)) for cell in cells if marking(cell)] == []
