"""What a transparent picture shows on Discord's dark background alone. Runs in the worker."""

from PIL import Image, ImageChops

from bot.media.colour import DARK, WHITE

_NEARLY_WHITE = 215
_SPAN = WHITE[0] - DARK[0]
_LEAST_COVER = 0.125
"""How much of a pixel must be covered for it to be seen on one of the two backgrounds."""
_HIDDEN_SHARE = 0.0005
"""A line of small text covers about this part of a picture."""
_GLASSY_SHARE = 0.05
"""Pictures that are one thing on white and another on dark are half transparent all over."""


def shows_more(on_white: Image.Image, on_dark: Image.Image) -> bool:
    """Say whether the second of two RGB copies of one picture shows what the first hides.

    That is: light things that vanish on white, or large parts that are neither solid nor clear.
    That the background itself is another one is no difference.
    """
    # Of a solid pixel both are the same; of a clear one they differ by all of the backgrounds.
    clearness = ImageChops.difference(on_white.getchannel("R"), on_dark.getchannel("R"))
    levels = clearness.histogram()
    pixels = on_white.width * on_white.height
    if levels[0] == pixels:
        return False
    solid, clear = round(_SPAN * _LEAST_COVER), round(_SPAN * (1 - _LEAST_COVER))
    if sum(levels[solid + 1 : clear]) > _GLASSY_SHARE * pixels:
        return True
    covered = clearness.point(lambda level: 255 if level < clear else 0)
    pale = on_white.convert("L").point(lambda level: 255 if level >= _NEARLY_WHITE else 0)
    hidden = ImageChops.darker(covered, pale).histogram()[255]
    return hidden > _HIDDEN_SHARE * pixels
