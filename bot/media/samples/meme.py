"""A cat with wide eyes in a dim room, and large letters over it."""

import math
import random

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from bot.media.samples.brush import Colour, Point, finish, glow, gradient, mix, overlay, texture

SIZE = (900, 900)
_SIDE = 2 * SIZE[0]
_FUR: Colour = (196, 132, 72)
_DARK_FUR: Colour = (132, 80, 42)
_CREAM: Colour = (246, 226, 196)

TOP = "WHEN THE BOT READS"
BOTTOM = "YOUR HANDWRITING"


def paint_meme() -> Image.Image:
    """Paint the cat, then the words, which stay sharp."""
    chance = random.Random(404)  # noqa: S311 - a painting, not a secret
    image = _room(chance)
    cat = Image.new("RGBA", image.size, (0, 0, 0, 0))
    _body(ImageDraw.Draw(cat))
    _face(ImageDraw.Draw(cat))
    shadow = cat.getchannel("A").filter(ImageFilter.GaussianBlur(40))
    image.paste((16, 12, 14), (24, 30), shadow.point(lambda value: value * 0.55))
    image.paste(cat, (0, 0), cat.getchannel("A").filter(ImageFilter.GaussianBlur(1.5)))
    _fur(image, cat.getchannel("A"), chance)
    small = finish(image, chance, SIZE)
    _words(small, TOP, 26)
    _words(small, BOTTOM, SIZE[1] - 118)
    return small


def _room(chance: random.Random) -> Image.Image:
    image = gradient(
        (_SIDE, _SIDE),
        ((0.0, (40, 44, 66)), (0.60, (82, 64, 72)), (0.72, (96, 70, 60)), (1.0, (70, 46, 36))),
    )
    for _ in range(34):
        x, y = chance.uniform(0, _SIDE), chance.uniform(0, 0.62 * _SIDE)
        light = chance.choice([(255, 206, 120), (255, 158, 96), (150, 190, 236), (236, 214, 255)])
        radius = chance.uniform(34, 96)
        side = round(4 * radius)
        disc = Image.new("L", (side, side))
        ImageDraw.Draw(disc).ellipse((radius, radius, 3 * radius, 3 * radius), fill=105)
        corner = (round(x - 2 * radius), round(y - 2 * radius))
        image.paste(light, corner, disc.filter(ImageFilter.GaussianBlur(7)))
    table = gradient((_SIDE, round(0.2 * _SIDE)), ((0.0, (150, 104, 68)), (1.0, (84, 52, 34))))
    overlay(table, texture(chance, table.size, (240, 5), 0.35))
    image.paste(table, (0, round(0.8 * _SIDE)))
    glow(image, (_SIDE * 0.5, _SIDE * 0.45), 1000, (255, 206, 150), 0.35)
    return image


def _oval(draw: ImageDraw.ImageDraw, centre: Point, radii: Point, colour: Colour) -> None:
    x, y = centre
    wide, tall = radii
    draw.ellipse((x - wide, y - tall, x + wide, y + tall), fill=(*colour, 255))


def _body(draw: ImageDraw.ImageDraw) -> None:
    middle = _SIDE / 2
    for step in range(40):
        share = step / 39
        radii = (560 - 190 * share, 620 - 210 * share)
        _oval(draw, (middle - 60 * share, 1560 - 60 * share), radii, mix(_DARK_FUR, _FUR, share))
    for step in range(30):
        share = step / 29
        colour = mix(_FUR, _CREAM, share)
        _oval(draw, (middle, 1500), (250 - 70 * share, 360 - 90 * share), colour)
    for side in (-1, 1):
        for step in range(20):
            share = step / 19
            radii = (150 - 40 * share, 78 - 26 * share)
            colour = mix(_FUR, _CREAM, share)
            _oval(draw, (middle + side * 215, 1600 - 10 * share), radii, colour)
        for toe in (-60, 0, 60):
            x = middle + side * 215 + toe
            draw.line(((x, 1612), (x, 1650)), fill=(*_DARK_FUR, 255), width=9)


def _face(draw: ImageDraw.ImageDraw) -> None:
    middle, eyes = _SIDE / 2, 800.0
    for side in (-1, 1):
        outer = [(middle + side * 130, 560), (middle + side * 400, 270), (middle + side * 490, 780)]
        inner = [(middle + side * 225, 560), (middle + side * 385, 372), (middle + side * 440, 700)]
        draw.polygon(outer, fill=(*mix(_FUR, _DARK_FUR, 0.35), 255))
        draw.polygon(inner, fill=(222, 150, 132, 255))
    for step in range(50):
        share = step / 49
        radii = (500 - 150 * share, 420 - 130 * share)
        colour = mix(mix(_DARK_FUR, _FUR, 0.4), mix(_FUR, _CREAM, 0.18), share)
        _oval(draw, (middle, 860 - 40 * share), radii, colour)
    for side, lean in ((-1, -60), (0, 0), (1, 60)):
        x = middle + side * 95
        top = [(x - 26, 480), (x + 26, 480), (x + 12 - lean * 0.4, 640), (x - 12 - lean * 0.4, 640)]
        draw.polygon(top, fill=(*_DARK_FUR, 255))
    for side in (-1, 1):
        for row in range(2):
            y = 900 + row * 66
            tip = (middle + side * 330, y + 24)
            stripe = [(middle + side * 486, y - 20), (middle + side * 470, y + 26), tip]
            draw.polygon(stripe, fill=(*_DARK_FUR, 255))
        _eye(draw, (middle + side * 195, eyes))
    for step in range(24):
        share = step / 23
        colour = mix(mix(_FUR, _CREAM, 0.5), _CREAM, share)
        for side in (-1, 1):
            _oval(draw, (middle + side * 78, 1040), (120 - 24 * share, 92 - 20 * share), colour)
    draw.polygon(
        [(middle - 52, 962), (middle + 52, 962), (middle, 1020)], fill=(206, 116, 108, 255)
    )
    draw.line(((middle, 1018), (middle, 1062)), fill=(96, 58, 46, 255), width=10)
    _oval(draw, (middle, 1104), (44, 50), (84, 36, 40))
    _oval(draw, (middle, 1128), (28, 24), (206, 112, 112))
    for side in (-1, 1):
        for row in range(3):
            start = (middle + side * 130, 1020 + row * 26)
            end = (middle + side * 560, 930 + row * 95)
            draw.line((start, end), fill=(255, 248, 236, 210), width=6)


def _eye(draw: ImageDraw.ImageDraw, centre: Point) -> None:
    x, y = centre
    _oval(draw, centre, (142, 148), (58, 38, 30))
    for step in range(30):
        share = step / 29
        radii = (128 - 20 * share, 134 - 20 * share)
        _oval(draw, centre, radii, mix((96, 128, 52), (206, 214, 96), share))
    _oval(draw, centre, (70, 84), (12, 12, 14))
    _oval(draw, (x - 34, y - 44), (30, 34), (255, 255, 255))
    _oval(draw, (x + 34, y + 40), (14, 15), (224, 232, 240))


def _fur(image: Image.Image, shape: Image.Image, chance: random.Random) -> None:
    """Short hairs, pointing away from the nose."""
    hairs = Image.new("L", image.size, 128)
    draw = ImageDraw.Draw(hairs)
    middle = (_SIDE / 2, 1000.0)
    for _ in range(9000):
        x, y = chance.uniform(250, _SIDE - 250), chance.uniform(280, _SIDE)
        turn = math.atan2(y - middle[1], x - middle[0]) + chance.gauss(0, 0.25)
        long = chance.uniform(14, 40)
        tip = (x + long * math.cos(turn), y + long * math.sin(turn))
        draw.line(((x, y), tip), fill=chance.choice([92, 108, 150, 168]), width=3)
    soft = shape.filter(ImageFilter.MinFilter(9)).point(lambda value: value * 0.55)
    eyes = ImageDraw.Draw(soft)
    for side in (-1, 1):
        x = middle[0] + side * 195
        eyes.ellipse((x - 146, 800 - 152, x + 146, 800 + 152), fill=0)
    eyes.ellipse((middle[0] - 60, 950, middle[0] + 60, 1160), fill=0)
    overlay(image, hairs, soft)


def _words(image: Image.Image, text: str, top: float) -> None:
    font = ImageFont.load_default(70)
    text = text.replace(" ", "  ")  # the outline eats into the gaps
    draw = ImageDraw.Draw(image)
    width = draw.textlength(text, font)
    place = ((image.width - width) / 2, top)
    draw.text(place, text, "black", font, stroke_width=9, stroke_fill="black")
    draw.text(place, text, "white", font, stroke_width=2, stroke_fill="white")
