"""What Lookout writes about itself: one form for its own records and for every library's.

Only ``bot.cli`` sets this up; importing the module changes nothing.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

OWN_LOGGERS = ("bot", "cogs")
QUIET_LOGGERS = ("alembic", "httpx", "httpcore", "aiohttp.access", "asyncio")
"""These tell of every step or request, some with addresses; what matters, Lookout says itself."""
VOICE_LOGGER = "discord.client"
"""Its only warnings are about voice, which Lookout does not use; its errors are kept."""

HIDDEN = "[hidden]"
_SECRET_KEY = re.compile(r"token|secret|password|authorization|cookie|api_?key", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"""
      [\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}             # a bot token
    | (?<=/webhooks/)\d+/[\w-]+                         # an interaction's or webhook's token
    | (?<=://)[^/\s:@]*:[^/\s@]+(?=@)                   # the user and password of an address
    | (?<=[?&])(?:ex|is|hm)=[^&\s'"]+                   # the signature of a link to a file
    """,
    re.VERBOSE,
)


def without_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide what must not be written, by the name of a field and by the look of a text."""
    return {key: _shown(key, value) for key, value in event.items()}


def _shown(key: str, value: object) -> object:
    if isinstance(value, str):
        return HIDDEN if value and _SECRET_KEY.search(key) else _SECRET_TEXT.sub(HIDDEN, value)
    if isinstance(value, int | float | bool) or value is None or key.startswith("_"):
        return value  # figures such as prompt_tokens; keys with _ belong to structlog
    if isinstance(value, dict):
        return {str(name): _shown(str(name), item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(key, item) for item in value]
    return _shown(key, str(value))


def use_host_logging() -> None:
    """Write records through the standard library, where a host bot has set up nothing else.

    Left alone, structlog prints everything to standard output.
    """
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            without_secrets,
            structlog.stdlib.render_to_log_kwargs,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


@contextmanager
def logging_to(
    stream: TextIO, level: str = "INFO", style: Literal["auto", "console", "json"] = "auto"
) -> Iterator[None]:
    """Write records of ``level`` and above to ``stream`` until the block ends.

    ``auto`` is for people in a terminal and JSON, one object a line, elsewhere. Libraries are kept
    at INFO even when Lookout says more: their DEBUG records hold what people wrote.
    """
    console = style == "console" or (style == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
        without_secrets,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=0)
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    threshold = logging.getLevelNamesMapping()[level]
    levels = {
        "": max(threshold, logging.INFO),
        **dict.fromkeys(OWN_LOGGERS, threshold),
        **dict.fromkeys(QUIET_LOGGERS, max(threshold, logging.WARNING)),
        VOICE_LOGGER: logging.ERROR,
    }
    before = {name: logging.getLogger(name).level for name in levels}
    for name, number in levels.items():
        logging.getLogger(name).setLevel(number)
    logging.getLogger().addHandler(handler)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.reset_defaults()
        logging.getLogger().removeHandler(handler)
        for name, number in before.items():
            logging.getLogger(name).setLevel(number)
