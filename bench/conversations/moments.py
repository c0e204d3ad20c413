"""The moments at which a bot's life may end, and the trap that ends it there."""

import asyncio
import enum
import random
from collections.abc import Callable


class Moment(enum.Enum):
    """Something that the stand-ins see happen; the value is the most milliseconds to wait then.

    At 0 the process is killed before what it has just sent is answered.
    """

    ASKED = "asked", 12
    """The bot is told of a question: it is to be kept, then acknowledged."""
    ACKNOWLEDGING = "acknowledging", 0
    """Discord has the acknowledgement, the bot does not know yet."""
    ACKNOWLEDGED = "acknowledged", 40
    """The picture is fetched and prepared, the question waits for its turn."""
    FETCHING = "fetching", 15
    THINKING = "thinking", 30
    """The engine has the question and has said nothing."""
    STREAMING = "streaming", 20
    DRAWING = "drawing", 0
    """Discord has the beginning of an answer."""
    WRITTEN = "written", 12
    """The engine has said its last word: the answer is to be kept, then shown."""
    SHOWING = "showing", 0
    """Discord has the last words, the bot does not know yet."""
    SHOWN = "shown", 8
    """The bot knows that the last words arrived and is to note that nobody waits any more."""
    CONNECTED = "connected", 120
    """A new life begins: those interrupted are to be told."""
    TELLING = "telling", 0
    """Discord has the words for one who was interrupted in an earlier life."""
    ANY = "any", 3000
    """Whenever."""

    def __init__(self, label: str, most_milliseconds: int) -> None:
        self.label = label
        self.most_milliseconds = most_milliseconds


class Trap:
    """Calls ``spring`` at or a little after the ``count``-th ``moment``."""

    def __init__(self, moment: Moment, chance: random.Random, spring: Callable[[], None]) -> None:
        self.moment = moment
        self.sprung = asyncio.Event()
        self._left = chance.randint(1, _COUNTS.get(moment, _MANY))
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


_MANY = 20
_COUNTS = {Moment.CONNECTED: 1, Moment.TELLING: 5, Moment.ANY: 1}
"""The most moments of a kind that are let pass; those of a question come again and again."""


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
