"""A photo-like evening: hills, a lake, a lit cabin."""

import random

from PIL import Image, ImageDraw, ImageFilter

from bot.media.samples.brush import (
    Colour,
    Point,
    finish,
    glow,
    gradient,
    mix,
    overlay,
    ridge,
    soft_shape,
    texture,
)

SIZE = (1200, 800)
_W, _H = 2 * SIZE[0], 2 * SIZE[1]
_HAZE: Colour = (236, 186, 150)
_SUN: Point = (_W * 0.68, _H * 0.40)
_SHORE = 0.60 * _H
_MEADOW = 0.76 * _H


def paint_landscape() -> Image.Image:
    """Paint the scene, twice as large as it is delivered."""
    chance = random.Random(1875)  # noqa: S311 - a painting, not a secret
    image = gradient(
        (_W, _H),
        (
            (0.0, (58, 92, 150)),
            (0.22, (120, 142, 184)),
            (0.42, (242, 186, 140)),
            (0.56, (255, 214, 150)),
            (1.0, (255, 214, 150)),
        ),
    )
    _clouds(image, chance)
    glow(image, _SUN, 900, (255, 220, 150), 0.75)
    glow(image, _SUN, 300, (255, 244, 214), 1.0)
    ImageDraw.Draw(image).ellipse(
        (_SUN[0] - 66, _SUN[1] - 66, _SUN[0] + 66, _SUN[1] + 66), fill=(255, 250, 232)
    )
    _mountains(image, chance)
    _lake(image, chance)
    _meadow(image, chance)
    _cabin(image, (_W * 0.235, _MEADOW + 40))
    _trees(image, chance)
    return finish(image, chance, SIZE)


def _clouds(image: Image.Image, chance: random.Random) -> None:
    for y, colour in ((0.10, (226, 206, 214)), (0.20, (252, 204, 176)), (0.30, (255, 196, 150))):
        shape = Image.new("L", image.size)
        draw = ImageDraw.Draw(shape)
        for _ in range(5):
            left, top = chance.uniform(-200, _W - 300), (y + chance.uniform(-0.03, 0.03)) * _H
            for _ in range(22):
                x, drop = left + chance.gauss(350, 190), top + chance.gauss(0, 15)
                wide, thick = chance.uniform(70, 220), chance.uniform(8, 26)
                draw.ellipse((x - wide, drop - thick, x + wide, drop + thick), fill=215)
        soft_shape(image, shape, colour, blur=16, strength=0.62)


def _mountains(image: Image.Image, chance: random.Random) -> None:
    layers: tuple[tuple[float, float, Colour, float], ...] = (
        (0.50, 0.17, (116, 108, 140), 0.62),
        (0.545, 0.12, (86, 88, 118), 0.36),
        (0.59, 0.07, (52, 66, 78), 0.12),
    )
    for base, height, colour, haze in layers:
        line = ridge(chance, _W, base=base * _H, height=height * _H)
        shape = Image.new("L", image.size)
        ImageDraw.Draw(shape).polygon([*line, (_W, _SHORE), (0, _SHORE)], fill=255)
        top = min(y for _, y in line)
        stops = ((0.0, mix(colour, _HAZE, haze * 0.4)), (1.0, mix(colour, _HAZE, haze + 0.2)))
        slope = gradient((_W, round(_SHORE - top)), stops)
        body = image.copy()
        body.paste(slope, (0, round(top)))
        overlay(body, texture(chance, image.size, (30, 10), 0.10))
        image.paste(body, (0, 0), shape)


def _lake(image: Image.Image, chance: random.Random) -> None:
    depth = round(_MEADOW - _SHORE) + 160
    mirror = image.crop((0, round(_SHORE) - depth, _W, round(_SHORE)))
    mirror = mirror.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    mirror = mirror.filter(ImageFilter.GaussianBlur(6))
    mirror = Image.blend(mirror, Image.new("RGB", mirror.size, (70, 96, 120)), 0.30)
    overlay(mirror, texture(chance, mirror.size, (120, 5), 0.20))
    glitter = Image.new("L", mirror.size)
    draw = ImageDraw.Draw(glitter)
    for _ in range(260):
        y = chance.uniform(4, depth)
        reach = 40 + y * 0.7
        x = _SUN[0] + chance.gauss(0, reach * 0.5)
        wide = chance.uniform(8, 20 + y * 0.18)
        draw.ellipse((x - wide, y, x + wide, y + 3 + y * 0.012), fill=chance.randint(90, 230))
    soft_shape(mirror, glitter, (255, 236, 190), blur=1.6)
    image.paste(mirror, (0, round(_SHORE)))


def _meadow(image: Image.Image, chance: random.Random) -> None:
    line = [(x, _MEADOW - 60 * (1 - (x / _W - 0.2) ** 2 * 3)) for x in range(0, _W + 1, 40)]
    shape = Image.new("L", image.size)
    ImageDraw.Draw(shape).polygon([*line, (_W, _H), (0, _H)], fill=255)
    ground = gradient((_W, _H), ((0.0, (96, 112, 58)), (0.70, (112, 118, 56)), (1.0, (34, 48, 26))))
    overlay(ground, texture(chance, (_W, _H), (160, 60), 0.30))
    overlay(ground, texture(chance, (_W, _H), (5, 18), 0.30))
    glow(ground, (_SUN[0], _MEADOW - 80), 900, (232, 178, 84), 0.55)
    image.paste(ground, (0, 0), shape)
    draw = ImageDraw.Draw(image)
    for _ in range(2600):
        y = chance.uniform(_MEADOW + 20, _H)
        near = (y - _MEADOW) / (_H - _MEADOW)
        x, tall = chance.uniform(0, _W), 8 + 46 * near * chance.random()
        shade = mix((148, 146, 70), (44, 62, 30), near * chance.uniform(0.5, 1.0))
        tip = (x + chance.gauss(0, tall * 0.25), y - tall)
        draw.line(((x, y), tip), fill=shade, width=1 + round(2 * near))
    for _ in range(240):
        y = chance.uniform(_MEADOW + 110, _H)
        radius = 2 + 7 * (y - _MEADOW) / (_H - _MEADOW)
        x = chance.uniform(0, _W)
        petals = chance.choice([(232, 206, 92), (222, 120, 92), (236, 228, 214)])
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=petals)


def _cabin(image: Image.Image, foot: Point) -> None:
    x, y = foot
    shadow = Image.new("L", image.size)
    ImageDraw.Draw(shadow).polygon(
        [(x - 130, y - 6), (x + 210, y - 6), (x + 60, y + 70), (x - 420, y + 60)], fill=150
    )
    soft_shape(image, shadow, (26, 34, 20), blur=14)
    draw = ImageDraw.Draw(image)
    draw.rectangle((x - 130, y - 150, x + 70, y), fill=(104, 70, 50))
    draw.polygon(
        [(x + 70, y - 150), (x + 70, y), (x + 210, y - 24), (x + 210, y - 160)], fill=(158, 108, 70)
    )
    for row in range(1, 8):
        up = y - row * 19
        draw.line(((x - 130, up), (x + 70, up)), fill=(84, 56, 42), width=3)
        draw.line(((x + 70, up), (x + 210, up - 24 + row * 2)), fill=(132, 90, 60), width=3)
    draw.polygon([(x - 130, y - 150), (x + 70, y - 150), (x - 30, y - 262)], fill=(92, 62, 46))
    draw.polygon(
        [(x - 158, y - 128), (x - 30, y - 276), (x - 20, y - 262), (x - 140, y - 120)],
        fill=(52, 42, 44),
    )
    draw.polygon(
        [(x - 30, y - 276), (x + 122, y - 284), (x + 240, y - 142), (x + 92, y - 124)],
        fill=(96, 62, 56),
    )
    for step in range(1, 6):
        along = step / 6
        draw.line(
            (
                (x - 30 + 122 * along, y - 276 + 152 * along),
                (x + 122 + 118 * along, y - 284 + 142 * along),
            ),
            fill=(78, 50, 48),
            width=3,
        )
    draw.rectangle((x + 66, y - 330, x + 100, y - 258), fill=(84, 66, 62))
    draw.rectangle((x - 104, y - 108, x - 42, y - 48), fill=(255, 214, 120))
    draw.line(((x - 73, y - 108), (x - 73, y - 48)), fill=(70, 46, 36), width=5)
    draw.line(((x - 104, y - 78), (x - 42, y - 78)), fill=(70, 46, 36), width=5)
    draw.rectangle((x - 8, y - 112, x + 42, y), fill=(62, 42, 34))
    draw.ellipse((x + 30, y - 62, x + 37, y - 55), fill=(214, 176, 96))
    draw.polygon(
        [(x + 112, y - 112), (x + 172, y - 120), (x + 172, y - 66), (x + 112, y - 56)],
        fill=(255, 222, 140),
    )
    glow(image, (x - 73, y - 78), 170, (255, 196, 96), 0.5)
    glow(image, (x + 142, y - 88), 170, (255, 206, 110), 0.45)
    smoke = Image.new("L", image.size)
    puffs = ImageDraw.Draw(smoke)
    for step in range(16):
        radius = 10 + step * 4
        left, top = x + 84 + step * step * 0.9, y - 340 - step * 26
        puffs.ellipse(
            (left - radius, top - radius, left + radius, top + radius), fill=150 - step * 8
        )
    soft_shape(image, smoke, (232, 222, 218), blur=14, strength=0.7)


def _trees(image: Image.Image, chance: random.Random) -> None:
    draw = ImageDraw.Draw(image)
    spots = [
        (0.03, 0.00, 430), (0.085, 0.02, 330), (0.135, 0.00, 250), (0.40, -0.01, 260),
        (0.435, 0.00, 330), (0.93, 0.05, 560), (0.985, 0.03, 470), (0.865, 0.02, 360),
    ]  # fmt: skip
    for across, down, tall in spots:
        _pine(draw, chance, (across * _W, _MEADOW + 30 + down * _H), tall)


def _pine(draw: ImageDraw.ImageDraw, chance: random.Random, foot: Point, tall: float) -> None:
    x, y = foot
    draw.rectangle((x - tall * 0.02, y - tall * 0.2, x + tall * 0.02, y), fill=(52, 38, 32))
    for tier in range(14):
        part = tier / 14
        up = y - tall * (0.12 + 0.80 * part)
        wide = tall * 0.20 * (1 - part) + 5
        drop = tall * 0.10
        left = [
            (x - wide * (1 - n / 5) - chance.uniform(0, 9), up + drop * (0.6 + 0.4 * (1 - n / 5)))
            for n in range(5)
        ]
        right = [
            (x + wide * n / 5 + chance.uniform(0, 9), up + drop * (0.6 + 0.4 * n / 5))
            for n in range(1, 6)
        ]
        shade = mix((22, 40, 36), (48, 66, 46), part * 0.7)
        draw.polygon([(x, up - drop), *left, *right], fill=shade)
        draw.polygon(
            [(x, up - drop), (x, up + drop * 0.6), *right], fill=mix(shade, (150, 120, 70), 0.22)
        )
