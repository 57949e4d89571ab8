"""Submissions: how they move from state to state, and the numbers people type into them."""

import re
from enum import StrEnum
from typing import Final

from lib.domain.errors import Conflict
from lib.domain.text import fold
from lib.domain.vocabulary import SubmissionState


class Action(StrEnum):
    """What can be done with a submission."""

    SUBMIT = "submit"
    PUBLISH = "publish"
    RETURN = "return"
    DECLINE = "decline"
    RESUBMIT = "resubmit"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    RENEW = "renew"
    ARCHIVE = "archive"

    @property
    def label(self) -> str:
        """The button's words."""
        return {
            "submit": "提交",
            "publish": "发布",
            "return": "退回整改",
            "decline": "不予发布",
            "resubmit": "重新提交",
            "withdraw": "撤回",
            "expire": "到期",
            "renew": "续期",
            "archive": "归档",
        }[self.value]


_S: Final = SubmissionState
TRANSITIONS: Final[dict[tuple[SubmissionState, Action], SubmissionState]] = {
    (_S.DRAFT, Action.SUBMIT): _S.PENDING,
    (_S.PENDING, Action.PUBLISH): _S.PUBLISHED,
    (_S.PENDING, Action.RETURN): _S.RETURNED,
    (_S.PENDING, Action.DECLINE): _S.DECLINED,
    (_S.PENDING, Action.WITHDRAW): _S.WITHDRAWN,
    (_S.RETURNED, Action.RESUBMIT): _S.PENDING,
    (_S.RETURNED, Action.WITHDRAW): _S.WITHDRAWN,
    (_S.PUBLISHED, Action.WITHDRAW): _S.WITHDRAWN,
    (_S.PUBLISHED, Action.EXPIRE): _S.EXPIRED,
    (_S.PUBLISHED, Action.ARCHIVE): _S.ARCHIVED,
    (_S.EXPIRED, Action.RENEW): _S.PUBLISHED,
    (_S.EXPIRED, Action.ARCHIVE): _S.ARCHIVED,
    (_S.WITHDRAWN, Action.RESUBMIT): _S.PENDING,
    (_S.WITHDRAWN, Action.ARCHIVE): _S.ARCHIVED,
    (_S.DECLINED, Action.ARCHIVE): _S.ARCHIVED,
}
"""The only ways from one state to another (rules §2.18: 待审核, 通过, 整改, 拒绝; the rest is ours)."""


def advance(state: SubmissionState, action: Action) -> SubmissionState:
    """The state that `action` leads to. Raises Conflict when the state does not allow it."""
    reached = TRANSITIONS.get((state, action))
    if reached is None:
        raise Conflict(f"这条提交现在是「{state.label}」，不能再{action.label}。请刷新后查看最新状态。")
    return reached


_CREDIT: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0\d{2,3}-?\d{7,8}(-\d{1,6})?")
_EMAIL = re.compile(r"[a-z0-9._%+-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,24}")


def credit_code_holds(code: str) -> bool:
    """Whether an 18-character 统一社会信用代码 carries its check digit (GB 32100-2015)."""
    if len(code) != 18 or any(character not in _CREDIT for character in code):
        return False
    total = sum(_CREDIT.index(character) * pow(3, i, 31) for i, character in enumerate(code[:17]))
    return _CREDIT[-total % 31] == code[17]


def phone(text: str) -> str:
    """A mobile or landline number in its plain form. Raises ValueError for anything else."""
    number = re.sub(r"[\s()]", "", fold(text))
    if _MOBILE.fullmatch(number.replace("-", "")):
        return number.replace("-", "")
    if _LANDLINE.fullmatch(number):
        return number
    raise ValueError("not a phone number")


def email(text: str) -> str:
    """An e-mail address, folded. Raises ValueError for anything else."""
    address = fold(text).strip()
    if len(address) > 120 or not _EMAIL.fullmatch(address):
        raise ValueError("not an e-mail address")
    return address


def mask_phone(number: str) -> str:
    """The number with its middle hidden: 138****1234."""
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 9 else "****"


def mask_name(name: str) -> str:
    """The family name with the rest hidden."""
    return f"{name[:1]}{'＊' * max(1, len(name) - 1)}" if name else ""
