"""People who use slash commands while pictures are posted, and how long they wait."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bench import payloads
from bench.engine import LAST_WORDS
from bench.gateway import answer, payload
from bench.moderation.discord import Discord
from bench.moderation.pictures import POSTED
from bench.moderation.place import FIRST_MEMBER
from bench.stand_in import API, Call

_PATIENCE_SECONDS = 60.0


@dataclass(slots=True)
class Used:
    """One slash command; moments are seconds of ``time.perf_counter``."""

    began_at: float
    heard_at: float = 0.0
    answered_at: float = 0.0
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)


class TalkingDiscord(Discord):
    """Takes slash commands, too."""

    def __init__(self) -> None:
        super().__init__()
        self._used: dict[str, Used] = {}

    async def help(self) -> float:
        """Use ``/help``; return the seconds until it was answered."""
        used = await self._use("help", [], {})
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await used.heard.wait()
        return used.heard_at - used.began_at

    async def describe(self, data: bytes) -> float:
        """Use ``/describe`` with a picture; return the seconds until the answer was there."""
        path = self.files.keep(POSTED, data)
        picture = self.files.attachment(POSTED, path)
        options = [{"name": "picture", "type": 11, "value": picture["id"]}]
        used = await self._use("describe", options, {str(picture["id"]): picture})
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await used.answered.wait()
        self.files.drop(path)
        return used.answered_at - used.began_at

    async def _use(
        self, name: str, options: Sequence[dict[str, object]], attachments: dict[str, Any]
    ) -> Used:
        token = f"token-{self.place.new_id()}"
        used = self._used[token] = Used(time.perf_counter())
        member = self.place.member(FIRST_MEMBER)
        written = {
            "id": str(self.place.new_id()),
            "application_id": str(payloads.BOT),
            "type": 2,
            "token": token,
            "version": 1,
            "guild_id": str(payloads.GUILD),
            "channel_id": str(payloads.CHANNEL),
            "channel": {
                **self.place.channel(payloads.CHANNEL),
                "permissions": payloads.ALL_PERMISSIONS,
            },
            "member": {**member, "permissions": payloads.ALL_PERMISSIONS},
            "locale": "en-US",
            "guild_locale": "en-US",
            "app_permissions": payloads.ALL_PERMISSIONS,
            "entitlements": [],
            "authorizing_integration_owners": {"0": str(payloads.GUILD)},
            "context": 0,
            "attachment_size_limit": 26_214_400,
            "data": {
                "id": "5000",
                "name": name,
                "type": 1,
                "resolved": {"attachments": attachments},
                "options": options,
            },
        }
        await self.gateway.send("INTERACTION_CREATE", written)
        return used

    def _more_routes(self) -> Sequence[Call]:
        return (
            ("POST", f"{API}/interactions/{{id}}/{{token}}/callback", self._hear),
            ("PATCH", f"{API}/webhooks/{{app}}/{{token}}/messages/@original", self._answer),
        )

    async def _hear(self, request: web.Request) -> web.Response:
        await request.read()
        used = self._used[request.match_info["token"]]
        used.heard_at = time.perf_counter()
        used.heard.set()
        callback = {
            "id": request.match_info["id"],
            "type": 2,
            "response_message_id": str(self.place.new_id()),
            "response_message_loading": True,
            "response_message_ephemeral": False,
        }
        return answer({"interaction": callback})

    async def _answer(self, request: web.Request) -> web.Response:
        said = payload(await request.read(), request.content_type)
        used = self._used[request.match_info["token"]]
        if LAST_WORDS in said and ":cancel:" not in said and not used.answered_at:
            used.answered_at = time.perf_counter()
            used.answered.set()
        edited = json.loads(said)
        kept = {key: edited[key] for key in ("content", "components", "flags") if edited.get(key)}
        return answer({**payloads.message(self.place.new_id()), **kept})
