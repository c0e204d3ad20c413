"""The server that is moderated: its channels, its members' powers, its messages."""

from typing import Any

from bench import payloads
from bench.conversations.board import Board, Posted

LOG = payloads.CHANNEL + 1
WATCHED = (payloads.CHANNEL, payloads.CHANNEL + 2, payloads.CHANNEL + 3)
FIRST_MEMBER = payloads.FIRST_PERSON + 1
"""The person before owns the server."""
_ROLE = payloads.GUILD + 1
_VIEW, _SEND, _EMBED, _ATTACH, _HISTORY = (1 << bit for bit in (10, 11, 14, 15, 16))
_EVERYBODY = str(_VIEW | _SEND | _EMBED | _ATTACH | _HISTORY)


class Place(Board):
    """All messages of the one server, and who is timed out until when."""

    def __init__(self) -> None:
        super().__init__()
        self.timed_out: dict[int, str | None] = {}
        self._newest: dict[int, int] = {}

    def add(self, channel_id: int, author_id: int, **more: Any) -> Posted:
        """Post a message."""
        message = super().add(channel_id, author_id, **more)
        self._newest[channel_id] = message.id
        return message

    def forget_nonces(self) -> None:
        """Let enforced nonces be forgotten, as Discord does after a few minutes."""
        self._once.clear()

    def history(self, channel_id: int, before: int | None, limit: int) -> list[Posted]:
        """Return a page of a channel's messages, the newest first."""
        there = [
            message
            for message in self.messages.values()
            if message.channel_id == channel_id and (before is None or message.id < before)
        ]
        return sorted(there, key=lambda message: message.id, reverse=True)[:limit]

    def channel(self, channel_id: int) -> dict[str, Any]:
        """Write a channel; the id of its last message stays when that is deleted."""
        newest = self._newest.get(channel_id)
        return {
            **payloads.channel(),
            "id": str(channel_id),
            "name": f"channel-{channel_id}",
            "last_message_id": None if newest is None else str(newest),
        }

    def member(self, person_id: int) -> dict[str, Any]:
        """Write a member."""
        written = payloads.member(person_id)
        del written["permissions"]
        return {
            **written,
            "roles": [str(_ROLE)] if person_id == payloads.BOT else [],
            "communication_disabled_until": self.timed_out.get(person_id),
        }

    def event(self, message: Posted) -> dict[str, Any]:
        """Write a message as the gateway tells of it."""
        author = self.member(message.author_id)
        del author["user"]
        return {**message.payload(), "guild_id": str(payloads.GUILD), "member": author}

    def guild(self) -> dict[str, Any]:
        """Write the server as it is now."""
        written = payloads.guild()
        (everyone,) = written["roles"]
        own = {**everyone, "id": str(_ROLE), "name": "Lookout", "position": 9}
        return {
            **written,
            "roles": [
                {**everyone, "permissions": _EVERYBODY},
                {**own, "permissions": payloads.ALL_PERMISSIONS},
            ],
            "channels": [self.channel(channel_id) for channel_id in (*WATCHED, LOG)],
            "members": [self.member(payloads.BOT)],
        }
