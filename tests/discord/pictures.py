"""Small true pictures."""

import io

from PIL import Image


def png(colour: str = "red", size: tuple[int, int] = (64, 48)) -> bytes:
    """Encode one plain colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def gif(*colours: str) -> bytes:
    """Encode an animation that shows one colour after another."""
    frames = [Image.new("RGB", (64, 48), colour) for colour in colours]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=200, loop=0)
    return buffer.getvalue()
