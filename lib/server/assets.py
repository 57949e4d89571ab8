"""Scripts and style sheets of the pages that are not Streamlit's: the deck, the audience's page, the wall."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any, Final

from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from lib.server import headers

FOLDER: Final = Path(__file__).with_name("assets")


@lru_cache
def address(name: str) -> str:
    """Where a file of the folder is served; it changes with the file, so that browsers may keep it for ever."""
    return f"/assets/{name}?v={hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]}"


class _Assets(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if b"v=" in scope["query_string"]:
            response.headers["Cache-Control"] = headers.FOREVER
        return response


mount: Final = Mount("/assets", _Assets(directory=FOLDER))


def page(
    title: str,
    body: str,
    *,
    name: str,
    data: Mapping[str, Any] | None = None,
    theme: str = "",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A whole page with the style sheet and the script of that name; `body` is HTML, its texts escaped already.

    `data` is what the script reads, as JSON in a block that no browser runs. `theme`: light or dark; blank: the choice
    of the script or the style sheet.
    """
    told = json.dumps(data or {}, ensure_ascii=False).replace("<", "\\u003c")
    chosen = f' data-theme="{theme}"' if theme else ""
    return HTMLResponse(
        f"""<!DOCTYPE html>
<html lang="zh-CN"{chosen}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · 北疆技转</title>
<link rel="icon" href="/app/static/icon.svg">
<link rel="stylesheet" href="{address("stage.css")}">
<link rel="stylesheet" href="{address(f"{name}.css")}">
<script defer src="{address(f"{name}.js")}"></script>
</head>
<body>
<script type="application/json" id="data">{told}</script>
{body}
</body>
</html>
""",
        status,
        {"Cache-Control": "no-store", **(headers or {})},
    )
