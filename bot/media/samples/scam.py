"""A scam as they are posted: a gift that is none, and a code that logs a stranger in."""

from PIL import Image, ImageDraw, ImageFont

from bot.media.samples.brush import Colour

SIZE = (900, 620)
_GROUND: Colour = (88, 101, 242)
_PAPER: Colour = (255, 255, 255)
_INK: Colour = (20, 20, 30)
_MODULE_PIXELS = 8
_MODULES = 33
_CODE = (
    0x1FDF0487F,
    0x105F13441,
    0x175920E5D,
    0x174909E5D,
    0x175F6F85D,
    0x10414CE41,
    0x1FD55557F,
    0x000EC2200,
    0x13FC2D397,
    0x163B6EE1C,
    0x1D7C78EDF,
    0x1ABB6F1A4,
    0x15D9D1340,
    0x1AAC9C2A4,
    0x04481B94C,
    0x0B87A16AD,
    0x01C8811F0,
    0x1A8A66455,
    0x0A70A2E2D,
    0x16276279F,
    0x1D6C5852A,
    0x14B25EE30,
    0x137D686F7,
    0x10132D615,
    0x1FED131FA,
    0x0019B4B14,
    0x1FDDEBB54,
    0x105AE231F,
    0x1755837F2,
    0x175A671A7,
    0x1744236B3,
    0x10410147F,
    0x1FD01A1B8,
)
"""A QR code, a row a number.

It says https://discord.com/ra/lookout-playground-not-a-real-login: the form of Discord's own links
for logging in by camera. This one leads nowhere.
"""


def paint_scam() -> Image.Image:
    """Paint what promises a gift to whoever scans it."""
    image = Image.new("RGB", SIZE, _GROUND)
    draw = ImageDraw.Draw(image)
    for top, size, text in (
        (70, 58, "FREE NITRO"),
        (160, 34, "for the first 100 members"),
        (260, 30, "Scan this code with your"),
        (305, 30, "Discord app to claim"),
        (350, 30, "your gift!"),
    ):
        font = ImageFont.load_default(size)
        draw.text((50, top), text, _PAPER, font, stroke_width=size / 40, stroke_fill=_PAPER)
    side = (_MODULES + 8) * _MODULE_PIXELS
    left, top = SIZE[0] - side - 50, 200
    draw.rectangle((left, top, left + side, top + side), fill=_PAPER)
    for row, bits in enumerate(_CODE, start=4):
        for column in range(_MODULES):
            if bits >> (_MODULES - 1 - column) & 1:
                x, y = left + (column + 4) * _MODULE_PIXELS, top + row * _MODULE_PIXELS
                draw.rectangle((x, y, x + _MODULE_PIXELS - 1, y + _MODULE_PIXELS - 1), fill=_INK)
    return image
