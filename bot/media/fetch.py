"""Getting a picture's bytes from Discord's own file hosts, and from nowhere else.

A link is a bearer secret and may have been typed by anyone: it is checked before every request and
appears in no log line and no exception.
"""

import asyncio
import io
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import aiohttp
import structlog

from bot.domain.errors import (
    FetchFailed,
    HostRefused,
    NotAPicture,
    PictureGone,
    PictureTooLarge,
)
from bot.domain.picture import PictureRef, link_expires_at

_log = structlog.get_logger(__name__)

DISCORD_HOSTS = frozenset(
    {
        "cdn.discordapp.com",
        "media.discordapp.net",
        "images-ext-1.discordapp.net",
        "images-ext-2.discordapp.net",
    }
)
"""Where Discord keeps attachments, stickers and its copies of pictures in embeds."""

Renew = Callable[[PictureRef], Awaitable[PictureRef | None]]
"""Asks Discord for the same picture under a fresh link; None when it is no longer there."""

_OK = 200
_GONE = {403, 404, 410}
_TRY_AGAIN = {429, 500, 502, 503, 504}
_CHUNK_BYTES = 64 * 1024
_LINK = re.compile(
    r"https://(?P<host>[a-z0-9.-]+)(?::443)?(?:[/?#][^\x00-\x1f\x7f\\]*)?\Z",
    re.IGNORECASE | re.ASCII,
)
"""Spelled so plainly that no two parsers can differ about its host."""
_REFUSED_TYPES = (
    ("text/html", "web page"),
    ("video/", "video"),
    ("audio/", "audio"),
    ("application/pdf", "document"),
    ("application/zip", "archive"),
)
"""Declared types worth believing when they say no; everything else is for the bytes to decide."""


class TransportError(Exception):
    """No answer, or one that broke off. Says the kind of failure only."""


@dataclass(frozen=True, slots=True)
class Response:
    """The beginning of an answer; ``chunks`` yields its body and raises TransportError."""

    status: int
    chunks: AsyncIterator[bytes]
    content_type: str | None = None
    content_length: int | None = None


class Transport(Protocol):
    """One GET request without credentials; follows no redirect."""

    def open(self, url: str) -> AbstractAsyncContextManager[Response]:
        """Send the request. Entering raises TransportError when nothing answers."""
        ...


class DiscordFetcher:
    """Implements ``Fetcher``: policy and patience over a ``transport``.

    ``timeout_seconds`` is for one attempt as a whole; one more follows after ``back_off_seconds``
    when Discord is busy, silent or breaks off. ``renew`` is asked once for a link that is dead or
    past its date. Videos are refused unless ``accept_videos``.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        max_bytes: int,
        timeout_seconds: float,
        hosts: frozenset[str] = DISCORD_HOSTS,
        renew: Renew | None = None,
        accept_videos: bool = False,
        back_off_seconds: float = 0.5,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._transport = transport
        self._max_bytes = max_bytes
        self._timeout_seconds = timeout_seconds
        self._hosts = hosts
        self._renew = renew
        self._refused_types = tuple(
            (prefix, kind)
            for prefix, kind in _REFUSED_TYPES
            if not (accept_videos and kind == "video")
        )
        self._back_off_seconds = back_off_seconds
        self._clock = clock

    async def fetch(self, ref: PictureRef) -> bytes:
        """Return the original bytes.

        Raises HostRefused, PictureTooLarge, NotAPicture, PictureGone, FetchFailed.
        """
        self._check(ref)
        renewed = False
        if self._renew is not None and self._is_past_its_date(ref.url):
            renewed = True
            ref = (
                await self._renew(ref) or ref
            )  # our clock may be wrong: the host has the last word
        try:
            return await self._get(ref)
        except PictureGone:
            fresh = None if renewed or self._renew is None else await self._renew(ref)
            if fresh is None:
                raise
        return await self._get(fresh)

    async def _get(self, ref: PictureRef) -> bytes:
        self._check(ref)
        status: int | None = None
        for attempt in (1, 2):
            if attempt > 1:
                await asyncio.sleep(self._back_off_seconds)
            try:
                async with (
                    asyncio.timeout(self._timeout_seconds),
                    self._transport.open(ref.url) as response,
                ):
                    status = response.status
                    if status not in _TRY_AGAIN:
                        return await self._read(response)
                    reason = "busy"
            except TimeoutError:
                reason = "timeout"
            except TransportError as error:
                reason = str(error)
            _log.info("fetch_attempt_failed", attempt=attempt, status=status, reason=reason)
        raise FetchFailed(status=status if status in _TRY_AGAIN else None)

    async def _read(self, response: Response) -> bytes:
        if response.status in _GONE:
            raise PictureGone
        if response.status != _OK:  # a redirect would lead out of the house
            raise FetchFailed(status=response.status)
        for refused, kind in self._refused_types:
            if (response.content_type or "").lower().startswith(refused):
                raise NotAPicture(kind)
        expected = response.content_length
        if expected is not None and expected > self._max_bytes:
            raise PictureTooLarge(max_bytes=self._max_bytes, size_bytes=expected)
        sink = io.BytesIO()  # hands its buffer out as it is: joining pieces would take it twice
        async for chunk in response.chunks:
            if sink.tell() + len(chunk) > self._max_bytes:
                raise PictureTooLarge(max_bytes=self._max_bytes)
            sink.write(chunk)
        if expected is not None and sink.tell() < expected:
            raise TransportError("short")
        return sink.getvalue()

    def _check(self, ref: PictureRef) -> None:
        """Refuse what can be refused without asking anyone."""
        link = _LINK.match(ref.url)
        if link is None or link["host"].lower() not in self._hosts:
            raise HostRefused
        if ref.size_bytes is not None and ref.size_bytes > self._max_bytes:
            raise PictureTooLarge(max_bytes=self._max_bytes, size_bytes=ref.size_bytes)

    def _is_past_its_date(self, link: str) -> bool:
        expires_at = link_expires_at(link)
        return expires_at is not None and expires_at <= self._clock()


class AiohttpTransport:
    """Implements ``Transport`` over ``session``, which the caller opens and closes.

    The session should keep no cookies (``DummyCookieJar``) and carry no headers of its own.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        connect_seconds: float = 10.0,
        total_seconds: float = 60.0,
    ) -> None:
        self._session = session
        self._timeout = aiohttp.ClientTimeout(total=total_seconds, connect=connect_seconds)

    @asynccontextmanager
    async def open(self, url: str) -> AsyncIterator[Response]:
        """Send the request. Raises TransportError."""
        failure = ""
        try:
            response = await self._session.get(
                url,
                allow_redirects=False,
                timeout=self._timeout,
                headers={"Accept": "image/*", "Accept-Encoding": "identity"},
            )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            failure = type(error).__name__
        if failure:  # raised here, not above: the cause would carry the link along
            raise TransportError(failure)
        try:
            yield Response(
                status=response.status,
                chunks=_chunks(response),
                content_type=response.headers.get("Content-Type"),
                content_length=response.content_length,
            )
        finally:
            response.close()


async def _chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    failure = ""
    pieces = aiter(response.content.iter_chunked(_CHUNK_BYTES))
    while not failure:
        try:
            piece = await anext(pieces)
        except StopAsyncIteration:
            return
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failure = type(error).__name__
        else:
            yield piece
    raise TransportError(failure)
