"""A stand-in for Discord in which pictures are posted and a bot moderates, and is counted.

Everything it accepts or refuses, it does as Discord does: history is there for whoever was away, a
deleted message takes its files with it, an enforced nonce sends a message once for a while.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from bench import payloads
from bench.conversations.board import Posted
from bench.file_host import FileHost
from bench.gateway import Gateway, answer, payload
from bench.moderation.deeds import Deeds
from bench.moderation.moments import Moment
from bench.moderation.pictures import POSTED
from bench.moderation.place import LOG, Place
from bench.stand_in import API, Answering, Call, Refused
from bench.traps import Moments

_FIRST_DIRECT = 50_000_000
"""A person's direct messages are in the channel with their id and this."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One picture that was posted, and the key by which the bot knows it."""

    key: str
    number: int
    message_id: int
    author_id: int
    posted_at: float
    """In seconds of ``time.perf_counter``."""


class Discord(Answering):
    """The HTTP handlers, and what people post."""

    def __init__(self, moments: Moments | None = None) -> None:
        super().__init__()
        self.place = Place()
        self.deeds = Deeds()
        self.uploads: dict[str, Upload] = {}
        self._moments = moments or Moments()
        self.files = FileHost(lambda: self._moments.reached(Moment.FETCHING))
        self.gateway = Gateway(self.place.guild)
        self._paths: dict[int, list[str]] = {}

    def routes(self) -> list[web.RouteDef]:
        """Return everything a bot asks of Discord here."""
        channel = f"{API}/channels/{{channel}}"
        member = f"{API}/guilds/{payloads.GUILD}/members/{{person}}"
        calls: list[Call] = [
            ("GET", f"{channel}/messages", self._history),
            ("POST", f"{channel}/messages", self._send),
            ("GET", f"{channel}/messages/{{message}}", self._read),
            ("PATCH", f"{channel}/messages/{{message}}", self._edit),
            ("DELETE", f"{channel}/messages/{{message}}", self._delete),
            ("GET", f"{channel}/threads/archived/public", self._archived),
            ("GET", member, self._member),
            ("PATCH", member, self._edit_member),
            ("GET", f"{API}/users/{{person:[0-9]+}}", self._user),
            ("POST", f"{API}/users/@me/channels", self._direct),
            *self._more_routes(),
        ]
        return [
            *self.gateway.routes(),
            *self.files.routes(),
            *self.served(calls),
        ]

    def _more_routes(self) -> Sequence[Call]:
        return ()

    async def post(
        self, person_id: int, channel_id: int, pictures: Sequence[tuple[int, bytes]]
    ) -> list[Upload]:
        """Post a message with pictures, each with its number; the bot is told if it listens."""
        paths = [self.files.keep(POSTED, data) for _, data in pictures]
        attachments = [self.files.attachment(POSTED, path) for path in paths]
        message = self.place.add(channel_id, person_id, attachments=attachments)
        self._paths[message.id] = paths
        uploads = [
            Upload(
                f"m:{message.id}:a:{attachment['id']}",
                number,
                message.id,
                person_id,
                time.perf_counter(),
            )
            for (number, _), attachment in zip(pictures, attachments, strict=True)
        ]
        self.uploads.update((upload.key, upload) for upload in uploads)
        if self.gateway.listening:
            await self.gateway.send("MESSAGE_CREATE", self.place.event(message))
            self._moments.reached(Moment.POSTED)
        return uploads

    async def _history(self, request: web.Request) -> web.Response:
        self._moments.reached(Moment.READING)
        before = request.query.get("before")
        page = self.place.history(
            int(request.match_info["channel"]),
            None if before is None else int(before),
            int(request.query.get("limit", "50")),
        )
        return answer([message.payload() for message in page])

    async def _send(self, request: web.Request) -> web.Response:
        said = json.loads(payload(await request.read(), request.content_type))
        channel_id = int(request.match_info["channel"])
        sent = self.place.once(channel_id, said)
        if sent is not None:
            return answer(sent.payload())
        message = self.place.send(channel_id, said)
        response = answer(message.payload())
        if channel_id == LOG:
            self.deeds.card(json.dumps(said))
            self._reached(Moment.CARDING, Moment.CARDED)
        else:
            self.deeds.tell(channel_id - _FIRST_DIRECT, json.dumps(said))
            self._reached(Moment.TELLING, Moment.TOLD)
        return response

    async def _read(self, request: web.Request) -> web.Response:
        return answer(self._message(request).payload())

    async def _edit(self, request: web.Request) -> web.Response:
        said = json.loads(payload(await request.read(), request.content_type))
        message = self._message(request)
        self.place.write(message, said)
        return answer(message.payload())

    async def _delete(self, request: web.Request) -> web.Response:
        self.deeds.delete(int(request.match_info["message"]))
        message = self._message(request)
        del self.place.messages[message.id]
        for path in self._paths.get(message.id, ()):
            self.files.drop(path)
        self._reached(Moment.DELETING, Moment.DELETED)
        return web.Response(status=204)

    async def _archived(self, _request: web.Request) -> web.Response:
        return answer({"threads": [], "members": [], "has_more": False})

    async def _member(self, request: web.Request) -> web.Response:
        return answer(self.place.member(int(request.match_info["person"])))

    async def _edit_member(self, request: web.Request) -> web.Response:
        said = json.loads(await request.read())
        person_id = int(request.match_info["person"])
        self.place.timed_out[person_id] = said["communication_disabled_until"]
        self.deeds.time_out(person_id, request.headers.get("X-Audit-Log-Reason", ""))
        self._reached(Moment.TIMING_OUT, Moment.TIMED_OUT)
        return answer(self.place.member(person_id))

    async def _user(self, request: web.Request) -> web.Response:
        return answer(payloads.user(int(request.match_info["person"])))

    async def _direct(self, request: web.Request) -> web.Response:
        person_id = int(json.loads(await request.read())["recipient_id"])
        return answer(
            {
                "id": str(_FIRST_DIRECT + person_id),
                "type": 1,
                "recipients": [payloads.user(person_id)],
            }
        )

    def _message(self, request: web.Request) -> Posted:
        """Find the message that a call is about."""
        found = self.place.messages.get(int(request.match_info["message"]))
        if found is None or found.channel_id != int(request.match_info["channel"]):
            raise Refused(404, 10_008, "Unknown Message")
        return found

    def _reached(self, before_the_bot_knows: Moment, after: Moment) -> None:
        self._moments.reached(before_the_bot_knows)
        self._moments.reached(after)
