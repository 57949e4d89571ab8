"""An attachment through a real browser: uploaded by a member, opened by nobody else."""

from collections.abc import Callable
from pathlib import Path

from lib.domain.access import Role
from lib.services import accounts
from lib.store.engine import Database
from tests.e2e.browser import Visit
from tests.e2e.server import Server
from tests.samples import person


def test_a_file_goes_up_with_a_draft_and_down_only_to_its_owner(
    server: Server, visit: Callable[..., Visit], tmp_path: Path
) -> None:
    store = Database(f"sqlite:///{server.file}")
    member = person(store, Role.MEMBER)
    with store.write() as session:
        token = accounts.start_login(session, member.account_id or 0, address="", agent="")
    store.dispose()
    report, disguised = tmp_path / "中试报告.txt", tmp_path / "报告.pdf"
    report.write_text("回收率 93%")
    disguised.write_bytes(b"MZ\x90")
    mine = visit(server, token=token)
    page = mine.open("submit?kind=achievement&step=5")
    page.locator("input[type=file]").set_input_files(report)
    link = page.get_by_role("link", name="中试报告.txt")
    link.wait_for()
    page.locator("input[type=file]").set_input_files(disguised)
    page.get_by_text("扩展名是 .pdf，内容却不是").wait_for()
    with page.expect_download() as download:
        link.click()
    assert (download.value.suggested_filename, download.value.path().read_text()) == (report.name, "回收率 93%")
    mine.page.reload()
    mine.settle()
    assert page.get_by_role("link", name="中试报告.txt").count() == 1
    address = f"{server.origin}{link.get_attribute('href')}"
    stranger = visit(server)
    assert stranger.context.request.get(address).status == 404
    assert mine.context.request.get(address).headers["cache-control"] == "no-store"
    assert mine.trouble == []
