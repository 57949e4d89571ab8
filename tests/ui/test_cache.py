"""What pages read is read once for everybody, anew after a change of the data, and again where it could not be read."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from time import sleep

import pytest

from lib.domain.errors import Unavailable
from lib.store.engine import Database
from lib.ui import cache


@pytest.fixture
def reads(app_database: Database) -> Iterator[int]:
    """Numbers the reads."""
    return count(1)


def test_many_at_once_wait_for_one_read(reads: Iterator[int]) -> None:
    def broken(_session: object) -> int:
        raise Unavailable("没有回答", passing=True)

    def slow(_session: object) -> int:
        sleep(0.05)
        return next(reads)

    with pytest.raises(Unavailable):
        cache.shared("test", "key", (1,), broken)
    together = Barrier(8)

    def ask(_number: int) -> int:
        together.wait()
        return cache.shared("test", "key", (1,), slow)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [1] * 8


def test_another_name_question_or_revision_is_read_anew(reads: Iterator[int]) -> None:
    asked = [("a", "key", (1,)), ("b", "key", (1,)), ("a", ("key",), (1,)), ("a", "key", (2,))]
    for _ in range(2):
        assert [cache.shared(*one, lambda _session: next(reads)) for one in asked] == [1, 2, 3, 4]
    cache.forget()
    assert cache.shared(*asked[0], lambda _session: next(reads)) == 5
