"""Who somebody says they are when they take part in an event: as little as it takes, and never without consent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from lib.domain import consent
from lib.domain.errors import InvalidInput
from lib.domain.submissions import mask_name, mask_phone, phone
from lib.domain.text import clean

KEPT: Final = timedelta(days=180)
"""How long names and telephone numbers are kept after what they were given for; our parameter, told on the forms."""
_NAME: Final = 40
_UNIT: Final = 100
_NOTE: Final = 500
_CONSENT: Final = "请阅读个人信息处理说明，并勾选同意。"


@dataclass(frozen=True)
class Contact:
    """Name, unit, telephone number and a note, checked; `hint` shows them masked, blank where nothing was given."""

    name: str = ""
    unit: str = ""
    phone: str = ""
    note: str = ""
    hint: str = ""
    consent_version: str = ""

    @property
    def columns(self) -> dict[str, str]:
        """The columns of the tables that keep one."""
        return {"name": self.name, "unit": self.unit, "phone": self.phone, "hint": self.hint,
                "consent_version": self.consent_version}  # fmt: skip


def read(values: Mapping[str, Any], *, needed: bool) -> Contact:
    """What was typed as name, unit, phone, note and consent ("1" or True).

    `needed`: name and phone must be there. Whoever gives anything personal must agree to its use. Raises InvalidInput
    with one sentence a field.
    """
    problems: dict[str, str] = {}

    def text(name: str, label: str, most: int, *, multiline: bool = False) -> str:
        try:
            found = clean(str(values.get(name) or ""), multiline=multiline)
        except ValueError:
            problems[name] = f"「{label}」里有看不见的控制字符，请删去后重新输入。"
            return ""
        if len(found) > most:
            problems[name] = f"「{label}」最多 {most} 字，请删减。"
        return found

    name, unit = text("name", "姓名", _NAME), text("unit", "单位", _UNIT)
    note = text("note", "想谈什么", _NOTE, multiline=True)
    number = text("phone", "电话", _NAME)
    if needed and not name and "name" not in problems:
        problems["name"] = "请填写「姓名」。"
    if needed and not number and "phone" not in problems:
        problems["phone"] = "请填写「电话」，有变动时好通知您。"
    if number and "phone" not in problems:
        try:
            number = phone(number)
        except ValueError:
            problems["phone"] = "电话看起来不对，请写成 13900001234 或 0471-1234567 的样子。"
    personal = bool(name or unit or number)
    if personal and str(values.get("consent")) not in {"1", "True"}:
        problems["consent"] = _CONSENT
    if problems:
        raise InvalidInput(problems)
    hint = " ".join(filter(None, (mask_name(name), mask_phone(number) if number else "", unit and "单位已留")))
    return Contact(name, unit, number, note, hint, consent.VERSION if personal else "")
