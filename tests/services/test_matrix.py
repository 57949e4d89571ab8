"""R1, R2: every service action as every role, in the own and another organization, the own and another league.

What a row expects follows from one table: the permission an action asks for, and how far it reaches. The rows are
compared with the services themselves, so that an action without a row fails. Writes are rehearsed: rolled back.
"""

import ast
import contextlib
import importlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from types import SimpleNamespace
from typing import Any, Final

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update
from sqlalchemy.orm import Session

import lib.services
from lib.domain.access import REGION, VISITOR, Actor, Permission, Role
from lib.domain.dates import now_utc, today_shanghai
from lib.domain.errors import AccessDenied, NotFound, ProductError
from lib.domain.indicators import Period
from lib.domain.submissions import Action
from lib.domain.vocabulary import (
    AccessState,
    Decision,
    FieldLevel,
    ItemKind,
    QuestionState,
    SubmissionKind,
    ThreadState,
)
from lib.files.tables import TableError
from lib.services import attachments, attendance, grants, links, reviews, searches, submissions
from lib.services.briefs import BriefQuery
from lib.services.catalogue import CatalogueQuery
from lib.services.channels import FactQuery, FlowQuery
from lib.services.contracts import ContractQuery
from lib.services.coverage import Need
from lib.services.demo import Volume
from lib.services.entries import AuditQuery
from lib.services.identities import Proof
from lib.services.indicators import Question as IndicatorQuestion
from lib.services.indicators import Scope
from lib.services.leads import LeadQuery
from lib.services.network import Metric
from lib.services.reviews import QueueQuery
from lib.services.roadshows import EventQuery
from lib.services.rollup import RouteQuery
from lib.services.statistics import StatisticQuery
from lib.settings import ROOT, settings
from lib.store.engine import Database
from lib.store.models import (
    Account,
    Attachment,
    Event,
    EventItem,
    Interest,
    Judge,
    NetworkLink,
    NetworkNode,
    Organization,
    Question,
    Submission,
    Thread,
)
from tests.architecture.test_rules import WITHOUT_CHECK
from tests.samples import (
    BAOTOU,
    CANARY,
    CHECKED,
    XILINGOL,
    achievement,
    demand,
    node,
    outside_link,
    person,
    registration,
    roadshow,
    upcoming,
)

P = Permission
Reach = Callable[[Actor, bool, bool], bool]
"""Whether an action reaches the record of the world, given: the actor, is it the actor's own, does it lie in scope."""


def anyone(_actor: Actor, _own: bool, _near: bool) -> bool:
    return True


def own(_actor: Actor, own: bool, _near: bool) -> bool:
    return own


def scope(_actor: Actor, _own: bool, near: bool) -> bool:
    return near


def scope_of_others(_actor: Actor, own: bool, near: bool) -> bool:
    return near and not own


def event(_actor: Actor, _own: bool, near: bool) -> bool:
    """An event and the registrations for it: whoever organizes it, and officials of the event's place."""
    return near


def own_or_scope(actor: Actor, own: bool, near: bool) -> bool:
    return own or (near and actor.may(P.DECIDE_ACCESS))


def own_or_reviewing(actor: Actor, own: bool, near: bool) -> bool:
    return own or (near and actor.may(P.REVIEW_SUBMISSION))


def answering(actor: Actor, _own: bool, _near: bool) -> bool:
    return actor.may(P.MANAGE_OWN_RECORDS) or actor.may(P.DECIDE_ACCESS)


def owner_or_scope(actor: Actor, own: bool, near: bool) -> bool:
    return (own and actor.may(P.MANAGE_OWN_RECORDS)) or (near and actor.may(P.DECIDE_ACCESS))


def deciding(actor: Actor, own: bool, near: bool) -> bool:
    return owner_or_scope(actor, own, near) or actor.may(P.DECIDE_MATCH)


REASON: Final = "想做中试合作，需要了解参数。"
ASKED: Final = IndicatorQuestion(Scope(REGION, "内蒙古自治区"), Period(2023))
FILE: Final = ("说明.txt", "附件内容".encode())


def region(actor: Actor, _own: bool, _near: bool) -> bool:
    return actor.scope == REGION


def nothing_of_it(_actor: Actor, _own: bool, _near: bool) -> bool:
    return False


def not_administrators(actor: Actor, _own: bool, _near: bool) -> bool:
    return not actor.may(P.MANAGE_ACCOUNTS)


REACHES: Final[dict[Reach, str]] = {
    anyone: "whatever the permission allows",
    own: "what is the actor's or the actor's organization's",
    scope: "what lies in the actor's division",
    scope_of_others: "what lies in the actor's division and is not the actor's own",
    event: "the events the actor organizes; officials of their place",
    own_or_scope: "the owner, a holder of a grant, officials of the place",
    own_or_reviewing: "the owner, its reviewers",
    owner_or_scope: "the owner, officials of the place; never the asker",
    deciding: "brokers, the owner of the demand, officials of its place",
    answering: "owners, and officials of the place",
    region: "whoever answers for the whole region",
    nothing_of_it: "only what the actor asked for",
    not_administrators: "everybody but administrators",
}
"""How far an action reaches, in words for the documentation."""

GUEST: Final = {"name": "来宾", "phone": "13912340000", "consent": "1"}
STATE: Final = {"seq": 1, "slide": "title", "item": None, "timers": {"spent": {}, "since": None, "key": ""}}
PASSWORD: Final = "草原上的风吹过-2026"
NEITHER: Final = WITHOUT_CHECK.keys()
"""Given an actor, and no action: they say whose something is, or note it."""


def AGENT(_world: Any) -> dict[str, Any]:  # noqa: N802
    return {"agent": "test"}


@dataclass(frozen=True)
class Row:
    """One action: what it asks for (None: it answers everybody, with nothing for who has nothing), how far it
    reaches, and arguments that only the right actor gets past."""

    permission: Permission | None
    reach: Reach = anyone
    args: Callable[[Any], tuple[Any, ...]] = lambda _world: ()
    more: Callable[[Any], dict[str, Any]] = lambda _world: {}


ROWS: Final[dict[str, Row]] = {
    # handing in and following
    "drafts.save": Row(P.CREATE_SUBMISSION, args=lambda w: (token_hex(16), SubmissionKind.DEMAND, demand())),
    "drafts.load": Row(P.CREATE_SUBMISSION, args=lambda w: (token_hex(16),)),
    "drafts.find": Row(P.CREATE_SUBMISSION, args=lambda w: (token_hex(16),)),
    "drafts.listing": Row(P.CREATE_SUBMISSION),
    "submissions.remembered": Row(None),
    "drafts.discard": Row(P.CREATE_SUBMISSION, args=lambda w: (token_hex(16),)),
    "markings.refuse": Row(P.CREATE_SUBMISSION, args=lambda w: ({"title": "普通内容"},)),
    "submissions.submit": Row(P.CREATE_SUBMISSION, args=lambda w: (SubmissionKind.DEMAND, token_hex(16), demand())),
    "submissions.of_draft": Row(P.CREATE_SUBMISSION, args=lambda w: (token_hex(16),)),
    "submissions.twin": Row(P.CREATE_SUBMISSION, args=lambda w: (SubmissionKind.DEMAND, "题目", "单位")),
    "submissions.published_as": Row(P.CREATE_SUBMISSION, args=lambda w: (SubmissionKind.DEMAND, (1,))),
    "submissions.status": Row(P.READ_RECEIPT, args=lambda w: (w.receipt, CANARY)),
    "submissions.proven_answers": Row(P.READ_RECEIPT, args=lambda w: (w.receipt, CANARY)),
    "submissions.resubmit": Row(P.CREATE_SUBMISSION, args=lambda w: (w.returned_receipt, CANARY, demand())),
    "submissions.adopt": Row(P.MANAGE_OWN_RECORDS, args=lambda w: (w.visitors_receipt, CANARY)),
    "submissions.own": Row(P.MANAGE_OWN_ACCOUNT),
    "submissions.read_own": Row(P.MANAGE_OWN_ACCOUNT, own, lambda w: (w.pending,)),
    "submissions.filled": Row(P.MANAGE_OWN_RECORDS, own, lambda w: (w.pending,)),
    "submissions.resubmit_own": Row(P.MANAGE_OWN_RECORDS, own, lambda w: (w.returned, demand(title="改过的题目"))),
    "submissions.withdraw": Row(P.MANAGE_OWN_RECORDS, own, lambda w: (w.pending,)),
    "submissions.renew": Row(P.MANAGE_OWN_RECORDS, own, lambda w: (w.pending, w.later)),
    "submissions.submit#revision": Row(
        P.CREATE_SUBMISSION, own, lambda w: (SubmissionKind.ACHIEVEMENT, token_hex(16), achievement()),
        lambda w: {"revises_id": w.published},
    ),
    "submissions.withdraw_all": Row(P.MANAGE_OWN_ACCOUNT, args=lambda w: (w.account,)),
    "submissions.expire": Row(P.LOAD_DATA),
    "bulk.preview": Row(P.UPLOAD_ATTACHMENT, args=lambda w: (SubmissionKind.MILITARY, (), "x.csv", b"")),
    "bulk.take": Row(P.UPLOAD_ATTACHMENT, args=lambda w: (SubmissionKind.DEMAND, (), "x.csv", b"", {})),
    "bulk.unsent": Row(P.UPLOAD_ATTACHMENT, nothing_of_it, lambda w: ("0" * 64,)),
    # reviewing
    "reviews.queue": Row(P.REVIEW_SUBMISSION, args=lambda w: (QueueQuery(),)),
    "reviews.waiting": Row(P.REVIEW_SUBMISSION),
    "reviews.read": Row(P.REVIEW_SUBMISSION, scope, lambda w: (w.pending,)),
    "reviews.view_confidential": Row(P.REVIEW_SUBMISSION, scope, lambda w: (w.pending,)),
    "reviews.reviewers": Row(P.REVIEW_SUBMISSION, scope, lambda w: (w.pending,)),
    "reviews.assign": Row(P.REVIEW_SUBMISSION, scope, lambda w: (w.pending, w.reviewer)),
    "reviews.decide": Row(
        P.REVIEW_SUBMISSION, scope_of_others, lambda w: (w.pending, Action.PUBLISH, "", 1),
        lambda w: {"checklist": CHECKED},
    ),
    **{f"reviews.{name}#registration": Row(P.REVIEW_SUBMISSION, reach, lambda w: (w.registration,))
       for name, reach in (("read", event), ("view_confidential", event))},
    "reviews.archive": Row(P.REVIEW_SUBMISSION, scope_of_others, lambda w: (w.published,)),
    # confidentiality
    "disclosure.owns": Row(P.READ_CATALOGUE, args=lambda w: ("achievement", w.record)),
    "disclosure.levels": Row(P.READ_CATALOGUE, args=lambda w: ("achievement", w.record)),
    "disclosure.restricted": Row(P.READ_CATALOGUE, args=lambda w: ("achievement", w.record)),
    "disclosure.view": Row(P.READ_CATALOGUE, own_or_scope, lambda w: ("achievement", w.record)),
    "grants.answerable": Row(P.READ_CATALOGUE, answering),
    "grants.requests_for": Row(P.READ_CATALOGUE, answering, lambda w: (AccessState.PENDING,)),
    "grants.request_access": Row(P.REQUEST_ACCESS, args=lambda w: (token_hex(16), "achievement", w.record, REASON)),
    "grants.withdraw": Row(P.REQUEST_ACCESS, nothing_of_it, lambda w: (w.request,)),
    "grants.waiting": Row(P.REQUEST_ACCESS, args=lambda w: ("achievement", w.record)),
    "grants.requests_of": Row(P.REQUEST_ACCESS),
    "grants.decide": Row(P.READ_CATALOGUE, owner_or_scope, lambda w: (w.request, True, 30, "", 1)),
    "grants.revoke": Row(P.READ_CATALOGUE, owner_or_scope, lambda w: (w.granted,)),
    "attachments.add": Row(P.UPLOAD_ATTACHMENT, args=lambda w: (SubmissionKind.DEMAND, token_hex(16), *FILE)),
    "attachments.remove": Row(P.UPLOAD_ATTACHMENT, args=lambda w: (w.attachment,)),
    "attachments.of_draft": Row(P.UPLOAD_ATTACHMENT, args=lambda w: (token_hex(16),)),
    "attachments.of_submission": Row(P.MANAGE_OWN_ACCOUNT, args=lambda w: (w.pending,)),
    "attachments.of_record": Row(P.READ_CATALOGUE, args=lambda w: ("achievement", w.record)),
    "attachments.open_file": Row(P.READ_CATALOGUE, own_or_reviewing, lambda w: (w.attachment,)),
    "attachments.sweep": Row(P.LOAD_DATA),
    # notices, one's own account
    "notices.unread": Row(None),
    "notices.listing": Row(P.MANAGE_OWN_ACCOUNT),
    "notices.mark_read": Row(P.MANAGE_OWN_ACCOUNT),
    "notices.new_feed_key": Row(P.MANAGE_OWN_ACCOUNT),
    # saved searches
    "searches.listing": Row(None),
    "searches.news": Row(P.READ_CATALOGUE, args=lambda w: ("demand", CatalogueQuery(), now_utc())),
    "searches.save": Row(P.MANAGE_OWN_ACCOUNT, args=lambda w: ("demand", lambda _name: [])),
    "searches.mark_seen": Row(P.MANAGE_OWN_ACCOUNT, args=lambda w: (w.search, now_utc())),
    "searches.rename": Row(P.MANAGE_OWN_ACCOUNT, nothing_of_it, lambda w: (w.search, "别的名字")),
    "searches.remove": Row(P.MANAGE_OWN_ACCOUNT, args=lambda w: (w.search,)),
    # accounts
    "accounts.confirm": Row(P.MANAGE_OWN_ACCOUNT, args=lambda w: (PASSWORD,)),
    "accounts.create_account": Row(P.MANAGE_ACCOUNTS, args=lambda w: ("new", PASSWORD, "新人", Role.MEMBER)),
    "accounts.set_password": Row(P.MANAGE_ACCOUNTS, args=lambda w: (w.login, PASSWORD)),
    "registration.register": Row(P.REGISTER, args=lambda w: ({},), more=AGENT),
    "registration.claim": Row(P.MANAGE_OWN_ACCOUNT, args=lambda w: ({},)),
    "registration.pending_claims": Row(P.APPROVE_ACCOUNT),
    "registration.count_claims": Row(P.APPROVE_ACCOUNT),
    "registration.approve": Row(P.APPROVE_ACCOUNT, scope, lambda w: (w.applicant, 1)),
    "registration.decline": Row(P.APPROVE_ACCOUNT, scope, lambda w: (w.applicant, 1, "名称与代码不符")),
    "links.invite": Row(P.MANAGE_ACCOUNTS, args=lambda w: (Role.BROKER, 7)),
    "links.open_invitations": Row(P.MANAGE_ACCOUNTS),
    "links.revoke": Row(P.MANAGE_ACCOUNTS, args=lambda w: ("0" * 16,)),
    "links.reset_link": Row(P.MANAGE_ACCOUNTS, args=lambda w: (w.account,)),
    "links.invitation": Row(P.REGISTER, args=lambda w: (w.invitation,)),
    "links.reset_login": Row(P.REGISTER, args=lambda w: (w.reset,)),
    "links.accept": Row(P.REGISTER, args=lambda w: (w.invitation, {}), more=AGENT),
    "links.accept_signed_in": Row(
        P.MANAGE_OWN_ACCOUNT, not_administrators, lambda w: (w.invitation,), AGENT
    ),
    "links.reset": Row(P.REGISTER, args=lambda w: (w.reset, PASSWORD, "other")),
    "people.listing": Row(P.MANAGE_ACCOUNTS),
    "people.read": Row(P.MANAGE_ACCOUNTS, args=lambda w: (w.account,)),
    "people.places": Row(P.MANAGE_ACCOUNTS),
    "people.switch": Row(P.MANAGE_ACCOUNTS, args=lambda w: (w.account, False, 1)),
    "people.assign": Row(P.MANAGE_ACCOUNTS, args=lambda w: (w.account, Role.BROKER, 1)),
    "people.account_named": Row(P.MANAGE_ACCOUNTS, args=lambda w: ("nobody",)),
    "people.organization_named": Row(P.MANAGE_ACCOUNTS, args=lambda w: ("没有这家",)),
    "people.view_phone": Row(P.APPROVE_ACCOUNT, scope, lambda w: (w.applicant,)),
    "personal.me": Row(P.MANAGE_OWN_ACCOUNT),
    "personal.logins": Row(P.MANAGE_OWN_ACCOUNT),
    "personal.must_agree": Row(None),
    "personal.correct": Row(P.MANAGE_OWN_ACCOUNT, args=lambda w: ("新名字", "")),
    "personal.agree": Row(P.MANAGE_OWN_ACCOUNT),
    "personal.change_password": Row(P.MANAGE_OWN_ACCOUNT, args=lambda w: (PASSWORD, "short", "short"), more=AGENT),
    "personal.end_login": Row(P.MANAGE_OWN_ACCOUNT, args=lambda w: ("0" * 16,)),
    "personal.end_other_logins": Row(P.MANAGE_OWN_ACCOUNT),
    "personal.export": Row(P.MANAGE_OWN_ACCOUNT),
    "personal.erase": Row(P.MANAGE_OWN_ACCOUNT, args=lambda w: (PASSWORD,)),
    "identities.link": Row(P.MANAGE_OWN_ACCOUNT, args=lambda w: (Proof("https://issuer", token_hex(8), "名"),)),
    "identities.unlink": Row(P.MANAGE_OWN_ACCOUNT),
    "identities.linked": Row(P.MANAGE_OWN_ACCOUNT),
    "identities.by_provider": Row(P.MANAGE_OWN_ACCOUNT),
    # the audit trail
    "entries.search": Row(P.READ_AUDIT, args=lambda w: (AuditQuery(),)),
    "entries.export_csv": Row(P.READ_AUDIT, args=lambda w: (AuditQuery(),)),
    "entries.history": Row(P.READ_CATALOGUE, args=lambda w: ("achievement", 1)),
    # upkeep and data
    "drafts.prune": Row(P.LOAD_DATA),
    "upkeep.sweep": Row(P.LOAD_DATA),
    "archive.export_all": Row(P.LOAD_DATA, args=lambda w: (w.folder,)),
    "archive.backup": Row(P.LOAD_DATA, args=lambda w: (w.folder,)),
    "archive.restore": Row(P.LOAD_DATA, args=lambda w: (w.folder,)),
    "audit.verify": Row(P.LOAD_DATA),
    "audit.head": Row(P.LOAD_DATA),
    "exchange.load_public": Row(P.LOAD_DATA),
    "exchange.import_file": Row(P.LOAD_DATA, args=lambda w: ("achievements", "x.csv", b"a,b\n")),
    "demo.create": Row(P.LOAD_DATA, args=lambda w: (w.no_volume,)),
    "demo.clear": Row(P.LOAD_DATA),
    "rollup.rebuild": Row(P.LOAD_DATA),
    # what everybody may read
    **{f"catalogue.search_{kind}": Row(P.READ_CATALOGUE, args=lambda w: (CatalogueQuery(),))
       for kind in ("achievements", "demands", "organizations")},
    **{f"catalogue.read_{kind}": Row(P.READ_CATALOGUE, args=lambda w: (1,))
       for kind in ("achievement", "demand", "organization")},
    "catalogue.achievements_of": Row(P.READ_CATALOGUE, args=lambda w: (1,)),
    "catalogue.demands_of": Row(P.READ_CATALOGUE, args=lambda w: (1,)),
    "catalogue.details_of": Row(P.READ_CATALOGUE, args=lambda w: ("achievement", [1])),
    "catalogue.count_since": Row(P.READ_CATALOGUE, args=lambda w: ("achievement", CatalogueQuery(), now_utc())),
    "catalogue.find": Row(P.READ_CATALOGUE, args=lambda w: ("achievement", CatalogueQuery())),
    "catalogue.nearest": Row(P.READ_CATALOGUE, args=lambda w: ("achievement", "稀土")),
    "catalogue.cards_of": Row(P.READ_CATALOGUE, args=lambda w: ("achievement", (1,))),
    "exports.write": Row(P.READ_CATALOGUE, args=lambda w: ("achievement", "csv", CatalogueQuery()),
                         more=lambda w: {"base": "", "address": ""}),
    # matching
    "matching.similar_achievements": Row(P.READ_CATALOGUE, args=lambda w: ("稀土",)),
    "matching.similar_demands": Row(P.READ_CATALOGUE, args=lambda w: ("稀土",)),
    **{f"matching.{name}": Row(P.READ_CATALOGUE, args=lambda w: (1,))
       for name in ("for_demand", "for_achievement", "may_decide", "decisions")},
    "matching.decide": Row(P.READ_CATALOGUE, deciding, lambda w: (w.demand, w.record, Decision.CONFIRMED, REASON)),
    "channels.yearly": Row(P.READ_CHANNELS),
    "channels.fields": Row(P.READ_CHANNELS, args=lambda w: (FlowQuery(),)),
    "channels.contract_years": Row(P.READ_CHANNELS, args=lambda w: (("public",),)),
    "channel_history.fields_of": Row(P.READ_CHANNELS, args=lambda w: ("MN",)),
    "contract_flows.by_league": Row(P.READ_STATISTICS, args=lambda w: ((), ("public",), ("year",))),
    "channel_history.years": Row(P.READ_CHANNELS),
    "channel_history.matrix": Row(P.READ_CHANNELS),
    "contract_flows.read": Row(P.READ_STATISTICS, args=lambda w: ((), ("public",))),
    "channels.flows": Row(P.READ_CHANNELS, args=lambda w: (FlowQuery(),)),
    "channels.facts": Row(P.READ_CHANNELS, args=lambda w: (FactQuery(),)),
    **{f"channels.{name}": Row(P.READ_CHANNELS) for name in ("totals", "years", "until")},
    "contracts.census": Row(P.READ_STATISTICS, args=lambda w: (ContractQuery(),)),
    "contracts.search_contracts": Row(P.READ_STATISTICS, args=lambda w: (ContractQuery(),)),
    **{f"indicators.{name}": Row(P.READ_STATISTICS, args=args, more=lambda w, more=more: more) for name, args, more in (
        ("scopes", lambda w: (), {}),
        ("latest", lambda w: (), {}),
        ("years", lambda w: ("real",), {}),
        ("read", lambda w: (ASKED,), {}),
        ("structure", lambda w: (ASKED, "type"), {}),
        ("by_year", lambda w: (ASKED.scope, "real"), {}),
        ("types_by_year", lambda w: (ASKED.scope, "real"), {"comparable": True}),
        ("by_league", lambda w: (ASKED.period, "real"), {}),
    )},
    **{f"practice.{name}": Row(P.READ_STATISTICS, args=lambda w: (("public",), ""))
       for name in ("converted", "matched", "signed")},
    "briefs.make": Row(P.READ_STATISTICS, args=lambda w: (BriefQuery(REGION, ASKED.period),)),
    "practice.institutions": Row(P.READ_STATISTICS, args=lambda w: (2023,)),
    "rollup.sums": Row(P.READ_STATISTICS),
    "rollup.routes": Row(P.READ_STATISTICS, args=lambda w: (RouteQuery(),)),
    "network.breakdown": Row(P.READ_NETWORK, args=lambda w: (Metric.ACHIEVEMENTS, XILINGOL)),
    "network.entries": Row(P.READ_NETWORK, args=lambda w: (Metric.ACHIEVEMENTS, XILINGOL)),
    **{f"network.{name}": Row(P.READ_NETWORK, args=lambda w: ("league",)) for name in ("nodes", "unplaced")},
    **{f"network.{name}": Row(P.READ_NETWORK) for name in ("zones", "origins_present", "until")},
    **{f"nodes.{name}": Row(P.READ_NETWORK) for name in ("listing", "links", "members")},
    "nodes.read": Row(P.READ_NETWORK, args=lambda w: (w.node,)),
    "nodes.history": Row(P.READ_NETWORK, args=lambda w: ("network_node", w.node)),
    "node_entries.add_node": Row(P.MANAGE_NETWORK, scope, lambda w: (token_hex(16), "152502", node())),
    "node_entries.save_node": Row(P.MANAGE_NETWORK, scope, lambda w: (w.node, node(), 1)),
    "node_entries.verify_node": Row(P.MANAGE_NETWORK, scope, lambda w: (w.node, 1)),
    "node_entries.add_link": Row(P.MANAGE_NETWORK, scope, lambda w: (token_hex(16), w.node, outside_link())),
    "node_entries.save_link": Row(P.MANAGE_NETWORK, scope, lambda w: (w.link, outside_link(), 1)),
    "node_entries.verify_link": Row(P.MANAGE_NETWORK, scope, lambda w: (w.link, 1)),
    "node_entries.move_member": Row(P.MANAGE_NETWORK, region, lambda w: (token_hex(16), {}, 1)),
    "coverage.survey": Row(P.READ_NETWORK, args=lambda w: (Need.STATION,)),
    "coverage.where_next": Row(P.READ_NETWORK, args=lambda w: (Need.STATION, 1)),
    "coverage.has_population": Row(P.READ_NETWORK),
    "network.years": Row(P.READ_NETWORK),
    "standing.read": Row(P.READ_NETWORK),
    "layers.events": Row(P.READ_NETWORK),
    "layers.marks": Row(P.READ_NETWORK, args=lambda w: ("carriers",)),
    "overview.read": Row(P.READ_HOME),
    "bigscreen.read": Row(P.READ_HOME),
    "bigscreen.stamp": Row(P.READ_HOME),
    "deck.network_picture": Row(P.READ_NETWORK),
    "deck.channel_picture": Row(P.READ_CHANNELS),
    "records.achievement": Row(P.READ_CATALOGUE, args=lambda w: (w.record,)),
    "records.demand": Row(P.READ_CATALOGUE, args=lambda w: (w.demand,)),
    "records.sheet": Row(P.READ_CATALOGUE, args=lambda w: ("achievement", w.record), more=lambda w: {"base": ""}),
    "records.gone": Row(P.READ_CATALOGUE, args=lambda w: ("achievement", w.record)),
    "records.own_achievements": Row(P.MANAGE_OWN_RECORDS),
    # running events
    "hosting.listing": Row(P.MANAGE_EVENTS),
    "hosting.read": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0],)),
    "hosting.create": Row(P.MANAGE_EVENTS, args=lambda w: (token_hex(16), {})),
    "hosting.save": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0], roadshow(), 1)),
    "hosting.publish": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0], 1)),
    "hosting.cancel": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0], "场地临时不能用", 1)),
    "hosting.remove": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0], 1)),
    "programme.published": Row(P.READ_EVENTS, args=lambda w: (w.events[0],)),
    "programme.versions": Row(P.READ_EVENTS, args=lambda w: (w.events[0],)),
    "programme.draft": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0],)),
    "programme.add_record": Row(
        P.MANAGE_EVENTS, event, lambda w: (w.events[0], ItemKind.ACHIEVEMENT, w.record, "stale")
    ),
    "programme.add_line": Row(
        P.MANAGE_EVENTS, event, lambda w: (w.events[0], ItemKind.TALK, {"title": "致辞"}, "stale")
    ),
    "programme.edit": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0], 1, {}, "stale")),
    "programme.move": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0], 1, 0, "stale")),
    "programme.remove": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0], 1, "stale")),
    "programme.publish": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0], "stale")),
    # a jury
    "jury.desk": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0],)),
    "jury.set_criteria": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0], (("团队", 100),), ())),
    "jury.appoint": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0], 7)),
    "jury.renew": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0], 1)),
    "jury.switch": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0], 1, False)),
    "jury.freeze": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0],)),
    "jury.unfreeze": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0], "一位评委看错了项目")),
    "jury.publish": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0],)),
    "jury.export_result": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0],)),
    "jury.result": Row(P.READ_EVENTS, args=lambda w: (w.events[0],)),
    "jury.sheet": Row(P.TAKE_PART, args=lambda w: (w.events[0], "K7MP2-X9RTW")),
    "jury.score": Row(P.TAKE_PART, args=lambda w: (w.events[0], "K7MP2-X9RTW", 1, {})),
    # an audience
    "attendance.register": Row(P.TAKE_PART, args=lambda w: (w.events[0], token_hex(16), {})),
    "attendance.booking": Row(P.TAKE_PART, args=lambda w: (w.ticket.receipt, w.ticket.key)),
    "attendance.cancel": Row(P.TAKE_PART, args=lambda w: (w.ticket.receipt, w.ticket.key)),
    "attendance.guests": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0],)),
    "attendance.check_in": Row(P.MANAGE_EVENTS, event, lambda w: (1, True)),
    "attendance.walk_in": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0], token_hex(16), GUEST)),
    "attendance.view_contact": Row(P.MANAGE_EVENTS, event, lambda w: (1,)),
    "attendance.export_list": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0],)),
    "attendance.erase": Row(P.LOAD_DATA),
    "interests.leave": Row(
        P.TAKE_PART, args=lambda w: ("achievement", w.record, token_hex(16), {}), more=lambda w: {"device": "d"}
    ),
    "interests.erase": Row(P.LOAD_DATA),
    "responses.keep": Row(P.TAKE_PART, args=lambda w: (w.events[0], "mark", {}), more=lambda w: {"device": "d"}),
    "responses.mine": Row(P.TAKE_PART, args=lambda w: (w.events[0],), more=lambda w: {"device": "d"}),
    "responses.counts": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0],)),
    "responses.questions": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0],)),
    "responses.settle_question": Row(P.MANAGE_EVENTS, event, lambda w: (1, QuestionState.ANSWERED)),
    "stage.read": Row(P.READ_EVENTS, args=lambda w: (w.events[0],)),
    "stage.put": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0], STATE)),
    "deck.read": Row(P.READ_EVENTS, args=lambda w: (w.events[0],)),
    # what came of it
    "leads.listing": Row(P.FOLLOW_UP, args=lambda w: (LeadQuery(),)),
    "leads.reminders": Row(P.FOLLOW_UP),
    "leads.read": Row(P.FOLLOW_UP, event, lambda w: (1,)),
    "leads.export_list": Row(P.FOLLOW_UP, args=lambda w: (LeadQuery(),)),
    "followups.view_contact": Row(P.FOLLOW_UP, event, lambda w: (1,)),
    "followups.take": Row(P.FOLLOW_UP, event, lambda w: (1, None)),
    "followups.step": Row(P.FOLLOW_UP, event, lambda w: (1, ThreadState.CONTACTED, 99, {})),
    "followups.remind": Row(P.LOAD_DATA),
    "handovers.heirs": Row(P.FOLLOW_UP, event, lambda w: (1,)),
    "handovers.hand_over": Row(P.FOLLOW_UP, event, lambda w: (1, 999_999, 1)),
    "outcomes.read": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0],)),
    "outcome_sheets.read": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0],), lambda w: {"base": ""}),
    "outcomes.rows": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0], "marks")),
    "scopes.hosted": Row(P.MANAGE_EVENTS, event, lambda w: (w.events[0],)),
    "roadshows.search_events": Row(P.READ_EVENTS, args=lambda w: (EventQuery(),)),
    "roadshows.read_event": Row(P.READ_EVENTS, args=lambda w: (1,)),
    "roadshows.newest_events": Row(P.READ_EVENTS),
    "roadshows.dated_events": Row(P.READ_EVENTS),
    **{f"sources.{name}": Row(P.READ_SOURCES) for name in ("files", "publishers", "publisher_names", "clauses")},
    "sources.rows_of": Row(P.READ_SOURCES, args=lambda w: ("",)),
    "statistics.search_statistics": Row(P.READ_STATISTICS, args=lambda w: (StatisticQuery(),)),
    "statistics.series": Row(P.READ_STATISTICS, args=lambda w: ("技术合同成交额", "全区")),
    "statistics.by_league": Row(P.READ_STATISTICS, args=lambda w: ("技术合同成交额",)),
    **{f"statistics.{name}": Row(P.READ_STATISTICS) for name in ("indicators", "headline", "ratios")},
}  # fmt: skip


class Rehearsal(Database):
    """A database whose writes are taken back at the end of each."""

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        with self._write_session() as session:
            try:
                yield session
                session.flush()
            finally:
                session.rollback()


def _actions() -> dict[str, list[str]]:
    """Every public service function that is given an actor, with the names of its other leading parameters."""
    folder = Path(lib.services.__file__).parent
    return {
        f"{file.stem}.{node.name}": [argument.arg for argument in node.args.args]
        for file in sorted(folder.glob("*.py"))
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and "actor" in {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
    }


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Records of one organization in one league, in every state that an action asks for."""
    folder = tmp_path_factory.mktemp("matrix")
    file = folder / "world.db"
    shutil.copyfile(request.getfixturevalue("loaded_file"), file)
    patch = pytest.MonkeyPatch()
    patch.setenv("ATTACHMENTS_DIR", str(folder / "attachments"))
    settings.cache_clear()
    database = Rehearsal(f"sqlite:///{file}")
    yield _build(database, folder)
    database.dispose()
    patch.undo()
    settings.cache_clear()


def _build(rehearsal: Rehearsal, folder: Path) -> Any:
    real = Database(str(rehearsal.url))
    with real.read() as session:
        ours, theirs = session.scalars(select(Organization.id).order_by(Organization.id).limit(2))
        near_event, far_event = session.scalars(select(Event.id).order_by(Event.id).limit(2))
    with real.write() as session:
        for number, place in ((near_event, XILINGOL), (far_event, BAOTOU)):
            session.get_one(Event, number).league_code, session.get_one(Event, number).banner_code = place, None
    upcoming(real, near_event, far_event)
    ticket = attendance.register(real, near_event, token_hex(16), GUEST | {"phone": "13912349999"}, actor=VISITOR)
    with real.write() as session:
        session.add(EventItem(event_id=near_event, title="项目"))
        for number in (near_event, far_event):
            session.add(Judge(event_id=number, number=1, code_hash=f"{number:064}", made_at=now_utc()))
        session.add(Question(draft_id=token_hex(16), event_id=near_event, event_item_id=1, browser_hash="b", text="问",
                             created_at=now_utc()))  # fmt: skip
        wish = Interest(draft_id=token_hex(16), event_id=near_event, event_item_id=1, browser_hash="b",
                        created_at=now_utc())  # fmt: skip
        session.add(wish)
        session.flush()
        session.add(Thread(interest_id=wish.id, opened_at=now_utc()))
    owner = person(real, Role.MEMBER, organization_id=ours)
    asker = person(real, Role.BROKER)
    reviewer = person(real, Role.OFFICIAL, scope=XILINGOL)
    keeper = person(real, Role.ADMINISTRATOR)

    def hand_in(values: dict[str, Any], kind: SubmissionKind, actor: Actor) -> tuple[int, str]:
        draft = token_hex(16)
        if kind is SubmissionKind.DEMAND and actor is owner:
            attachments.add(real, kind, draft, *FILE, FieldLevel.GRANTED, actor=owner)
        receipt = submissions.submit(real, kind, draft, values, actor=actor)
        with real.read() as session:
            return session.scalars(
                select(Submission.id).where(Submission.receipt == receipt.number)
            ).one(), receipt.number

    def decide(number: int, action: Action) -> int:
        done = reviews.decide(real, number, action, "理由充分", 1, actor=reviewer, checklist=CHECKED)
        return done.record_id or 0

    pending, receipt = hand_in(demand(), SubmissionKind.DEMAND, owner)
    returned, returned_receipt = hand_in(demand(title="退回整改的需求"), SubmissionKind.DEMAND, owner)
    decide(returned, Action.RETURN)
    published, _ = hand_in(achievement(formula="配方"), SubmissionKind.ACHIEVEMENT, owner)
    record = decide(published, Action.PUBLISH)
    wanted, _ = hand_in(demand(title="公开的需求"), SubmissionKind.DEMAND, owner)
    asked = grants.request_access(
        real, token_hex(16), "achievement", record, "想做中试合作，需要了解参数。", actor=asker
    )
    granted = asked
    applicant = person(real, Role.APPLICANT)
    with real.write() as session:
        claim = session.get_one(Account, applicant.account_id)
        claim.claim_state, claim.claim_name, claim.claim_code = "pending", "锡林郭勒盟某新公司", "91350100M000100Y43"
        claim.claim_league = XILINGOL
    with real.read() as session:
        login = session.get_one(Account, owner.account_id).login
        attachment = session.scalars(select(Attachment.id).where(Attachment.account_id == owner.account_id)).first()
        branch = session.scalars(select(NetworkNode.id).where(NetworkNode.division_code == XILINGOL)).one()
        upwards = session.scalars(select(NetworkLink.id).where(NetworkLink.node_id == branch)).one()
    world = SimpleNamespace(
        ticket=ticket, node=branch, link=upwards,
        database=rehearsal, folder=folder / "nowhere", ours=ours, theirs=theirs, events=(near_event, far_event),
        pending=pending, receipt=receipt, returned=returned, returned_receipt=returned_receipt, published=published,
        demand=decide(wanted, Action.PUBLISH),
        visitors_receipt=hand_in(demand(), SubmissionKind.DEMAND, VISITOR)[1], record=record,
        registration=hand_in(registration(near_event), SubmissionKind.REGISTRATION, VISITOR)[0],
        request=asked, granted=granted, attachment=attachment, account=owner.account_id, login=login,
        applicant=applicant.account_id, reviewer=reviewer.account_id, no_volume=Volume(),
        later=today_shanghai() + timedelta(days=9), search=searches.save(real, "demand", lambda _: [], actor=owner).id,
        invitation=links.invite(real, Role.BROKER, 7, actor=keeper),
        reset=links.reset_link(real, owner.account_id or 0, actor=keeper),
    )  # fmt: skip
    world.actors = list(_people(real, world))
    with real.write() as session:
        cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
        session.execute(update(Account).values(password_hash=cheap))
    real.dispose()
    return world


def _people(real: Database, world: Any) -> Iterator[tuple[str, Actor]]:
    """Every role × own and other organization × own and other league; an organizer's league is an event."""
    for role in Role:
        for home, organization in (("own", world.ours), ("other", world.theirs)):
            for place, scope_code, event in (("near", XILINGOL, 0), ("far", BAOTOU, 1)):
                name = f"{role.value}, {home} organization, {place}"
                if role is Role.VISITOR:
                    yield name, VISITOR
                    continue
                yield name, person(
                    real, role, organization_id=None if role is Role.APPLICANT else organization,
                    scope=scope_code if role is Role.OFFICIAL else "",
                    events=frozenset({world.events[event]}) if role is Role.ORGANIZER else frozenset(),
                )  # fmt: skip


def _expected(name: str, row: Row, actor: Actor, world: Any) -> bool:
    own_record = actor.organization_id == world.ours
    near = actor.covers(XILINGOL) or (row.reach is event and world.events[0] in actor.events)
    return (row.permission is None or actor.may(row.permission)) and row.reach(actor, own_record, near)


def _happens(name: str, row: Row, actor: Actor, world: Any, first: str) -> bool:
    """True when the action let the actor in, whatever came of it then."""
    module, function = name.partition("#")[0].split(".")
    call = getattr(importlib.import_module(f"lib.services.{module}"), function)
    arguments, more = row.args(world), row.more(world)
    with world.database.write() if first == "session" else contextlib.nullcontext() as session:
        given = {"session": (session,), "database": (world.database,)}.get(first, ())
        try:
            call(*given, *arguments, actor=actor, **more)
        except (AccessDenied, NotFound):
            return False
        except (ProductError, OSError, TableError):
            return True
    return True


def test_every_action_has_a_row_and_every_row_an_action() -> None:
    """R2: a new action without a row fails, and so does a row whose action is gone."""
    actions, rows = _actions().keys() - NEITHER, {name.partition("#")[0] for name in ROWS}
    print(f"R2: {len(actions)} actions, {len(rows)} with a row")
    assert actions == rows


def test_every_action_lets_in_whom_the_table_says_and_nobody_else(world: Any) -> None:
    """R1: all cells of the matrix; without any permission nothing is allowed at all."""
    actions, wrong, cases = _actions(), [], 0
    nobody = Actor(name="nobody")
    object.__setattr__(nobody, "permissions", frozenset())
    for name, row in ROWS.items():
        first = next(iter(actions[name.partition("#")[0]]), "")
        for who, actor in (*world.actors, ("nobody", nobody)):
            cases += 1
            expected = _expected(name, row, actor, world)
            if _happens(name, row, actor, world, first) is not expected:
                wrong.append(f"{name} as {who}: expected {'yes' if expected else 'no'}")
    print(f"R1: {len(ROWS)} actions × {len(world.actors)} people = {cases} cases, {len(wrong)} differences")
    assert cases > 1000
    assert not wrong, "\n".join(wrong)


def test_the_documentation_prints_this_matrix() -> None:
    from tools import matrix  # it reads this module

    printed = (ROOT / "docs" / "access.md").read_text()
    assert printed == matrix.page(), "python -m tools.matrix > docs/access.md"
