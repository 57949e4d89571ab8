"""The pages of the product and the way between them."""

from base64 import b64encode
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from lib.domain.access import Permission
from lib.settings import ROOT
from lib.ui import address, guard
from lib.ui.components import bands

STATIC: Final = ROOT / "lib" / "shell" / "static"


@dataclass(frozen=True)
class Place:
    """One page: its file stem is its address."""

    name: str
    title: str
    permission: Permission
    section: str = ""


WORK: Final = "工作台"
"""The menu of what needs an account."""

PLACES: Final = (
    Place("home", "总览", Permission.READ_HOME),
    Place("achievements", "成果库", Permission.READ_CATALOGUE),
    Place("demands", "需求库", Permission.READ_CATALOGUE),
    Place("organizations", "机构", Permission.READ_CATALOGUE),
    Place("roadshows", "路演与活动", Permission.READ_EVENTS),
    Place("network", "三级网络", Permission.READ_NETWORK),
    Place("channels", "转移通道", Permission.READ_CHANNELS),
    Place("statistics", "数据", Permission.READ_STATISTICS),
    Place("submit", "提交", Permission.CREATE_SUBMISSION),
    Place("sources", "数据来源", Permission.READ_SOURCES),
    Place("mine", "我的", Permission.MANAGE_OWN_ACCOUNT, WORK),
    Place("review", "审核", Permission.REVIEW_SUBMISSION, WORK),
    Place("hosting", "办活动", Permission.MANAGE_EVENTS, WORK),
    Place("followups", "对接跟进", Permission.FOLLOW_UP, WORK),
    Place("access", "查看申请", Permission.MANAGE_OWN_ACCOUNT, WORK),
    Place("accounts", "账号管理", Permission.APPROVE_ACCOUNT, WORK),
    Place("account", "我的账号", Permission.MANAGE_OWN_ACCOUNT, WORK),
    Place("audit", "操作记录", Permission.READ_AUDIT, WORK),
)
"""Places of a section stand together in its menu, those without one in the header itself."""


def href(name: str) -> str:
    """What `st.page_link` and `st.switch_page` take for a page of ours."""
    return str(ROOT / "pages" / f"{name}.py")


def run() -> None:
    """Draw the frame of the product and run the page that the address names."""
    st.set_page_config(page_title="北疆技转", page_icon=_image("icon.svg"), layout="wide")
    context = guard.begin()
    st.logo(_image("logo.svg"), size="large")
    may = tuple(context.actor.may(place.permission) for place in PLACES)
    sections: dict[str, list[StreamlitPage]] = {}
    for section, page in _pages(may, context.unread):
        sections.setdefault(section, []).append(copy(page))  # each run calls one of its own
    current = st.navigation(sections, position="top")
    address.keep(current.url_path)
    bands.account(context.actor.name if context.actor.account_id else "", current.url_path)
    current.run()
    bands.footer()


@lru_cache
def _image(name: str) -> str:
    """A picture of ours as an address that holds it; from a file it would be read in every run."""
    return f"data:image/svg+xml;base64,{b64encode((STATIC / name).read_bytes()).decode()}"


@lru_cache(maxsize=64)
def _pages(may: tuple[bool, ...], unread: int) -> tuple[tuple[str, StreamlitPage], ...]:
    """All pages with the menu that each stands in; `may` tells for each place whether it is shown."""
    told = f" {unread}" if unread else ""
    return tuple(
        (
            place.section + told if place.section else "",
            st.Page(
                href(place.name),
                title=place.title + told if place.name == "mine" else place.title,
                url_path=place.name,
                default=place.name == "home",
                visibility="visible" if shown else "hidden",
            ),
        )
        for place, shown in zip(PLACES, may, strict=True)
    )
