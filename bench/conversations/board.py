"""The messages of a server as Discord keeps them."""

import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bench import payloads
from bench.payloads import CDN

_EPOCH_MILLISECONDS = 1_420_070_400_000
_KEPT = ("content", "components", "flags", "embeds")
EPHEMERAL, LOADING = 1 << 6, 1 << 7
REPLY, COMMAND_ANSWER, PLAIN = 19, 20, 0


@dataclass(slots=True)
class Posted:
    """One message. ``question`` is the number of the question that it asks or answers."""

    id: int
    channel_id: int
    author_id: int
    kind: int = PLAIN
    body: dict[str, Any] = field(default_factory=dict)
    attachments: list[dict[str, object]] = field(default_factory=list)
    answers: "Posted | None" = None
    """The message that this one replies to."""
    question: int | None = None
    edited_at: str | None = None
    pings_bot: bool = False

    @property
    def private(self) -> bool:
        """Whether only one person sees it."""
        return bool(int(self.body.get("flags") or 0) & EPHEMERAL)

    def payload(self, *, with_reference: bool = True) -> dict[str, Any]:
        """Write it as Discord does."""
        written = payloads.message(self.id) | {
            "channel_id": str(self.channel_id),
            "author": payloads.user(self.author_id),
            "type": self.kind,
            "timestamp": _now(),
            "edited_timestamp": self.edited_at,
            "attachments": self.attachments,
            "mentions": [payloads.user(payloads.BOT)] if self.pings_bot else [],
            **{key: self.body[key] for key in _KEPT if self.body.get(key)},
        }
        if self.answers is not None and with_reference:
            written["message_reference"] = {
                "message_id": str(self.answers.id),
                "channel_id": str(self.answers.channel_id),
                "guild_id": str(payloads.GUILD),
            }
            written["referenced_message"] = self.answers.payload(with_reference=False)
        return written

    def event(self) -> dict[str, Any]:
        """Write it as the gateway tells of it."""
        author = payloads.member(self.author_id)
        del author["user"]
        return {**self.payload(), "guild_id": str(payloads.GUILD), "member": author}


class Board:
    """All messages and threads of the one server."""

    def __init__(self) -> None:
        self.messages: dict[int, Posted] = {}
        self.threads: dict[int, dict[str, Any]] = {}
        self._once: dict[tuple[int, str], int] = {}
        self._counter = itertools.count()

    def new_id(self) -> int:
        """Return an id that says the time, as all of Discord's do."""
        milliseconds = int(time.time() * 1000) - _EPOCH_MILLISECONDS
        return milliseconds << 22 | next(self._counter) & 0x3FFFFF

    def add(self, channel_id: int, author_id: int, **more: Any) -> Posted:
        """Post a message."""
        message = Posted(self.new_id(), channel_id, author_id, **more)
        self.messages[message.id] = message
        return message

    def once(self, channel_id: int, body: dict[str, Any]) -> Posted | None:
        """Return the message that was sent with the same enforced nonce."""
        if not body.get("enforce_nonce"):
            return None
        return self.messages.get(self._once.get((channel_id, str(body["nonce"])), 0))

    def send(self, channel_id: int, body: dict[str, Any]) -> Posted:
        """Post a message of the bot's."""
        reference = int((body.get("message_reference") or {}).get("message_id", 0))
        answered = self.messages.get(reference)
        message = self.add(
            channel_id,
            payloads.BOT,
            kind=PLAIN if answered is None else REPLY,
            answers=answered,
            question=None if answered is None else answered.question,
        )
        self.write(message, body)
        message.edited_at = None
        if body.get("nonce") is not None:
            self._once[channel_id, str(body["nonce"])] = message.id
        return message

    def write(self, message: Posted, body: dict[str, Any]) -> None:
        """Put what ``body`` says into a message, in place of what it replaces."""
        given = {key: body[key] for key in _KEPT if key in body}
        if "flags" in given:
            kept = int(message.body.get("flags") or 0) & EPHEMERAL
            given["flags"] = int(given["flags"] or 0) & ~LOADING | kept
        message.body = {**message.body, **given}
        message.edited_at = _now()
        if "attachments" in body:
            message.attachments = [self._attachment(file) for file in body["attachments"] or ()]

    def thread(self, source: Posted, name: str) -> dict[str, Any]:
        """Open a thread under a message, whose id it shares."""
        self.threads[source.id] = {
            "id": str(source.id),
            "guild_id": str(payloads.GUILD),
            "parent_id": str(source.channel_id),
            "owner_id": str(payloads.BOT),
            "type": 11,
            "name": name,
            "member_count": 1,
            "message_count": 0,
            "rate_limit_per_user": 0,
            "flags": 0,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 1440,
                "archive_timestamp": _now(),
                "locked": False,
                "create_timestamp": _now(),
            },
            "member": {
                "id": str(source.id),
                "user_id": str(payloads.BOT),
                "join_timestamp": _now(),
                "flags": 0,
            },
        }
        return self.threads[source.id]

    def channel(self, channel_id: int) -> dict[str, Any]:
        """Write a channel or thread."""
        return self.threads.get(channel_id) or payloads.channel()

    def guild(self) -> dict[str, Any]:
        """Write the server as it is now."""
        return {**payloads.guild(), "threads": list(self.threads.values())}

    def _attachment(self, file: dict[str, Any]) -> dict[str, object]:
        name = str(file.get("filename", "picture.png"))
        number = self.new_id()
        url = f"{CDN}/attachments/{number}/{name}"
        return {"id": str(number), "filename": name, "size": 1, "url": url, "proxy_url": url}


def _now() -> str:
    return datetime.now(UTC).isoformat()
