"""A stand-in for Discord in which people and the bot talk: messages, interactions, threads.

Everything it accepts or refuses, it does as Discord does: a token works from the acknowledgement
until it has expired, an enforced nonce sends a message once.
"""

import asyncio
import json
import time
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bench import payloads
from bench.conversations import events
from bench.conversations.board import COMMAND_ANSWER, EPHEMERAL, Board, Posted
from bench.conversations.ledger import Asked, Ledger, Sight
from bench.conversations.moments import Moment
from bench.file_host import FileHost
from bench.gateway import Gateway, answer, payload
from bench.stand_in import API, Answering, Call, Refused
from bench.traps import Moments

_ACKNOWLEDGE_SECONDS = 3.0
_MESSAGE, _DEFERRED, _DEFERRED_UPDATE, _UPDATE, _MODAL = 4, 5, 6, 7, 9


@dataclass(slots=True)
class Used:
    """One interaction: a command, a button, a modal."""

    channel_id: int
    asked: Asked | None
    source: Posted | None
    """The message whose button it was."""
    modal: asyncio.Future[dict[str, Any]] = field(default_factory=asyncio.Future)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    """Whether it was acknowledged."""
    original: Posted | None = None
    expired: bool = False
    born: float = field(default_factory=time.monotonic)


class Discord(Answering):
    """The HTTP handlers, and what people do."""

    def __init__(self, ledger: Ledger, moments: Moments) -> None:
        super().__init__()
        self.ledger = ledger
        self.board = Board()
        self.files = FileHost(lambda: moments.reached(Moment.FETCHING))
        self.gateway = Gateway(self.board.guild)
        self._used: dict[str, Used] = {}
        self._moments = moments
        self._news = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """Return everything a bot asks of Discord here."""
        webhook, channel = f"{API}/webhooks/{{app}}/{{token}}", f"{API}/channels/{{channel}}"
        calls: list[Call] = [
            ("POST", f"{API}/interactions/{{id}}/{{token}}/callback", self._acknowledge),
            ("GET", f"{webhook}/messages/{{message}}", self._read),
            ("PATCH", f"{webhook}/messages/{{message}}", self._edit),
            ("DELETE", f"{webhook}/messages/{{message}}", self._delete),
            ("POST", webhook, self._follow),
            ("GET", channel, self._channel),
            ("POST", f"{channel}/typing", self._typing),
            ("POST", f"{channel}/messages", self._send),
            ("GET", f"{channel}/messages/{{message}}", self._read),
            ("PATCH", f"{channel}/messages/{{message}}", self._edit),
            ("DELETE", f"{channel}/messages/{{message}}", self._delete),
            ("POST", f"{channel}/messages/{{message}}/threads", self._open_thread),
        ]
        return [
            *self.gateway.routes(),
            *self.files.routes(),
            *self.served(calls),
        ]

    async def ended(self, *questions: Asked) -> None:
        """Wait until everybody who asked these knows what became of them."""
        while not all(asked.ended for asked in questions):
            await self._news.wait()

    def expire(self, message_ids: Container[int]) -> None:
        """Let the tokens that made these messages die, as they do after 15 minutes."""
        for used in self._used.values():
            made = used.original is not None and used.original.id in message_ids
            used.expired = used.expired or made

    async def use(
        self,
        person_id: int,
        channel_id: int,
        used: dict[str, Any],
        *,
        asked: Asked | None = None,
        source: Posted | None = None,
    ) -> Used:
        """Let a person use a command, button or modal (from ``bench.conversations.events``)."""
        token = f"token-{self.board.new_id()}"
        record = self._used[token] = Used(channel_id, asked, source)
        written = events.interaction(self.board, person_id, channel_id, token, used)
        await self.gateway.send("INTERACTION_CREATE", written)
        if asked is not None:
            self._moments.reached(Moment.ASKED)
        return record

    async def post(self, message: Posted) -> None:
        """Tell the bot of a person's message, again if need be."""
        await self.gateway.send("MESSAGE_CREATE", message.event())
        self._moments.reached(Moment.ASKED)

    async def _acknowledge(self, request: web.Request) -> web.Response:
        said = json.loads(payload(await request.read(), request.content_type))
        used = self._used[request.match_info["token"]]
        if time.monotonic() - used.born > _ACKNOWLEDGE_SECONDS:
            raise Refused(404, 10_062, "Unknown interaction")
        if used.done.is_set():
            raise Refused(400, 40_060, "Interaction has already been acknowledged.")
        used.done.set()
        kind, data = said["type"], said.get("data") or {}
        if kind == _MODAL:
            if not used.modal.done():  # unless whoever pressed has given up
                used.modal.set_result(data)
        elif kind in (_DEFERRED_UPDATE, _UPDATE):
            used.original = used.source
        else:
            used.original = self._original(used, data)
        if used.asked is not None:
            self.ledger.acknowledge(used.asked.number)
            self._moments.reached(Moment.ACKNOWLEDGING)
            self._moments.reached(Moment.ACKNOWLEDGED)
        if kind in (_MESSAGE, _UPDATE) and used.original is not None:
            self._written(used.original, data)
        original = used.original
        callback = {
            "id": request.match_info["id"],
            "type": 2,
            "response_message_id": None if original is None else str(original.id),
            "response_message_loading": kind == _DEFERRED,
            "response_message_ephemeral": original is not None and original.private,
        }
        return answer({"interaction": callback})

    def _original(self, used: Used, data: dict[str, Any]) -> Posted:
        number = used.asked.number if used.asked is not None else None
        flags = int(data.get("flags") or 0) & EPHEMERAL
        message = self.board.add(
            used.channel_id,
            payloads.BOT,
            kind=COMMAND_ANSWER,
            question=number,
            body={"flags": flags},
        )
        if number is not None:
            self.ledger.expect(number, message.id)
        return message

    async def _read(self, request: web.Request) -> web.Response:
        return answer(self._message(request).payload())

    async def _edit(self, request: web.Request) -> web.Response:
        said = json.loads(payload(await request.read(), request.content_type))
        message = self._message(request)
        seen = self._written(message, said)
        response = answer(message.payload())
        self._after(seen)
        return response

    async def _delete(self, request: web.Request) -> web.Response:
        message = self._message(request)
        del self.board.messages[message.id]
        if message.question is not None and message.author_id == payloads.BOT:
            self.ledger.remove(message.question, message.id)
        return web.Response(status=204)

    async def _follow(self, request: web.Request) -> web.Response:
        """Post a further message to an interaction."""
        said = json.loads(payload(await request.read(), request.content_type))
        used = self._by_token(request)
        message = self.board.send(used.channel_id, said)
        if used.asked is not None:
            message.question = used.asked.number
            self._after(self._written(message, said))
        return answer(message.payload())

    async def _send(self, request: web.Request) -> web.Response:
        said = json.loads(payload(await request.read(), request.content_type))
        channel_id = int(request.match_info["channel"])
        sent = self.board.once(channel_id, said)
        if sent is not None:
            return answer(sent.payload())
        reference = int((said.get("message_reference") or {}).get("message_id", 0))
        if reference and reference not in self.board.messages:
            raise Refused(400, 50_035, "Invalid Form Body: Unknown message")
        message = self.board.send(channel_id, said)
        seen = self._written(message, said)
        response = answer(message.payload())
        self._after(seen)
        return response

    async def _channel(self, request: web.Request) -> web.Response:
        return answer(self.board.channel(int(request.match_info["channel"])))

    async def _typing(self, _request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def _open_thread(self, request: web.Request) -> web.Response:
        said = json.loads(await request.read())
        thread = self.board.thread(self._message(request), said["name"])
        await self.gateway.send("THREAD_CREATE", {**thread, "newly_created": True})
        return answer(thread, 201)

    def _by_token(self, request: web.Request) -> Used:
        used = self._used.get(request.match_info["token"])
        if used is None or not used.done.is_set():
            raise Refused(404, 10_015, "Unknown Webhook")
        if used.expired:
            raise Refused(401, 50_027, "Invalid Webhook Token")
        return used

    def _message(self, request: web.Request) -> Posted:
        """Find the message that a call is about."""
        wanted = request.match_info["message"]
        found: Posted | None
        if "token" in request.match_info:
            used = self._by_token(request)
            found = used.original if wanted == "@original" else None
            message_id = 0 if wanted == "@original" else int(wanted)
        else:
            found, message_id = None, int(wanted)
        found = found or self.board.messages.get(message_id)
        by_channel = "channel" in request.match_info
        if found is None or found.id not in self.board.messages or (by_channel and found.private):
            raise Refused(404, 10_008, "Unknown Message")
        return found

    def _written(self, message: Posted, said: dict[str, Any]) -> Sight | None:
        """Show what the bot wrote into a message, and note what that tells its reader."""
        self.board.write(message, said)
        self._news.set()
        self._news = asyncio.Event()
        if message.question is None:
            return None
        asked = self.ledger.asked[message.question]
        heard = asked.acknowledged
        seen = self.ledger.see(message.question, message.id, json.dumps(message.body))
        if not heard:
            self._moments.reached(Moment.ACKNOWLEDGING)
            self._moments.reached(Moment.ACKNOWLEDGED)
        elif seen is Sight.WORKING:
            self._moments.reached(Moment.DRAWING)
        if seen is not Sight.WORKING:
            self._moments.reached(Moment.TELLING if asked.interrupted else Moment.SHOWING)
        return seen

    def _after(self, seen: Sight | None) -> None:
        if seen not in (None, Sight.WORKING):
            self._moments.reached(Moment.SHOWN)
