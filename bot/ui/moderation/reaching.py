"""What Discord's failures mean for work that is done later: not now, or never."""

import contextlib
from collections.abc import Iterator

import discord
import structlog

from bot.domain.errors import LookoutError
from bot.domain.moderation.ports import Postponed

_log = structlog.get_logger(__name__)

RETRY_SECONDS = 30.0
_LIMITED_SECONDS = 60.0
_UNAUTHORISED, _TOO_MANY, _SERVER_ERROR = 401, 429, 500


@contextlib.contextmanager
def postponing() -> Iterator[None]:
    """Let work wait while Discord cannot be reached.

    Raises Postponed for limits, outages and a broken network; refusals (discord.HTTPException with
    another status) and errors of ours pass through.
    """
    try:
        yield
    except (Postponed, LookoutError):
        raise
    except discord.RateLimited as error:
        raise Postponed(error.retry_after, outage=True) from error
    except discord.HTTPException as error:
        if error.status == _TOO_MANY:
            raise Postponed(_LIMITED_SECONDS, outage=True) from error
        if error.status >= _SERVER_ERROR or error.status == _UNAUTHORISED:
            raise Postponed(RETRY_SECONDS, outage=True) from error
        raise
    except OSError as error:  # TimeoutError is one of them
        raise Postponed(RETRY_SECONDS, outage=True) from error
    except Exception as error:
        # The network library's own errors have no class that we may name here. As it may also be
        # a mistake of ours, it counts as an attempt.
        _log.warning("discord_not_reached", error=type(error).__name__)
        raise Postponed(RETRY_SECONDS, outage=False) from error
