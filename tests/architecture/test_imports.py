"""The direction of imports and the list of libraries hold."""

import ast
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import packages_distributions
from pathlib import Path

from lib.settings import ROOT

RUNTIME = [ROOT / "app.py", *sorted((ROOT / "lib").rglob("*.py")), *sorted((ROOT / "pages").glob("*.py"))]
NOT_IMPORTED = {
    "altair": "named by the customer; charts are plain specs of its Vega-Lite, since importing it takes a second",
    "pandas": "named by the customer; what Streamlit's tables and charts stand on",
    "psycopg": "the driver that postgresql+psycopg:// names",
    "python-multipart": "what Starlette reads forms with",
}
"""Libraries of requirements.in that no file of ours imports, and why they are there."""


def test_rooms_import_only_downwards() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_library_that_is_imported_is_asked_for_and_the_other_way_round() -> None:
    imported = {_distribution(module) for file in RUNTIME for module in _foreign_modules(file)}
    asked = {_normal(re.split(r"[\[=<>~]", line, maxsplit=1)[0]) for line in _lines("requirements.in")}
    assert imported - asked == set()
    assert asked - imported == set(NOT_IMPORTED)


def test_every_requirement_is_pinned_exactly_and_names_no_address() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in _lines(name):
            assert re.fullmatch(r"[a-z0-9._-]+==[\w.!+]+", line), f"{name}: {line}"


def _lines(name: str) -> list[str]:
    lines = [line.strip() for line in (ROOT / name).read_text().splitlines()]
    return [line for line in lines if line and not line.startswith(("#", "-c "))]


def _foreign_modules(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"lib", "pages"}


def _distribution(module: str) -> str:
    return _normal(_distributions()[module][0])


@lru_cache
def _distributions() -> Mapping[str, list[str]]:
    """Which distribution each module came with: read from all that is installed, so once."""
    return packages_distributions()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()
