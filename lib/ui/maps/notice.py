"""The notice under every map: whose boundaries they are, and what the map is not."""

from functools import lru_cache
from pathlib import Path

from lib.settings import ROOT, settings


def notice() -> str:
    """The text of NOTICE.txt beside the boundary files, or of ours where a replaced folder has none."""
    return _notice(settings().geo_dir)


@lru_cache(maxsize=4)
def _notice(folder: Path) -> str:
    file = folder / "NOTICE.txt"
    return (file if file.exists() else ROOT / "data" / "geo" / "NOTICE.txt").read_text(encoding="utf-8").strip()
