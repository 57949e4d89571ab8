"""The matching engine: judged results beside two baselines, and one demand against all achievements."""

import statistics
from typing import Final

from bench import judged, turns
from bench.bed import Bed
from lib.domain.access import VISITOR
from lib.services import catalogue, matching
from lib.services.catalogue import CatalogueQuery
from lib.store.engine import Database

_DEMANDS: Final = {1: "肉牛", 5: "乳酸菌", 12: "灌区", 15: "制氢", 18: "盐碱地", 28: "稀土", 31: "煤炭", 40: "燃料电池"}
"""Demands of the real data, by id, and a word of each."""


def judgements(bed: Bed) -> None:
    """The judged pairs and queries: the product against two baselines."""
    with bed.real_store.read() as session:
        scores, recalls = judged.pairs(session), judged.queries(session)
        margins, listed = judged.folds(session), judged.precision(session)
    for name, score in scores.items():
        bed.report.line(f"{name:42} nDCG@5 {score.ndcg:.3f}  Recall@10 {score.recall:.3f}")
    ours = scores.pop("matching")
    better = max(score.ndcg for score in scores.values())
    bed.report.figure(
        "judged", "nDCG@5 of the matching above the better baseline", ours.ndcg - better, 0.15, least=True
    )
    unseen = judged.unseen(bed.real_store)
    fresh = unseen.pop("matching")
    bed.report.figure(
        "judged", "the same over invented demands, written after the table of industries",
        fresh.ndcg - max(score.ndcg for score in unseen.values()), 0.15, least=True,
    )  # fmt: skip
    right = ", ".join(f"{label} {useful} of {shown}" for label, (useful, shown) in listed.items())
    bed.report.note(
        f"Judged, of use among what is listed: {right}. Above the better baseline in each fifth of the demands: "
        f"{', '.join(f'{margin:.3f}' for margin in margins)}. Invented demands: nDCG@5 {fresh.ndcg:.3f}."
    )
    found = ", ".join(f"{name} {recall:.3f}" for name, recall in recalls.items())
    bed.report.note(
        f"Judged: nDCG@5 {ours.ndcg:.3f}, Recall@10 {ours.recall:.3f}; better baseline {better:.3f}; "
        f"recall of the judged queries: {found}."
    )


def matches(bed: Bed) -> None:
    """A demand ranked against all achievements ÷ the catalogue page's search of a word of the same demand."""
    for kind, store in bed.stores.items():
        ratios: list[float] = []
        for demand, word in _DEMANDS.items():
            ours, search = turns.pair(
                bed.rounds,
                lambda store=store, demand=demand: _matched(store, demand),  # type: ignore[misc]
                lambda store=store, word=word: _searched(store, word),  # type: ignore[misc]
            )
            ratios.append(ours / search)
            bed.report.line(
                f"{kind}: demand {demand:2} {ours * 1000:6.1f} ms, search of {word} {search * 1000:6.1f} ms"
            )
        bed.report.figure(
            "match",
            f"{kind}: one demand against {bed.size:,} ÷ a catalogue search, median",
            statistics.median(ratios),
            2,
        )


def _matched(store: Database, demand: int) -> None:
    with store.read() as session:
        matching.for_demand(session, demand, actor=VISITOR)


def _searched(store: Database, word: str) -> None:
    with store.read() as session:
        asked = CatalogueQuery(q=word, order="relevance", wide=True)
        catalogue.search_achievements(session, asked, actor=VISITOR)
