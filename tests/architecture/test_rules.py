"""Rules of the house that a reader of one file cannot see: guards, checks, escapes, settings that are written down."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.domain.access import Permission
from lib.settings import ROOT, Settings
from lib.ui.navigation import PLACES

PAGES = sorted((ROOT / "pages").glob("*.py"))
SERVICES = sorted((ROOT / "lib" / "services").glob("*.py"))
SOURCES = [ROOT / "app.py", *sorted((ROOT / "lib").rglob("*.py")), *PAGES]

CHECKS = {"require", "require_scope"}
WITHOUT_CHECK = {
    "audit.record": "notes what somebody else was allowed to do",
    "audit.refused": "notes what somebody was not allowed to do",
    "audit.record_submission": "notes what somebody else was allowed to do",
    "scopes.within": "says where the actor's word holds, as part of a query that checks",
    "scopes.own": "says what is the actor's own, as part of a query that checks",
    "scopes.is_own": "the same for one row",
    "scopes.reviewing": "says what is the actor's to review, as part of a query that checks",
    "scopes.hosts": "says whether the actor runs an event, for a service that checks",
    "stage.drives": "says whether the actor runs an event, beside a service that checks",
    "interests.keep": "writes what a service that checked hands on",
    "leads.reach": "says which intentions the actor may follow up, as part of a query that checks",
    "followups.locked": "finds an intention that the actor may follow up, for a service that checks",
    "scopes.hosting": "says which events the actor runs, as part of a query that checks",
}
HTML_ALLOWED = {"lib/ui/components/markup.py"}
DOWNLOADS_ALLOWED = {"lib/ui/views/bulk.py": "an empty template, the same for everybody"}
"""Files that may offer a download, and what it is: public data only."""
PRINT_ALLOWED = {"lib/__main__.py"}


def _name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the dotted name of what is called, such as `st.html`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def test_every_page_of_the_navigation_is_a_file_and_the_other_way_round() -> None:
    assert {place.name for place in PLACES} == {file.stem for file in PAGES}


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.stem)
def test_every_page_guards_itself_first_with_the_permission_of_the_navigation(file: Path) -> None:
    body = _tree(file).body
    docstring = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    first = next(node for node in body[docstring:] if not isinstance(node, ast.Import | ast.ImportFrom))
    assert isinstance(first, ast.Assign | ast.Expr), "the first statement is no guard"
    assert isinstance(first.value, ast.Call)
    assert ast.unparse(first.value.func) == "guard.page"
    permission = next(place.permission for place in PLACES if place.name == file.stem)
    assert ast.unparse(first.value.args[0]) == f"Permission.{permission.name}"


def _services() -> dict[str, ast.FunctionDef]:
    return {
        f"{file.stem}.{node.name}": node
        for file in SERVICES
        for node in _tree(file).body
        if isinstance(node, ast.FunctionDef)
        and "actor" in {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
    }


def _checked(services: dict[str, ast.FunctionDef]) -> set[str]:
    """Names of the services that call require or require_scope, or hand their actor to one that does."""
    done: set[str] = set()
    while True:
        more = {
            name
            for name, function in services.items()
            if name not in done
            and any(
                called in CHECKS or (_hands_actor(call) and _called_service(name, called, services) in done)
                for called, call in _calls(function)
            )
        }
        if not more:
            return done
        done |= more


def _hands_actor(call: ast.Call) -> bool:
    values = (*call.args, *(keyword.value for keyword in call.keywords))
    return any(isinstance(value, ast.Name) and value.id == "actor" for value in values)


def _called_service(caller: str, called: str, services: dict[str, ast.FunctionDef]) -> str:
    return called if called in services else f"{caller.split('.')[0]}.{called}"


def test_every_service_checks_the_actor_it_is_given() -> None:
    services = _services()
    assert len(services) > 10
    public = {name for name in services if not name.split(".")[1].startswith("_")}
    assert public - _checked(services) == set(WITHOUT_CHECK)


def test_every_permission_is_checked_by_some_service() -> None:
    checked = {
        ast.unparse(node)
        for file in SERVICES
        for called, call in _calls(_tree(file))
        if called in CHECKS or called.endswith(".may")  # asked, where a refusal would be a leak: there is less to see
        for node in call.args
    }
    assert {f"Permission.{permission.name}" for permission in Permission} - checked == set()


def test_html_is_drawn_in_one_place_that_escapes() -> None:
    found = {
        _name(file)
        for file in SOURCES
        for called, call in _calls(_tree(file))
        if called.split(".")[-1] == "html"
        or any(keyword.arg in {"unsafe_allow_html", "unsafe_allow_javascript"} for keyword in call.keywords)
    }
    assert found == HTML_ALLOWED


def test_downloads_are_offered_only_where_everything_is_public() -> None:
    found = {
        _name(file)
        for file in SOURCES
        for called, _ in _calls(_tree(file))
        if called.split(".")[-1] == "download_button"
    }
    assert found == set(DOWNLOADS_ALLOWED)


def test_what_is_read_is_kept_by_one_module_and_leaves_nothing_on_the_disk() -> None:
    decorated = {
        _name(file)
        for file in SOURCES
        for node in ast.walk(_tree(file))
        if isinstance(node, ast.Attribute) and node.attr in {"cache_data", "cache_resource"}
    }
    assert decorated == set(), "lib/ui/cache.py keeps what pages read"
    persistent = {
        _name(file)
        for file in SOURCES
        for _, call in _calls(_tree(file))
        if any(keyword.arg == "persist" for keyword in call.keywords)
    }
    assert persistent == set()


def test_only_the_command_line_prints() -> None:
    assert {_name(file) for file in SOURCES for called, _ in _calls(_tree(file)) if called == "print"} <= PRINT_ALLOWED


def test_only_settings_reads_the_environment() -> None:
    found = {
        _name(file)
        for file in SOURCES
        for node in ast.walk(_tree(file))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
    }
    assert found == set()


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_every_setting_is_written_down(readme: str) -> None:
    text = (ROOT / readme).read_text()
    assert [name for name in Settings.model_fields if f"`{name.upper()}`" not in text] == []
