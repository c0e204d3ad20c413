"""Pictures as people post them, and what others do to a picture to pass it off as a new one."""

import io
import random
from collections.abc import Callable
from functools import cache

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Change = Callable[[Image.Image], Image.Image]
_WORDS = (
    *("free", "nitro", "claim", "here", "now", "gift", "steam", "friend", "withdraw", "bonus"),
    *("casino", "code", "server", "hello", "why", "never", "again", "picture", "tomorrow"),
    *("meeting", "really", "great", "thanks", "sorry", "what", "time", "okay", "maybe"),
)
_SHAPES = ((480, 640), (640, 480), (600, 600), (800, 450))


@cache
def photo(seed: int) -> Image.Image:
    """Soft shapes at many scales, the finer the fainter, with a few things in front."""
    chance = random.Random(seed)
    width, height = _SHAPES[seed % len(_SHAPES)]
    picture = _clouds(chance, 2, width, height)
    for cells, share in ((4, 0.5), (7, 0.4), (13, 0.3), (29, 0.25), (90, 0.2)):
        picture = Image.blend(picture, _clouds(chance, cells, width, height), share)
    picture = ImageOps.autocontrast(picture)
    draw = ImageDraw.Draw(picture)
    for _ in range(chance.randint(2, 6)):
        x, y = chance.randrange(width), chance.randrange(height)
        across, down = chance.randint(20, width // 3), chance.randint(20, height // 3)
        colour = (chance.randrange(256), chance.randrange(256), chance.randrange(256))
        shape = draw.ellipse if chance.random() < 0.5 else draw.rectangle
        shape((x, y, x + across, y + down), fill=colour)
    return picture.filter(ImageFilter.GaussianBlur(1))


def _clouds(chance: random.Random, cells: int, width: int, height: int) -> Image.Image:
    rows = max(2, cells * height // width)
    seeds = Image.frombytes("RGB", (cells, rows), chance.randbytes(cells * rows * 3))
    return seeds.resize((width, height), Image.Resampling.BICUBIC)


@cache
def screenshot(seed: int) -> Image.Image:
    """A chat as a screen shows it: faces, names, lines of text, now and then a picture."""
    chance = random.Random(1000 + seed)
    dark = seed % 3 != 0
    ground, ink, faint = (
        ((49, 51, 56), (219, 222, 225), (148, 155, 164))
        if dark
        else ((255, 255, 255), (49, 51, 56), (110, 115, 125))
    )
    width, height = ((720, 480), (480, 800), (900, 500))[seed % 3]
    picture = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(picture)
    font, small = ImageFont.load_default(18), ImageFont.load_default(13)
    if chance.random() < 0.6:
        draw.rectangle((0, 0, width, 44), fill=faint if dark else (230, 230, 235))
        draw.text((16, 12), _sentence(chance, 2), font=font, fill=ground if dark else ink)
    y = chance.randint(50, 90)
    while y < height - 60:
        colour = (chance.randrange(256), chance.randrange(256), chance.randrange(256))
        draw.ellipse((16, y, 56, y + 40), fill=colour)
        draw.text((70, y), _sentence(chance, 1), font=font, fill=colour)
        draw.text((190, y + 4), "Today at 12:07", font=small, fill=faint)
        for _ in range(chance.randint(1, 4)):
            y += 24
            draw.text(
                (70, y), _sentence(chance, chance.randint(2, width // 90)), font=font, fill=ink
            )
        if chance.random() < 0.4:
            across, down = chance.randint(150, 320), chance.randint(60, 160)
            box = photo(seed * 7 + y).resize((across, down))
            picture.paste(box, (70, y + 28))
            y += down + 10
        y += chance.randint(40, 70)
    return picture


def _sentence(chance: random.Random, words: int) -> str:
    return " ".join(chance.choice(_WORDS) for _ in range(words))


def plain_pictures() -> list[Image.Image]:
    """Pictures in which nothing is to be recognised: all of them must have no hash at all."""
    pictures = [Image.new("RGB", (400, 300), colour) for colour in ("black", "white", "#5865f2")]
    pictures.append(recompressed(60)(pictures[-1]))
    grain = Image.effect_noise((400, 300), 3).convert("RGB")
    pictures.append(grain)
    ramp = Image.linear_gradient("L").resize((400, 300)).convert("RGB")
    pictures += [ramp, ramp.rotate(180), recompressed(70)(ramp)]
    dot = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(dot).rectangle((200, 150, 206, 156), fill="black")
    ball = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(ball).ellipse((100, 50, 300, 250), fill="red")
    bars = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(bars).rectangle((0, 100, 400, 200), fill="navy")
    return [*pictures, dot, ball, bars]


def recompressed(quality: int) -> Change:
    def change(image: Image.Image) -> Image.Image:
        sink = io.BytesIO()
        image.save(sink, "JPEG", quality=quality)
        return Image.open(sink).convert("RGB")

    return change


def resized(scale: float) -> Change:
    def change(image: Image.Image) -> Image.Image:
        size = (round(image.width * scale), round(image.height * scale))
        return image.resize(size, Image.Resampling.BICUBIC)

    return change


def cropped(part: float) -> Change:
    """Cut ``part`` of width and height away, half of it on each side."""

    def change(image: Image.Image) -> Image.Image:
        left, top = round(image.width * part / 2), round(image.height * part / 2)
        return image.crop((left, top, image.width - left, image.height - top))

    return change


def bordered(part: float, colour: str) -> Change:
    def change(image: Image.Image) -> Image.Image:
        return ImageOps.expand(image, round(max(image.size) * part), colour)

    return change


def captioned(image: Image.Image) -> Image.Image:
    changed = image.copy()
    draw = ImageDraw.Draw(changed)
    font = ImageFont.load_default(image.height / 18)
    at = (image.width * 0.1, image.height * 0.86)
    draw.text(at, "when you see it", font=font, fill="white", stroke_width=2, stroke_fill="black")
    return changed


def grainy(image: Image.Image) -> Image.Image:
    grain = Image.effect_noise(image.size, 24).convert("RGB")
    return Image.blend(image, grain, 0.2)


CHANGES: dict[str, Change] = {
    "recompressed": recompressed(15),
    "half size": resized(0.5),
    "twice the size": resized(2),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(1.5)),
    "more contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.4),
    "grainy": grainy,
    "captioned": captioned,
    "cropped by 2 %": cropped(0.02),
    "cropped by 5 %": cropped(0.05),
    "cropped by 10 %": cropped(0.10),
    "black border of 5 %": bordered(0.05, "black"),
    "white border of 5 %": bordered(0.05, "white"),
    "mirrored": ImageOps.mirror,
}
