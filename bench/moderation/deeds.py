"""What was done in Discord, counted by its stand-in: each deed by what makes it the same again."""

import enum
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

_CASE_OF_CARD = re.compile(r"lookout:case:[^\"]*:(\d+)\"")
_CASE_OF_NOTICE = re.compile(r"lookout:appeal:\d+:(\d+)\b")
_CASE_OF_REASON = re.compile(r"\bCase (\d+):")


class Deed(enum.StrEnum):
    """What counts when it is done twice."""

    DELETE = "delete"
    """A message was asked to be deleted; a second time, too, when it was gone already."""
    TIME_OUT = "time_out"
    """A person, because of a case."""
    TELL = "tell"
    """A person was written to, about a case."""
    CARD = "card"
    """A case's card was posted; bringing it up to date is no deed."""


Done = tuple[Deed, int, int]
"""A deed, what or whom it was done to (a message, a person, a case), and because of which case.

That is the case's number in its server for a time-out, its id for what is told, 0 for the rest.
"""


@dataclass(slots=True)
class Deeds:
    """How often each deed was done."""

    done: Counter[Done] = field(default_factory=Counter)

    def delete(self, message_id: int) -> None:
        """Count that a message was asked to be deleted."""
        self.done[Deed.DELETE, message_id, 0] += 1

    def time_out(self, person_id: int, reason: str) -> None:
        """Count that somebody was timed out; ``reason`` is what the audit log is given."""
        self.done[Deed.TIME_OUT, person_id, _first(_CASE_OF_REASON, unquote(reason))] += 1

    def tell(self, person_id: int, said: str) -> None:
        """Count that somebody was written to; ``said`` is the message's JSON."""
        self.done[Deed.TELL, person_id, _first(_CASE_OF_NOTICE, said)] += 1

    def card(self, said: str) -> None:
        """Count that a card was posted; ``said`` is the message's JSON."""
        self.done[Deed.CARD, _first(_CASE_OF_CARD, said), 0] += 1

    def twice(self) -> list[Done]:
        """Return what was done more than once."""
        return [done for done, times in self.done.items() if times > 1]

    def missing(self, wanted: Iterable[Done]) -> list[Done]:
        """Return what of ``wanted`` was never done."""
        return [done for done in wanted if not self.done[done]]


def _first(pattern: re.Pattern[str], text: str) -> int:
    """Return the number that is found; 0 for none, which no case has."""
    found = pattern.search(text)
    return int(found.group(1)) if found else 0
