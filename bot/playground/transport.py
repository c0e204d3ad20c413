"""The simulated Discord's file host, read as if over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import simcord

from bot.media.fetch import Response

SIMULATED_HOST = "cdn.simcord.invalid"
_CHUNK_BYTES = 65_536


class SimulatedTransport:
    """Reads the simulated Discord's file host as if over HTTP."""

    def __init__(self) -> None:
        self.env: simcord.Env | None = None

    @asynccontextmanager
    async def open(self, url: str) -> AsyncIterator[Response]:
        """Answer 200 with the file's bytes, or 404."""
        data = self.env.backend.cdn.get(url) if self.env is not None else None

        async def chunks() -> AsyncIterator[bytes]:
            view = data or b""
            for start in range(0, len(view), _CHUNK_BYTES):
                yield view[start : start + _CHUNK_BYTES]

        yield Response(
            status=404 if data is None else 200,
            content_type="application/octet-stream",
            content_length=len(data) if data is not None else 0,
            chunks=chunks(),
        )
