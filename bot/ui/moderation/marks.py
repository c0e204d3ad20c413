"""How far each channel was heard without a gap. Keeps no message and asks nobody."""

from collections import Counter
from collections.abc import Collection

from bot.domain.moderation.upload import Cursor


class Marks:
    """Says which cursor may be kept, so that no cursor ever jumps over messages not yet read.

    After a time without connection every server is unknown: what is heard live is recorded, and
    moves no cursor. Catching up then says which channels have a gap (``know``), and when one was
    read to its end (``close``). From then on cursors follow what is heard.
    """

    def __init__(self) -> None:
        self._sessions: Counter[int | None] = Counter()
        self._gaps: dict[int, set[int]] = {}
        self._newest: dict[int, Cursor] = {}
        self._kept: dict[int, int] = {}

    def begin_anew(self) -> None:
        """Forget what is known: there was a time in which messages may have been missed."""
        self._sessions[None] += 1
        self._gaps.clear()
        self._newest.clear()
        self._kept.clear()

    def session(self, guild_id: int) -> int:
        """Return a figure that grows when what was known of a server is void.

        What began in an earlier one must stop.
        """
        return self._sessions[None] + self._sessions[guild_id]

    def forget(self, guild_id: int) -> None:
        """Forget a server that is not to be watched, or was out of reach."""
        self._sessions[guild_id] += 1
        self._gaps.pop(guild_id, None)
        for channel_id, cursor in tuple(self._newest.items()):
            if cursor.guild_id == guild_id:
                del self._newest[channel_id]
                self._kept.pop(channel_id, None)

    def forget_channel(self, channel_id: int) -> None:
        """Forget a channel that is no more."""
        self._newest.pop(channel_id, None)
        self._kept.pop(channel_id, None)
        for gaps in self._gaps.values():
            gaps.discard(channel_id)

    def knows(self, guild_id: int) -> bool:
        """Say whether it is known which channels of a server have gaps."""
        return guild_id in self._gaps

    def know(self, guild_id: int, gaps: Collection[int]) -> None:
        """Tell which channels of a server have a gap; all others have none."""
        self._gaps[guild_id] = set(gaps)

    def gaps(self, guild_id: int) -> Collection[int]:
        """Return the channels of a server that still have a gap."""
        return frozenset(self._gaps.get(guild_id, ()))

    def close(self, guild_id: int, channel_id: int) -> None:
        """Tell that a channel was read to its end."""
        self._gaps.get(guild_id, set()).discard(channel_id)

    def hear(self, guild_id: int, channel_id: int, message_id: int) -> Cursor | None:
        """Note a message; return the cursor to record with it, None while there is a gap."""
        last = self._newest.get(channel_id)
        if last is None or message_id > last.message_id:
            last = self._newest[channel_id] = Cursor(guild_id, channel_id, message_id)
        return last if self._is_whole(last) else None

    def kept(self, cursor: Cursor) -> None:
        """Tell that a cursor is with the store."""
        before = self._kept.get(cursor.channel_id, 0)
        self._kept[cursor.channel_id] = max(before, cursor.message_id)

    def to_keep(self) -> tuple[Cursor, ...]:
        """Return the cursors that may be kept and are not yet."""
        return tuple(
            cursor
            for channel_id, cursor in self._newest.items()
            if cursor.message_id > self._kept.get(channel_id, 0) and self._is_whole(cursor)
        )

    def _is_whole(self, cursor: Cursor) -> bool:
        gaps = self._gaps.get(cursor.guild_id)
        return gaps is not None and cursor.channel_id not in gaps
