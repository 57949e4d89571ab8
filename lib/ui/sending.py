"""How soon Streamlit sends what a page says, and what it works out anew for each run of one."""

from functools import lru_cache
from typing import Final

from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session, runtime

_SECONDS: Final = 0.001


def hasten() -> None:
    """Have Streamlit send what a page says every millisecond, and keep the theme that it says first.

    Its own five milliseconds are half of a search of the catalogue. The theme it reads from all options of the
    configuration and spells in another way for each run: a twentieth. There is no option for either: a constant and a
    function are replaced in the modules that read them, which tests watch. Safe to repeat.
    """
    vars(runtime)["MESSAGE_FLUSH_INTERVAL_SECS"] = _SECONDS
    written = app_session._populate_theme_msg
    if written.__module__ == __name__:
        return

    @lru_cache
    def theme(section: str) -> CustomThemeConfig:
        made = CustomThemeConfig()
        written(made, section)
        return made

    def populate(msg: CustomThemeConfig, section: str = "theme") -> None:
        if theme(section).ByteSize():  # to merge nothing would say that there is something
            msg.MergeFrom(theme(section))

    app_session._populate_theme_msg = populate
