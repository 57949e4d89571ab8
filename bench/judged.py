"""What the matching and the search find of what people judged by reading: against two baselines, in one run.

The judged pairs and queries lie in tests/data/eval: `matching.csv` for the demands of the real data, `unseen.csv` for
invented demands in the words of enterprises, judged by one reader after the table of industries stood. Some weights
and a few synonyms were settled while both sets were in view, so neither is free of us: the first measurement of the
invented demands, before anything was changed, stood 0.127 above the better baseline.
A ranking of a demand counts by nDCG@5 (gain 2^grade - 1) over all judged pairs of the demand, and by how many of those
with grade 2 or 3 are among its first ten.
"""

import csv
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.domain.access import VISITOR
from lib.domain.dates import now_utc
from lib.domain.text import fold
from lib.domain.vocabulary import FIELD_CODES, Origin
from lib.services import catalogue, matching
from lib.services.catalogue import CatalogueQuery
from lib.settings import ROOT
from lib.store.engine import Database
from lib.store.models import Achievement, Demand, Division

FOLDER: Final = ROOT / "tests" / "data" / "eval"
Judged = Mapping[str, Mapping[str, int]]
Ranking = Callable[[Any], list[str]]
"""From a demand's row to the titles of achievements, best first."""


@dataclass(frozen=True)
class Score:
    """How good rankings are: both from 0 to 1."""

    ndcg: float
    recall: float


@lru_cache
def judged(file: str, asked: str) -> dict[str, dict[str, int]]:
    """Grades by what was asked and the title of the achievement."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    with (FOLDER / file).open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            found[row[asked]][row["achievement_title"]] = int(row["grade"])
    return dict(found)


def pairs(session: Session) -> dict[str, Score]:
    """The product's matching and the baselines over every judged demand of the real data, by name."""
    grades = judged("matching.csv", "demand_title")
    return {name: score(ranked, grades) for name, ranked in rankings(session, grades).items()}


def folds(session: Session, count: int = 5) -> list[float]:
    """nDCG@5 above the better baseline over each of `count` parts of the judged demands, the lowest first."""
    grades = judged("matching.csv", "demand_title")
    ranked = rankings(session, grades)
    margins = []
    for part in range(count):
        chosen = list(grades)[part::count]
        gains = {name: score({t: of[t] for t in chosen}, grades).ndcg for name, of in ranked.items()}
        margins.append(gains.pop("matching") - max(gains.values()))
    return sorted(margins)


def unseen(database: Database) -> dict[str, Score]:
    """The same over the demands of `unseen.csv`, which are in the database only while they are ranked."""
    grades = judged("unseen.csv", "demand_title")
    with (FOLDER / "unseen.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["demand_title"]: row for row in csv.DictReader(file)}
    with database.write() as session:
        leagues = {row.name: row.code for row in session.execute(select(Division.name, Division.code))}
        moment = now_utc()
        session.add_all(
            Demand(
                title=title, description=row["description"], field=FIELD_CODES[row["field"]], origin=Origin.DEMO,
                league_code=leagues.get(row["league"]), created_at=moment, updated_at=moment,
            )
            for title, row in rows.items()
        )  # fmt: skip
        session.flush()
        found = {name: score(ranked, grades) for name, ranked in rankings(session, grades).items()}
        session.rollback()
    return found


def precision(session: Session) -> dict[str, tuple[int, int]]:
    """Of the pairs that the matching lists for the judged demands, by grade: how many are of use (2 or 3), and all."""
    grades = judged("matching.csv", "demand_title")
    counted = {"强": [0, 0], "较强": [0, 0], "弱": [0, 0]}
    for row in session.execute(select(Demand.id, Demand.title)).all():
        for item in matching.for_demand(session, row.id, actor=VISITOR, limit=20).items:
            of = counted[item.match.grade.label]
            of[0] += grades.get(row.title, {}).get(item.card.title, 0) >= 2
            of[1] += 1
    return {label: (right, listed) for label, (right, listed) in counted.items()}


def rankings(session: Session, grades: Judged) -> dict[str, dict[str, list[str]]]:
    """What the matching and each baseline find for each judged demand, best first."""
    demands = session.execute(select(Demand.id, Demand.title, Demand.description)).all()
    texts = {row.title: f"{row.title}\n{row.summary}" for row in
             session.execute(select(Achievement.title, Achievement.summary))}  # fmt: skip
    bm25 = _bm25(texts)
    ranked: dict[str, Ranking] = {
        "matching": lambda row: [
            item.card.title for item in matching.for_demand(session, row.id, actor=VISITOR, limit=20).items
        ],
        "LIKE on all terms": lambda row: _like(texts, row.title),
        "BM25 over bigrams, title": lambda row: bm25(row.title),
        "BM25 over bigrams, title and description": lambda row: bm25(f"{row.title}\n{row.description}"),
    }
    return {
        name: {row.title: ranking(row) for row in demands if row.title in grades} for name, ranking in ranked.items()
    }


def queries(session: Session) -> dict[str, float]:
    """The share of judged records of each query among what is found, averaged: the search, and LIKE on all terms."""
    grades = judged("queries.csv", "query")
    texts = {row.title: f"{row.title}\n{row.summary}" for row in
             session.execute(select(Achievement.title, Achievement.summary))}  # fmt: skip

    def found(query: str) -> list[str]:
        asked = CatalogueQuery(q=query, order="relevance", size=100, wide=True)
        return [card.title for card in catalogue.search_achievements(session, asked, actor=VISITOR).items]

    return {
        "search": _mean([_recall(found(query), wanted, None) for query, wanted in grades.items()]),
        "LIKE on all terms": _mean([_recall(_like(texts, query), wanted, None) for query, wanted in grades.items()]),
    }


def score(rankings: Mapping[str, Sequence[str]], grades: Judged) -> Score:
    """Means over the demands that have anything to find."""
    gains = [gain for title, ranking in rankings.items() if (gain := _ndcg(ranking, grades[title])) is not None]
    recalls = [_recall(ranking, grades[title], 10) for title, ranking in rankings.items()]
    return Score(_mean(gains), _mean(recalls))


def _ndcg(ranking: Sequence[str], grades: Mapping[str, int], depth: int = 5) -> float | None:
    def gain(found: Sequence[int]) -> float:
        return sum((2.0**grade - 1) / math.log2(place + 2) for place, grade in enumerate(found[:depth]))

    ideal = gain(sorted(grades.values(), reverse=True))
    return gain([grades.get(title, 0) for title in ranking]) / ideal if ideal else None


def _recall(ranking: Sequence[str], grades: Mapping[str, int], depth: int | None) -> float | None:
    wanted = [title for title, grade in grades.items() if grade >= 2]
    return sum(title in ranking[:depth] for title in wanted) / len(wanted) if wanted else None


def _mean(values: Sequence[float | None]) -> float:
    counted = [value for value in values if value is not None]
    return sum(counted) / len(counted)


def _like(texts: Mapping[str, str], asked: str) -> list[str]:
    terms = re.findall(r"[^\W_]+", fold(asked))
    return [title for title, text in texts.items() if all(term in fold(text) for term in terms)]


def _bigrams(text: str) -> list[str]:
    return [pair for run in re.findall(r"[^\W_]+", fold(text)) for pair in map("".join, pairwise(run))]


def _bm25(texts: Mapping[str, str], k: float = 1.2, b: float = 0.75) -> Callable[[str], list[str]]:
    documents = {title: Counter(_bigrams(text)) for title, text in texts.items()}
    spread = Counter(pair for document in documents.values() for pair in document)
    average = sum(document.total() for document in documents.values()) / len(documents)

    def rank(asked: str) -> list[str]:
        wanted = {pair: math.log(1 + (len(documents) - spread[pair] + 0.5) / (spread[pair] + 0.5))
                  for pair in set(_bigrams(asked))}  # fmt: skip
        scores = {
            title: sum(
                rare * document[pair] * (k + 1) / (document[pair] + k * (1 - b + b * document.total() / average))
                for pair, rare in wanted.items() if pair in document
            )
            for title, document in documents.items()
        }  # fmt: skip
        return sorted((title for title, value in scores.items() if value), key=lambda title: -scores[title])

    return rank
