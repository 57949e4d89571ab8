"""Where partners are: countries, provinces, and a derived table for institutes and universities."""

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from lib.domain.channels import country_group, province_group
from lib.settings import ROOT, settings

DERIVED_FILE: Final = ROOT / "data" / "partner_places.csv"
"""partner, province, basis: our own derivation (按单位所在地归集), shown as such."""
ALIASES: Final = {"蒙古国": "蒙古"}
"""Names in facts → names in countries.csv."""
COUNTRY: Final = "国家"
PROVINCE: Final = "省区市"
HOME_CODE: Final = "150000"


@dataclass(frozen=True)
class Place:
    """A country (ISO code) or a province (division code) with the point of its capital, WGS 84 degrees."""

    code: str
    name: str
    short_name: str
    kind: str
    lon: float
    lat: float
    derived: bool = False
    group: str = ""
    """The plan's group of partners it belongs to."""

    @property
    def home(self) -> bool:
        """True for the region itself: nothing crosses a border."""
        return self.code == HOME_CODE


def place_of(partner: str) -> Place | None:
    """The country or province of a partner, or None where neither its name nor our table tells."""
    return _places(settings().geo_dir).get(ALIASES.get(partner, partner))


def by_code(code: str) -> Place | None:
    """A place by its country or division code."""
    return next((place for place in _places(settings().geo_dir).values() if place.code == code), None)


@lru_cache(maxsize=8)
def _places(folder: Path) -> dict[str, Place]:
    known: dict[str, Place] = {}
    aliases = {name: alias for alias, name in ALIASES.items()}
    for row in _rows(folder / "countries.csv"):
        name = row["name_zh"]
        shown = aliases.get(name, name)
        known[name] = Place(
            row["iso_a2"], shown, shown, COUNTRY, float(row["lon"]), float(row["lat"]),
            group=country_group(row["group"]),
        )  # fmt: skip
    for row in _rows(folder / "provinces.csv"):
        known[row["name"]] = Place(
            row["code"], row["name"], row["short_name"], PROVINCE, float(row["lon"]), float(row["lat"]),
            group=province_group(row["cluster"], neighbour=row["is_neighbour"] == "1"),
        )  # fmt: skip
    for row in _rows(DERIVED_FILE):
        province = known[row["province"]]
        known.setdefault(
            row["partner"],
            Place(
                province.code,
                province.name,
                province.short_name,
                PROVINCE,
                province.lon,
                province.lat,
                derived=True,
                group=province.group,
            ),
        )
    return known


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))
