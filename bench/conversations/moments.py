"""The moments at which a bot's life may end."""

from bench.traps import Timed


class Moment(Timed):
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

    @property
    def most_let_pass(self) -> int:
        """Those of a question come again and again."""
        return _COUNTS.get(self, _MANY)


_MANY = 20
_COUNTS = {Moment.CONNECTED: 1, Moment.TELLING: 5, Moment.ANY: 1}
"""The most moments of a kind that are let pass; those of a question come again and again."""
