"""The colour classes of a choropleth: quantiles of the observed values, limits printed as observed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lib.ui.theme import RAMP

_STEPS: Final = {1: (2,), 2: (1, 3), 3: (0, 2, 3), 4: (0, 1, 2, 4), 5: (0, 1, 2, 3, 4)}
"""Which steps of the ramp fewer than five classes take: two at both ends of the ramp would shout."""


@dataclass(frozen=True)
class Band:
    """One class: its lowest and highest observed value, its colour."""

    low: int
    high: int
    colour: str

    @property
    def label(self) -> str:
        """The limits as the legend prints them."""
        return str(self.low) if self.low == self.high else f"{self.low}–{self.high}"

    @property
    def dark(self) -> bool:
        """True where text on the colour has to be white."""
        return self.colour in RAMP[3:]


def classify(values: Iterable[int | None]) -> tuple[Band, ...]:
    """At most five classes with equally many distinct values; None (暂无数据) has no class."""
    distinct = sorted({value for value in values if value is not None})
    if not distinct:
        return ()
    number = min(len(RAMP), len(distinct))
    cuts = [round(i * len(distinct) / number) for i in range(number + 1)]
    return tuple(
        Band(distinct[low], distinct[high - 1], RAMP[step])
        for low, high, step in zip(cuts, cuts[1:], _STEPS[number], strict=False)
    )


def band_of(bands: Iterable[Band], value: int | None) -> Band | None:
    """The class of a value; None for 暂无数据."""
    return next((band for band in bands if value is not None and band.low <= value <= band.high), None)
