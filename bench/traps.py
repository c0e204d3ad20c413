"""The trap that kills a process at a moment which the stand-ins see come."""

import asyncio
import enum
import random
from collections.abc import Callable
from typing import TypeVar


class Timed(enum.Enum):
    """A moment: what it is called, and the most milliseconds to wait once it has come.

    At 0 the process is killed before what it has just sent is answered.
    """

    def __init__(self, label: str, most_milliseconds: int) -> None:
        self.label = label
        self.most_milliseconds = most_milliseconds

    @property
    def most_let_pass(self) -> int:
        """The last time of this moment at which a trap may spring; 1 is the first."""
        raise NotImplementedError


TimedT = TypeVar("TimedT", bound=Timed)


class Trap:
    """Calls ``spring`` at or a little after one of the first few times that ``moment`` comes."""

    def __init__(self, moment: Timed, chance: random.Random, spring: Callable[[], None]) -> None:
        self.moment = moment
        self.sprung = asyncio.Event()
        self._left = chance.randint(1, moment.most_let_pass)
        self._delay_seconds = chance.uniform(0, moment.most_milliseconds) / 1000
        self._spring = spring

    def reached(self, moment: Timed) -> None:
        """Count a moment."""
        if moment is not self.moment:
            return
        self._left -= 1
        if self._left:
            return
        if self._delay_seconds:
            asyncio.get_running_loop().call_later(self._delay_seconds, self.close)
        else:
            self.close()

    def close(self) -> None:
        """Spring, unless it has sprung."""
        if not self.sprung.is_set():
            self.sprung.set()
            self._spring()


class Moments:
    """Told by the stand-ins of every moment; at most one trap is set."""

    def __init__(self) -> None:
        self._trap: Trap | None = None

    def set(self, trap: Trap | None) -> None:
        """Set a trap in place of the last one, or none."""
        self._trap = trap

    def reached(self, moment: Timed) -> None:
        """Say that a moment is here."""
        if self._trap is not None:
            self._trap.reached(moment)


def shuffled(moments: type[TimedT], kills: int, chance: random.Random) -> list[TimedT]:
    """Return moments for so many kills: every one as often as any other, in random order."""
    drawn: list[TimedT] = []
    while len(drawn) < kills:
        drawn += chance.sample(list(moments), len(moments))
    return drawn[:kills]
