"""Review: what a reviewer must have checked, the sentences they use most, and when a review is due."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from lib.domain.dates import SHANGHAI

CHECKLIST: Final[dict[str, str]] = {
    "ownership": "产权明晰：权属单位与完成人写明，没有争议",
    "secrecy": "涉密自查：已核对，不含国家秘密和不宜公开的内容",
    "contact": "联系方式：电话或邮箱能联系到提交人",
}
"""All of these must be ticked before anything is published."""

TEMPLATES: Final = (
    "请补充可量化的技术指标。",
    "请写明知识产权的权属单位和编号。",
    "联系电话无法接通，请核对后重新提交。",
    "内容与单位主营不符，请说明需求来源。",
    "含有不宜公开的技术细节，请改写或设为「授权可见」。",
    "与已有记录重复，请在原记录上修订。",
)
"""Sentences that a reviewer can put into a comment with one click."""

REVIEW_DAYS: Final = 5
"""Working days for a review: our parameter, not an official one."""


def due(submitted: datetime, days: int = REVIEW_DAYS) -> datetime:
    """The end of the last working day for a review; Saturdays and Sundays do not count, public holidays do."""
    day: date = submitted.astimezone(SHANGHAI).date()
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return datetime.combine(day, time(18), SHANGHAI)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The fields that differ, each with what it was and what it is; a field that is missing counts as None."""
    names = [*before, *(name for name in after if name not in before)]
    return {
        name: (before.get(name), after.get(name))
        for name in names
        if (before.get(name) or None) != (after.get(name) or None)
    }
