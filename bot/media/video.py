"""A video by some of its frames, where PyAV is installed. Runs in the worker."""

import io
import random
from collections.abc import Iterator
from typing import Any

from PIL import Image, ImageChops, ImageStat

from bot.domain.errors import FormatUnsupported, NotAPicture, PictureBroken, TooManyPixels
from bot.domain.picture import PictureNeeds
from bot.media.colour import WHITE
from bot.media.frames import Walk, spread
from bot.media.prepare import Still, prepare_still
from bot.media.trouble import DECODER_ERRORS

_CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4")
"""What Discord's clients play, by the names of FFmpeg's decoders: no other is ever opened."""
_OPTIONS = {"codec_whitelist": ",".join(_CODECS), "probesize": "5000000", "max_streams": "16"}
_MAX_DECODED_PIXELS = 300_000_000
"""For the whole video: as many as 145 frames of 1920 x 1080."""
_MICROSECONDS = 1_000_000
_LONGEST_SECONDS = 24 * 3600.0
"""A file that claims to be longer than a day is not believed: it is played from its start."""
_CELLS = (40, 40)
_TRACES = 20
"""How far the mean of a cell (0 to 255) may stray between two frames that look the same."""
_TURNS = {
    90: Image.Transpose.ROTATE_90,
    -90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    -180: Image.Transpose.ROTATE_180,
}

_Shot = tuple[float, Image.Image]
"""Seconds from the start, and the upright RGB frame."""


def play(
    data: bytes,
    container_format: str,
    needs: PictureNeeds,
    *,
    max_pixels: int,
    wary: random.Random,
) -> Walk:
    """Return up to ``needs.max_frames`` stills, spread from the first frame to the end.

    ``wary`` draws those between, each within its share: nobody knows which seconds are not seen.
    Raises FormatUnsupported (without the extra ``video``, too), NotAPicture, TooManyPixels,
    PictureBroken.
    """
    try:
        import av  # noqa: PLC0415 - optional
    except ImportError as error:
        raise FormatUnsupported("video", extra="video") from error
    try:
        with av.open(io.BytesIO(data), format=container_format, options=_OPTIONS) as container:
            stream = _video_stream(container)
            player = _Player(container, stream, max_pixels)
            shots = _shots(player, needs.max_frames, wary)
    except MemoryError:
        raise
    except (av.FFmpegError, *DECODER_ERRORS) as error:
        raise PictureBroken from error
    stills: list[tuple[float, Still]] = []
    for at_seconds, image in shots:
        still = prepare_still(image, needs, WHITE)
        if not any(_alike(still.image, kept.image) for _, kept in stills):
            stills.append((at_seconds, still))
    return Walk(frame_count=max(2, len(shots)), stills=stills, left_out=True)


def _alike(one: Image.Image, other: Image.Image) -> bool:
    """Say whether two frames differ by traces of compression alone."""
    if one.size != other.size:
        return False
    cells = ImageChops.difference(one, other).resize(_CELLS, Image.Resampling.BOX)
    return all(high <= _TRACES for _, high in ImageStat.Stat(cells).extrema)


def _video_stream(container: Any) -> Any:
    if not container.streams.video:
        raise NotAPicture("audio")
    stream = container.streams.video[0]
    if stream.codec_context is None or stream.codec_context.name not in _CODECS:
        raise FormatUnsupported("video")
    stream.codec_context.thread_count = 1  # the pool is the parallelism
    return stream


class _Player:
    """Decodes one video stream within a budget of pixels."""

    def __init__(self, container: Any, stream: Any, max_pixels: int) -> None:
        self._container = container
        self._stream = stream
        self._max_pixels = max_pixels
        self.pixels_left = _MAX_DECODED_PIXELS
        self.start_seconds = (container.start_time or 0) / _MICROSECONDS
        self.seconds = (container.duration or 0) / _MICROSECONDS
        self._check(stream.codec_context.width, stream.codec_context.height)

    def frames(self, from_seconds: float | None, pixels: int) -> Iterator[Any]:
        """Yield frames from the key frame before a position on, until ``pixels`` were decoded."""
        if from_seconds is not None:
            at = round((self.start_seconds + from_seconds) * _MICROSECONDS)
            self._container.seek(at, backward=True)
        for frame in self._container.decode(self._stream):
            self._check(frame.width, frame.height)
            yield frame
            pixels -= frame.width * frame.height
            self.pixels_left -= frame.width * frame.height
            if pixels <= 0:
                return

    def at(self, frame: Any) -> float:
        """Return when a frame is shown, in seconds from the start."""
        return max(0.0, float(frame.time or 0.0) - self.start_seconds)

    def shot(self, frame: Any) -> _Shot:
        """Convert a frame; it is dear."""
        image: Image.Image = frame.to_image()
        turn = _TURNS.get(frame.rotation)
        return self.at(frame), image if turn is None else image.transpose(turn)

    def _check(self, width: int, height: int) -> None:
        if width * height > self._max_pixels:
            raise TooManyPixels(width=width, height=height, max_pixels=self._max_pixels)


def _shots(player: _Player, wanted: int, wary: random.Random) -> list[_Shot]:
    """Return at least one shot, in order of time. Raises PictureBroken."""
    if not 0 < player.seconds <= _LONGEST_SECONDS:
        return _from_the_start(player, wanted)
    shots: list[_Shot] = []
    for number in range(wanted):
        is_between = 0 < number < wanted - 1
        place = number + (wary.uniform(-0.5, 0.5) if is_between else 0)
        position = player.seconds * place / max(1, wanted - 1)
        found = None
        for frame in player.frames(position, player.pixels_left // (wanted - number)):
            found = frame
            if player.at(frame) >= position:
                break
        if found is not None:
            shots.append(player.shot(found))
    return shots or _from_the_start(player, wanted)


def _from_the_start(player: _Player, wanted: int) -> list[_Shot]:
    """Play a video that does not say how long it is; the longer it gets, the fewer are kept."""
    shots: list[_Shot] = []
    step = 1
    for number, frame in enumerate(player.frames(None, player.pixels_left)):
        if number % step == 0:
            shots.append(player.shot(frame))
        if len(shots) > 2 * wanted:
            shots = shots[::2]
            step *= 2
    if not shots:
        raise PictureBroken
    return [shots[place] for place in spread(len(shots), wanted)]
