"""The command line: exit codes, the summary line, the report of rejected rows, and who may write beside whom."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import select, text
from typer.testing import CliRunner

from lib.__main__ import app
from lib.settings import ROOT, settings
from lib.store.engine import Database, database
from lib.store.models import Account, Achievement, Demand

HEADER = "title,enterprise,league,field,budget_cny,description,year\n"


def run(*words: str | Path, typed: str | None = None) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, [str(word) for word in words], input=typed)


@pytest.fixture
def demands(tmp_path: Path) -> Path:
    """A file with a good row and a bad one."""
    file = tmp_path / "需求.csv"
    file.write_text(f"{HEADER}好需求,,,,,,2024\n=坏需求,,火星,,,,2024\n", "utf-8")
    return file


def test_init_twice_loads_once(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'new' / 'fresh.db'}"
    first, second = (
        subprocess.run(
            [sys.executable, "-m", "lib", "init"],
            cwd=ROOT, env={"DATABASE_URL": address, "PATH": ""}, capture_output=True, text=True, check=True,
        ).stdout
        for _ in range(2)
    )  # fmt: skip
    assert "achievements.csv: imported 143, updated 0, unchanged 0, rejected 0" in first
    assert "achievements.csv: imported 0, updated 0, unchanged 143, rejected 0" in second


def test_an_import_prints_its_summary_and_reports_what_it_rejected(app_database: Database, demands: Path) -> None:
    report = demands.with_name("需求.csv.rejected.csv")
    done = run("import", "demands", demands)
    assert done.exit_code == 1
    assert done.stdout == "imported 1, updated 0, unchanged 0, rejected 1\n"
    grid = list(csv.reader(report.read_text("utf-8-sig").splitlines()))
    assert grid[0] == ["行号", "原因", *HEADER.strip().split(",")]
    assert grid[1][0] == "3"
    assert grid[1][1].startswith("league：没有「火星」这个盟市")
    assert grid[1][2] == "'=坏需求"

    demands.write_text(f"{HEADER}好需求,,,,,,2024\n=坏需求,,包头市,,,,2024\n", "utf-8")
    done = run("import", "demands", demands)
    assert (done.exit_code, done.stdout) == (0, "imported 1, updated 0, unchanged 1, rejected 0\n")
    assert not report.exists(), "an old report would mislead"


def test_a_dry_run_leaves_the_database_alone(app_database: Database, demands: Path) -> None:
    done = run("import", "demands", demands, "--dry-run")
    assert (done.exit_code, done.stdout) == (1, "imported 1, updated 0, unchanged 0, rejected 1\n")
    with app_database.read() as session:
        assert session.scalars(select(Demand.id).where(Demand.title == "好需求")).all() == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("import", "谣言", "a.csv"), "没有「谣言」这类数据"),
        (("import", "demands", "没有这个文件.csv"), "无法读取文件"),
        (("import", "demands", str(ROOT)), "无法读取文件"),
        (("demo",), "请写明要生成的条数"),
        (("demo", "--clear", "--demands", "5"), "请写明要生成的条数"),
        (("account", "create", "--login", "guanli", "--name", "甲", "--password-stdin"), "密码"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(app_database: Database, words: tuple[str, ...], sentence: str) -> None:
    done = run(*words, typed="short\n")
    assert done.exit_code == 1
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert isinstance(done.exception, SystemExit), "no traceback"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("sqlite:///{folder}/empty.db", "python -m lib init"),
        ("sqlite:///{folder}/junk.db", "请检查 DATABASE_URL"),
        ("postgresql+psycopg://nobody:secret@127.0.0.1:1/none", "请检查 DATABASE_URL"),
        ("no address", "请检查 DATABASE_URL"),
    ],
)
def test_a_database_that_cannot_be_used_says_what_to_do(
    app_database: Database, demands: Path, monkeypatch: pytest.MonkeyPatch, address: str, sentence: str
) -> None:
    demands.with_name("junk.db").write_bytes(b"junk" * 2000)
    monkeypatch.setenv("DATABASE_URL", address.format(folder=demands.parent))
    settings.cache_clear()
    database.cache_clear()
    done = run("import", "demands", demands)
    assert done.exit_code == 1
    assert sentence in done.stderr
    assert "secret" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_set_comes_and_goes_by_command(app_database: Database) -> None:
    assert run("demo", "--achievements", "20", "--contracts", "30", "--roadshows", "--seed", "3").exit_code == 0
    with app_database.read() as session:
        assert len(session.scalars(select(Achievement.id).where(Achievement.origin == "demo")).all()) == 20
    done = run("demo", "--clear")
    assert (done.exit_code, done.stdout) == (0, "已清除演示数据：成果 20、需求 0、合同 30、路演 2。\n")


def test_the_sums_of_contracts_are_made_anew_by_command(app_database: Database) -> None:
    with app_database.write() as session:
        session.execute(text("DELETE FROM contract_by_class"))
    done = run("rollup")
    assert (done.exit_code, done.stdout) == (0, "已重算合同汇总：21 项合同。\n")
    with app_database.read() as session:
        assert session.scalar(text("SELECT sum(number) FROM contract_by_class")) == 21


def test_an_account_is_created_from_a_password_typed_twice_or_piped(app_database: Database) -> None:
    secret = "草原上的风力发电机 7 号"
    create = ("account", "create", "--name", "管理员甲")
    typed = run(*create, "--login", "first", typed=f"{secret}\n{secret}\n")
    piped = run(*create, "--login", "second", "--password-stdin", typed=f"{secret}\n")
    differs = run(*create, "--login", "third", typed=f"{secret}\n{secret}!\n")
    again = run(*create, "--login", "first", "--password-stdin", typed=f"{secret}\n")
    assert [done.exit_code for done in (typed, piped, differs, again)] == [0, 0, 1, 1]
    assert secret not in typed.output + piped.output
    with app_database.read() as session:
        accounts = session.execute(select(Account.login, Account.role).order_by(Account.id)).all()
    assert [tuple(row) for row in accounts] == [("first", "administrator"), ("second", "administrator")]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--role", "official", "--scope", "150200"), ""), (("--role", "official"), "须选择所管的地区"),
        (("--role", "official", "--scope", "999999"), "从列表里选择"),
        (("--role", "broker", "--scope", "150200"), "所管地区"),
        (("--role", "member", "--organization", "内蒙古大学"), ""), (("--role", "member"), "须选择所属单位"),
        (("--role", "member", "--organization", "没有这家"), "没有这家机构"), (("--role", "organizer"), "至少一场活动"),
    ],
)  # fmt: skip
def test_an_account_of_any_role_is_created_with_what_it_needs(
    app_database: Database, options: tuple[str, ...], said: str
) -> None:
    create = ("account", "create", "--login", "somebody", "--name", "甲", "--password-stdin", *options)
    done = run(*create, typed="草原上的风力发电机 7 号\n")
    assert (done.exit_code, said in done.stderr) == (1 if said else 0, True)
    link = run("account", "reset", "--login", "somebody")
    assert (link.exit_code, link.stdout.startswith("/reset/")) == ((1, False) if said else (0, True))


def test_a_command_that_writes_refuses_beside_another_process_on_the_same_file(
    app_database: Database, demands: Path
) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", "import sys\nfrom lib.store.engine import database\nfrom lib.store.lock import hold\n"
         "hold(database())\nprint('held', flush=True)\nsys.stdin.read()"],
        cwd=ROOT, env={"DATABASE_URL": str(settings().database_url)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        for words in (("init",), ("import", "demands", demands), ("demo", "--demands", "5"), ("demo", "--clear")):
            done = run(*words)
            assert done.exit_code == 1
            assert "正由另一个进程使用" in done.stderr
        assert run("import", "demands", demands, "--dry-run").stdout.startswith("imported 1,")
    finally:
        holder.communicate()
    assert run("import", "demands", demands).stdout.startswith("imported 1,")


def test_everything_goes_out_and_comes_back_by_command_and_the_trail_is_verified(
    app_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run("audit", "head")
    kept = first.stdout.split()[0]
    for words in (("export", "all", tmp_path / "out"), ("backup", tmp_path / "out.tar.gz")):
        done = run(*words)
        assert (done.exit_code, "0600" in done.stdout) == (0, True), done.output
        assert run(*words).exit_code == 1, "an archive is never written over"
    for number, words in enumerate((("import", "all", tmp_path / "out"), ("restore", tmp_path / "out.tar.gz"))):
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / f'copy-{number}.db'}")
        settings.cache_clear()
        database.cache_clear()
        assert run(*words).exit_code == 0
        assert run(*words).exit_code == 1, "what is there is never written over"
        for asked, code in ((kept, 0), (f"9999:{'0' * 64}", 1), ("nonsense", 1)):
            assert run("audit", "verify", "--head", asked).exit_code == code
        with database().engine.begin() as connection:
            connection.execute(text("DROP TRIGGER audit_entry_no_update"))
            connection.execute(text("UPDATE audit_entry SET actor = 'x' WHERE id = 1"))
        found = run("audit", "verify")
        assert (found.exit_code, found.stderr.startswith("第 1 条与它的校验值不符")) == (1, True)
        database().dispose()
