"""The hash chain of the audit trail: each entry's hash covers its content and the hash before it.

Whoever changes, removes or inserts an entry later has to change every hash after it, and the last hash stands
outside the database too (`python -m lib audit head`).
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

START: Final = "0" * 64
"""What stands before the first entry."""


def link(previous: str, entry: Mapping[str, Any]) -> str:
    """The SHA-256 of an entry after `previous`, as 64 hex digits; `entry` holds JSON values only."""
    canonical = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{canonical}".encode()).hexdigest()
