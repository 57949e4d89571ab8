"""Distances on the earth, in kilometres."""

from math import asin, cos, radians, sin, sqrt
from typing import Final

RADIUS: Final = 6371.0088
"""Mean radius of the earth in kilometres (IUGG)."""


def great_circle(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Kilometres between two places in WGS 84 degrees, along the surface of a sphere; roads are longer."""
    a, b = radians(lat_a), radians(lat_b)
    half = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(lon_b - lon_a) / 2) ** 2
    return 2 * RADIUS * asin(sqrt(min(1.0, half)))
