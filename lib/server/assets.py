"""Scripts and style sheets of the pages that are not Streamlit's: the deck, the audience's page, the wall."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER: Final = Path(__file__).with_name("assets")


@lru_cache
def address(name: str) -> str:
    """Where a file of the folder is served; it changes with the file, so that browsers may keep it for ever."""
    return f"/assets/{name}?v={hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]}"


class _Assets(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if b"v=" in scope["query_string"]:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


mount: Final = Mount("/assets", _Assets(directory=FOLDER))
