"""What a plain HTML form sent, read within limits; and who is asking."""

import json
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.requests import Request

from lib.domain.access import Actor
from lib.services import accounts
from lib.settings import settings
from lib.store.engine import database

_LARGEST_FORM: Final = 8192


async def read(request: Request, *, fields: int = 10) -> dict[str, str] | None:
    """The fields of a posted form; None when it is too large or no form."""
    sent = await body(request, "application/x-www-form-urlencoded", largest=_LARGEST_FORM)
    if sent is None:
        return None
    try:
        found = parse_qs(sent.decode("ascii"), keep_blank_values=True, max_num_fields=fields, errors="strict")
    except ValueError:
        return None
    return {name: values[-1] for name, values in found.items()}


async def body(request: Request, media_type: str, *, largest: int) -> bytes | None:
    """The bytes of a body of this type; None when it is of another type, or `largest` bytes are not enough."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != media_type:
        return None
    sent = b""
    async for chunk in request.stream():
        sent += chunk
        if len(sent) > largest:
            return None
    return sent


async def json_object(request: Request, *, largest: int) -> dict[str, Any] | None:
    """The JSON object in a body; None when it is larger than so many bytes, or something else."""
    sent = await body(request, "application/json", largest=largest)
    if sent is None:
        return None
    try:
        found = json.loads(sent)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def number(text: str) -> int:
    """The number of a record as an address names it; 0, which no record has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


def address(request: Request) -> str:
    """Where a request comes from."""
    return request.client.host if request.client else ""


def agent(request: Request) -> str:
    """What the browser says it is."""
    return request.headers.get("user-agent", "")


def token(request: Request) -> str | None:
    """The login token of the browser's cookie."""
    return request.cookies.get(settings().session_cookie)


def actor(token: str | None, address: str) -> Actor:
    """Whoever is asking, read anew; call it beside the event loop."""
    with database().read() as session:
        return accounts.actor_of(session, token, address=address)
