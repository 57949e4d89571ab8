"""Money: Decimal in 元 inside, 万元 or 亿元 on the screen."""

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

WAN = Decimal(10_000)
YI = Decimal(100_000_000)
LIMIT = Decimal("999999999999.99")
"""The largest amount a field accepts, in 元; the columns hold no more."""

_NUMBER = re.compile(r"\d{1,12}(\.\d{1,4})?")
_CENT = Decimal("0.01")


def parse_amount(text: str, *, unit: Decimal = WAN) -> Decimal:
    """Read an amount written in `unit` (万元 by default) and return it in 元, rounded to 分.

    Takes full-width digits and thousands separators. Raises ValueError for signs, exponents, words,
    and amounts above 999,999,999,999.99 元.
    """
    compact = re.sub(r"[,，\s]", "", unicodedata.normalize("NFKC", text))
    if not _NUMBER.fullmatch(compact) or not compact.isascii():
        raise ValueError(f"not an amount: {text!r}")
    amount = (Decimal(compact) * unit).quantize(_CENT, ROUND_HALF_UP)
    if amount > LIMIT:
        raise ValueError(f"amount too large: {text!r}")
    return amount


def show_wan(amount: Decimal) -> str:
    """An amount in 元 as 1,200.00 万元."""
    return f"{(amount / WAN).quantize(_CENT, ROUND_HALF_UP):,} 万元"


def stated_amount(amount: Decimal | None, negotiable: bool) -> str:
    """An amount in 元 as 万元, 面议, or blank where the source states neither."""
    if amount is not None:
        return show_wan(amount)
    return "面议" if negotiable else ""


def show_yi(amount: Decimal) -> str:
    """An amount in 元 as 61.71 亿元."""
    return f"{(amount / YI).quantize(_CENT, ROUND_HALF_UP):,} 亿元"
