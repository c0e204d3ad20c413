"""Makes small videos. Needs the extra ``video``."""

import io
import struct
from collections.abc import Iterable
from typing import Any

import av
from PIL import Image

ENCODERS = {"mp4": "libopenh264", "webm": "libvpx", "mov": "mpeg4"}
RATE = 10
_TURNED = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
"""The matrix of a film held upright by a telephone: to be turned clockwise by a quarter."""


def film(
    pictures: Iterable[Image.Image], kind: str = "mp4", *, encoder: str | None = None
) -> bytes:
    """A video of RGB pictures of one even size, ten a second."""
    sink = io.BytesIO()
    with av.open(sink, "w", format=kind) as container:
        stream: Any = None
        for picture in pictures:
            if stream is None:
                stream = container.add_stream(encoder or ENCODERS[kind], rate=RATE)
                stream.width, stream.height = picture.size
                stream.pix_fmt = "yuv420p"
                stream.bit_rate = 2_000_000
            frame: Any = av.VideoFrame
            container.mux(stream.encode(frame.from_image(picture)))
        if stream is not None:
            container.mux(stream.encode())
    return sink.getvalue()


def sound(kind: str = "mp4") -> bytes:
    """A file of the same kind without any picture in it."""
    sink = io.BytesIO()
    with av.open(sink, "w", format=kind) as container:
        stream: Any = container.add_stream("aac", rate=44_100)
        frame: Any = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.sample_rate = 44_100
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return sink.getvalue()


def turned(mp4: bytes) -> bytes:
    """The same film with the note that it was filmed upright (``tkhd``, ISO/IEC 14496-12)."""
    at = mp4.index(b"tkhd") + 4 + 40
    return mp4[:at] + _TURNED + mp4[at + len(_TURNED) :]
