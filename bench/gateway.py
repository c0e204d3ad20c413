"""The part of a stand-in for Discord that speaks to the bot unasked."""

import asyncio
import itertools
import json
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp import web

from bench import payloads

_HELLO, _HEARTBEAT, _IDENTIFY, _ACKNOWLEDGED = 10, 1, 2, 11


class Gateway:
    """Serves one bot at a time; ``guild`` writes the one server as it is when a bot connects."""

    def __init__(self, guild: Callable[[], dict[str, Any]] = payloads.guild) -> None:
        self._guild = guild
        self._connected = asyncio.Event()
        self._socket: web.WebSocketResponse | None = None
        self._sequence = itertools.count(1)

    def routes(self) -> list[web.RouteDef]:
        """Return what a bot asks for on its way in."""
        api = "/api/v10"
        return [
            web.get("/gateway", self._speak),
            web.get(f"{api}/users/@me", self._me),
            web.get(f"{api}/oauth2/applications/@me", self._application),
        ]

    def begin(self) -> None:
        """Expect another bot."""
        self._connected.clear()

    async def connected(self) -> None:
        """Wait until the bot listens."""
        await self._connected.wait()

    @property
    def listening(self) -> bool:
        """Whether a bot is connected, as far as is known."""
        return self._connected.is_set()

    async def send(self, name: str, data: dict[str, Any]) -> None:
        """Tell the bot of an event; one that has just gone does not hear it."""
        assert self._socket is not None
        event = {"op": 0, "t": name, "s": next(self._sequence), "d": data}
        try:
            await self._socket.send_str(json.dumps(event))
        except ConnectionError:
            self._connected.clear()

    async def _speak(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        await socket.send_json({"op": _HELLO, "d": {"heartbeat_interval": 41_250}})
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            said = json.loads(message.data)
            if said["op"] == _HEARTBEAT:
                await socket.send_json({"op": _ACKNOWLEDGED})
            elif said["op"] == _IDENTIFY:
                self._socket = socket
                await self.send("READY", payloads.ready())
                # Before the server is written as it is: what is posted from then on is told.
                self._connected.set()
                await self.send("GUILD_CREATE", self._guild())
        return socket

    async def _me(self, _request: web.Request) -> web.Response:
        return answer(payloads.user(payloads.BOT))

    async def _application(self, _request: web.Request) -> web.Response:
        application = {
            "id": str(payloads.BOT),
            "name": "bench",
            "description": "",
            "icon": None,
            "bot_public": False,
            "bot_require_code_grant": False,
            "owner": payloads.user(payloads.FIRST_PERSON),
            "verify_key": "",
            "flags": 0,
        }
        return answer(application)


def answer(value: object, status: int = 200) -> web.Response:
    """Answer with JSON, which discord.py knows by exactly this type."""
    return web.Response(
        body=json.dumps(value).encode(),
        status=status,
        headers={"Content-Type": "application/json"},
    )


def payload(body: bytes, content_type: str) -> str:
    """Return a message's JSON, which is one part of several where it carries files."""
    if content_type == "application/json":
        return body.decode()
    begin = body.index(b"\r\n\r\n", body.index(b'name="payload_json"')) + 4
    return body[begin : body.index(b"\r\n--", begin)].decode()
