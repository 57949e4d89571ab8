"""State-secret markings: the shapes in which they stand on documents. What bears one is refused before it is kept.

Shapes, not words: 「商业秘密」, 「保密协议」, 「解密算法」, 「机密性」 are the daily bread of the trade. A rule
looks for what only a marking has: the star, the label 「密级：」, the reminder on internal papers, brackets around
the grade, the grade alone on its line.
"""

import re
import unicodedata
from typing import Final

SENTENCE: Final = "里有涉密或内部资料的标识，本平台不能收，内容没有保存。请删去涉密内容；拿不准的请先问本单位保密部门。"
"""What follows the name of the field, in the refusal."""

_GRADE: Final = "(?:绝密|机密|秘密)"
_GRADES: Final = f"(?:{_GRADE}级?)"
_TERM: Final = r"(?:\d{1,3}(?:年|个?月|天|日)|长期|启用前|解密前)"
# A business secret with a star beside it is a business secret.
_NOT_BUSINESS: Final = "".join(f"(?<!{word})" for word in ("商业", "技术", "经营", "营业", "企业", "公司", "个人"))
_STAR: Final = "[★☆⭐✩✪✭✮✯🌟]"
_LISTED: Final = rf"(?!\s*(?:[、/,;或和及与]|\|)\s*{_GRADE})"

RULES: Final[dict[str, re.Pattern[str]]] = {
    "star": re.compile(
        rf"{_NOT_BUSINESS}{_GRADES}(?:{_STAR}|\*+(?={_TERM}))|{_STAR}{_GRADES}(?={_TERM}|{_STAR}|[^\w]|$)", re.MULTILINE
    ),
    "level": re.compile(
        r"(?:密级|(?:秘密|保密|涉密|定密)等级)"
        rf"(?:(?:为|[:(\[【〔=\n])+{_GRADE}(?!性|级?(?:以上|及以上|的)){_LISTED}|{_GRADES}(?=\W|$|{_TERM}){_LISTED})"
    ),
    "internal": re.compile(
        r"内部(?:资料|文件|材料|刊物|参考|使用|文稿)[^\w\n]{0,6}\n?(?:请)?"
        r"(?:(?:注意|妥善|严格|严加)(?:保存|保管|保密)|(?:不得|严禁|禁止|请勿|不准|勿)(?:外传|外泄|扩散|翻印|复制|公开|转载))"
    ),
    "bracket": re.compile(
        rf"[【〖〔\[]{_GRADES}(?:{_TERM})?[】〗〕\]]|^[((《<]{_GRADES}(?:{_TERM})?[))》>]", re.MULTILINE
    ),
    "line": re.compile(rf"^{_GRADES}\W?(?:{_TERM})?(?:[·.]\w{{0,6}})?$", re.MULTILINE),
}
"""Rule id to what it looks for, in text that `_plain` made; the id is all that is kept of a hit."""

_TRADITIONAL: Final = str.maketrans(
    {"絕": "绝", "機": "机", "祕": "秘", "級": "级", "資": "资", "內": "内", "長": "长"}
)
_SPACE: Final = re.compile(r"[^\S\n]+")


def marking(text: str) -> str | None:
    """The id of the first rule that the text breaks, or None. Never keep, log or show the text of a hit."""
    plain = _plain(text)
    return next((name for name, rule in RULES.items() if rule.search(plain)), None)


def _plain(text: str) -> str:
    """The text as it is compared: one width, no spaces within lines, nothing invisible, simplified marking words."""
    folded = unicodedata.normalize("NFKC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = "".join(c for c in folded if unicodedata.category(c) not in {"Cf", "Mn", "Me", "Co"} and c not in "\x00")
    return _SPACE.sub("", kept).translate(_TRADITIONAL)
