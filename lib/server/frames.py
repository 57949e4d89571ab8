"""The one thing we read of Streamlit's protocol: which page session a message belongs to."""

from functools import lru_cache
from typing import Any

from google.protobuf import descriptor_pool, message_factory  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]


@lru_cache
def _forward_message() -> type[Any]:
    """The class of messages to the browser, which Streamlit has registered under its name."""
    kind = descriptor_pool.Default().FindMessageTypeByName("ForwardMsg")
    found: type[Any] = message_factory.GetMessageClass(kind)
    return found


def session_id(frame: bytes) -> str | None:
    """The id in the message that begins each run of a page; None in any other message."""
    try:
        message = _forward_message().FromString(frame)
    except DecodeError:
        return None
    if message.WhichOneof("type") != "new_session":
        return None
    named: str = message.new_session.initialize.session_id
    return named or None
