"""The command line: `python -m lib …`."""

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from lib.domain.access import Actor, Role
from lib.domain.dates import show_time
from lib.domain.errors import InvalidInput, ProductError
from lib.files.facts import ROWS
from lib.files.tables import TableError
from lib.settings import settings
from lib.store.engine import Database, reach
from lib.store.lock import exclusive

if TYPE_CHECKING:
    from lib.services.archive import Archive

ALL: Final = "all"
"""The kind of data that is everything."""
ACTOR: Final = Actor(role=Role.ADMINISTRATOR, name="命令行")
"""Whoever may run commands on the server may load its data."""

app = typer.Typer(
    help="北疆技转：数据库与服务的命令。", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)  # a decorated traceback shows the values of variables: passwords
account = typer.Typer(help="管理登录账号。", no_args_is_help=True)
app.add_typer(account, name="account")
trail = typer.Typer(help="核对操作记录。", no_args_is_help=True)
app.add_typer(trail, name="audit")


def _fail(sentence: str) -> typer.Exit:
    """One clear line on standard error, and exit status 1."""
    print(sentence, file=sys.stderr)
    return typer.Exit(1)


@contextlib.contextmanager
def _database(*, writes: bool = True, migrated: bool = True) -> Iterator[Database]:
    """The database; for a command that writes ours alone, never beside a running app on the same SQLite file."""
    try:
        store = reach()
        with exclusive(store) if writes else contextlib.nullcontext():
            if migrated and not store.ready():
                raise _fail("数据库还没有创建或版本较旧，请先运行 python -m lib init。")
            yield store
    except InvalidInput as invalid:
        raise _fail("；".join(invalid.fields.values())) from None
    except ProductError as refusal:
        raise _fail(refusal.message) from None


@app.command()
def init() -> None:
    """创建或升级数据库，并装入公开数据；重复运行不会改变任何内容。"""
    from lib.services import exchange
    from lib.store import migrations

    with _database(migrated=False) as store:
        migrations.upgrade(store.engine)
        try:
            outcomes = exchange.load_public(store, actor=ACTOR)
        except TableError as refusal:
            raise _fail(str(refusal)) from None
        except OSError as missing:
            raise _fail(f"无法读取数据文件 {missing.filename}：{missing.strerror}。") from None
    for name, outcome in outcomes.items():
        print(f"{name}: {outcome}")
        for rejection in outcome.rejections:
            print(f"{name} 第 {rejection.line} 行：{rejection.reason}", file=sys.stderr)
    if any(outcome.rejected for outcome in outcomes.values()):
        raise typer.Exit(1)


@app.command("import")
def import_(
    kind: Annotated[
        str, typer.Argument(help=f"数据类别：{'、'.join(ROWS)}；或 all，即 export all 的全部数据。", metavar="类别")
    ],
    file: Annotated[
        Path,
        typer.Argument(help="CSV 或 XLSX 文件，列名与 data/public/ 中的文件相同；all 为目录。", metavar="文件"),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不写入数据库。")] = False,
) -> None:
    """导入一个表格；未通过的行连同原因写入 文件名.rejected.csv，全部通过时退出码为 0。"""
    from lib.services import exchange

    if kind == ALL:
        restore(file)
        return

    known = {str(name): name for name in ROWS}
    if kind not in known:
        raise _fail(f"没有「{kind}」这类数据，可用：{'、'.join(known)}。")
    try:
        data = file.read_bytes()
    except OSError as missing:
        raise _fail(f"无法读取文件 {file}：{missing.strerror}。") from None
    with _database(writes=not dry_run) as store:
        outcome = exchange.import_file(store, known[kind], file.name, data, actor=ACTOR, dry_run=dry_run)
    print(outcome)
    report = file.with_name(f"{file.name}.rejected.csv")
    try:
        if outcome.rejected:
            report.write_bytes(exchange.rejected_csv(outcome))
            print(f"{outcome.rejected} 行未通过，原因见 {report}", file=sys.stderr)
        else:
            report.unlink(missing_ok=True)
    except OSError as full:
        raise _fail(f"无法写入 {report}：{full.strerror}。") from None
    if outcome.rejected:
        raise typer.Exit(1)


@app.command()
def export(
    kind: Annotated[str, typer.Argument(help="只能是 all：全部数据。", metavar="all")],
    folder: Annotated[Path, typer.Argument(help="还不存在的目录。", metavar="目录")],
) -> None:
    """导出全部数据（每张表一个文件，附件，清单），服务运行时也可以；用 import all 导入空的数据库。"""
    from lib.services import archive

    if kind != ALL:
        raise _fail(f"没有「{kind}」这类导出，请写 export all 目录。")
    with _database(writes=False) as store:
        _told(archive.export_all(store, folder, actor=ACTOR))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="还不存在的 .tar 文件；以 .gz 结尾则压缩。", metavar="文件")],
) -> None:
    """备份全部数据为一个文件，服务运行时也可以；写完逐一核对，再改成正式的文件名。"""
    from lib.services import archive

    with _database(writes=False) as store:
        _told(archive.backup(store, file, actor=ACTOR))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="backup 写的文件，或 export all 写的目录。", metavar="文件")],
) -> None:
    """把备份读入一个空的数据库：先核对清单和校验值，再核对操作记录，全部通过才生效。"""
    from lib.services import archive

    with _database(migrated=False) as store:
        done = archive.restore(store, file, actor=ACTOR)
    print(f"已恢复：{done}。操作记录到备份时的末尾：{done.head}")
    _missing(done.missing)


def _told(done: "Archive") -> None:
    """What an archive is, and what it asks of whoever holds it."""
    print(f"已写入 {done.path}：{done}。")
    print(f"操作记录末尾：{done.head}\n清单校验值：{done.digest}")
    print("其中有联系方式、密码散列等保密内容，文件只有属主可读（0600）；请存放在安全的地方，不要外传。")
    _missing(done.missing)


def _missing(stored: Sequence[str]) -> None:
    if stored:
        raise _fail(f"有 {len(stored)} 个附件不在附件目录里或内容已变：{'、'.join(stored[:5])}。其余内容完整。")


@app.command()
def demo(
    achievements: Annotated[int, typer.Option(min=0, max=10_000_000, help="成果条数。")] = 0,
    demands: Annotated[int, typer.Option(min=0, max=10_000_000, help="需求条数。")] = 0,
    contracts: Annotated[int, typer.Option(min=0, max=10_000_000, help="合同条数。")] = 0,
    roadshows: Annotated[bool, typer.Option("--roadshows", help="两场演示路演：一场即将举行，一场已办完。")] = False,
    seed: Annotated[int, typer.Option(help="种子：相同的种子生成相同的内容。")] = 1,
    clear: Annotated[bool, typer.Option("--clear", help="清除全部演示数据，不动其他数据。")] = False,
) -> None:
    """生成演示数据（来源标为「演示数据」），或用 --clear 全部清除。"""
    from lib.services import demo as service

    volume = service.Volume(achievements, demands, contracts, seed, roadshows)
    if clear == bool(volume.total or roadshows):
        raise _fail("请写明要生成的条数，例如 --achievements 1000，或 --roadshows；或者只用 --clear 清除演示数据。")
    with _database() as store:
        if clear:
            removed = service.clear(store, actor=ACTOR)
            print(
                f"已清除演示数据：成果 {removed['achievement']}、需求 {removed['demand']}、合同 {removed['contract']}、"
                f"路演 {removed['event']}。"
            )
            return
        with typer.progressbar(length=volume.total, label="生成演示数据", file=sys.stderr) as bar:
            service.create(store, volume, actor=ACTOR, progress=bar.update)
    held = 2 if roadshows else 0
    print(f"已生成演示数据：成果 {achievements}、需求 {demands}、合同 {contracts}、路演 {held}。")


@account.command("create")
def account_create(
    login: Annotated[str, typer.Option("--login", help="登录名，2 至 64 个字符。")],
    name: Annotated[str, typer.Option("--name", help="姓名。")],
    role: Annotated[Role, typer.Option("--role", help="身份。")] = Role.ADMINISTRATOR,
    scope: Annotated[str, typer.Option("--scope", help="主管部门所管地区的行政区划代码，如 150200。")] = "",
    organization: Annotated[str, typer.Option("--organization", help="所属单位全称，须已在机构目录里。")] = "",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="从标准输入读取密码。")] = False,
) -> None:
    """创建账号，默认为管理员；密码至少 12 个字符，输入时不显示。"""
    from lib.services import accounts, people

    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = typer.prompt("密码", hide_input=True)
        if typer.prompt("再输入一次", hide_input=True) != password:
            raise _fail("两次输入的密码不一致，请重新运行。")
    with _database() as store, store.write() as session:
        belongs = people.organization_named(session, organization, actor=ACTOR) if organization else None
        if organization and belongs is None:
            raise _fail("目录里没有这家机构，请写全称。")
        people.check_place(session, role, scope or None, belongs, ())
        accounts.create_account(
            session, login, password, name, role, actor=ACTOR, scope=scope or None, organization_id=belongs
        )
    print(f"已创建{role.label}账号 {login}。")


@account.command("reset")
def account_reset(login: Annotated[str, typer.Option("--login", help="登录名。")]) -> None:
    """给出重设密码的一次性链接，一天内有效；管理员都进不去时用。"""
    from lib.services import links, people

    with _database() as store:
        with store.read() as session:
            account_id = people.account_named(session, login, actor=ACTOR)
        if account_id is None:
            raise _fail("没有这个登录名，请核对。")
        token = links.reset_link(store, account_id, actor=ACTOR)
    print(f"{settings().origin}/reset/{token}")


@trail.command("verify")
def audit_verify(
    head: Annotated[str, typer.Option("--head", help="以前用 audit head 留存的 条数:校验值。")] = "",
) -> None:
    """逐条核对操作记录；有一条被改过、删过、插过，就逐条写出并以退出码 1 结束。"""
    from lib.services import audit
    from lib.store.chain import Head

    try:
        kept = Head.parse(head) if head else None
    except ValueError:
        raise _fail("--head 须写成 条数:校验值，例如 audit head 打印的那一行。") from None
    start = time.perf_counter()
    with _database(writes=False) as store, store.read() as session:
        found = audit.verify(session, kept, actor=ACTOR)
    for fault in found.faults:
        print(fault, file=sys.stderr)
    print(f"核对 {found.head.number} 条，{len(found.faults)} 处不符，用时 {time.perf_counter() - start:.1f} 秒。")
    if found.faults:
        raise typer.Exit(1)


@trail.command("head")
def audit_head() -> None:
    """打印操作记录的末尾（条数:校验值 时间）；请另存到数据库管理员改不到的地方，供日后核对。"""
    from lib.services import audit

    with _database(writes=False) as store, store.read() as session:
        found = audit.head(session, actor=ACTOR)
    print(f"{found} {show_time(found.at) if found.at else ''}".rstrip())


@app.command()
def sweep() -> None:
    """撤下到期的记录，清除久未继续的草稿和没有主人的附件；服务运行时会自动进行。"""
    from lib.services import upkeep

    with _database() as store:
        done = upkeep.sweep(store, actor=ACTOR)
    print(
        f"已撤下到期记录 {done.expired} 条，清除草稿 {done.drafts} 份、文件 {done.files} 个，"
        f"清除保存期满的个人信息 {done.people} 份。"
    )


@app.command()
def rollup() -> None:
    """按合同逐条重算汇总数；平时由数据库随每次写入更新，对不上时才用。"""
    from lib.services import rollup as service

    with _database() as store:
        counted = service.rebuild(store, actor=ACTOR)
    print(f"已重算合同汇总：{counted} 项合同。")


@app.command()
def serve() -> None:
    """启动服务；地址与端口由环境变量 HOST、PORT 设定。"""
    from lib.server import launch

    launch.serve()


if __name__ == "__main__":
    app(prog_name="python -m lib")
