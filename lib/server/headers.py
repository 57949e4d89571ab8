"""What every response says about what a browser may do with it."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

_INLINE_SCRIPT: Final = re.compile(rb"<script(?![^>]*\bsrc\s*=)[^>]*>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
PRIVATE_FILE: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
"""What goes with a file that is not everybody's: no copy stays anywhere, and nothing in it runs."""

FOREVER: Final = "public, max-age=31536000, immutable"
"""How long a browser keeps what is asked for by its version."""
_HSTS: Final = "max-age=31536000; includeSubDomains"


def kept(*, versioned: bool) -> str:
    """How long a browser keeps a file that is everybody's: boundaries an hour, for maps ask for them at every drill;
    what is asked for by its version always."""
    return FOREVER if versioned else "public, max-age=3600"


def saved_as(name: str, *, plain: str) -> dict[str, str]:
    """The headers of a private file that is saved under `name`; `plain`, in ASCII, is for old browsers (RFC 6266)."""
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return {**PRIVATE_FILE, "Content-Disposition": disposition}


def script_hashes(html: bytes) -> tuple[str, ...]:
    """The CSP sources that allow exactly the inline scripts of `html`."""
    return tuple(
        f"'sha256-{b64encode(hashlib.sha256(script).digest()).decode()}'" for script in _INLINE_SCRIPT.findall(html)
    )


def content_security_policy(host: str, *, secure: bool, scripts: Iterable[str]) -> str:
    """A strict policy under which charts, maps and tables work; nothing may be fetched from elsewhere.

    Map styles are `data:` documents, and the map's workers are `blob:` scripts. The socket is named because older
    browsers do not count it as 'self'. Styles stay inline: the frontend writes them at run time. deck.gl compiles a
    WebAssembly module of its own when it loads; that permission covers no text that becomes a script.
    """
    socket = f"{'wss' if secure else 'ws'}://{host}"
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(("'self'", "'wasm-unsafe-eval'", *scripts)),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": f"'self' {socket} data: blob:",
        "worker-src": "'self' blob:",
        "media-src": "'self' blob:",
        "manifest-src": "'self'",
        "frame-src": "'none'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def common(*, secure: bool) -> dict[str, str]:
    """The headers that are the same everywhere.

    The referrer stays inside the product: an address holds what people search for. It is not switched off
    altogether, because browsers then hide the Origin of our own forms.
    """
    return {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        **({"strict-transport-security": _HSTS} if secure else {}),
    }
