"""Any pixel mode to sRGB, with nothing left of transparency. Runs in the worker."""

import io

from PIL import Image, ImageCms

from bot.media.trouble import DECODER_ERRORS

WHITE = (255, 255, 255)
DARK = (0x31, 0x33, 0x38)
"""Discord's dark theme, on which white lettering without a background is meant to be read."""

_NEARLY_WHITE = 240
_PROFILE_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_SIXTEEN_BITS = {"I;16", "I;16L", "I;16B", "I;16N"}
_WIDE = {*_SIXTEEN_BITS, "I", "F"}
_SCALABLE = {"L", "LA", "RGB", "RGBA", "CMYK"}
_CONVERSIONS = {"1": "L", "PA": "RGBA", "RGBa": "RGBA", "La": "LA"}


def to_eight_bits(image: Image.Image) -> Image.Image:
    """Return ``image`` in a mode of 8 bits a channel that can be scaled smoothly.

    That is L, LA, RGB, RGBA or CMYK. Transparency given by a colour or palette becomes alpha:
    it must be found before scaling blends that colour away.
    """
    mode = image.mode
    if mode in _WIDE:
        return _from_wide(image)
    if "transparency" in image.info and mode in {"1", "L", "RGB", "P"}:
        return image.convert("RGBA")
    if mode in _SCALABLE:
        return image
    if mode == "P" and image.palette is not None and image.palette.mode == "RGBA":
        return image.convert("RGBA")
    return image.convert(_CONVERSIONS.get(mode, "RGB"))


def _from_wide(image: Image.Image) -> Image.Image:
    """Scale wide samples to L or LA: Pillow's own conversion clips, which turns 16 bits white."""
    samples = image.convert("I") if image.mode in _SIXTEEN_BITS else image
    low, high = _range(image.mode, *_extrema(samples))
    factor = 255.0 / (high - low) if high > low else 0.0
    grey = samples.convert("F").point(lambda sample: sample * factor - low * factor).convert("L")
    if isinstance(image.info.get("transparency"), int) and image.mode in {"I", "I;16"}:
        return Image.merge("LA", (grey, image.convert("RGBA").getchannel("A")))
    return grey


def _range(mode: str, low: float, high: float) -> tuple[float, float]:
    """Say which sample values are black and white; only the widest modes leave it open."""
    if mode in _SIXTEEN_BITS:
        return 0.0, 65535.0
    for white in (1.0, 255.0, 65535.0) if mode == "F" else (255.0, 65535.0):
        if low >= 0 and high <= white:
            return 0.0, white
    return low, high


def _extrema(image: Image.Image) -> tuple[float, float]:
    """Return the least and the greatest sample of a picture with one channel."""
    low, high = image.getextrema()
    if isinstance(low, tuple) or isinstance(high, tuple):
        raise TypeError("a picture with several channels")
    return float(low), float(high)


def flatten(
    image: Image.Image, background: tuple[int, int, int] = WHITE
) -> tuple[Image.Image, bool]:
    """Return ``image`` (L, LA, RGB, RGBA or CMYK) without alpha, and whether any pixel had some.

    What lay hidden under transparent pixels is gone. White on nothing would vanish on a white
    background: it is put on dark instead.
    """
    if image.mode not in {"LA", "RGBA"}:
        return image, False
    alpha = image.getchannel("A")
    if _extrema(alpha)[0] == 255:  # noqa: PLR2004 - opaque
        return image.convert("L" if image.mode == "LA" else "RGB"), False
    solid = image.convert("RGBA")
    flat = _over(solid, background)
    if background == WHITE and _extrema(flat.convert("L"))[0] >= _NEARLY_WHITE:
        on_dark = _over(solid, DARK)
        if _extrema(on_dark.convert("L"))[1] >= _NEARLY_WHITE:
            return on_dark, True
    return flat, True


def _over(image: Image.Image, background: tuple[int, int, int]) -> Image.Image:
    ground = Image.new("RGBA", image.size, (*background, 255))
    return Image.alpha_composite(ground, image).convert("RGB")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return ``image`` (L, RGB or CMYK) as RGB, seen through its ICC profile where that works.

    A bad profile is ignored: it must not cost a good picture.
    """
    if profile:
        try:
            converted = _through_profile(image, profile)
        except (*DECODER_ERRORS, ImageCms.PyCMSError):
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")


def _through_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if "sRGB" in ImageCms.getProfileDescription(source):
        return None
    mode = _PROFILE_MODES.get(source.profile.xcolor_space.strip())
    if mode == "RGB" and image.mode == "L":
        image = image.convert("RGB")
    if mode != image.mode:
        return None
    return ImageCms.profileToProfile(
        image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
