"""A stand-in for the host that Discord keeps attachments on."""

import contextlib
import itertools
from collections.abc import Callable

from aiohttp import web

from bench.payloads import CDN
from bench.photos import Kind

_CHUNK_BYTES = 256 * 1024


class FileHost:
    """Keeps pictures until they are taken away; ``fetching`` hears of every download's begin."""

    def __init__(self, fetching: Callable[[], None] = lambda: None) -> None:
        self._fetching = fetching
        self._files: dict[str, tuple[bytes, str]] = {}
        self._ids = itertools.count(100_000)

    def routes(self) -> list[web.RouteDef]:
        """Return what is served."""
        return [web.get("/attachments/{name}", self._file)]

    def keep(self, kind: Kind, data: bytes) -> str:
        """Put a picture here; returns its path."""
        path = f"/attachments/{next(self._ids)}.{kind.suffix}"
        self._files[path] = data, kind.media_type
        return path

    def drop(self, path: str) -> None:
        """Take a picture away; one that is not there is fine."""
        self._files.pop(path, None)

    def attachment(self, kind: Kind, path: str, host: str = CDN) -> dict[str, object]:
        """Write a kept picture as Discord describes it, at the address ``host``."""
        name = path.rpartition("/")[2]
        return {
            "id": name.partition(".")[0],
            "filename": name,
            "size": len(self._files[path][0]),
            "url": f"{host}{path}",
            "proxy_url": f"{host}{path}",
            "content_type": kind.media_type,
            "width": kind.width,
            "height": kind.height,
        }

    async def _file(self, request: web.Request) -> web.StreamResponse:
        self._fetching()
        if request.path not in self._files:
            return web.Response(status=404)
        data, media_type = self._files[request.path]
        response = web.StreamResponse(headers={"Content-Type": media_type})
        response.content_length = len(data)
        await response.prepare(request)
        view = memoryview(data)
        with contextlib.suppress(ConnectionError):  # nobody waits for it any more
            for start in range(0, len(data), _CHUNK_BYTES):
                await response.write(view[start : start + _CHUNK_BYTES])
            await response.write_eof()
        return response
