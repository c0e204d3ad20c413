"""The moments at which a process may be killed, and the trap that kills it there."""

import asyncio
import enum
import random
from collections.abc import Callable


class Moment(enum.Enum):
    """Something that the stand-ins see happen; the value is the most milliseconds to wait then.

    At 0 the process is killed before what it has just sent is answered.
    """

    STARTING = "starting", 2500
    """A process was started a moment ago."""
    POSTED = "posted", 12
    """The bot is told of an upload: it is to be recorded."""
    READING = "reading", 20
    """The bot reads what was posted while it was dead."""
    FETCHING = "fetching", 40
    """The picture is fetched, examined and spooled."""
    JUDGING = "judging", 60
    """The engine has the question and has said nothing."""
    JUDGED = "judged", 15
    """The engine has answered: the verdict is to be kept."""
    DELETING = "deleting", 0
    """Discord has deleted a message, the bot does not know yet."""
    DELETED = "deleted", 8
    """The bot knows, and is to note it."""
    TIMING_OUT = "timing_out", 0
    TIMED_OUT = "timed_out", 8
    TELLING = "telling", 0
    """Discord has the message to the person concerned."""
    TOLD = "told", 8
    CARDING = "carding", 0
    """Discord has a new card, which the bot knows nothing of."""
    CARDED = "carded", 8
    ANY = "any", 3000
    """Whenever."""

    def __init__(self, label: str, most_milliseconds: int) -> None:
        self.label = label
        self.most_milliseconds = most_milliseconds


_MOST_LET_PASS = {Moment.STARTING: 1, Moment.READING: 1, Moment.ANY: 1}
_MANY = 3


class Trap:
    """Calls ``spring`` at or a little after one of the first few times that ``moment`` comes."""

    def __init__(self, moment: Moment, chance: random.Random, spring: Callable[[], None]) -> None:
        self.moment = moment
        self.sprung = asyncio.Event()
        self._left = chance.randint(1, _MOST_LET_PASS.get(moment, _MANY))
        self._delay_seconds = chance.uniform(0, moment.most_milliseconds) / 1000
        self._spring = spring

    def reached(self, moment: Moment) -> None:
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

    def reached(self, moment: Moment) -> None:
        """Say that a moment is here."""
        if self._trap is not None:
            self._trap.reached(moment)


def shuffled(kills: int, chance: random.Random) -> list[Moment]:
    """Return moments for so many kills: every one as often as any other, in random order."""
    drawn: list[Moment] = []
    while len(drawn) < kills:
        drawn += chance.sample(list(Moment), len(Moment))
    return drawn[:kills]
