"""R18: whatever is sent in place of an answer is read or refused with sentences; nothing else ever happens."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from secrets import token_hex
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lib.domain import dates, markings, money
from lib.domain import submissions as numbers
from lib.domain import text as texts
from lib.domain.access import VISITOR, Actor
from lib.domain.errors import InvalidInput, ProductError
from lib.domain.vocabulary import SubmissionKind
from lib.files.export import PREFIXES, csv_bytes, safe
from lib.services import catalogue, drafts, forms, submissions
from lib.services.catalogue import CatalogueQuery
from lib.store.engine import Database
from tests.samples import achievement, demand, military, registration

GOOD = {
    SubmissionKind.DEMAND: demand(),
    SubmissionKind.ACHIEVEMENT: achievement(),
    SubmissionKind.REGISTRATION: registration(1),
    SubmissionKind.MILITARY: military(),
}
NASTY = st.text(alphabet=st.one_of(st.characters(), st.characters(categories=["Cc", "Cf", "Cs", "Co", "Nd", "No"])))
TEXT = st.one_of(
    NASTY, st.sampled_from(["=1+1", "１２", "1e9", "NaN", "-0", "\0", "\ud800", "\u202e", "a" * 5000, "150100"])
)
ANYTHING = st.recursive(
    st.one_of(
        TEXT, st.none(), st.booleans(), st.integers(), st.floats(), st.decimals(), st.dates(), st.datetimes(),
        st.binary(max_size=20), st.sampled_from([date.min, date.max, 10**400, Decimal("1e999")]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=4,
)  # fmt: skip
CALLS = settings(derandomize=True, database=None, suppress_health_check=list(HealthCheck))
READERS: tuple[Callable[[str], Any], ...] = (
    texts.clean, texts.fold, texts.organization_key, texts.grams, texts.terms, money.parse_amount, dates.parse_date,
    numbers.phone, numbers.email, numbers.credit_code_holds, numbers.mask_phone, numbers.mask_name, markings.marking,
    lambda text: texts.clean(text, multiline=True), lambda text: texts.shorten(text, 10), safe,
)  # fmt: skip


def changed(kind: SubmissionKind) -> st.SearchStrategy[Mapping[str, Any]]:
    """A good form with one to four answers replaced by anything, and sometimes more fields than there are."""
    names = st.sampled_from([*forms.FORMS[kind].model_fields, "levels", "contact", "version", "__class__", "self"])
    return st.dictionaries(names, ANYTHING, min_size=1, max_size=4).map(lambda wrong: {**GOOD[kind], **wrong})


@pytest.mark.parametrize("kind", SubmissionKind)
def test_a_form_is_read_or_refused_with_a_sentence_for_each_field(kind: SubmissionKind) -> None:
    """R18."""
    seen = {"read": 0, "refused": 0}

    @settings(CALLS, max_examples=500)
    @given(changed(kind))
    def check(values: Mapping[str, Any]) -> None:
        try:
            forms.check(kind, values).content()
            seen["read"] += 1
        except InvalidInput as refusal:
            assert refusal.fields and all(sentence.endswith("。") for sentence in refusal.fields.values())
            seen["refused"] += 1

    check()
    print(f"R18: {sum(seen.values())} forms of {kind.value}: {seen}, 0 exceptions")
    assert seen["refused"] > 200 and seen["read"] > 10


def test_text_is_read_or_refused() -> None:
    """R18."""
    calls = 0

    @settings(CALLS, max_examples=500)
    @given(TEXT)
    def read(text: str) -> None:
        nonlocal calls
        for reader in READERS:
            calls += 1
            try:
                reader(text)
            except ValueError:
                continue

    read()
    print(f"R18: {calls} readings of text, 0 exceptions")
    assert calls >= 500 * len(READERS)


def test_what_is_stored_breaks_no_rule_of_the_database(loaded: Database) -> None:
    """R18."""
    kept = refused = 0

    def told(work: Callable[[], Any]) -> None:
        nonlocal kept, refused
        try:
            work()
            kept += 1
        except ProductError:
            refused += 1

    @settings(CALLS, max_examples=120)
    @given(st.sampled_from(SubmissionKind).flatmap(lambda kind: st.tuples(st.just(kind), changed(kind))), TEXT, TEXT)
    @example((SubmissionKind.REGISTRATION, registration(10**400)), "\0", "\ud800")
    @example((SubmissionKind.REGISTRATION, registration(2**31 - 1)), "XQ-20261126-0001", "\0")
    def hand_in(form: tuple[SubmissionKind, Mapping[str, Any]], one: str, other: str) -> None:
        kind, values = form
        draft = token_hex(16)
        told(lambda: drafts.save(loaded, draft, kind, values, actor=VISITOR, browser="b" * 64))
        told(lambda: submissions.submit(loaded, kind, draft, values, actor=Actor(name="甲", address="::1")))
        told(lambda: submissions.submit(loaded, kind, one, values, actor=VISITOR))
        told(lambda: submissions.status(loaded, one, other, actor=VISITOR))
        with loaded.read() as session:
            drafts.load(session, draft, actor=VISITOR, browser="b" * 64)
            drafts.listing(session, actor=VISITOR, browser="b" * 64)
            told(lambda: catalogue.search_demands(session, CatalogueQuery(q=one, order=other), actor=VISITOR))

    hand_in()
    print(f"R18: {kept} kept and {refused} refused on {loaded.url.get_backend_name()}, 0 exceptions")
    assert kept > 100 and refused > 100


def test_no_text_becomes_a_formula() -> None:
    @settings(CALLS, max_examples=500)
    @given(st.sampled_from(PREFIXES), TEXT)
    def export(prefix: str, text: str) -> None:
        cell = safe(prefix + text.replace("\ud800", ""))
        number = cell.strip("+-%").replace(",", "").replace(".", "").isdecimal()
        assert cell.startswith("'") or number or len(cell) == 1
        csv_bytes(["列"], [[cell.encode("utf-8", "replace").decode()]])

    export()
