"""A stand-in for Discord as far as one slash command needs it.

It says when each thing happened, in seconds of ``time.perf_counter``.
"""

import asyncio
import itertools
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bench import payloads
from bench.engine import FIRST_WORDS, LAST_WORDS
from bench.file_host import FileHost
from bench.gateway import Gateway, answer, payload
from bench.payloads import CDN
from bench.photos import Kind

_NUMBER = re.compile(rf"{FIRST_WORDS} (\d+)")


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
        self.files = FileHost()
        self.gateway = Gateway()
        self._file_host = CDN
        self._by_token: dict[str, Request] = {}
        self._ids = itertools.count(100_000)

    def routes(self) -> list[web.RouteDef]:
        """Return everything a bot asks of Discord here."""
        api = "/api/v10"
        return [
            *self.gateway.routes(),
            *self.files.routes(),
            web.post(f"{api}/interactions/{{id}}/{{token}}/callback", self._acknowledge),
            web.patch(f"{api}/webhooks/{{id}}/{{token}}/messages/@original", self._edit),
        ]

    def begin(self, file_host: str) -> None:
        """Expect another bot, which is told that attachments are at ``file_host``.

        They are served by ``routes`` in any case.
        """
        self.requests = []
        self._file_host = file_host
        self.gateway.begin()

    async def post(self, person: int, number: int, kind: Kind, data: bytes) -> Request:
        """Let ``person`` use ``/describe`` with a picture; returns once the bot was told."""
        token, path = f"token-{next(self._ids)}", self.files.keep(kind, data)
        attachment = self.files.attachment(kind, path, self._file_host)
        request = Request(number, path, time.perf_counter())
        self.requests.append(request)
        self._by_token[token] = request
        await self.gateway.send("INTERACTION_CREATE", self._interaction(person, token, attachment))
        return request

    async def settled(self, requests: list[Request], timeout_seconds: float) -> None:
        """Wait until all are answered, and forget their pictures."""
        async with asyncio.timeout(timeout_seconds):
            for request in requests:
                await request.answered.wait()
                self.files.drop(request.path)

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
        return answer({"interaction": callback})

    async def _edit(self, request: web.Request) -> web.Response:
        body = await request.read()
        moment = time.perf_counter()
        asked = self._by_token[request.match_info["token"]]
        said = payload(body, request.content_type)
        if not asked.first_word_at and FIRST_WORDS in said:
            asked.first_word_at = moment
        if not asked.answered_at and _is_last(said):
            asked.answered_at = moment
            asked.shown = said
            asked.answered.set()
        edited = json.loads(said)
        return answer({**payloads.message(next(self._ids)), **_kept(edited)})

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


def _is_last(said: str) -> bool:
    """Say whether an edit shows the whole answer and nothing to cancel it with."""
    return LAST_WORDS in said and ":cancel:" not in said


def _kept(edited: dict[str, Any]) -> dict[str, Any]:
    return {key: edited[key] for key in ("content", "components", "flags") if edited.get(key)}
