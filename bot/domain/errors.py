"""The one error tree. Classes say what happened; ``bot.ui.sentences`` says it to people.

::

    LookoutError
    ├── UserError                     the person can do something about it
    │   ├── NoPicture                 nothing to look at (reasons per refused item)
    │   ├── PictureError
    │   │   ├── PictureTooLarge       bytes over the limit
    │   │   ├── TooManyPixels         dimensions over the limit of its format
    │   │   ├── NotAPicture           another kind of file (video, document, Lottie …)
    │   │   ├── FormatUnsupported     a picture in a format that cannot be read here
    │   │   ├── PictureBroken         truncated, lying or damaged
    │   │   ├── PictureHostile        the decoder died, hung or ate its memory limit
    │   │   ├── PictureGone           deleted, or its link expired and could not be renewed
    │   │   └── HostRefused           a link that does not point at Discord
    │   ├── RateLimited               this person or server asked too often
    │   ├── QueueFull                 too many pictures are waiting
    │   ├── CannotAnswer              the engine at hand cannot do this task
    │   ├── NotYours                  a button that belongs to somebody else
    │   │   └── AskerOnly         … and to moderators neither
    │   ├── MissingRight              the presser lacks a permission that this needs
    │   ├── Expired                   what the button belonged to is no longer kept
    │   ├── QuestionTooLong           more characters than a question may have
    │   ├── ConversationFull          as many turns or pictures as one conversation may have
    │   ├── NoTextFound               "find the text" in a picture without any
    │   ├── NoThreadHere              no thread can be opened where it was wished for
    │   ├── MayNotWrite               the person may not write where the answer would stand
    │   ├── Undeliverable             ready too late to be shown where it was asked for
    │   └── ConfigError               the operator's settings are wrong
    └── ServiceError                  Lookout or its engine failed
        ├── FetchFailed               Discord's file host did not deliver
        ├── StorageFailed             the database did not do its part
        ├── Interrupted               Lookout is shutting down
        └── EngineError
            ├── EngineUnavailable     nothing answers at the engine's address
            ├── EngineBusy            the engine refuses for now
            ├── EngineTimeout         connect, first word or next word took too long
            ├── EngineOutOfMemory     the model crashed or did not fit
            ├── EngineRejected        any other refusal of a request
            ├── ModelMissing          the model is not installed
            ├── ModelCannotSee        the model has no vision
            ├── ModelUnsupported      this engine version cannot run the model
            ├── ContextExceeded       the request does not fit the model's context
            ├── PictureRejected       the engine could not decode our bytes
            ├── AnswerInterrupted     the stream ended without its last frame
            ├── AnswerLooped          the model repeated itself
            └── AnswerInvalid         not the promised structure, also after a repair
"""

from dataclasses import dataclass, field


@dataclass(eq=False)
class LookoutError(Exception):
    """Base of everything Lookout raises on purpose."""

    def __str__(self) -> str:
        """Name the class only: fields may hold what people wrote."""
        return type(self).__name__


@dataclass(eq=False)
class UserError(LookoutError):
    """The person (or operator) can do something about it; the sentence says what."""


@dataclass(eq=False)
class ServiceError(LookoutError):
    """Lookout or its engine failed; the person gets a sentence and a reference."""


@dataclass(eq=False)
class PictureError(UserError):
    """This one picture cannot be used; others around it can."""


@dataclass(eq=False)
class NoPicture(UserError):
    """Nothing to look at. ``reasons`` holds why each item that was found was refused."""

    reasons: tuple[PictureError, ...] = ()


@dataclass(eq=False)
class PictureTooLarge(PictureError):
    """More bytes than allowed; ``size_bytes`` is None when the source did not say."""

    max_bytes: int
    size_bytes: int | None = None


@dataclass(eq=False)
class TooManyPixels(PictureError):
    """Dimensions over the limit of the format."""

    width: int
    height: int
    max_pixels: int


@dataclass(eq=False)
class NotAPicture(PictureError):
    """Another kind of file.

    ``kind`` is ``video``, ``audio``, ``document``, ``archive``, ``text``, ``web page``,
    ``drawing`` (SVG), ``lottie`` or ``unknown``.
    """

    kind: str = "unknown"


@dataclass(eq=False)
class FormatUnsupported(PictureError):
    """A picture, but in a ``format`` that cannot be read here; ``extra`` names what would help."""

    format: str
    extra: str | None = None


@dataclass(eq=False)
class PictureBroken(PictureError):
    """Truncated, lying or damaged: ``reason`` is ``truncated``, ``damaged``, ``empty``."""

    reason: str = "damaged"


@dataclass(eq=False)
class PictureHostile(PictureError):
    """The decoder was stopped: ``reason`` is ``timeout``, ``memory`` or ``crash``."""

    reason: str


@dataclass(eq=False)
class PictureGone(PictureError):
    """Deleted, or its link expired and could not be renewed."""


@dataclass(eq=False)
class HostRefused(PictureError):
    """A link that does not point at Discord's own hosts, or is not https."""


@dataclass(eq=False)
class RateLimited(UserError):
    """Asked too often; ``scope`` is ``person`` or ``server``."""

    retry_after_seconds: float
    scope: str = "person"


@dataclass(eq=False)
class QueueFull(UserError):
    """Too many pictures are waiting; ``waiting`` is how many."""

    waiting: int


@dataclass(eq=False)
class CannotAnswer(UserError):
    """The engine at hand cannot do this task (the built-in reader and questions, say)."""

    engine: str
    task: str


@dataclass(eq=False)
class NotYours(UserError):
    """A control that belongs to the asker and to moderators."""


@dataclass(eq=False)
class AskerOnly(NotYours):
    """What nobody but the person who asked may do, moderators included."""


@dataclass(eq=False)
class MissingRight(UserError):
    """The person lacks what this needs: ``permission`` is Discord's name of it."""

    permission: str


@dataclass(eq=False)
class Expired(UserError):
    """What this control belonged to is no longer kept."""


@dataclass(eq=False)
class QuestionTooLong(UserError):
    """More characters than a question may have."""

    max_characters: int


@dataclass(eq=False)
class ConversationFull(UserError):
    """As much as one conversation may hold: ``what`` is ``turns`` or ``pictures``."""

    what: str
    limit: int


@dataclass(eq=False)
class NoTextFound(UserError):
    """Looking closer at a picture's text found none."""


@dataclass(eq=False)
class NoThreadHere(UserError):
    """A thread cannot be opened: ``reason`` is ``person`` or ``bot`` (no right), or ``place``."""

    reason: str


@dataclass(eq=False)
class MayNotWrite(UserError):
    """The person may not write in the channel in which the answer would stand."""


@dataclass(eq=False)
class Undeliverable(UserError):
    """Took longer than Discord keeps a reply open, and could not come as a message of our own.

    ``reason`` is ``private``, ``in_place`` (a button's answer) or ``forbidden`` (no right there).
    """

    reason: str


@dataclass(eq=False)
class ConfigError(UserError):
    """Settings are wrong: one ``problems`` entry a key, each naming key and reason."""

    problems: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        """Problems name keys and reasons, never values, so they may be shown."""
        return "; ".join(self.problems)


@dataclass(eq=False)
class FetchFailed(ServiceError):
    """Discord's file host did not deliver; ``status`` is its HTTP status, None for no answer."""

    status: int | None = None


@dataclass(eq=False)
class StorageFailed(ServiceError):
    """The database did not do its part.

    ``reason`` is ``unreachable``, ``refused`` (name, password or database), ``locked``, ``full``,
    ``read_only``, ``damaged`` or ``failed``.
    """

    reason: str = "failed"


@dataclass(eq=False)
class Interrupted(ServiceError):
    """Lookout is shutting down; the person may ask again."""


@dataclass(eq=False)
class EngineError(ServiceError):
    """The engine failed this request."""


@dataclass(eq=False)
class EngineUnavailable(EngineError):
    """Nothing answers at the engine's address."""


@dataclass(eq=False)
class EngineBusy(EngineError):
    """The engine refuses for now (503)."""


@dataclass(eq=False)
class EngineTimeout(EngineError):
    """Took too long; ``phase`` is ``connect``, ``first_word`` or ``next_word``."""

    phase: str
    limit_seconds: float


@dataclass(eq=False)
class EngineOutOfMemory(EngineError):
    """The model crashed or did not fit in memory."""


@dataclass(eq=False)
class EngineRejected(EngineError):
    """Any other refusal; ``status`` is the HTTP status, None for an error inside a stream."""

    status: int | None = None


@dataclass(eq=False)
class ModelMissing(EngineError):
    """The model is not installed."""

    model: str


@dataclass(eq=False)
class ModelCannotSee(EngineError):
    """The model is installed and has no vision."""

    model: str


@dataclass(eq=False)
class ModelUnsupported(EngineError):
    """This engine version cannot run the model; ``replacement`` names one that works."""

    model: str
    engine_version: str
    replacement: str


@dataclass(eq=False)
class ContextExceeded(EngineError):
    """The request has ``prompt_tokens`` and the model's context holds ``context_tokens``."""

    prompt_tokens: int | None = None
    context_tokens: int | None = None


@dataclass(eq=False)
class PictureRejected(EngineError):
    """The engine could not decode the bytes it was given."""


@dataclass(eq=False)
class AnswerInterrupted(EngineError):
    """The stream ended without its last frame."""


@dataclass(eq=False)
class AnswerLooped(EngineError):
    """The model repeated itself."""


@dataclass(eq=False)
class AnswerInvalid(EngineError):
    """Not the promised structure, also after one repair."""


def place_of(error: BaseException) -> str:
    """Return ``module.function:line`` of where it was raised, for the log; "" if it never was."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is None:
        return ""
    module = frame.tb_frame.f_globals.get("__name__", "")
    return f"{module}.{frame.tb_frame.f_code.co_name}:{frame.tb_lineno}"
