"""What every call to a stand-in for Discord goes through: it is counted, and may be refused."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from bench.gateway import answer

API = "/api/v10"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Call = tuple[str, str, Handler]
"""Method, path and what answers."""


class Refused(Exception):
    """Discord says no."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Answering:
    """Answers calls, those as well that it does not know."""

    def __init__(self) -> None:
        self.unknown: set[str] = set()
        """Calls that this stand-in does not know."""
        self._busy = 0

    def served(self, calls: Sequence[Call]) -> list[web.RouteDef]:
        """Return the routes of these calls, and of all others."""
        every = [*calls, ("*", f"{API}/{{rest:.*}}", self._not_known)]
        return [web.route(method, path, self._counted(handle)) for method, path, handle in every]

    async def settled(self) -> None:
        """Wait until everything that a dead process still had sent is dealt with."""
        while self._busy:  # noqa: ASYNC110 - short, and rarely true
            await asyncio.sleep(0.005)

    def _counted(self, handle: Handler) -> Handler:
        async def counted(request: web.Request) -> web.StreamResponse:
            self._busy += 1
            try:
                return await handle(request)
            except Refused as refused:
                body = {"code": refused.code, "message": str(refused)}
                return answer(body, refused.status)
            except ConnectionError:  # killed in the middle of its words: Discord heard nothing
                return web.Response(status=400)
            finally:
                self._busy -= 1

        return counted

    async def _not_known(self, request: web.Request) -> web.StreamResponse:
        self.unknown.add(f"{request.method} {request.path}")
        raise Refused(404, 0, "404: Not Found")
