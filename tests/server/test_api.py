"""The other face: the same records as the pages, public fields only, and a reason for every refusal."""

import csv
import re
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from lib.domain.vocabulary import SubmissionKind
from lib.server.api import api
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import Achievement, Demand, Organization
from tests.samples import whole_achievement, whole_demand
from tests.services.test_disclosure import People, publish

LISTS = ("achievements", "demands", "organizations", "events", "statistics", "network/nodes", "channels/flows")
RECORDS = ("achievements", "demands")
ONE = [f"{kind}/{{id}}{rest}" for kind in RECORDS for rest in ("", "/matches")]


def ask(client: TestClient, path: str, **parameters: Any) -> dict[str, Any]:
    answer = client.get(f"/api/v1/{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def rows(name: str) -> list[dict[str, str]]:
    with (settings().public_dir / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("path", LISTS)
def test_every_list_has_the_same_shape(client: TestClient, path: str) -> None:
    answer = ask(client, path)
    assert list(answer) == ["total", "items", "facets"]
    assert answer["total"] >= len(answer["items"]) > 0
    for item in answer["items"]:
        assert item["id"] and (item.get("title") or item["name"])
        if path not in {"network/nodes", "channels/flows"}:
            assert item["origin"] == "public" and list(item["source"]) == ["publisher", "date", "url"]
    assert answer["facets"]
    for values in answer["facets"].values():
        assert values and all(list(value) == ["value", "label", "count"] and value["count"] for value in values)


@pytest.mark.parametrize("name", ["achievements", "demands", "organizations", "events", "statistics"])
def test_every_row_of_the_files_is_there_once(client: TestClient, name: str) -> None:
    title = {"organizations": "name"}.get(name, "title")
    total = len(rows(name))
    pages = [ask(client, name, size=100, page=page)["items"] for page in range(1, total // 100 + 2)]
    found = [item for page in pages for item in page]
    assert len(found) == len({item["id"] for item in found}) == total
    if name != "statistics":
        assert sorted(item[title] for item in found) == sorted(row[title] for row in rows(name))


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("achievements", {"field": ["5", "9"], "origin": "public"}),
        ("achievements", {"q": "稀土", "league": "150200"}), ("achievements", {"more": "true", "unit": "企业"}),
        ("demands", {"more": "true", "price": ["unknown", "negotiable"]}), ("organizations", {"more": "true"}),
        ("demands", {"year": ["unknown", "2024"]}), ("organizations", {"kind": "高校"}),
        ("events", {"when": "past", "kind": "路演"}), ("statistics", {"year": "2023"}),
    ],
)  # fmt: skip
def test_a_facet_counts_what_choosing_it_finds(client: TestClient, path: str, parameters: dict[str, Any]) -> None:
    facets = ask(client, path, **parameters)["facets"]
    checked = 0
    for name, values in facets.items():
        for value in values[:4]:
            assert ask(client, path, **{**parameters, name: value["value"]})["total"] == value["count"]
            checked += 1
    assert checked > 4


def test_further_facets_choose_and_are_counted_when_asked_for(client: TestClient, app_database: Database) -> None:
    main = list(ask(client, "achievements")["facets"])
    assert main == ["field", "league", "year", "origin"]
    people = People(app_database)
    publish(app_database, SubmissionKind.ACHIEVEMENT, whole_achievement(trl=6), people.owner)
    found = ask(client, "achievements", trl=["4-6"], ip="发明专利", stage="中期阶段")
    assert found["total"] == 1 and list(found["facets"]) == main
    more = ask(client, "achievements", trl=["4-6"], more="true")["facets"]
    assert list(more) == [*main, "banner", "stage", "trl", "ip", "mode", "price", "unit", "public_good"]
    assert {"value": "6", "label": "6 级", "count": 1} in more["trl"]
    assert list(ask(client, "organizations", more="true")["facets"]) == ["kind", "league", "origin", "banner"]


@pytest.mark.parametrize("path", RECORDS)
def test_a_record_adds_to_its_card(client: TestClient, path: str) -> None:
    card = ask(client, path, size=1)["items"][0]
    record = ask(client, f"{path}/{card['id']}")
    assert record.items() >= card.items() and len(record) > len(card)


def test_a_record_tells_all_that_its_page_tells(client: TestClient, app_database: Database) -> None:
    owner, kinds = People(app_database).owner, SubmissionKind
    told, wanted = whole_achievement(levels={"ip": "granted"}), whole_demand()
    offer = ask(client, f"achievements/{publish(app_database, kinds.ACHIEVEMENT, told, owner)}")
    names = ("value", "problem", "application", "trl_scheme", "trl_judge", "trl_evidence", "pricing_mode")
    assert {name: offer[name] for name in names} == {name: told[name] for name in names}
    assert [right["number"] for right in offer["rights"]] == [None] * 4 and offer["rights"][0]["state"] == "有效"
    assert [share["share"] for share in offer["shares"]] == ["60", "33.33", "6.67"]
    assert offer["comparison"][0] == {"indicator": "树脂与纤维分离率", "existing": "80%", "offered": "96%"}
    assert offer["comparison"][3]["existing"] is None and offer["public_good"] is False
    assert (offer["steps"][1]["step"], offer["valid_until"]) == ("熟化", str(told["valid_until"]))
    need = ask(client, f"demands/{publish(app_database, kinds.DEMAND, wanted, owner)}")
    assert (need["tried"], need["acceptance"]) == (wanted["tried"], wanted["acceptance"])
    assert (need["deadline"], need["comparison"][1]["offered"]) == (str(wanted["deadline"]), "1,000 吨")
    bare = ask(client, "achievements/1")
    assert bare["value"] is bare["public_good"] is bare["valid_until"] is None and bare["rights"] == bare["steps"] == []


@pytest.mark.parametrize("path", [f"{path}/{number}" for path in RECORDS for number in (999_999, 2_147_483_647)])
def test_a_record_that_is_not_there_is_404(client: TestClient, path: str) -> None:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 404 and answer.json()["detail"].startswith("没有找到")


def test_unknown_is_null_and_nothing_found_is_no_zero(client: TestClient) -> None:
    item = ask(client, "achievements", league="unknown", size=1)["items"][0]
    assert item["league"] is None and item["league_code"] is None and item["trl"] is None
    counts = [node["counts"] for node in ask(client, "network/nodes", level="banner")["items"]]
    assert len(counts) == 103
    assert any(None in count.values() for count in counts) and not any(0 in count.values() for count in counts)


@pytest.mark.parametrize(("level", "number"), [("region", 1), ("league", 12), ("banner", 103)])
def test_the_network_is_given_whole(client: TestClient, level: str, number: int) -> None:
    assert ask(client, "network/nodes", level=level)["total"] == number
    assert ask(client, "network/nodes", level="banner", parent="150100")["total"] == 9


def test_flows_keep_their_kinds_apart(client: TestClient) -> None:
    everything = ask(client, "channels/flows", channel="", year="")  # blank: as a form sends what nobody filled in
    records = [item for item in everything["items"] if item["kind"] == "cooperation"]
    assert sum(item["count"] for item in records) == len(rows("cooperation"))
    assert len({item["id"] for item in everything["items"]}) == everything["total"]
    abroad = ask(client, "channels/flows", channel="abroad", year="2019", kind="cooperation")["items"]
    named = [row for row in rows("cooperation") if row["partner_kind"] == "国家" and row["year"] == "2019"]
    assert {item["channel"] for item in abroad} == {"abroad"} and sum(item["count"] for item in abroad) == len(named)
    undated = ask(client, "channels/flows", year="unknown", kind="cooperation")["items"]
    assert sum(item["count"] for item in undated) == sum(not row["year"] for row in rows("cooperation"))


BAD = [
    *((path, parameters) for path in ("achievements", "demands", "organizations", "events", "statistics")
      for parameters in ("page=0", "page=-1", "page=1.5", "page=x", "page=99999999999999999999", "size=0", "size=101",
                         "origin=mine", "origin=public&origin=x", "q=" + "x" * 101, "qq=1", "Q=1")),
    *((path, parameters) for path in ("achievements", "demands")
      for parameters in ("field=0", "field=12", "field=电子信息", "league=110000", "league=1502", "league=１５０２００",
                         "year=24", "year=2024-01", "year=2101", "order=id", "kind=高校", "banner=1502", "price=有价",
                      "unit=公司", "mode=赠送", "more=x")),
    *(("achievements", parameters) for parameters in ("trl=0", "trl=6-4", "trl=4-", "trl=4-10", "stage=早期", "ip=专利",
                                                      "public_good=true", "mode=技术转让")),
    ("demands", "trl=4"), ("demands", "ip=发明专利"), ("demands", "mode=向他人转让"), ("organizations", "unit=高校"),
    ("organizations", "kind=公司"), ("organizations", "order=year"), ("organizations", "field=1"),
    ("events", "when=soon"), ("events", "kind=会议"), ("events", "year=1066"), ("events", "partner=a%00b"),
    ("statistics", "year=x"), ("statistics", "scope=" + "x" * 121), ("statistics", "indicator=a%0Ab"),
    ("network/nodes", "level=village"), ("network/nodes", "parent=11"), ("network/nodes", "page=1"),
    ("network/nodes", "level=league&parent=150000%20OR%201=1"),
    ("channels/flows", "channel=sea"), ("channels/flows", "year=0"), ("channels/flows", "kind=contract"),
    ("achievements/0", ""), ("achievements/-1", ""), ("achievements/x", ""), ("achievements/2147483648", ""),
    ("demands/1e3", ""), ("demands/９", ""),
]  # fmt: skip


@pytest.mark.parametrize(("path", "parameters"), BAD)
def test_a_bad_parameter_is_422_with_its_name_and_reason(client: TestClient, path: str, parameters: str) -> None:
    answer = client.get(f"/api/v1/{path}?{parameters}")
    assert answer.status_code == 422, answer.text
    refusal = answer.json()
    assert refusal["detail"].startswith("参数无效：")
    named = {part.partition("=")[0] for part in parameters.split("&")} if parameters else {"id"}
    assert refusal["errors"] and {error["parameter"] for error in refusal["errors"]} <= named
    assert all(re.search("[一-鿿]", error["problem"]) for error in refusal["errors"])


@pytest.mark.parametrize(
    "q", ['"', "(", "*", "-x", "AND", "NEAR(", "%", "_", "';drop", "\0", "\u202e", "𠮷", "t:x", "a\nb", "稀土 " * 20]
)
def test_a_search_is_text_whatever_it_holds(client: TestClient, q: str) -> None:
    for path in ("achievements", "demands", "organizations", "events", "statistics"):
        ask(client, path, q=q[:100])


@pytest.mark.parametrize("path", ["nowhere", "achievements/1/contact", "submissions", "accounts", "../healthz/x"])
def test_anything_else_is_404_in_json(client: TestClient, path: str) -> None:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 404 and answer.json()["detail"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_it_only_reads(client: TestClient, method: str) -> None:
    for path in LISTS:
        answer = client.request(method, f"/api/v1/{path}", headers={"Origin": "http://localhost:8501"})
        assert answer.status_code == 405 and answer.json()["detail"]


def test_only_public_fields_leave(client: TestClient, app_database: Database) -> None:
    canary = "CANARY-7f3a"
    with app_database.write() as session:
        session.execute(update(Achievement).values(completer=canary, load_hash=canary))
        session.execute(update(Demand).values(load_hash=canary))
        session.execute(update(Organization).values(load_hash=canary))
    for path in (*LISTS, "achievements/1", "demands/1", "", "openapi.json"):
        text = client.get(f"/api/v1/{path}").text
        assert canary not in text
        assert not re.search(r'"(load_\w+|version_id|edited_at|contact\w*|phone|email|password\w*|name_key)"', text)


def test_cookies_mean_nothing_here(client: TestClient) -> None:
    plain = client.get("/api/v1/achievements").content
    client.cookies.set("bj", "x" * 43)
    answer = client.get("/api/v1/achievements")
    assert answer.content == plain and "set-cookie" not in answer.headers


def test_the_description_states_every_limit(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()
    assert set(described["paths"]) == {f"/{path}" for path in (*LISTS, *ONE)}
    parameters = {p["name"]: p["schema"] for p in described["paths"]["/achievements"]["get"]["parameters"]}
    further = {"banner", "stage", "trl", "ip", "mode", "price", "unit", "public_good", "more"}
    assert set(parameters) == {"q", "field", "league", "year", "origin", "order", "page", "size"} | further
    demands = {p["name"] for p in described["paths"]["/demands"]["get"]["parameters"]}
    assert demands == set(parameters) - {"stage", "trl", "ip", "public_good"}
    assert "向他人转让" in parameters["mode"]["items"]["enum"] and parameters["more"]["type"] == "boolean"
    assert parameters["size"]["maximum"] == 100 and parameters["page"]["minimum"] == 1
    assert parameters["q"]["maxLength"] == 100 and parameters["origin"]["items"]["enum"]
    for call in described["paths"].values():
        assert list(call) == ["get"]
        assert call["get"]["responses"]["422"]["content"]["application/json"]["schema"]["$ref"].endswith("/Refusal")


@pytest.mark.parametrize(("kind", "other"), [("demands", "achievements"), ("achievements", "demands")])
def test_matches_are_told_best_first_with_reasons(client: TestClient, kind: str, other: str) -> None:
    order = ["强", "较强", "弱"]
    answers = {id: client.get(f"/api/v1/{kind}/{id}/matches").json()["items"] for id in range(1, 42)}
    assert sum(map(bool, answers.values())) > 20
    for id, items in answers.items():
        assert [i["grade"] for i in items] == sorted((i["grade"] for i in items), key=order.index)
        for item in items:
            assert client.get(f"/api/v1/{other}/{item['id']}").json()["title"] == item["title"]
            back = client.get(f"/api/v1/{other}/{item['id']}/matches").json()["items"]
            assert all(b["reasons"] == item["reasons"] and b["grade"] == item["grade"] for b in back if b["id"] == id)
            assert item["reasons"] and not re.search(r"\d\s*%", "".join(item["reasons"] + item["gaps"]))
    assert client.get(f"/api/v1/{kind}/9999/matches").status_code == 404


def test_the_manual_shows_every_call_and_needs_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/api/v1/docs").text
    for path in api.openapi()["paths"]:
        assert f"/api/v1{path}" in page
    assert "<script" not in page and not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert client.get("/api/v1").headers["location"] == "/api/v1/"
