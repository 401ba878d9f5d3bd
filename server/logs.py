"""Logs without personal data: only fields of a known kind are written, whatever else a caller hands over."""

import logging
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, WrappedLogger

# Numbers, names of our own, and places in our own code. Nothing that somebody typed, and no address.
FIELDS: Final = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "logger",
        "error",
        "file",
        "line",
        "host",
        "port",
        "version",
        "rooms",
        "connections",
        "seconds",
        "code",
        "pid",
    }
)


def only_known_fields(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    return {name: value for name, value in event.items() if name in FIELDS}


def set_up(form: str) -> None:
    """Write our log to standard error, as lines for a `console` or as `json`; of other libraries only warnings."""
    as_json, as_text = structlog.processors.JSONRenderer(), structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_known_fields,
            as_json if form == "json" else as_text,
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(_WithoutData("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("uvicorn.access").disabled = True


class _WithoutData(logging.Formatter):
    """Other libraries' records: their own fixed words and where an error arose, without the values they speak of."""

    def format(self, record: logging.LogRecord) -> str:
        record.msg, record.args = str(record.msg).partition("%")[0].partition("\n")[0][:120], ()
        if record.exc_info and record.exc_info[0]:
            record.msg += f" [{record.exc_info[0].__name__} at {record.filename}:{record.lineno}]"
        record.exc_info, record.exc_text, record.stack_info = None, None, None
        return super().format(record)
