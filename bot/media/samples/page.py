"""A printed notice with a small table: something to read."""

from PIL import Image, ImageDraw, ImageFont

from bot.media.samples.brush import Colour

SIZE = (1000, 1300)
_PAPER: Colour = (252, 250, 245)
_INK: Colour = (34, 36, 42)
_ACCENT: Colour = (28, 84, 110)
_RULE: Colour = (176, 182, 188)
_LEFT, _RIGHT = 90, 910

TITLE = "Harbour Street Library"
SUBTITLE = "Opening hours and events, autumn term"
OPENING = (
    "Dear readers,",
    "from 1 October the reading room on the second floor is open again.",
    "The new lift is in service: every floor can be reached without stairs.",
    "",
    "Borrowed books may be returned at any hour through the slot beside",
    "the main entrance. Please leave none on the steps: rain ruins them.",
)
TABLE = (
    ("Day", "Opens", "Closes", "Event"),
    ("Monday", "9:00", "18:00", "Story hour, 15:30"),
    ("Tuesday", "9:00", "20:00", "Chess club, 17:00"),
    ("Wednesday", "closed", "closed", ""),
    ("Thursday", "9:00", "20:00", "Help with forms, 10:00"),
    ("Friday", "9:00", "18:00", "Film night, 19:30"),
    ("Saturday", "10:00", "16:00", "Bring and mend, 13:00"),
)
CLOSING = (
    "A library card costs 12.50 euros a year, and nothing under the age",
    "of 18. Lost cards are replaced for 3 euros: ask at the desk.",
)
FOOTER = "Harbour Street 27 · Telephone 555 0142 · desk@library.example"


def paint_page() -> Image.Image:
    """Set the notice."""
    image = Image.new("RGB", SIZE, _PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, SIZE[0], 22), fill=_ACCENT)
    _line(draw, 84, TITLE, 56, _ACCENT, bold=True)
    _line(draw, 158, SUBTITLE, 28, _INK)
    draw.line(((_LEFT, 214), (_RIGHT, 214)), fill=_RULE, width=2)
    bottom = _paragraph(draw, 252, OPENING)
    bottom = _table(draw, bottom + 42)
    _paragraph(draw, bottom + 50, CLOSING)
    draw.line(((_LEFT, 1204), (_RIGHT, 1204)), fill=_RULE, width=2)
    _line(draw, 1224, FOOTER, 22, _ACCENT)
    return image


def _line(
    draw: ImageDraw.ImageDraw,
    top: float,
    text: str,
    size: int,
    colour: Colour,
    *,
    left: float = _LEFT,
    bold: bool = False,
) -> None:
    # The font that is inside Pillow has one weight: a thin stroke makes the other.
    stroke = size / 40 if bold else 0
    font = ImageFont.load_default(size)
    draw.text((left, top), text, colour, font, stroke_width=stroke, stroke_fill=colour)


def _paragraph(draw: ImageDraw.ImageDraw, top: float, lines: tuple[str, ...]) -> float:
    for line in lines:
        _line(draw, top, line, 26, _INK)
        top += 42
    return top


def _table(draw: ImageDraw.ImageDraw, top: float) -> float:
    columns = (_LEFT, 300, 440, 580, _RIGHT)
    row_height = 60
    for number, row in enumerate(TABLE):
        y = top + number * row_height
        heading = number == 0
        if heading:
            draw.rectangle((_LEFT, y, _RIGHT, y + row_height), fill=_ACCENT)
        elif number % 2 == 0:
            draw.rectangle((_LEFT, y, _RIGHT, y + row_height), fill=(240, 240, 236))
        colour = _PAPER if heading else _INK
        for left, cell in zip(columns, row, strict=False):
            _line(draw, y + 15, cell, 24, colour, left=left + 16, bold=heading)
    bottom = top + len(TABLE) * row_height
    for number in range(len(TABLE) + 1):
        y = top + number * row_height
        draw.line(((_LEFT, y), (_RIGHT, y)), fill=_RULE, width=2)
    for x in columns:
        draw.line(((x, top), (x, bottom)), fill=_RULE, width=2)
    return bottom
