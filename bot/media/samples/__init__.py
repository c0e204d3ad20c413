"""Three pictures to try Lookout on, painted by code: a scene, a page to read, a joke."""

import functools
import io
from dataclasses import dataclass, field

from PIL import Image

from bot.media.samples.landscape import paint_landscape
from bot.media.samples.meme import paint_meme
from bot.media.samples.page import paint_page
from bot.media.samples.scam import paint_scam

__all__ = ["Sample", "samples", "scam"]


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture file; ``alt_text`` is what a person would write for it."""

    name: str
    file_name: str
    data: bytes = field(repr=False)
    alt_text: str


@functools.cache
def samples() -> tuple[Sample, ...]:
    """Paint them: seconds of work the first time, the same bytes every time."""
    return (
        Sample(
            name="A photo-like scene",
            file_name="evening-by-the-lake.jpg",
            data=_encoded(paint_landscape(), "JPEG"),
            alt_text="A wooden cabin with lit windows stands on a flowering meadow by a lake at "
            "sunset, between dark fir trees, with low mountains behind.",
        ),
        Sample(
            name="A page of text with a table",
            file_name="library-notice.png",
            data=_encoded(paint_page(), "PNG"),
            alt_text="A notice of the Harbour Street Library with its opening hours and a table "
            "of events for Monday to Saturday.",
        ),
        Sample(
            name="A meme",
            file_name="handwriting.jpg",
            data=_encoded(paint_meme(), "JPEG"),
            alt_text="A ginger cat with wide eyes stares in horror. Text: WHEN THE BOT READS YOUR "
            "HANDWRITING.",
        ),
    )


@functools.cache
def scam() -> Sample:
    """Paint what moderation is for."""
    return Sample(
        name="A scam",
        file_name="free-gift.png",
        data=_encoded(paint_scam(), "PNG"),
        alt_text="“FREE NITRO for the first 100 members. Scan this code with your Discord app to "
        "claim your gift!” White letters on purple beside a QR code.",
    )


def _encoded(image: Image.Image, format_name: str) -> bytes:
    sink = io.BytesIO()
    image.save(sink, format_name, **({"quality": 90} if format_name == "JPEG" else {}))
    return sink.getvalue()
