"""Login by an identity provider (OpenID Connect). It proves who somebody is; what they may do is ours to say.

Authlib speaks the protocol: code flow with PKCE, state and nonce, id token checked against the provider's keys.
What a login in progress must remember lies for ten minutes in a signed cookie that no script reads.
"""

import hashlib
import time
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client.errors import MismatchingStateError
from authlib.integrations.starlette_client import OAuth, OAuthError
from joserfc.errors import JoseError
from starlette.concurrency import run_in_threadpool
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from lib.domain.access import Actor
from lib.domain.dates import show_time
from lib.domain.errors import AccessDenied, Conflict, ProductError
from lib.server import login, posted
from lib.server.html import document
from lib.services import accounts, identities, trouble
from lib.settings import settings
from lib.store.engine import database

_MINUTES: Final = 10
_PATIENCE: Final = 5.0
"""Seconds that the provider may take for one answer."""
_HOUR: Final = 3600
_LEEWAY: Final = 60
_SIGNED: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures that only the provider can make: no shared secret, and not none."""
_TROUBLE: Final = (httpx2.HTTPError, httpx2.InvalidURL, RuntimeError, ValueError, TypeError, KeyError, AttributeError)
"""What a provider that is away, or that answers something else, ends in."""
_LOG: Final = structlog.get_logger("oidc")


class ProviderAway(ProductError):
    """The provider does not answer, or not what it should."""

    def __init__(self, error: Exception) -> None:
        number = trouble.note(error, provider=settings().oidc_issuer)
        super().__init__(
            f"{settings().oidc_name}暂时无法使用，请稍后再试；有本平台密码的，可以用登录名和密码登录。"
            f"如一直如此，请把编号 {number} 告诉管理员。"
        )
        self.status = 503 if isinstance(error, httpx2.TransportError) else 502


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Everything below /oidc, with the cookie that a login in progress needs; not there without a provider."""
    if not settings().oidc:
        missing = document("没有这个页面", "本平台没有接入统一身份认证。", "", narrow=True, status=404)
        await missing(scope, receive, send)
        return
    secret = settings().oidc_client_secret.get_secret_value()
    await SessionMiddleware(
        _ROUTER,
        secret_key=hashlib.sha256(f"login in progress\0{secret}".encode()).hexdigest(),
        session_cookie=settings().provider_cookie,
        max_age=_MINUTES * 60,
        path="/",
        same_site="lax",
        https_only=settings().secure,
    )(scope, receive, send)


async def begin(request: Request) -> Response:
    """GET /oidc/login: on to the provider; `next` is where one goes on to afterwards."""
    request.session.clear()
    request.session["next"] = login.safe_next(request.query_params.get("next", "/"))
    try:
        return RedirectResponse(await _way_there(request), 303, {"Cache-Control": "no-store"})
    except ProviderAway as away:
        request.session.clear()
        return _sorry(away.message, away.status)


async def callback(request: Request) -> Response:
    """GET /oidc/callback: the provider's answer; a login of ours when it holds, one clear sentence when not."""
    onward, linking = request.session.get("next", "/"), request.session.get("link")
    token, address = posted.token(request), posted.address(request)
    try:
        proof = await _prove(request)
        if linking is not None:
            await run_in_threadpool(_link, proof, token, address, linking)
            return RedirectResponse("/oidc/link", 303, {"Cache-Control": "no-store"})
        entry = await run_in_threadpool(_enter, proof, address, posted.agent(request), token)
    except ProviderAway as away:
        return _sorry(away.message, away.status)
    except AccessDenied as refusal:
        return _sorry(refusal.message, 403)
    except Conflict as refusal:
        return _sorry(refusal.message, 409)
    finally:
        request.session.clear()
    invited = onward.startswith("/invite/")
    return login.signed_in(entry.token, "/account" if entry.new and not invited else onward)


async def link(request: Request) -> Response:
    """GET /oidc/link: whether the own account is linked; POST links it, after the password, or unlinks it."""
    token, address = posted.token(request), posted.address(request)
    actor, linked = await run_in_threadpool(_own, token, address)
    if actor.account_id is None:
        return RedirectResponse("/login?next=/oidc/link", 303, {"Cache-Control": "no-store"})
    if request.method != "POST":
        return _linking(linked)
    form = await posted.read(request) or {}
    try:
        if form.get("do") == "unlink":
            await run_in_threadpool(_unlink, actor)
            return RedirectResponse("/oidc/link", 303, {"Cache-Control": "no-store"})
        if login.turns.crowded:
            return _linking(linked, problem="同时登录的人太多，请稍候再试。", status=503)
        async with login.turns:
            await run_in_threadpool(_confirm, form.get("password", ""), actor)
        request.session.clear()
        request.session["link"] = actor.account_id
        return _onward(await _way_there(request), f"去{settings().oidc_name}", "登录后会回到这里，完成关联。")
    except AccessDenied as refusal:
        return _linking(linked, problem=refusal.message, status=403)
    except Conflict as refusal:
        return _linking(linked, problem=refusal.message, status=409)
    except ProviderAway as away:
        return _linking(linked, problem=away.message, status=away.status)


async def logout(request: Request) -> Response:
    """POST /logout ends our login; whoever came from the provider is led to its own logout as well."""
    provided = settings().oidc and await run_in_threadpool(_by_provider, posted.token(request), posted.address(request))
    answer = await login.logout(request)
    if not provided:
        return answer
    try:
        client = await _provider()
    except ProviderAway:  # noted with its number; our own logout stands
        return answer
    if not client.server_metadata.get("end_session_endpoint"):
        return answer
    there = await client.create_logout_url(f"{_origin(request)}/", client_id=settings().oidc_client_id)
    page = _onward(there["url"], "退出登录", f"您已退出本平台，{settings().oidc_name}也要一并退出。")
    page.raw_headers.extend(header for header in answer.raw_headers if header[0] == b"set-cookie")
    return page


_ROUTER: Final = Router(
    [
        Route("/login", begin),
        Route("/callback", callback),
        Route("/link", link, methods=["GET", "POST"]),
    ]
)


# ------------------------------------------------------------------ the provider
@lru_cache(maxsize=1)
def _client(issuer: str, client_id: str, secret: str, _hour: int) -> Any:
    """Authlib's client; a new one each hour reads the provider's configuration and keys anew."""
    return OAuth().register(
        "provider",
        client_id=client_id,
        client_secret=secret,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid profile",
            "code_challenge_method": "S256",
            "timeout": _PATIENCE,
            "verify": httpx2.create_ssl_context(),  # one for all requests: reading the certificates takes a while
        },
    )


async def _provider() -> Any:
    """The client, once the provider has said where its doors are. Raises ProviderAway."""
    configured = settings()
    secret = configured.oidc_client_secret.get_secret_value()
    client = _client(configured.oidc_issuer, configured.oidc_client_id, secret, int(time.monotonic() // _HOUR))
    try:
        metadata = await client.load_server_metadata()
        if metadata["issuer"].rstrip("/") != configured.oidc_issuer.rstrip("/"):
            raise ValueError("the provider's configuration names another issuer")
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [name for name in offered if name in _SIGNED]
    except _TROUBLE as error:
        _client.cache_clear()
        raise ProviderAway(error) from error
    return client


async def _way_there(request: Request) -> str:
    """Address of the provider's login; state, nonce and verifier go into the cookie. Raises ProviderAway."""
    client = await _provider()
    try:
        answer = await client.authorize_redirect(request, f"{_origin(request)}/oidc/callback")
    except _TROUBLE as error:
        raise ProviderAway(error) from error
    there: str = answer.headers["location"]
    return there


async def _prove(request: Request) -> identities.Proof:
    """Whom the provider vouches for. Raises AccessDenied when its answer does not hold, ProviderAway."""
    if not request.session.get("next") and request.session.get("link") is None:
        raise AccessDenied("这次登录不是从本平台发起的，或者已超过十分钟，请重新登录。")
    client = await _provider()
    issuer = client.server_metadata["issuer"]
    if request.query_params.get("iss", issuer) != issuer:
        raise _refuse("another issuer")
    wanted = {
        "iss": {"essential": True, "values": [issuer]},
        "aud": {"essential": True, "values": [settings().oidc_client_id]},
    }
    try:
        token = await client.authorize_access_token(request, claims_options=wanted, leeway=_LEEWAY)
        claims = token.get("userinfo")
        if not claims:
            raise _refuse("no id token")
        said = claims
        if client.server_metadata.get("userinfo_endpoint"):  # answers only for a token that was not revoked
            said = await client.userinfo(token=token)
        if said.get("sub") != claims["sub"]:
            raise _refuse("another subject")
    except MismatchingStateError as foreign:
        raise AccessDenied("这次登录不是从本平台发起的，或者已超过十分钟，请重新登录。") from foreign
    except OAuthError as refused:
        if refused.error == "access_denied":
            raise AccessDenied(f"{settings().oidc_name}没有同意这次登录，请重试或换一种方式登录。") from refused
        raise _refuse(refused.error) from refused
    except (JoseError, AuthlibBaseError) as invalid:
        raise _refuse(type(invalid).__name__) from invalid
    except httpx2.HTTPStatusError as answered:
        if answered.response.status_code in {400, 401, 403}:
            raise _refuse("revoked") from answered
        raise ProviderAway(answered) from answered
    except _TROUBLE as error:
        raise ProviderAway(error) from error
    name = said.get("name") or claims.get("name") or said.get("preferred_username") or ""
    return identities.Proof(issuer, claims["sub"], str(name))


def _refuse(reason: object) -> AccessDenied:
    """The sentence for an answer that does not hold; why stands in the log, shortened to a word of a protocol."""
    word = "".join(letter for letter in str(reason)[:40] if letter.isalnum() or letter in "_ ")
    _LOG.warning("login refused", reason=word)
    return AccessDenied(f"{settings().oidc_name}给出的登录凭据无效或已失效，请重新登录。")


def _origin(request: Request) -> str:
    """Where the provider sends people back to: the public address, else the one that was asked (a host of ours)."""
    return settings().origin or f"{request.url.scheme}://{request.headers['host']}"


# ------------------------------------------------------------------ the database
def _enter(proof: identities.Proof, address: str, agent: str, former: str | None) -> identities.Entry:
    """A new login; the one this browser had until now ends."""
    entry = identities.enter(database(), proof, address=address, agent=agent)
    if former:
        login.leave(former)
    return entry


def _link(proof: identities.Proof, token: str | None, address: str, account_id: int) -> None:
    with database().write() as session:
        actor = accounts.actor_of(session, token, address=address)
        if actor.account_id != account_id:
            raise AccessDenied("登录已结束或换了账号，请重新登录后再关联。")
        identities.link(session, proof, actor=actor)


def _confirm(password: str, actor: Actor) -> None:
    accounts.confirm(database(), password, actor=actor)


def _unlink(actor: Actor) -> None:
    with database().write() as session:
        identities.unlink(session, actor=actor)


def _own(token: str | None, address: str) -> tuple[Actor, list[datetime]]:
    """Who asks, and since when identities open their account."""
    with database().read() as session:
        actor = accounts.actor_of(session, token, address=address)
        return actor, [] if actor.account_id is None else identities.linked(session, actor=actor)


def _by_provider(token: str | None, address: str) -> bool:
    with database().read() as session:
        actor = accounts.actor_of(session, token, address=address)
        return actor.account_id is not None and identities.by_provider(session, actor=actor)


# ------------------------------------------------------------------ pages
def _sorry(sentence: str, status: int) -> Response:
    body = f"""<div class="card"><p class="problem" role="alert">{escape(sentence)}</p>
<p><a href="/login">回到登录页</a></p></div>"""
    return document("登录没有完成", f"用{settings().oidc_name}登录。", body, narrow=True, status=status)


def _onward(there: str, title: str, lead: str) -> Response:
    """A page that leads to the provider by itself: a form may not be answered with the address of another site."""
    body = f"""<div class="card"><p>正在前往 {escape(urlsplit(there).netloc)}。</p>
<p><a class="button" href="{escape(there)}">继续</a></p></div>"""
    page = document(title, lead, body, narrow=True)
    page.headers["Refresh"] = f"0; url={there}"
    return page


def _linking(linked: list[datetime], *, problem: str = "", status: int = 200) -> Response:
    name = escape(settings().oidc_name)
    warning = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    if linked:
        since = "、".join(show_time(time) for time in linked)
        step = f"""<p>已关联（{escape(since)}）。</p><input type="hidden" name="do" value="unlink">
<button>解除关联</button><p class="note">解除后，用它登录的页面会立即退出。</p>"""
    else:
        step = f"""<label for="password">先输入本平台的密码，再去{name}登录一次</label>
<input id="password" name="password" type="password" autocomplete="current-password"
 maxlength="{accounts.MOST_PASSWORD}" required><input type="hidden" name="do" value="link"><button>关联</button>"""
    body = f"""<form class="card" method="post" action="/oidc/link">{warning}{step}
<p class="note"><a href="/account">返回我的账号</a></p></form>"""
    lead = "关联后可以用它登录本平台。您能做什么，仍由本平台决定。"
    return document(settings().oidc_name, lead, body, narrow=True, status=status)
