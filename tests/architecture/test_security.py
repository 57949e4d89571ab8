"""SECURITY.md names tests that exist and that carry the number they are named for."""

import re

from lib.settings import ROOT

ROW = re.compile(r"^\| [^|]+ \| (R\d+(?:, R\d+)*) \| ([^|]+) \|$", re.MULTILINE)


def test_every_promise_names_the_test_that_holds_it() -> None:
    rows = ROW.findall((ROOT / "SECURITY.md").read_text())
    missing = []
    for numbers, places in rows:
        files = [ROOT / place for place in re.findall(r"`(tests/[\w./]+)`", places)]
        assert files and all(file.exists() for file in files), places
        told = "\n".join(file.read_text() for file in files if file.is_file())
        missing += [number for number in numbers.split(", ") if not re.search(rf"\b{number}\b", told)]
    assert len(rows) >= 18 and missing == []
