"""One log, on standard error, one JSON object a line: ours, the web server's and the libraries'."""

import logging
import logging.config
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

from lib.settings import settings

_SECRET: Final = re.compile(r"password|passwd|secret|token|cookie|authorization|phone|email|contact", re.IGNORECASE)
_CREDENTIALS: Final = re.compile(r"(\w+://[^:/@\s]*):[^@/\s]+@")
_HIDDEN: Final = "***"


def configure() -> None:
    """Set the log up: before anything is logged, and again once Streamlit has made its own loggers."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        conceal,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings().log_level.upper())
    for name in list(logging.root.manager.loggerDict):
        if name.split(".")[0] in {"uvicorn", "streamlit", "websockets"}:
            logger = logging.getLogger(name)
            logger.handlers = []
            logger.propagate = True
    # Requests name page sessions in upload addresses, statements hold what people typed, the rest only chatters.
    # The clients of the identity provider would log verifiers and tokens.
    for name in ("uvicorn.access", "uvicorn.error", "sqlalchemy.engine", "alembic", "authlib", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Script errors are logged by `lib.services.trouble`, with the id that the person sees.
    logging.getLogger("streamlit.error_util").setLevel(logging.CRITICAL)


def conceal(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep secrets and personal data out, whatever a caller passed: by the name of the value, and in addresses."""
    for name, value in event.items():
        if _SECRET.search(name):
            event[name] = _HIDDEN
        elif isinstance(value, str):
            event[name] = _CREDENTIALS.sub(rf"\1:{_HIDDEN}@", value)
    return event
