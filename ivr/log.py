"""Logs are events with fields: one JSON object a line on standard error.

Owns the format and the masking of values registered as sensitive. Plain `logging` underneath: structlog costs 15 MB
of memory in every media worker, and this is all of it we need.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from typing import Any

MASK = "•••"


class Log:
    """A logger that takes an event name and fields: log.info("call.arrived", call=..., ani=...)."""

    def __init__(self, logger: logging.Logger, fields: dict[str, Any]) -> None:
        self._logger, self._fields = logger, fields

    def bind(self, **fields: Any) -> Log:
        """The same logger with fields added to every line."""
        return Log(self._logger, {**self._fields, **fields})

    def debug(self, event: str, **fields: Any) -> None:
        self._write(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: Any) -> None:
        self._write(logging.INFO, event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        self._write(logging.WARNING, event, fields)

    def error(self, event: str, **fields: Any) -> None:
        self._write(logging.ERROR, event, fields)

    def exception(self, event: str, **fields: Any) -> None:
        """An error with the traceback of the exception being handled."""
        self._logger.error(event, extra={"fields": {**self._fields, **fields}}, exc_info=True)

    def _write(self, level: int, event: str, fields: dict[str, Any]) -> None:
        self._logger.log(level, event, extra={"fields": {**self._fields, **fields}})


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"
        line: dict[str, Any] = {
            "at": at,
            "level": record.levelname.lower(),
            "log": record.name,
            "event": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(level: str = "info") -> None:
    """Send all logs of this process to standard error as JSON lines. level: debug | info | warning | error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)


def get_log(name: str, **fields: Any) -> Log:
    """The logger of a module; name without the leading package ("media.worker")."""
    return Log(logging.getLogger(name), fields)


def mask(text: str, secrets: frozenset[str]) -> str:
    """text with every secret value replaced, also when its characters stand apart ("2 0-4 5" for "2045")."""
    for secret in sorted(secrets, key=len, reverse=True):  # "2045" before the "204" within it
        if secret:
            apart = r"[\s\-.,]*".join(re.escape(c) for c in secret if not c.isspace())
            text = re.sub(apart, MASK, text, flags=re.IGNORECASE)
    return text
