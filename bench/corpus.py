"""What is asked, and what a plain scan of the same texts finds: the truth that every way is held against."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import cycle
from random import Random
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.domain.text import fold, terms
from lib.store import search
from lib.store.models import Achievement

QUERIES: Final = (
    "技术", "节水", "智能", "装备", "稀土", "草原", "氢能", "土永", "煤化", "芯粒",
    "科技有限公司", "成套技术与装备", "关键技术", "盐碱地", "近零排放",
    "二氧化碳", "乌梁素海", "稀土永磁体", "燃料电池", "量子芯片",
    "技术 装备", "制氢 呼和浩特", "草原 生态修复", "稀土 回收", "肉牛 快繁",
    "玉米 节水", "储能 安全预警", "煤矸石 资源化", "光伏 智能", "燃料电池 低温 示范",
)  # fmt: skip
"""Ten of two characters, ten longer ones, ten of several words: from most records to none; 土永 straddles words."""
COMMONEST: Final = "技术"

_SEED: Final = 20261126
_RUN: Final = re.compile(r"[^\W_]+")


class Corpus:
    """The searched texts of all achievements of a database."""

    def __init__(self, session: Session) -> None:
        columns = (search.ACHIEVEMENTS.title, *search.ACHIEVEMENTS.body)
        table = Achievement.__table__.c
        rows = session.execute(select(table.id, *(table[name] for name in columns)).order_by(table.id))
        self.texts: dict[int, str] = {row[0]: fold("\n".join(map(search.words, row[1:]))) for row in rows}

    def ids(self, query: str) -> set[int]:
        """The records that contain every term of the query."""
        words = terms(query)
        return {record for record, text in self.texts.items() if all(word in text for word in words)}

    @cached_property
    def _runs(self) -> list[list[str]]:
        return [_RUN.findall(text) for text in self.texts.values()]

    def terms(self, count: int) -> list[str]:
        """Different terms of 2 to 6 characters, each cut at random out of a run of letters of some record."""
        chance = Random(_SEED)  # noqa: S311 - a sample, not a secret
        found: dict[str, None] = {}
        while len(found) < count:
            length = chance.randint(2, 6)
            runs = [run for run in chance.choice(self._runs) if len(run) >= length]
            if runs:
                run = chance.choice(runs)
                start = chance.randrange(len(run) - length + 1)
                found[run[start : start + length]] = None
        return list(found)


def questions(session: Session, count: int = 3000) -> Iterator[str]:
    """What many visitors may type, each a different search, again from the start after `count`.

    They are made of the keywords of records drawn at random: a third two characters of one, a third a keyword, a third
    two keywords of the same record. A page keeps what it found; a question that nobody asked lately is not kept.
    """
    table = Achievement.__table__.c
    rows: list[str] = list(session.scalars(select(table.keywords).where(table.keywords != "").order_by(table.id)))
    chance = Random(_SEED)  # noqa: S311 - a sample, not a secret
    found: dict[str, None] = {}
    tries = iter(range(40 * count))
    while len(found) < count and (number := next(tries, None)) is not None:
        words = [word for word in re.split("[、；;]", chance.choice(rows)) if len(word) > 1]
        if not words:
            continue
        word = chance.choice(words)
        start = chance.randrange(len(word) - 1)
        found[(word[start : start + 2], word, " ".join(words[:2]))[number % 3]] = None
    return cycle(found)


def totals(corpus: Corpus) -> Mapping[str, int]:
    """How many records each of the fixed queries has."""
    return {query: len(corpus.ids(query)) for query in QUERIES}
