"""A stand-in for Discord: a gateway, the few REST calls an answer needs, and the file host.

It says when each thing happened, in seconds of ``time.perf_counter``.
"""

import asyncio
import itertools
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from bench import payloads
from bench.engine import FIRST_WORDS, LAST_WORDS
from bench.photos import Kind

CDN = "https://cdn.discordapp.com"
_NUMBER = re.compile(rf"{FIRST_WORDS} (\d+)")
_CHUNK_BYTES = 256 * 1024
_HELLO, _HEARTBEAT, _IDENTIFY, _ACKNOWLEDGED = 10, 1, 2, 11


@dataclass(slots=True)
class Request:
    """One person's slash command and what became of it; 0 is a moment that has not come."""

    number: int
    path: str
    """Where its picture is on the file host."""
    dispatched_at: float
    acknowledged_at: float = 0.0
    first_word_at: float = 0.0
    """When the model's first word was to be seen."""
    answered_at: float = 0.0
    shown: str = ""
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def shown_number(self) -> int | None:
        """The number of the picture that the answer is about."""
        found = _NUMBER.search(self.shown)
        return int(found.group(1)) if found else None


class Discord:
    """The HTTP handlers, and the people's side: ``post`` a picture with ``/describe``."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._file_host = CDN
        self._connected = asyncio.Event()
        self._by_token: dict[str, Request] = {}
        self._files: dict[str, tuple[bytes, str]] = {}
        self._gateway: web.WebSocketResponse | None = None
        self._ids = itertools.count(100_000)
        self._sequence = itertools.count(1)

    def routes(self) -> list[web.RouteDef]:
        """Return everything a bot asks of Discord here."""
        api = "/api/v10"
        return [
            web.get("/gateway", self._speak),
            web.get(f"{api}/users/@me", self._me),
            web.get(f"{api}/oauth2/applications/@me", self._application),
            web.post(f"{api}/interactions/{{id}}/{{token}}/callback", self._acknowledge),
            web.patch(f"{api}/webhooks/{{id}}/{{token}}/messages/@original", self._edit),
            web.get("/attachments/{name}", self._file),
        ]

    def begin(self, file_host: str) -> None:
        """Expect another bot, which is told that attachments are at ``file_host``.

        They are served by ``routes`` in any case.
        """
        self.requests = []
        self._file_host = file_host
        self._connected.clear()

    async def connected(self) -> None:
        """Wait until the bot listens."""
        await self._connected.wait()

    async def post(self, person: int, number: int, kind: Kind, data: bytes) -> Request:
        """Let ``person`` use ``/describe`` with a picture; returns once the bot was told."""
        assert self._gateway is not None
        token, path = f"token-{next(self._ids)}", self.keep(kind, data)
        attachment = {
            "id": str(next(self._ids)),
            "filename": path.rpartition("/")[2],
            "size": len(data),
            "url": f"{self._file_host}{path}",
            "proxy_url": f"{self._file_host}{path}",
            "content_type": kind.media_type,
            "width": kind.width,
            "height": kind.height,
        }
        event = self._event("INTERACTION_CREATE", self._interaction(person, token, attachment))
        request = Request(number, path, time.perf_counter())
        self.requests.append(request)
        self._by_token[token] = request
        await self._gateway.send_str(event)
        return request

    def keep(self, kind: Kind, data: bytes) -> str:
        """Put a picture on the file host; returns its path there."""
        path = f"/attachments/{next(self._ids)}.{kind.suffix}"
        self._files[path] = data, kind.media_type
        return path

    async def settled(self, requests: list[Request], timeout_seconds: float) -> None:
        """Wait until all are answered, and forget their pictures."""
        async with asyncio.timeout(timeout_seconds):
            for request in requests:
                await request.answered.wait()
                self._files.pop(request.path, None)

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
                await socket.send_str(self._event("READY", payloads.ready()))
                await socket.send_str(self._event("GUILD_CREATE", payloads.guild()))
                self._gateway = socket
                self._connected.set()
        return socket

    async def _me(self, _request: web.Request) -> web.Response:
        return _json(payloads.user(payloads.BOT))

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
        return _json(application)

    async def _acknowledge(self, request: web.Request) -> web.Response:
        await request.read()
        moment = time.perf_counter()
        self._by_token[request.match_info["token"]].acknowledged_at = moment
        callback = {
            "id": request.match_info["id"],
            "type": 2,
            "response_message_id": str(next(self._ids)),
            "response_message_loading": True,
            "response_message_ephemeral": False,
        }
        return _json({"interaction": callback})

    async def _edit(self, request: web.Request) -> web.Response:
        body = await request.read()
        moment = time.perf_counter()
        asked = self._by_token[request.match_info["token"]]
        said = _payload(body, request.content_type)
        if not asked.first_word_at and FIRST_WORDS in said:
            asked.first_word_at = moment
        if not asked.answered_at and _is_last(said):
            asked.answered_at = moment
            asked.shown = said
            asked.answered.set()
        edited = json.loads(said)
        return _json({**payloads.message(next(self._ids)), **_kept(edited)})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        data, media_type = self._files[request.path]
        response = web.StreamResponse(headers={"Content-Type": media_type})
        response.content_length = len(data)
        await response.prepare(request)
        view = memoryview(data)
        for start in range(0, len(data), _CHUNK_BYTES):
            await response.write(view[start : start + _CHUNK_BYTES])
        await response.write_eof()
        return response

    def _event(self, name: str, data: dict[str, Any]) -> str:
        return json.dumps({"op": 0, "t": name, "s": next(self._sequence), "d": data})

    def _interaction(self, person: int, token: str, attachment: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": str(next(self._ids)),
            "application_id": str(payloads.BOT),
            "type": 2,
            "token": token,
            "version": 1,
            "guild_id": str(payloads.GUILD),
            "channel_id": str(payloads.CHANNEL),
            "channel": payloads.channel(),
            "member": payloads.member(payloads.FIRST_PERSON + person),
            "locale": "en-US",
            "guild_locale": "en-US",
            "app_permissions": payloads.ALL_PERMISSIONS,
            "entitlements": [],
            "authorizing_integration_owners": {"0": str(payloads.GUILD)},
            "context": 0,
            "attachment_size_limit": 26_214_400,
            "data": {
                "id": "5000",
                "name": "describe",
                "type": 1,
                "resolved": {"attachments": {attachment["id"]: attachment}},
                "options": [{"name": "picture", "type": 11, "value": attachment["id"]}],
            },
        }


def _json(value: object) -> web.Response:
    # discord.py knows JSON by exactly this type.
    return web.Response(
        body=json.dumps(value).encode(), headers={"Content-Type": "application/json"}
    )


def _payload(body: bytes, content_type: str) -> str:
    """Return an edit's JSON, which is one part of several where it carries files."""
    if content_type == "application/json":
        return body.decode()
    begin = body.index(b"\r\n\r\n", body.index(b'name="payload_json"')) + 4
    return body[begin : body.index(b"\r\n--", begin)].decode()


def _is_last(said: str) -> bool:
    """Say whether an edit shows the whole answer and nothing to cancel it with."""
    return LAST_WORDS in said and ":cancel:" not in said


def _kept(edited: dict[str, Any]) -> dict[str, Any]:
    return {key: edited[key] for key in ("content", "components", "flags") if edited.get(key)}
