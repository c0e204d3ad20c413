"""Who may follow up a turn, and which turns are being answered right now."""

import asyncio
from dataclasses import dataclass, field

from bot.domain.conversation import Turn, TurnState
from bot.domain.errors import Expired, NotYours
from bot.domain.ports import Asker, PostedAnswer

_BEGIN_SECONDS = 30.0
"""How long an accepted turn may take to begin; then nobody waits for it any more."""


def check_may_follow(
    turn: Turn | None,
    asker: Asker,
    *,
    private: bool,
    owner_id: int | None = None,
    channel_id: int | None = None,
) -> Turn:
    """Return ``turn`` when ``asker`` may follow it up, in ``private`` or for all to see.

    A private turn is followed up by its own person, in private. A public one is by everybody in its
    server (outside of servers: in its channel), and by the conversation's owner in private.
    Raises Expired and NotYours.
    """
    if turn is None or turn.state is TurnState.FORGOTTEN or turn.person_id is None:
        raise Expired
    if turn.private:
        allowed = private and asker.person_id == turn.person_id
    else:
        here = asker.guild_id is not None or channel_id in {None, turn.channel_id}
        allowed = asker.guild_id == turn.guild_id and here
        allowed = allowed or (private and asker.person_id == owner_id)
    if not allowed:
        raise NotYours
    return turn


def check_may_follow_posted(posted: PostedAnswer, asker: Asker, *, private: bool) -> None:
    """Check the same of the answer of another task. Raises NotYours."""
    if posted.private:
        allowed = private and asker.person_id == posted.asker_id
    else:
        allowed = asker.guild_id == posted.guild_id or (
            private and asker.person_id == posted.asker_id
        )
    if not allowed:
        raise NotYours


@dataclass(slots=True)
class _Entry:
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Underway:
    """The turns that were accepted in this process and have no end yet."""

    _entries: dict[int, _Entry] = field(default_factory=dict)

    def __contains__(self, turn_id: int) -> bool:
        return turn_id in self._entries

    def accepted(self, turn_id: int) -> None:
        """Remember a turn that will be answered."""
        self._entries[turn_id] = _Entry()

    def begun(self, turn_id: int) -> None:
        """Remember that it is being answered."""
        self._entries.setdefault(turn_id, _Entry()).begun.set()

    def ended(self, turn_id: int) -> None:
        """Let those go on who wait for it."""
        entry = self._entries.pop(turn_id, None)
        if entry is not None:
            entry.begun.set()
            entry.ended.set()

    async def wait(self, turn_id: int) -> None:
        """Wait for the end of a turn, whatever it is; return at once for any other."""
        entry = self._entries.get(turn_id)
        if entry is None:
            return
        try:
            async with asyncio.timeout(_BEGIN_SECONDS):
                await entry.begun.wait()
        except TimeoutError:
            self.ended(turn_id)
            return
        await entry.ended.wait()
