"""What a script is answered: JSON that nobody keeps, and a refusal with its sentence and its status."""

from collections.abc import Callable
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound, ProductError, TooManyTries

NO_STORE: Final = {"Cache-Control": "no-store"}
_STATUS: Final[dict[type[ProductError], int]] = {
    NotFound: 404, AccessDenied: 403, Conflict: 409, InvalidInput: 422, TooManyTries: 429,
}  # fmt: skip


async def answer(make: Callable[[], Any]) -> Response:
    """What `make` makes, beside the event loop, as JSON; its refusal, if it refuses."""
    try:
        return JSONResponse(await run_in_threadpool(make), headers=NO_STORE)
    except ProductError as error:
        return refused(error)


def refused(error: ProductError) -> Response:
    """`detail`: the sentence; `errors`: a sentence a field. 503 for what is none of the asker's doing."""
    fields = error.fields if isinstance(error, InvalidInput) else {}
    return JSONResponse({"detail": error.message, "errors": fields}, _STATUS.get(type(error), 503), NO_STORE)


def unreadable() -> Response:
    """422: the body was no JSON object of the size that is read."""
    return JSONResponse({"detail": "内容太大或不是 JSON。"}, 422, NO_STORE)
