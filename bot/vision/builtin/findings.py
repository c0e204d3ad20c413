"""What the worker process found in a picture, as it crosses the pipe."""

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from bot.domain.answer import Table


class Colour(enum.StrEnum):
    """The colours that have a name of their own in every language."""

    BLACK = "black"
    GREY = "grey"
    WHITE = "white"
    RED = "red"
    ORANGE = "orange"
    BROWN = "brown"
    YELLOW = "yellow"
    GREEN = "green"
    TURQUOISE = "turquoise"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"


class Motion(enum.StrEnum):
    """How much the frames of an animation differ."""

    STILL = "still"
    LITTLE = "little"
    MUCH = "much"


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code or bar code that could be decoded."""

    kind: str
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Measures:
    """What can be measured of the pixels."""

    colours: tuple[tuple[Colour, float], ...]
    """The colours that can be seen, with their shares (0..1), largest first."""
    brightness: float
    """The mean lightness, 0 (black) to 1 (white)."""
    flat: bool
    """Whether every pixel of every frame has the same colour."""
    motion: Motion = Motion.STILL


@dataclass(frozen=True, slots=True)
class Findings:
    """All that is known of one picture."""

    text: str = field(default="", repr=False)
    """In the layout that was asked for; parts that could not be read are marked."""
    words: str = field(default="", repr=False)
    """What was laid out, then every line as it was read, those as well that hardly were."""
    tables: tuple[Table, ...] = field(default=(), repr=False)
    unreadable: bool = False
    """The text, as a whole, could not be read (``text`` is empty then)."""
    incomplete: bool = False
    """A part worth mentioning could not be read."""
    script: str = ""
    """The script that could not be read, when it is known."""
    cut: bool = False
    """Time ran out before all text was read."""
    codes: tuple[Code, ...] = ()
    measures: Measures | None = None

    def to_head(self) -> dict[str, Any]:
        """Return a JSON object."""
        return asdict(self)

    @classmethod
    def from_head(cls, head: Mapping[str, Any]) -> Self:
        """Read the JSON object back."""
        measures = head["measures"]
        return cls(
            text=head["text"],
            words=head["words"],
            tables=tuple(Table(tuple(map(tuple, table["rows"]))) for table in head["tables"]),
            unreadable=head["unreadable"],
            incomplete=head["incomplete"],
            script=head["script"],
            cut=head["cut"],
            codes=tuple(Code(code["kind"], code["content"]) for code in head["codes"]),
            measures=None
            if measures is None
            else Measures(
                colours=tuple((Colour(name), share) for name, share in measures["colours"]),
                brightness=measures["brightness"],
                flat=measures["flat"],
                motion=Motion(measures["motion"]),
            ),
        )
