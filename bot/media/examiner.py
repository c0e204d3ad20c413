"""The bot's side of moderation's eyes: hand bytes to a worker, believe nothing but its shape."""

import asyncio
import dataclasses
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain import errors
from bot.domain.moderation.fingerprint import Fingerprint, Hash64, Views
from bot.domain.moderation.ports import Examined
from bot.domain.picture import Frame, PictureNeeds
from bot.media.preparer import HostileMemory, frames_of, raise_refusal
from bot.media.sniff import require_picture, video_container
from bot.workers.pool import Reply, WorkerFailure, WorkerPool

HANDLER = "bot.media.examine:handle"
"""What the pool given to PictureExaminer must run."""

NEEDS = PictureNeeds(max_bytes=300_000)
"""What frames are for the model, all of them together; this much is spooled."""
_MAX_CODES = 16
_MAX_CODE_CHARACTERS = 500
_MAX_HASHES = 512
_PDQ_DIGITS = 64


class PictureExaminer:
    """Implements ``Examiner`` in ``pool`` (``HANDLER``). Limits are in pixels.

    A picture that hung, crashed or starved its worker is refused for an hour without a new try.
    Which frames of an animation or video are looked at nobody can foretell; of the same bytes they
    are the same as long as this lives.
    """

    def __init__(
        self,
        pool: WorkerPool,
        *,
        needs: PictureNeeds = NEEDS,
        max_pixels_jpeg: int = 50_000_000,
        max_pixels: int = 25_000_000,
        max_canvas_walk_pixels: int = 100_000_000,
    ) -> None:
        self._pool = pool
        self._needs = dataclasses.asdict(needs)
        self._limits = {
            "max_pixels_jpeg": max_pixels_jpeg,
            "max_pixels": max_pixels,
            "max_canvas_walk_pixels": max_canvas_walk_pixels,
        }
        self._salt = secrets.token_hex(16)
        self._hostile = HostileMemory()

    async def examine(self, data: bytes) -> Examined:
        """Prepare an original (picture or video), fingerprint it, read its codes.

        Frames are on white; those that show more on Discord's dark background come again on that.
        Raises a PictureError for bad bytes (a video without the extra ``video`` is
        FormatUnsupported); ServiceError when no worker can be started, Interrupted at shutdown.
        """
        if video_container(data) is None:
            require_picture(data)
        await self._hostile.refuse_if_known(data)
        head = {
            "do": "examine",
            "needs": self._needs,
            "limits": self._limits,
            "salt": self._salt,
        }
        try:
            reply = await self._run(head, data)
            digest = await asyncio.to_thread(hashlib.sha256, data)
            return _examined(reply, digest.hexdigest())
        except errors.PictureHostile as hostile:
            await self._hostile.add(data, hostile.reason)
            raise
        except (KeyError, TypeError, ValueError) as error:
            await self._hostile.add(data, "crash")
            raise errors.PictureHostile("crash") from error

    async def views(self, frames: Sequence[Frame]) -> Views:
        """Return what a picture is banked by, from its prepared frames. Raises as ``examine``."""
        reply = await self._run(_sized("views", frames), _joined(frames))
        try:
            return _views(reply.head)
        except (KeyError, TypeError, ValueError) as error:
            raise errors.PictureHostile("crash") from error

    async def thumbnail(self, frame: Frame) -> bytes:
        """Return a small JPEG in which nothing can be made out but colours and large shapes.

        Raises as ``examine``.
        """
        reply = await self._run(_sized("thumbnail", [frame]), frame.data)
        if len(reply.bodies) != 1:
            raise errors.PictureHostile("crash")
        return reply.bodies[0]

    async def _run(self, head: Mapping[str, Any], body: bytes) -> Reply:
        try:
            reply = await self._pool.run(head, body)
        except WorkerFailure as failure:
            if failure.reason == "start":
                raise errors.ServiceError from failure
            raise errors.PictureHostile(failure.reason) from failure
        try:
            raise_refusal(reply.head)
        except (KeyError, TypeError) as error:
            raise errors.PictureHostile("crash") from error
        return reply


def _sized(what: str, frames: Sequence[Frame]) -> dict[str, Any]:
    return {"do": what, "sizes": [len(frame.data) for frame in frames]}


def _joined(frames: Sequence[Frame]) -> bytes:
    return b"".join(frame.data for frame in frames)


def _examined(reply: Reply, sha256: str) -> Examined:
    head = reply.head
    shown = len(head["frames"])
    frames = frames_of(head["frames"], reply.bodies[:shown])
    if not frames:
        raise ValueError("an examined picture has at least one frame")
    return Examined(
        fingerprint=Fingerprint(sha256, _hashes(head["hashes"])),
        frames=frames,
        dark=frames_of(head["dark"], reply.bodies[shown:]),
        codes=tuple(str(code)[:_MAX_CODE_CHARACTERS] for code in head["codes"][:_MAX_CODES]),
        animated=bool(head["animated"]),
    )


def _views(head: Mapping[str, Any]) -> Views:
    pdq = head["pdq"]
    if pdq is not None:
        pdq = f"{int(pdq, 16):0{_PDQ_DIGITS}x}"
    return Views(hashes=_hashes(head["hashes"]), whole=_hashes(head["whole"]), pdq=pdq)


def _hashes(found: Sequence[Any]) -> tuple[Hash64, ...]:
    hashes = tuple(int(half) for half in found)
    if len(hashes) > _MAX_HASHES or len(hashes) % 2:
        raise ValueError("hashes have two halves each")
    if not all(0 <= half < 1 << 64 for half in hashes):
        raise ValueError("half a hash has 64 bits")
    return hashes
