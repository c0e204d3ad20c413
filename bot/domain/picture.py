"""Pictures as values: where one can be had, and what it became once it was prepared."""

import enum
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_EXPIRY = re.compile(r"[?&]ex=([0-9a-fA-F]{1,8})(?=[&#]|\Z)")


class SourceKind(enum.StrEnum):
    """Where in Discord (or on disk) a picture was found."""

    OPTION = "option"
    ATTACHMENT = "attachment"
    FORWARD = "forward"
    EMBED = "embed"
    STICKER = "sticker"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class PictureRef:
    """Where a picture can be had, with what its source says of it (hints, never trusted).

    ``url`` is a bearer secret that dies within a day: it is kept out of ``repr`` and logs.
    ``channel_id``, ``message_id`` and ``item_id`` find the picture again once it has expired.
    """

    kind: SourceKind
    url: str = field(repr=False)
    name: str = field(default="", repr=False)
    declared_type: str | None = None
    size_bytes: int | None = None
    width: int | None = None
    height: int | None = None
    spoiler: bool = False
    channel_id: int | None = None
    message_id: int | None = None
    item_id: int | None = None


def link_expires_at(url: str) -> float | None:
    """Return when a link to Discord's files dies, in Unix seconds: its ``ex``, in hexadecimal.

    None for a link that does not say.
    """
    found = _EXPIRY.search(url)
    return None if found is None else float(int(found[1], 16))


class Note(enum.StrEnum):
    """Something true about how a picture was read that the person should know."""

    LOWER_PART_MISSING = "lower_part_missing"
    FRAMES_SAMPLED = "frames_sampled"
    SHRUNK_AFTER_CONTEXT_ERROR = "shrunk_after_context_error"
    ANSWER_CUT = "answer_cut"
    FALLBACK_READER = "fallback_reader"
    SCRIPT_NOT_READABLE = "script_not_readable"
    CONTEXT_LEFT_OUT = "context_left_out"
    PICTURES_IN_WORDS = "pictures_in_words"
    REDUCED_COPY = "reduced_copy"
    STOPPED_HERE = "stopped_here"


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What was measured of the original before it was prepared."""

    format: str
    """Pillow's name of the true format: ``JPEG``, ``PNG``, ``GIF``, ``WEBP``, ``AVIF`` …"""
    width: int
    height: int
    """Of the upright original; where only a part was wanted, of that part."""
    size_bytes: int
    frame_count: int = 1
    duration_seconds: float | None = None
    transparent: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """One still: encoded bytes that never change again; ``sha256`` is of exactly these bytes."""

    data: bytes = field(repr=False)
    media_type: str
    width: int
    height: int
    at_seconds: float | None = None
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", hashlib.sha256(self.data).hexdigest())


def sha256_of_picture(frames: Sequence[str]) -> str:
    """Return a Picture's ``sha256``, from those of its frames in order."""
    if len(frames) == 1:
        return frames[0]
    return hashlib.sha256("\n".join(frames).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Picture:
    """A prepared picture: upright, flattened, without metadata, at the size the model needs.

    One frame for a still, up to four in order of time for an animation. Its ``sha256`` names it in
    caches from then on.
    """

    frames: tuple[Frame, ...]
    facts: PictureFacts
    notes: tuple[Note, ...] = ()
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        if not self.frames:
            raise ValueError("a picture has at least one frame")
        digest = sha256_of_picture([frame.sha256 for frame in self.frames])
        object.__setattr__(self, "sha256", digest)

    @property
    def animated(self) -> bool:
        """Whether the model is given a sequence of frames."""
        return len(self.frames) > 1

    @property
    def size_bytes(self) -> int:
        """The prepared bytes, all frames together."""
        return sum(len(frame.data) for frame in self.frames)


@dataclass(frozen=True, slots=True)
class Region:
    """A part of an upright picture, in fractions of its width and height (0 to 1)."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class PictureNeeds:
    """What a task needs a picture to be, for the model that will see it.

    The picture is scaled down to at most ``max_pixels`` and ``max_side`` (pixels), never up, except
    that sides under ``min_side`` are padded. ``keep_text_sharp`` asks for the slower, sharper
    reduction and for PNG where that stays under ``max_bytes``.
    """

    max_pixels: int = 1_048_576
    max_side: int = 2048
    min_side: int = 32
    max_frames: int = 4
    max_bytes: int = 400_000
    keep_text_sharp: bool = False
    region: Region | None = None
    """The part that is wanted, cut out of the upright original before it is scaled.

    What lies outside of the picture is left out. Of an animation the first frame is taken.
    """
