"""What we read of Streamlit's protocol: whether a message is one, and which page session it belongs to."""

from functools import lru_cache
from typing import Any

from google.protobuf import descriptor_pool, message_factory  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]


@lru_cache
def _message(name: str) -> type[Any]:
    """A class of messages, which Streamlit has registered under its name."""
    found: type[Any] = message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(name))
    return found


def from_page(frame: bytes | None) -> bool:
    """True when a frontend can have sent this; it sends no text, and nothing that is no message."""
    if frame is None:
        return False
    try:
        return _message("BackMsg").FromString(frame).WhichOneof("type") is not None
    except DecodeError:
        return False


def session_id(frame: bytes) -> str | None:
    """The id in the message that begins each run of a page; None in any other message."""
    try:
        message = _message("ForwardMsg").FromString(frame)
    except DecodeError:
        return None
    if message.WhichOneof("type") != "new_session":
        return None
    named: str = message.new_session.initialize.session_id
    return named or None
