"""What people asked, what they then saw in Discord, and what that says about the bot."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.conversations.marks import ANSWER_END, answers_in


class Sight(enum.Enum):
    """What a person sees in one message of the bot's."""

    WORKING = enum.auto()
    """Something is still to come, or so it looks."""
    ANSWER = enum.auto()
    """The whole answer."""
    INTERRUPTED = enum.auto()
    """The words that the answer was interrupted."""
    OTHER = enum.auto()
    """Other last words: an error, somebody else's answer."""


def sight(number: int, said: str, interruption: str) -> Sight:
    """Read a message (its JSON) of the bot's for question ``number``."""
    if ":cancel:" in said or ":stop:" in said:
        return Sight.WORKING
    if interruption in said:
        return Sight.INTERRUPTED
    if ANSWER_END in said:
        return Sight.ANSWER if set(answers_in(said)) == {number} else Sight.OTHER
    return Sight.OTHER


@dataclass(slots=True)
class Asked:
    """One question. ``seen`` is what stands in each message that the bot gave for it."""

    number: int
    person_id: int
    road: str
    follows: "Asked | None" = None
    acknowledged: bool = False
    interrupted: bool = False
    """A life of the bot ended between the acknowledgement and the last words."""
    answered_once: bool = False
    strange: str = field(default="", repr=False)
    """Last words that were not expected."""
    seen: dict[int, Sight] = field(default_factory=dict)

    @property
    def root(self) -> "Asked":
        """The question that the conversation began with."""
        return self if self.follows is None else self.follows.root

    @property
    def has_picture(self) -> bool:
        """Whether there is a picture to be asked about for sure: its own, or one answered about."""
        before = self.follows
        while before is not None and not before.answered_once:
            before = before.follows
        return self.follows is None or before is not None

    @property
    def refused(self) -> bool:
        """Whether it was turned down because its conversation had not come to its first picture."""
        return Sight.OTHER in self.last_words and not self.has_picture

    @property
    def last_words(self) -> list[Sight]:
        """Return the messages that are finished."""
        return [seen for seen in self.seen.values() if seen is not Sight.WORKING]

    @property
    def ended(self) -> bool:
        """Whether the person knows what became of it."""
        return bool(self.last_words)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run went; each list holds numbers of questions."""

    acknowledged: int
    lost: list[int]
    """Acknowledged and not in the database, or answered and the answer gone again."""
    duplicated: list[int]
    """Twice in the database, or given last words in two messages."""
    interrupted: list[int]
    untold: list[int]
    """Acknowledged, and the person still waits."""
    strange: list[int]
    """Last words that are neither the answer nor that it was interrupted."""

    @property
    def told(self) -> int:
        """How many of the interrupted the person was told of."""
        return len(set(self.interrupted) - set(self.untold))

    @property
    def passed(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.lost or self.duplicated or self.untold or self.strange)


class Ledger:
    """Kept by the stand-in for Discord, question by question."""

    def __init__(self, interruption: str) -> None:
        self.interruption = interruption
        """The words by which a person knows that an answer was interrupted."""
        self.asked: dict[int, Asked] = {}

    def ask(self, person_id: int, road: str, follows: Asked | None = None) -> Asked:
        """Begin a question, which may follow up another."""
        asked = Asked(len(self.asked) + 1, person_id, road, follows)
        self.asked[asked.number] = asked
        return asked

    def acknowledge(self, number: int) -> None:
        """Note that the person saw that the question was heard."""
        self.asked[number].acknowledged = True

    def see(self, number: int, message_id: int, said: str) -> Sight:
        """Note what a message of the bot's says now; a message is an acknowledgement, too."""
        asked = self.asked[number]
        seen = asked.seen[message_id] = sight(number, said, self.interruption)
        asked.acknowledged = True
        asked.strange = said if seen is Sight.OTHER else asked.strange
        asked.answered_once = asked.answered_once or seen is Sight.ANSWER
        return seen

    def expect(self, number: int, message_id: int) -> None:
        """Note that an empty message stands there, in which something is to appear."""
        self.asked[number].seen[message_id] = Sight.WORKING

    def remove(self, number: int, message_id: int) -> None:
        """Note that a message was deleted."""
        self.asked[number].seen.pop(message_id, None)

    def died(self) -> None:
        """Note that the bot's life ended just now."""
        for asked in self.waiting():
            asked.interrupted = True

    def waiting(self) -> list[Asked]:
        """Return everything acknowledged whose last words are still to come."""
        return [asked for asked in self.asked.values() if asked.acknowledged and not asked.ended]

    def mixes(self, prompt: Sequence[int]) -> bool:
        """Say whether a prompt holds questions of more than one conversation."""
        return len({self.asked[number].root.number for number in prompt}) > 1

    def verdict(self, kept: Mapping[int, int]) -> Verdict:
        """Judge; ``kept`` says how many turns the database holds for a question."""
        acknowledged = [
            asked for asked in self.asked.values() if asked.acknowledged and not asked.refused
        ]
        return Verdict(
            acknowledged=len(acknowledged),
            lost=[
                asked.number
                for asked in acknowledged
                if not kept.get(asked.number)
                or (asked.answered_once and Sight.ANSWER not in asked.seen.values())
            ],
            duplicated=[
                asked.number
                for asked in self.asked.values()
                if kept.get(asked.number, 0) > 1 or len(asked.last_words) > 1
            ],
            interrupted=[asked.number for asked in acknowledged if asked.interrupted],
            untold=[asked.number for asked in self.waiting()],
            strange=[asked.number for asked in acknowledged if Sight.OTHER in asked.last_words],
        )
