"""Who may see which field of a submission: three levels, decided by the owner where the owner may decide.

Everything that is not listed here is public once it is published. What lies above 公开 never reaches the columns of
a record: publishing seals it (`lib.services.disclosure.seal`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lib.domain.vocabulary import FieldLevel, SubmissionKind

_PUBLIC, _SIGNED_IN, _GRANTED = FieldLevel.PUBLIC, FieldLevel.SIGNED_IN, FieldLevel.GRANTED


@dataclass(frozen=True)
class Disclosed:
    """A field of a form that need not be public: its level unless the owner chooses another of `levels`."""

    name: str
    label: str
    default: FieldLevel
    levels: tuple[FieldLevel, ...]

    @property
    def choosable(self) -> bool:
        """True when the owner decides."""
        return len(self.levels) > 1


CONTACT: Final = "contact"
CONTACT_FIELDS: Final = ("contact_name", "contact_phone", "contact_email")
"""The three fields of a form that have one level together, that of `CONTACT`."""

_CONTACT: Final = Disclosed(CONTACT, "联系方式", _GRANTED, (_SIGNED_IN, _GRANTED))


def _open(name: str, label: str) -> Disclosed:
    return Disclosed(name, label, _PUBLIC, (_PUBLIC, _SIGNED_IN, _GRANTED))


def _closed(name: str, label: str) -> Disclosed:
    return Disclosed(name, label, _GRANTED, (_GRANTED,))


FIELDS: Final[dict[SubmissionKind, tuple[Disclosed, ...]]] = {
    SubmissionKind.ACHIEVEMENT: (
        _CONTACT,
        _closed("floor_price", "底价"),
        _closed("formula", "配方与关键参数"),
        _open("price", "意向价格"),
        _open("indicators", "技术指标"),
        _open("ip", "知识产权编号"),
    ),
    SubmissionKind.DEMAND: (_CONTACT, _open("budget", "预算"), _open("indicators", "希望达到的指标")),
    SubmissionKind.REGISTRATION: (
        _CONTACT,
        _closed("financing", "融资需求"),
        _closed("team", "团队"),
        _closed("market", "市场与商业模式"),
        _closed("advantage", "竞争优势"),
        _closed("forecast", "财务预测"),
    ),
    SubmissionKind.MILITARY: (_CONTACT,),
}
"""In the order in which pages list them."""


def labels(kind: SubmissionKind) -> dict[str, str]:
    """The names of a kind's fields that need not be public, in words."""
    return {field.name: field.label for field in FIELDS[kind]}


def level_of(kind: SubmissionKind, name: str, chosen: Mapping[str, str]) -> FieldLevel:
    """The level of a field, given what the owner chose (`{name: level}`); public for a field that is not listed.

    A choice that the field does not allow, or that is no level, counts as none: it never makes a field more public.
    """
    wanted = CONTACT if name in CONTACT_FIELDS else name
    field = next((field for field in FIELDS[kind] if field.name == wanted), None)
    if field is None:
        return FieldLevel.PUBLIC
    choice = chosen.get(wanted, "")
    return next((level for level in field.levels if level == choice), field.default)
