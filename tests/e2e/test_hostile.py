"""R7: whatever people type is text in every place that shows it: no script runs, nothing leaves, nothing is hidden."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from lib.domain import consent
from lib.domain.access import Actor, Role
from lib.domain.dates import now_utc, today_shanghai
from lib.domain.text import organization_key
from lib.services import accounts, audit, links, notices
from lib.store.engine import Database
from lib.store.models import (
    AccessRequest,
    Account,
    Achievement,
    Attachment,
    Cooperation,
    Demand,
    Draft,
    Event,
    EventItem,
    EventOrganizer,
    Organization,
    SavedSearch,
    SealedField,
    Statistic,
    Submission,
)
from tests.e2e.browser import Visit
from tests.e2e.server import Server

PAYLOADS: Final = (
    "<script>x()</script>",
    "<img src=x onerror=x()>",
    "<svg onload=x()>",
    "<details open ontoggle=x()>",
    '<iframe srcdoc="<script>parent.x()</script>">',
    "<iframe src=javascript:parent.x()>",
    "<math><mglyph><style><img src onerror=x()>",
    '"><b autofocus onfocus=x() tabindex=1>',
    "' onmouseover=x() '",
    '<a href="javascript:x()">a</a>',
    "[b](javascript:x())",
    "[c](data:text/html,<script>x()</script>)",
    "![](http://evil.example/1.png)",
    "<img src=http://evil.example/2.png>",
    "<link rel=stylesheet href=//evil.example/3.css>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<base href=//evil.example>",
    "<form action=//evil.example><button>",
    "<style>*{display:none}</style>",
    "<div style=position:fixed;inset:0;background:red>",
    "</textarea></title></style><!--",
    "- d 1. e > f # g",
    "www.evil.example http://evil.example mail@evil.example",
    ":material/bolt: :red[h] :smile: **i** `j` ~~k~~",
    "$\\href{javascript:x()}{l}$ $$m$$",
    "&lt;b&gt; &amp; &#60;script&#62;",
    "{{x()}} ${x()} {% x %} {name}",
    '=HYPERLINK("http://evil.example")',
)
STARTS: Final = ("1. ", "- ", "# ", "> ", "", "    ", "| a |", "***")
"""What Markdown would read as a sign at the start of a line."""
ALL: Final = " ".join(PAYLOADS)


def text(tag: str) -> str:
    """Every payload, with a name by which it is found again on the screen."""
    return f"⟦{tag}⟧ {ALL}"


def pieces(most: int, tag: str) -> list[str]:
    """All payloads in texts of at most so many characters; each begins with another sign of Markdown."""
    found: list[str] = []
    for payload in PAYLOADS:
        if found and len(found[-1]) + len(payload) + 1 <= most:
            found[-1] += f" {payload}"
        else:
            start = STARTS[len(found) % len(STARTS)].strip()
            found.append(f"{start} ⟦{tag}{len(found)}⟧ {payload}".strip())
    return found


@dataclass
class Scene:
    """A server whose database holds nothing but hostile text, and who may look at it."""

    server: Server
    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    invitation: str = ""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, loaded_file: Path) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("hostile")
    made = Scene(Server(folder / "served.db", folder / "server.log"))
    shutil.copyfile(loaded_file, made.server.file)
    store = Database(f"sqlite:///{made.server.file}")
    _write(store, made)
    store.dispose()
    made.server.start()
    yield made
    made.server.kill()


def _write(store: Database, made: Scene) -> None:
    now, today = now_utc(), today_shanghai()
    source = {
        "origin": "submitted", "source_publisher": text("publisher"), "source_quality": "page", "created_at": now,
        "updated_at": now,
    }  # fmt: skip
    place = {"league_code": "150200"}
    with store.write() as session:

        def keep(name: str, row: Any) -> int:
            session.add(row)
            session.flush()
            made.ids.setdefault(name, row.id)
            return int(row.id)

        def account(role: Role, **values: Any) -> Actor:
            name = f"{role.value}-{len(made.tokens)}"
            number = keep(name, Account(
                login=f"<img src=x onerror=x()>{len(made.tokens)}", login_key=name, name=text(f"name-{role.value}"),
                phone="13900001234", password_hash="", role=role.value, consent_version=consent.VERSION,
                consented_at=now, created_at=now, **values,
            ))  # fmt: skip
            made.tokens[role.value] = accounts.start_login(session, number, address="192.0.2.1", agent=ALL) or ""
            return Actor(role, number, text(f"name-{role.value}"), organization_id=values.get("organization_id"))

        for words in pieces(115, "unit"):
            unit = keep("organization", Organization(
                name=words, name_key=organization_key(words), kind="企业", banner_text=text("zone"), **place, **source
            ))  # fmt: skip
        applicant = account(
            Role.APPLICANT, claim_state="pending", claim_name=text("claim"), claim_comment=text("claim-comment"),
            claim_league="150200",
        )  # fmt: skip
        member = account(Role.MEMBER, organization_id=unit)
        official = account(Role.OFFICIAL, scope="150200")
        administrator = account(Role.ADMINISTRATOR)
        for title in pieces(195, "achievement"):
            achievement = keep("achievement", Achievement(
                title=title, organization_id=unit, organization_text=text("unit-text"), other_units=text("others"),
                award=text("award"), summary=text("summary"), achievement_class=text("class"), year=2026,
                completer=text("completer"), keywords=text("keywords"), indicators=text("indicators"), field=7,
                stage=text("stage"), transfer_mode=text("transfer"), value=text("value"), problem=text("problem"),
                application=text("application"), trl=6, trl_scheme=text("scheme"), trl_judge=text("judge"),
                trl_evidence=text("evidence"), pricing_mode=text("pricing"),
                rights=[{"kind": text("ip"), "number": text("ip-number"), "state": text("ip-state"), "expires": ""}],
                shares=[{"holder": text("holder"), "share": "100"}],
                comparison=[{"indicator": text("a-measure"), "existing": text("a-today"), "ours": text("a-ours")}],
                steps=[{"step": "熟化", "on": "2026", "note": text("step")}], **place, **source,
            ))  # fmt: skip
        for title in pieces(195, "demand"):
            keep("demand", Demand(
                title=title, organization_text=text("asker"), description=text("description"), year=2026, field=7,
                demand_class=text("demand-class"), keywords=text("d-keywords"), indicators=text("d-indicators"),
                cooperation_mode=text("mode"), tried=text("tried"), acceptance=text("acceptance"),
                comparison=[{"indicator": text("d-measure"), "existing": text("d-today"), "wanted": text("d-wanted")}],
                **place, **source,
            ))  # fmt: skip
        for title in pieces(195, "event"):
            event = keep("event", Event(
                title=title, kind="路演", held_on=today + timedelta(days=30), held_precision="day", city=text("city"),
                banner_text=text("e-zone"), organizer=text("organizer"), organization_id=unit, partner=text("partner"),
                **place, **source,
            ))  # fmt: skip
        session.add(EventOrganizer(account_id=member.account_id, event_id=event))
        for title in pieces(195, "item"):
            session.add(EventItem(
                event_id=made.ids["event"], title=title, organization_text=text("i-unit"), stage=text("i-stage"),
                cooperation=text("i-cooperation"), summary=text("i-summary"),
            ))  # fmt: skip
        keep("cooperation", Cooperation(
            partner=text("c-partner"), partner_kind="region", subject=text("subject"), channel="interregional",
            direction="in", year=2026, **place, **source,
        ))  # fmt: skip
        keep("statistic", Statistic(
            indicator=text("indicator"), scope=text("scope"), year=2025, period=text("period"), value=1, unit="项",
            **source,
        ))  # fmt: skip
        session.add_all(
            SealedField(record_kind="achievement", record_id=made.ids["achievement"], name=name, level="signed_in",
                        value=text(f"sealed-{name}"))
            for name in ("contact", "price")
        )  # fmt: skip

        def submission(name: str, kind: str, state: str, number: int, **values: Any) -> int:
            content = {
                key: text(f"s-{key}")
                for key in ("unit", "keywords", "description", "indicators", "summary", "completer", "ip_number",
                            "other_units", "award", "wanted", "technology", "team", "cooperation", "presenter")
            }  # fmt: skip
            return keep(name, Submission(
                draft_id=uuid4().hex, receipt=f"XQ-{today:%Y%m%d}-{number:04d}", kind=kind, state=state,
                title=text(f"s-title-{name}"), content=content, contact_name=text("contact-name"), due_at=now,
                contact_phone="13900001234", contact_email="", contact_hint=text("hint"), submitted_at=now,
                comment=text("comment"), field_comments={"title": text("beside"), "unit": text("beside-unit")},
                sealed={"formula": text("formula")}, levels={"formula": "granted"}, assignee_id=official.account_id,
                before={"title": text("before"), "unit": text("before-unit")},
                **{"account_id": member.account_id, "organization_id": unit, **place, **values},
            ))  # fmt: skip

        pending = submission("pending", "achievement", "pending", 1, account_id=applicant.account_id,
                             organization_id=None)  # fmt: skip
        submission("returned", "demand", "returned", 2)
        submission("declined", "demand", "declined", 3)
        submission("visitor", "demand", "declined", 4, account_id=None, organization_id=None)
        published = submission("published", "achievement", "published", 5, record_id=made.ids["achievement"])
        submission("registration", "registration", "pending", 6, event_id=made.ids["event"], account_id=None,
                   organization_id=None)  # fmt: skip
        session.add(Attachment(
            submission_id=pending, draft_id=session.get_one(Submission, pending).draft_id,
            account_id=applicant.account_id or 0,
            stored=uuid4().hex, name=text("file"), media_type="text/plain", size=1, sha256="0" * 64, uploaded_at=now,
        ))  # fmt: skip
        session.add(Draft(
            id=uuid4().hex, kind="demand", account_id=member.account_id, values={"title": text("draft")}, saved_at=now
        ))  # fmt: skip
        for words in pieces(55, "saved"):
            session.add(SavedSearch(
                account_id=member.account_id, kind="achievement", query=urlencode({"q": words}), name=words[:60],
                created_at=now, seen_at=now,
            ))  # fmt: skip
        for state, who in (("pending", official), ("granted", official), ("pending", member)):
            mine = who is member
            session.add(AccessRequest(
                draft_id=uuid4().hex, record_kind="achievement", account_id=who.account_id or 0, state=state,
                record_id=achievement if mine else made.ids["achievement"], reason=text("reason"), asked_at=now,
                comment=text("answer"), granted_until=now + timedelta(days=9) if state == "granted" else None,
            ))  # fmt: skip
        notices.tell(session, member.account_id, text("notice"), "mine", {"id": "1"}, text("notice-body"))
        for actor in (member, official, administrator):
            audit.record(
                session, actor, "submission.return", "submission", published, league="150200", receipt=text("receipt"),
                comment=text("audit-comment"), before={"role": text("was")}, after={"role": text("now")},
            )  # fmt: skip
    keeper = Actor(Role.ADMINISTRATOR, administrator.account_id, "测试")
    made.invitation = links.invite(store, Role.MEMBER, 7, actor=keeper, organization_id=unit)


LOOK: Final = """() => {
  const own = location.host, bad = [], place = e => `${e.tagName}.${e.className}`.slice(0, 80);
  for (const e of document.querySelectorAll('body, body *')) {
    if (['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'MATH', 'LINK', 'META'].includes(e.tagName) && e.closest('body'))
      bad.push(place(e));
    if (String(e.className).includes('katex')) bad.push(place(e));
    for (const a of e.attributes) {
      if (/^on/i.test(a.name)) bad.push(`${place(e)} ${a.name}`);
      if (/^(href|src|srcdoc|action|formaction|data|xlink:href|poster)$/i.test(a.name)) {
        let to = null;
        try { to = new URL(a.value, location.href); } catch { }
        const foreign = to && to.host !== own && /evil|script:|text.html/.test(to.href);
        if (foreign)
          bad.push(`${place(e)} ${a.value}`);
      }
    }
  }
  const typed = [...document.querySelectorAll('input, textarea')].map(e => e.value);
  return {bad, hits: window.hits, violations: window.violations,
          text: [document.body.textContent, ...typed].join(' \\u2502 ')};
}"""
WATCH: Final = """window.hits = []; window.violations = []; window.x = () => window.hits.push(1);
addEventListener('securitypolicyviolation', e => window.violations.push(`${e.violatedDirective} ${e.blockedURI}`));"""

PLACES: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "": (
        ("achievements?sort=latest", "achievement0 achievement4", ""),
        ("demands", "demand0", ""),
        ("organizations", "", ""),
        ("roadshows", "event0 event1", ""),
        ("achievements?id={achievement}", "summary others completer keywords indicators publisher value problem "
         "application scheme judge evidence pricing ip ip-number ip-state holder a-measure a-today a-ours step", ""),
        ("demands?id={demand}", "description demand-class d-keywords d-indicators mode publisher tried acceptance "
         "d-measure d-today d-wanted", ""),
        ("organizations?id={organization}", "zone publisher", ""),
        ("roadshows?id={event}", "organizer item0 i-unit i-stage i-cooperation", ""),
        ("channels", "", ""), ("statistics", "", ""), ("home", "", ""),
        ("submit?kind=registration&event={event}", "event0", ""),
    ),
    "member": (
        ("mine", "s-title-returned s-title-declined comment", ""),
        ("mine?view=notices", "notice notice-body", ""),
        ("mine?view=drafts", "draft", ""),
        ("mine?view=searches", "", ""),
        ("mine?view=searches&page=2", "", ""),
        ("mine?view=searches&page=9", "saved0", ""),
        ("mine?id={returned}", "s-title-returned comment beside", ""),
        ("submit?revise={returned}", "comment", ""),
        ("access?view=mine", "reason answer", ""),
        ("access?view=waiting", "reason", ""),
        ("access?view=granted", "reason", ""),
        ("account", "name-member", ""),
        ("achievements?id={achievement}", "sealed-contact sealed-price", "查看"),
    ),
    "applicant": (("account", "claim", ""),),
    "official": (
        ("review", "s-title-pending s-unit", ""),
        ("review?id={pending}", "s-title-pending s-summary before file formula contact-name", "查看联系方式与授权内容"),
        ("review?id={registration}", "s-title-registration s-team s-technology", ""),
        ("review?state=declined&id={declined}", "s-title-declined comment beside", ""),
        ("accounts", "claim", ""),
    ),
    "administrator": (
        ("accounts?view=accounts", "name-member name-official", ""),
        ("accounts?id={member-1}", "name-member", ""),
        ("accounts?view=invitations", "", ""),
        ("audit", "name-member receipt audit-comment was now", ""),
    ),
}  # fmt: skip
"""Who looks where; the texts that must be there in full, letter by letter; the button that opens some of them."""


class Looks:
    """What was seen of the hostile texts so far."""

    def __init__(self) -> None:
        self.pages = 0
        self.sinks: set[tuple[str, str]] = set()
        self.pairs = 0
        self.wrong: list[str] = []

    def at(self, seen: Visit, name: str, must: str = "") -> None:
        """Look at the page: what ran, what leads away, and every text that stands there."""
        self.pages += 1
        found = seen.page.evaluate(LOOK)
        shown = re.sub(r"\s+", " ", found["text"])
        whole = {tag: words for tag, words in _texts().items() if f"⟦{tag}⟧" in shown}
        for tag, words in whole.items():
            place = shown.find(words)
            if place < 0 and tag in must.split():
                self.wrong.append(f"{name}: {tag} is not shown as it is: {_from_where(words, shown, tag)}")
            read = sum(1 for payload in PAYLOADS if payload in words) if place >= 0 else 1
            self.sinks.add((name, tag))
            self.pairs += read
        self.wrong += [f"{name}: no {tag}" for tag in must.split() if tag not in whole]
        self.wrong += [f"{name}: {kind} {what}" for kind in ("bad", "hits", "violations") for what in found[kind]]
        self.wrong += [f"{name}: {line}" for line in seen.trouble]
        seen.trouble.clear()


def _from_where(words: str, shown: str, tag: str) -> str:
    """Where a text that is shown first differs from what was typed."""
    there = shown[shown.find(f"⟦{tag}⟧") :]
    begins = words[words.find(f"⟦{tag}⟧") :]
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(there, begins, strict=False)))
    return f"{there[:same][-20:]}»{there[same : same + 30]}« instead of »{begins[same : same + 30]}«"


def _texts() -> dict[str, str]:
    """Every text by its name, as a screen shows it."""
    titles = ((name, 195) for name in ("achievement", "demand", "event", "item"))
    short = [("unit", 115), ("q", 99), ("saved", 55), *titles]
    parts = {f"{tag}{i}": words for tag, most in short for i, words in enumerate(pieces(most, tag))}
    named = re.findall(r'text\(f?"([\w-]+)"\)', Path(__file__).read_text())
    roles = [f"name-{role.value}" for role in Role]
    many = [f"s-{key}" for key in ("unit", "summary", "team", "technology", "description", "keywords", "indicators")]
    handed = [f"s-title-{name}" for name in ("pending", "returned", "declined", "registration", "published", "visitor")]
    more = ["sealed-contact", "sealed-price"]
    return {**{tag: text(tag) for tag in (*named, *roles, *many, *handed, *more)}, **parts}


def test_what_people_type_is_text_wherever_it_is_shown(
    scene: Scene, visit: Callable[..., Visit], capsys: pytest.CaptureFixture[str]
) -> None:
    """R7: every payload in every place that shows what people type."""
    looks = Looks()

    def visitor(role: str) -> Visit:
        seen = visit(scene.server, token=scene.tokens.get(role))
        seen.context.add_init_script(WATCH)
        seen.page.on("dialog", lambda dialog: (looks.wrong.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
        return seen

    for role, places in PLACES.items():
        seen = visitor(role)
        for path, must, button in places:
            address = path.format(**scene.ids)
            page = seen.open(address)
            if button:
                page.get_by_role("button", name=button, exact=True).click()
                seen.settle()
            looks.at(seen, f"{role or 'visitor'} {path}", must)
            assert page.url.startswith(scene.server.origin), f"{path} led away to {page.url}"

    seen = visitor("")
    for i, words in enumerate(pieces(99, "q")):
        seen.open(f"achievements?{urlencode({'q': words})}")
        looks.at(seen, "search", f"q{i}")
    page = seen.open(f"submit?view=status&receipt=XQ-{today_shanghai():%Y%m%d}-0004")
    page.get_by_label("电话或邮箱").fill("13900001234")
    page.get_by_role("button", name="查询").click()
    seen.settle()
    looks.at(seen, "status", "s-title-visitor comment beside hint s-unit s-description")
    for path, kind in (("feeds/achievements.atom", "application/atom+xml"), ("feeds/events.ics", "text/calendar"),
                       ("api/v1/achievements", "application/json")):  # fmt: skip
        answer = seen.page.request.get(f"{scene.server.origin}/{path}")
        assert answer.headers["content-type"].startswith(kind) and answer.headers["x-content-type-options"] == "nosniff"
        assert "⟦achievement0⟧" in answer.text() or "⟦event0⟧" in answer.text()
        assert kind != "application/atom+xml" or "<script" not in answer.text()
    for role, path in (("member", "login"), ("member", "erase"), ("member", "password"),
                       ("", f"invite/{scene.invitation}"), ("", f"print/achievements/{scene.ids['achievement']}"),
                       ("", f"print/demands/{scene.ids['demand']}")):  # fmt: skip
        seen = visitor(role)
        seen.page.goto(f"{scene.server.origin}/{path}")
        looks.at(seen, path.rpartition("/")[0] or path)
    assert "Traceback" not in scene.server.output(), scene.server.output()[-3000:]
    with capsys.disabled():
        print(
            f"\nR7: {len(PAYLOADS)} payloads, {len(looks.sinks)} places of {looks.pages} pages that show them, "
            f"{looks.pairs} seen as typed, {len(looks.wrong)} wrong"
        )
    assert not looks.wrong, "\n".join(looks.wrong)
    assert len(looks.sinks) >= 60 and looks.pairs >= 22 * 60
