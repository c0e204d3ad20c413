"""The moments at which a process may be killed."""

from bench.traps import Timed


class Moment(Timed):
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

    @property
    def most_let_pass(self) -> int:
        """One of the first few."""
        return _MOST_LET_PASS.get(self, _MANY)


_MOST_LET_PASS = {Moment.STARTING: 1, Moment.READING: 1, Moment.ANY: 1}
_MANY = 3
