"""The bot's side of preparing: hand the bytes to a worker, believe nothing but its shape."""

import asyncio
import dataclasses
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.domain import errors
from bot.domain.picture import Frame, Note, Picture, PictureFacts, PictureNeeds
from bot.media.sniff import require_picture
from bot.workers.pool import Reply, WorkerFailure, WorkerPool

HANDLER = "bot.media.decode:handle"
"""What the pool given to PicturePreparer must run."""

WHITE = (255, 255, 255)
_REFUSED_KEPT = 1024
_REFUSED_SECONDS = 3600.0
_REFUSALS: dict[str, type[errors.PictureError]] = {
    refusal.__name__: refusal
    for refusal in (
        errors.PictureTooLarge,
        errors.TooManyPixels,
        errors.NotAPicture,
        errors.FormatUnsupported,
        errors.PictureBroken,
    )
}


class PicturePreparer:
    """Prepares pictures in ``pool`` (``HANDLER``). Limits are in pixels.

    A picture that hung, crashed or starved its worker is refused for an hour without a new try.
    """

    def __init__(
        self,
        pool: WorkerPool,
        *,
        max_pixels_jpeg: int = 50_000_000,
        max_pixels: int = 25_000_000,
        max_canvas_walk_pixels: int = 100_000_000,
    ) -> None:
        self._pool = pool
        self._limits = {
            "max_pixels_jpeg": max_pixels_jpeg,
            "max_pixels": max_pixels,
            "max_canvas_walk_pixels": max_canvas_walk_pixels,
        }
        self._hostile = HostileMemory()

    async def prepare(
        self,
        data: bytes,
        needs: PictureNeeds,
        *,
        background: tuple[int, int, int] = WHITE,
    ) -> Picture:
        """Decode, set upright, flatten onto ``background``, scale and encode.

        The same bytes and needs give the same Picture, byte for byte. Raises a PictureError for
        bad bytes; ServiceError when no worker can be started, Interrupted at shutdown.
        """
        require_picture(data)
        await self._hostile.refuse_if_known(data)
        head = {
            "needs": dataclasses.asdict(needs),
            "limits": self._limits,
            "background": background,
        }
        try:
            reply = await self._pool.run(head, data)
            return _picture(reply)
        except WorkerFailure as failure:
            if failure.reason == "start":
                raise errors.ServiceError from failure
            await self._hostile.add(data, failure.reason)
            raise errors.PictureHostile(failure.reason) from failure
        except (KeyError, TypeError, ValueError) as error:
            await self._hostile.add(data, "crash")
            raise errors.PictureHostile("crash") from error


def _picture(reply: Reply) -> Picture:
    """Build what the worker answered; raises its refusal."""
    head = reply.head
    raise_refusal(head)
    return Picture(
        frames=frames_of(head["frames"], reply.bodies),
        facts=PictureFacts(**head["facts"]),
        notes=tuple(Note(note) for note in head["notes"]),
    )


def raise_refusal(head: Mapping[str, Any]) -> None:
    """Raise the PictureError that a worker answered, if it is one that workers may answer."""
    if "refused" in head:
        raise _REFUSALS[head["refused"]](**head["fields"])


def frames_of(described: Sequence[dict[str, Any]], bodies: Sequence[bytes]) -> tuple[Frame, ...]:
    """Put what a worker said of its frames together with their bytes, one to one."""
    return tuple(Frame(data=data, **facts) for facts, data in zip(described, bodies, strict=True))


class HostileMemory:
    """A bounded memory of pictures that cost a worker, by the hash of the original.

    Hashing 14 MB takes a while: it happens in a thread, and only when a picture of exactly that
    length is remembered.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[tuple[int, str], tuple[float, str]] = OrderedDict()

    async def refuse_if_known(self, data: bytes) -> None:
        """Raise PictureHostile, with the reason of the first time, for a remembered picture."""
        if not any(length == len(data) for length, _ in self._known):
            return
        key = await _key(data)
        known = self._known.get(key)
        if known is None:
            return
        until, reason = known
        if self._clock() < until:
            raise errors.PictureHostile(reason)
        self._known.pop(key, None)

    async def add(self, data: bytes, reason: str) -> None:
        """Remember a picture; the oldest is let go when there are too many."""
        self._known[await _key(data)] = (self._clock() + _REFUSED_SECONDS, reason)
        while len(self._known) > _REFUSED_KEPT:
            self._known.popitem(last=False)


async def _key(data: bytes) -> tuple[int, str]:
    digest = await asyncio.to_thread(hashlib.sha256, data)
    return len(data), digest.hexdigest()
