"""How long the built-in reader takes for what the model looks at meanwhile."""

import asyncio
import time
from dataclasses import dataclass

from PIL import Image

from bench.figures import Figure, percentile
from bench.moderation.pictures import encoded
from bot.domain.picture import Frame, Picture, PictureFacts
from bot.domain.task import Parameters, Question, TaskName
from bot.vision.builtin.engine import BuiltinEngine
from tests.media.lookalikes import photo, screenshot

_PIXELS = 1_000_000
"""About what is spooled for the model."""


@dataclass(frozen=True, slots=True)
class Plan:
    """So many pictures of each kind."""

    pictures: int = 12


async def measure(plan: Plan) -> dict[str, Figure]:
    """Measure photos without words, and screenshots of chats."""
    figures: dict[str, Figure] = {}
    async with BuiltinEngine() as reader:
        await _seconds(reader, photo.__wrapped__(0))  # loads the models
        for name, draw in (("photo", photo), ("screenshot", screenshot)):
            waits = [
                await _seconds(reader, draw.__wrapped__(seed)) for seed in range(plan.pictures)
            ]
            figures[f"read_{name}_p50_s"] = percentile(waits, 0.5)
    return figures


async def _seconds(reader: BuiltinEngine, image: Image.Image) -> float:
    picture = await asyncio.to_thread(_picture, image)
    began = time.perf_counter()
    async for _ in reader.stream(Question(TaskName.OCR, Parameters(), picture)):
        pass
    return time.perf_counter() - began


def _picture(image: Image.Image) -> Picture:
    larger = (_PIXELS / (image.width * image.height)) ** 0.5
    scaled = image.resize((round(image.width * larger), round(image.height * larger)))
    data = encoded(scaled.convert("RGB"))
    facts = PictureFacts("jpeg", scaled.width, scaled.height, len(data))
    return Picture((Frame(data, "image/jpeg", scaled.width, scaled.height),), facts)
