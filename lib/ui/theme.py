"""The colours and type of the product for charts and maps; `.streamlit/config.toml` says the same to Streamlit."""

from typing import Final

from lib.domain.vocabulary import Channel

SKY: Final = "#1F6FB2"
GRASS: Final = "#2E7D5B"
GOLD: Final = "#D9962B"
GOLD_TEXT: Final = "#85580F"
GOLD_LINE: Final = "#C98416"
VERMILION: Final = "#B5482F"
INK: Final = "#17212B"
STONE: Final = "#5B6B7A"
MIST: Final = "#EEF2F5"
LINE: Final = "#D6DEE6"

RAMP: Final = ("#DCE9F3", "#B2D0E7", "#7FB0D8", "#4989C3", "#175E9E")
"""Five classes of a map, few to many; white text is readable on the last two."""
NO_DATA_FILL: Final = "#FAFBFC"
NO_DATA_HATCH: Final = "#A9B6C1"

FONT: Final = "'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"

CHANNEL_COLOURS: Final[dict[Channel | None, str]] = {
    Channel.ABROAD: SKY,
    Channel.INTERREGIONAL: GOLD,
    Channel.MILITARY: VERMILION,
    Channel.WITHIN: GRASS,
    None: STONE,
}
"""None: records that do not state both their ends."""

SEA: Final = "#F4F7F9"
LAND: Final = "#E9EEF2"
LAND_DEEP: Final = "#DDE5EB"
"""Land of the maps of China and the world, where white coasts would swallow islands."""
COAST: Final = "#C3CFD8"
OUTLINE: Final = "#2C4A63"
GROUND_NAME: Final = "#8797A5"
"""Names of what lies around the region on a map: scenery, not information."""
