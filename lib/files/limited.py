"""Work on files that nobody trusts: a module of ours in a process of its own, with little memory and little time.

The file goes in through a pipe and the answer comes out through one. The process limits itself before it looks at
the first byte, writes nowhere, and sees none of our settings.
"""

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

MIB: Final = 1024 * 1024
_ROOT: Final = Path(__file__).resolve().parents[2]


class TooSlow(Exception):
    """The process did not end in time; it was stopped."""


class Broken(Exception):
    """The process ended without an answer: over its memory, or over a damaged file."""


def run(module: str, argument: str, limits: dict[str, Any], data: bytes) -> bytes:
    """What `python -m MODULE ARGUMENT LIMITS` writes about `data`; `limits` names at least memory (bytes) and seconds.

    Raises TooSlow, Broken.
    """
    command = [sys.executable, "-s", "-m", module, argument, json.dumps(limits)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, no shell
            command,
            input=data,
            capture_output=True,
            timeout=limits["seconds"],
            check=False,
            cwd=_ROOT,
            env={"PYTHONPATH": str(_ROOT), "PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        raise TooSlow from None
    if done.returncode != 0:
        raise Broken
    return done.stdout


def confine(memory: int, seconds: int) -> None:
    """In the process itself, first of all: no more than so many bytes and seconds, no file, no core."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
