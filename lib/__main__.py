"""The command line: `python -m lib …`."""

from typing import Final

import typer

from lib.domain.access import Actor, Role

ACTOR: Final = Actor(role=Role.ADMINISTRATOR, name="命令行")
"""Whoever may run commands on the server may load its data."""

app = typer.Typer(help="北疆技转：数据库与服务的命令。", no_args_is_help=True, add_completion=False)


@app.callback()
def main() -> None:
    """北疆技转：数据库与服务的命令。"""


@app.command()
def init() -> None:
    """创建或升级数据库，并装入公开数据；重复运行不会改变任何内容。"""
    from lib.services import exchange
    from lib.store import migrations
    from lib.store.engine import database

    store = database()
    migrations.upgrade(store.engine)
    outcomes = exchange.load_public(store, actor=ACTOR)
    for name, outcome in outcomes.items():
        print(f"{name}: {outcome}")
    if any(outcome.rejected for outcome in outcomes.values()):
        raise typer.Exit(1)


if __name__ == "__main__":
    app(prog_name="python -m lib")
