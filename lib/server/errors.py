"""What a route answers when something went wrong: one sentence, and an id where nobody expected it."""

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from lib.domain.errors import (
    AccessDenied,
    Conflict,
    InvalidInput,
    InvalidQuery,
    NotFound,
    ProductError,
    TooManyTries,
    Unavailable,
)
from lib.services import trouble

_TOKEN: Final = re.compile(r"^(/(?:invite|reset)/).*", re.DOTALL)
"""Addresses that open something: what they hold is not for the log."""
_STATUS: dict[type[ProductError], int] = {
    AccessDenied: 403,
    NotFound: 404,
    InvalidQuery: 422,
    InvalidInput: 422,
    Conflict: 409,
    TooManyTries: 429,
    Unavailable: 503,
}


def crashed(error: Exception, path: str) -> Response:
    """Log what nobody expected, and answer with its id. A database that is away says so itself."""
    if isinstance(error, Unavailable):
        if path.startswith("/api/"):
            return JSONResponse({"detail": error.message, "errors": []}, 503)
        return PlainTextResponse(error.message, 503, {"Retry-After": "5"})
    number = trouble.note(error, path=_TOKEN.sub(r"\1…", path))
    if path.startswith("/api/"):
        return JSONResponse({"detail": trouble.sentence(number), "id": number}, 500)
    return PlainTextResponse(trouble.sentence(number), 500)


async def unexpected(request: Request, error: Exception) -> Response:
    """The handler of routes for any error."""
    return crashed(error, request.scope["root_path"] + request.scope["path"])


async def refused(_request: Request, error: Exception) -> Response:
    """The handler of the API for our own refusals."""
    if not isinstance(error, ProductError):
        raise TypeError("a handler for our own refusals") from error
    return JSONResponse({"detail": error.message, "errors": []}, _STATUS.get(type(error), 400))
