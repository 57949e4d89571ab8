"""Lists in pages."""


def pages(total: int, size: int) -> int:
    """How many pages of `size` hold `total` rows; an empty list has one page too."""
    return max(1, -(-total // size))
