"""A real server on this machine that stands where Discord's file hosts are."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from bot.domain.picture import PictureRef, SourceKind
from bot.media.fetch import AiohttpTransport, DiscordFetcher, Renew, Response

PICTURE = bytes(range(256)) * 400
SECRET = "hm=5ec2e7"
NOW = 1_800_000_000


class MappingTransport:
    """The real transport, with every https host led to one local server."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self._inner = AiohttpTransport(session, connect_seconds=2, total_seconds=10)
        self._port = port

    def open(self, url: str) -> AbstractAsyncContextManager[Response]:
        _, _, rest = url.removeprefix("https://").partition("/")
        return self._inner.open(f"http://127.0.0.1:{self._port}/{rest}")


@dataclass
class Host:
    """What the local server does, and what it was asked."""

    answers: list[Callable[[web.Request], Awaitable[web.StreamResponse]]]
    requests: list[web.Request] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)


def answer(
    status: int = 200,
    body: bytes = PICTURE,
    content_type: str = "image/png",
    **headers: str,
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def respond(_: web.Request) -> web.Response:
        return web.Response(
            status=status, body=body, headers={"Content-Type": content_type, **headers}
        )

    return respond


def broken_off(length: int) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Promise ``length`` bytes, send some, cut the line."""

    async def respond(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(length)})
        await response.prepare(request)
        await response.write(PICTURE[:100])
        assert request.transport is not None
        request.transport.close()
        return response

    return respond


def dripping(host: Host) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Send a little, then nothing until the test is over."""

    async def respond(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"\x89PNG")
        await host.held.wait()
        return response

    return respond


def endless(request: web.Request) -> Awaitable[web.StreamResponse]:
    async def respond() -> web.StreamResponse:
        response = web.StreamResponse()  # no length: chunked
        await response.prepare(request)
        while True:
            await response.write(PICTURE)

    return respond()


@asynccontextmanager
async def serving(
    *answers: Callable[[web.Request], Awaitable[web.StreamResponse]],
    renew: Renew | None = None,
    accept_videos: bool = False,
    max_bytes: int = 1_000_000,
    timeout_seconds: float = 5.0,
) -> AsyncIterator[tuple[Host, DiscordFetcher]]:
    host = Host(list(answers) or [answer()])
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", host.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield (
            host,
            DiscordFetcher(
                MappingTransport(session, port),
                max_bytes=max_bytes,
                timeout_seconds=timeout_seconds,
                renew=renew,
                accept_videos=accept_videos,
                back_off_seconds=0.0,
                clock=lambda: NOW,
            ),
        )
    host.held.set()
    await runner.cleanup()


def ref(name: str = "a.png", *, ex: int = NOW + 3600, size_bytes: int | None = None) -> PictureRef:
    url = f"https://cdn.discordapp.com/attachments/1/2/{name}?ex={ex:x}&is={NOW:x}&{SECRET}&"
    return PictureRef(SourceKind.ATTACHMENT, url=url, size_bytes=size_bytes)
