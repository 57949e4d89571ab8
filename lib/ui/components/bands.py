"""The dark band at the head of each page, its footer, and the plain sentences between them."""

from urllib.parse import quote

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.ui.components.markup import Markup, draw, el, join


def band(title: str, subtitle: str, *, instrument: float = 0) -> DeltaGenerator:
    """The head band: title and one line left; returns the place of the page's one instrument, right.

    `instrument` is the width of that place relative to the title's 1; 0 leaves it out.
    """
    place = st.container(key="band")
    with place:
        if not instrument:
            draw(_words(title, subtitle))
            return place
        words, tool = st.columns([1, instrument], gap="large", vertical_alignment="center")
        with words:
            draw(_words(title, subtitle))
        return tool


def searched(title: str, subtitle: str) -> DeltaGenerator:
    """The head band of a list; the one element drawn in the returned place, its search box, stands right.

    Every container costs each run: here the style sheet divides the band, not columns.
    """
    place = st.container(key="band", horizontal=True, vertical_alignment="center", gap="large")
    with place:
        draw(_words(title, subtitle))
    return place


def _words(title: str, subtitle: str) -> Markup:
    return join(el("h1", title, cls="bj-title"), el("p", subtitle, cls="bj-subtitle"))


def section(title: str, note: str = "") -> None:
    """A section's heading with one grey line beside it."""
    draw(el("div", el("h2", title), el("span", note) if note else None, cls="bj-section"))


def empty(title: str, advice: str) -> None:
    """Why there is nothing here, and what to do next."""
    draw(el("div", el("strong", title), el("p", advice), cls="bj-empty", role="status"))


def wrong(sentence: str) -> None:
    """What is wrong with what was typed, beside it; nothing where nothing is."""
    if sentence:
        draw(el("p", sentence, cls="bj-wrong", role="alert"))


def denied(message: str, *, signed_in: bool) -> None:
    """A page that this actor may not see."""
    band("这个页面需要权限", message)
    draw(
        el(
            "p",
            el("a", "换个账号登录" if signed_in else "去登录", href="/login", cls="bj-button"),
            cls="bj-actions",
        )
    )
    footer()


def account(name: str, path: str) -> None:
    """The login link, or who is signed in with the way to their account and out, at the right end of the header.

    Login and logout are real requests, so these are plain links.
    """
    if not name:
        draw(el("a", "登录", href=f"/login?next=/{quote(path)}", cls="bj-account"))
        return
    out = el("form", el("button", "退出", type="submit"), method="post", action="/logout", cls="bj-logout")
    draw(el("div", el("a", name, href="/account", cls="bj-account"), out, cls="bj-who"))


def footer() -> None:
    """What stands under every page."""
    draw(
        el(
            "footer",
            el("span", "北疆技转 · 内蒙古技术转移体系展示平台"),
            el(
                "span", "页面数字均来自公开信息，逐条注明发布方与日期；未公开的写「未披露」，没有数据的写「暂无数据」。"
            ),
            cls="bj-footer",
        )
    )
