"""The printed sheet and the Word document of a record: public fields only, whoever asks, complete and safe."""

import io
import re
from html import escape
from secrets import token_hex

import pytest
from docx import Document
from sqlalchemy import select
from starlette.testclient import TestClient

from lib.domain.vocabulary import SubmissionKind
from lib.services import accounts
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import Achievement
from tests.samples import CANARY, whole_achievement, whole_demand
from tests.services.test_disclosure import People, publish

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def texts(data: bytes) -> str:
    """All that a Word document says, its properties too."""
    document = Document(io.BytesIO(data))
    about = document.core_properties
    told = [p.text for p in document.paragraphs]
    told += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*told, about.author, about.last_modified_by, about.comments, about.title])


def test_a_whole_achievement_stands_on_paper(client: TestClient, app_database: Database) -> None:
    owner = People(app_database).owner
    values = whole_achievement(title="<b>热解</b> & 回收")
    number = publish(app_database, SubmissionKind.ACHIEVEMENT, values, owner)
    page = client.get(f"/print/achievements/{number}")
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    assert "<script" not in page.text and "&lt;b&gt;热解&lt;/b&gt; &amp; 回收" in page.text
    told = re.sub(r"<[^>]+>", "", page.text)
    answer = client.get(f"/download/achievements/{number}.docx")
    assert (answer.status_code, answer.headers["content-type"]) == (200, WORD)
    assert answer.headers["content-disposition"].startswith('attachment; filename="achievements.docx"')
    written = texts(answer.content)
    for words in (
        values["value"], values["problem"], values["application"], "ZL202310000001.0", "（已到期）", "33.33%", "第三方",
        "GB/T 22900-2022", "320.00 万元", "协议定价", "2024-09 建成中试线", "1,500 元",
        f"/achievements?id={number}", "平台申报",
    ):  # fmt: skip
        assert words in told and words in written, words
    document = Document(io.BytesIO(answer.content))
    section = document.sections[0]
    assert section.page_width and section.page_height, "A4, to a tenth of a millimetre"
    assert (round(section.page_width.mm, 1), round(section.page_height.mm, 1)) == (210, 297)
    headings = [p.text for p in document.paragraphs if p.style and p.style.name.startswith("Heading")]
    assert headings[0] == "<b>热解</b> & 回收" and {"对比基准", "知识产权"} < set(headings)
    assert [c.text for c in document.tables[1].rows[0].cells] == ["指标", "现有水平", "本成果"]
    about = document.core_properties
    assert (about.author, about.last_modified_by, about.comments) == ("", "", "")


def test_a_whole_demand_stands_on_paper(client: TestClient, app_database: Database) -> None:
    values = whole_demand()
    number = publish(app_database, SubmissionKind.DEMAND, values, People(app_database).owner)
    told = re.sub(r"<[^>]+>", "", client.get(f"/print/demands/{number}").text)
    written = texts(client.get(f"/download/demands/{number}.docx").content)
    for words in (
        values["tried"],
        values["acceptance"],
        "120.50 万元",
        "1,000 吨",
        str(values["deadline"]),
        "技术入股",
    ):
        assert words in told and words in written, words


@pytest.mark.parametrize("page", ["achievements", "demands"])
def test_a_bare_public_fact_says_what_its_source_leaves_open(client: TestClient, page: str) -> None:
    told = client.get(f"/print/{page}/1").text
    assert "来源没有写明：" in told and "公开信息" in told and told.count("<h2>") <= 1
    assert "来源没有写明：" in texts(client.get(f"/download/{page}/1.docx").content)


def test_a_source_with_an_address_is_printed_with_it(client: TestClient, app_database: Database) -> None:
    with app_database.read() as session:
        there = Achievement.source_url != ""
        number, url = session.execute(select(Achievement.id, Achievement.source_url).where(there).limit(1)).one()
    assert f"原文：{escape(url)} 。" in client.get(f"/print/achievements/{number}").text


def test_nothing_closed_is_printed_for_anybody(client: TestClient, app_database: Database) -> None:
    people, secret = People(app_database), f"cnry{token_hex(6)}"
    levels = {"price": "signed_in", "indicators": "granted", "ip": "granted", "contact": "signed_in"}
    achievement = publish(app_database, SubmissionKind.ACHIEVEMENT, whole_achievement(
        price="77123.45", indicators=secret, formula=secret, floor_price="77123.45", contact_name=secret,
        rights=[{"kind": "发明专利", "number": secret, "state": "有效", "expires": ""}], levels=levels,
    ), people.owner)  # fmt: skip
    demand = publish(app_database, SubmissionKind.DEMAND, whole_demand(
        budget="77123.45", indicators=secret, levels={"budget": "granted", "indicators": "signed_in"}
    ), people.owner)  # fmt: skip
    for actor in (None, people.owner, people.administrator):
        client.cookies.clear()
        if actor is not None:
            with app_database.write() as session:
                token = accounts.start_login(session, actor.account_id or 0, address="", agent="") or ""
            client.cookies.set(settings().session_cookie, token)
        for page, number in (("achievements", achievement), ("demands", demand)):
            told = client.get(f"/print/{page}/{number}").text
            told += texts(client.get(f"/download/{page}/{number}.docx").content)
            assert not [s for s in (secret, "77,123", "77123", CANARY, "canary@") if s in told]
            assert "授权可见" in told and "登录可见" in told


@pytest.mark.parametrize("number", ["0", "999999", "2147483648", "99999999999999999999", "x", "-1", "１", "1e1", "1.5"])
def test_what_is_not_there_is_404(client: TestClient, number: str) -> None:
    for page in ("achievements", "demands"):
        printed, word = client.get(f"/print/{page}/{number}"), client.get(f"/download/{page}/{number}.docx")
        assert (printed.status_code, word.status_code) == (404, 404)
        assert "没有找到" in printed.text and "没有找到" in word.text
    assert "没有找到" not in client.get("/print/organizations/1").text


def test_a_code_is_printed_only_where_other_people_can_open_the_address(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "<svg" not in client.get("/print/achievements/1").text
    assert not Document(io.BytesIO(client.get("/download/achievements/1.docx").content)).inline_shapes
    monkeypatch.setattr(settings(), "public_url", "http://localhost:8501")
    assert "<svg" in client.get("/print/achievements/1").text
    assert len(Document(io.BytesIO(client.get("/download/achievements/1.docx").content)).inline_shapes) == 1
