"""How often people and servers may ask: sliding windows, counted in pictures."""

from collections import OrderedDict, deque
from dataclasses import dataclass

from bot.domain.errors import RateLimited
from bot.domain.ports import Asker

MAX_KEYS = 10_000
"""People (or servers) remembered by one window; past it the longest silent one is forgiven."""

MINUTE_SECONDS = 60.0
HOUR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Pictures allowed per sliding window; 0 means no limit."""

    person_per_minute: int = 0
    person_per_hour: int = 0
    guild_per_minute: int = 0


class _Window:
    """What each key spent in the last ``seconds``: at most ``limit`` moments a key."""

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = limit
        self._seconds = seconds
        self._spent: OrderedDict[int, deque[float]] = OrderedDict()

    def wait_seconds(self, key: int, count: int, now: float) -> float:
        """Say how long ``key`` must wait until ``count`` more fit; 0 when they fit now.

        More than the whole limit at once fits into an empty window: refusing it for ever would
        make the retry time a lie.
        """
        if not self._limit:
            return 0.0
        self._forget_before(now - self._seconds)
        spent = self._spent.get(key)
        if spent is None:
            return 0.0
        while spent and spent[0] <= now - self._seconds:
            spent.popleft()
        excess = len(spent) + min(count, self._limit) - self._limit
        return 0.0 if excess <= 0 else spent[excess - 1] + self._seconds - now

    def spend(self, key: int, count: int, now: float) -> None:
        """Count ``count`` for ``key`` at ``now``."""
        if not self._limit:
            return
        spent = self._spent.setdefault(key, deque(maxlen=self._limit))
        spent.extend([now] * min(count, self._limit))
        self._spent.move_to_end(key)
        if len(self._spent) > MAX_KEYS:
            self._spent.popitem(last=False)

    def _forget_before(self, moment: float) -> None:
        """Drop keys whose last spending is over; they lie in order of it."""
        while self._spent:
            key, spent = next(iter(self._spent.items()))
            if spent and spent[-1] > moment:
                return
            del self._spent[key]


class Meter:
    """Charges askers against ``Limits``, all windows or none."""

    def __init__(self, limits: Limits) -> None:
        self._person = (
            _Window(limits.person_per_minute, MINUTE_SECONDS),
            _Window(limits.person_per_hour, HOUR_SECONDS),
        )
        self._guild = _Window(limits.guild_per_minute, MINUTE_SECONDS)

    def charge(self, asker: Asker, pictures: int, now: float) -> None:
        """Count ``pictures`` at ``now`` (seconds), or count nothing and raise RateLimited."""
        wait = max(window.wait_seconds(asker.person_id, pictures, now) for window in self._person)
        if wait > 0:
            raise RateLimited(retry_after_seconds=wait, scope="person")
        if asker.guild_id is not None:
            wait = self._guild.wait_seconds(asker.guild_id, pictures, now)
            if wait > 0:
                raise RateLimited(retry_after_seconds=wait, scope="server")
            self._guild.spend(asker.guild_id, pictures, now)
        for window in self._person:
            window.spend(asker.person_id, pictures, now)
