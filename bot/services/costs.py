"""What lines of a dialogue cost in tokens: safe guesses first, then what the engine counted."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bot.domain.conversation import KeptPicture
from bot.domain.conversation_ports import Costs
from bot.domain.picture import Picture
from bot.domain.task import Line

Size = tuple[int, int]

FIRST_TOKENS_PER_BYTE = 0.5
"""Above what today's tokenizers need for nearly any text: English takes 0.25, Japanese 0.35."""
LEAST_TOKENS_PER_BYTE = 0.1
_SLOWLY = 0.3
"""How far a rate falls towards a lower measurement. It rises at once, to err on the safe side."""
_ATTRIBUTED_TOKENS_PER_BYTE = 0.2
"""What text is taken for while that is unknown, so that a picture gets more than its share."""
LINE_TOKENS = 8
"""What chat templates put around a message."""
LABEL_BYTES = 16
"""``Picture 12: `` and the line break around a picture, and the marks a model puts there."""
WORDS_BYTES = 120
"""What is said around the description of a picture that is no longer kept."""
_UNKNOWN_STILL = (1024, 1024)
_LEAST_BYTES = 100
"""A shorter text says little about what a byte costs: the template's share is too large."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a prompt, or a part of one, is made of."""

    text_bytes: int = 0
    lines: int = 0
    stills: Mapping[Size, int] = field(default_factory=dict)
    """How many there are of each size."""

    @classmethod
    def of(cls, lines: Iterable[Line], system: str = "") -> "Load":
        """Weigh lines as they are sent."""
        text_bytes, count = len(system.encode()), 1 if system else 0
        stills: Counter[Size] = Counter()
        for line in lines:
            count += 1
            text_bytes += len(line.text.encode())
            for shown in line.shown:
                text_bytes += LABEL_BYTES + len(shown.name.encode())
                stills.update(sizes(shown.picture))
        return cls(text_bytes, count, stills)


@dataclass(frozen=True, slots=True)
class Meter:
    """Estimates tokens: measured costs where there are some, else safe guesses."""

    first_still: Callable[[int, int], int]
    costs: Costs = field(default_factory=Costs)

    @property
    def tokens_per_byte(self) -> float:
        """What a byte of text costs."""
        return self.costs.tokens_per_byte or FIRST_TOKENS_PER_BYTE

    def text(self, text: str) -> int:
        """Estimate words."""
        return self.bytes(len(text.encode()))

    def bytes(self, count: int) -> int:
        """Estimate that many bytes of words."""
        return math.ceil(count * self.tokens_per_byte)

    def still(self, size: Size) -> int:
        """Estimate a still of a width and height."""
        known = (self.costs.pictures or {}).get(size)
        return self.first_still(*size) if known is None else known

    def picture(self, kept: KeptPicture) -> int:
        """Estimate a picture in a dialogue, or the words in its place if those are more."""
        frames = [(frame.width, frame.height) for frame in kept.frames] or [_UNKNOWN_STILL]
        lines = kept.description.count("\n") + 1
        words = self.bytes(WORDS_BYTES + 2 * lines + len(kept.description.encode()))
        return max(sum(map(self.still, frames)) + self.bytes(2 * LABEL_BYTES), words)

    def prepared(self, picture: Picture) -> int:
        """Estimate a picture that has just been prepared."""
        return sum(map(self.still, sizes(picture))) + self.bytes(2 * LABEL_BYTES)

    def load(self, load: Load) -> int:
        """Estimate what is sent."""
        stills = sum(self.still(size) * count for size, count in load.stills.items())
        return LINE_TOKENS * load.lines + self.bytes(load.text_bytes) + stills


def sizes(picture: Picture) -> list[Size]:
    """Return the width and height of every still."""
    return [(frame.width, frame.height) for frame in picture.frames]


def without(load: Load, earlier: Load) -> Load:
    """Return what ``load`` has more than ``earlier``, which is its beginning."""
    stills = Counter(load.stills)
    stills.subtract(earlier.stills)
    return Load(
        load.text_bytes - earlier.text_bytes,
        load.lines - earlier.lines,
        {size: count for size, count in stills.items() if count > 0},
    )


def learned(meter: Meter, load: Load, tokens: int) -> Costs:
    """Return what is to be learned from the count of exactly ``load``; empty when nothing is.

    Text teaches what a byte costs. Pictures get what their prompt has more than its text: one of a
    single size is measured, several new sizes share it by their estimates.
    """
    left = tokens - LINE_TOKENS * load.lines
    if not load.stills:
        return _text_learned(meter, load, left)
    rate = meter.costs.tokens_per_byte or _ATTRIBUTED_TOKENS_PER_BYTE
    left -= math.ceil(load.text_bytes * rate)
    known = meter.costs.pictures or {}
    new = {size: count for size, count in load.stills.items() if size not in known}
    if len(load.stills) == 1:
        new = dict(load.stills)
    left -= sum(known[size] * count for size, count in load.stills.items() if size not in new)
    expected = sum(meter.still(size) * count for size, count in new.items())
    if left <= 0 or expected <= 0:
        return Costs()
    share = left / expected
    return Costs(pictures={size: math.ceil(meter.still(size) * share) for size in new})


def _text_learned(meter: Meter, load: Load, tokens: int) -> Costs:
    if load.text_bytes < _LEAST_BYTES or tokens <= 0:
        return Costs()
    measured = min(1.0, max(LEAST_TOKENS_PER_BYTE, tokens / load.text_bytes))
    rate = meter.tokens_per_byte
    if measured < rate:
        measured = rate + _SLOWLY * (measured - rate)
    return Costs(tokens_per_byte=measured)
