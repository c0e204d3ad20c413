"""Open and decode one picture within its limits. Runs in the worker."""

import contextlib
import dataclasses
import io
from collections.abc import Iterator

from PIL import (
    AvifImagePlugin,
    IcoImagePlugin,
    Image,
    ImageFile,
    ImageStat,
    MpoImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from bot.domain.errors import FormatUnsupported, PictureBroken, TooManyPixels
from bot.domain.picture import PictureNeeds
from bot.media.prepare import use_draft
from bot.media.sniff import webp_size
from bot.media.trouble import DECODER_ERRORS, broken_if_raised

_PLUGINS = (AvifImagePlugin, IcoImagePlugin, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin)
"""Imported by name, so that Pillow never loads the forty others it has."""

_LEAST_SHARE = 10
"""Of a file that ends too early, a tenth of the picture must be there to be worth looking at."""
JPEG_FORMATS = frozenset({"JPEG", "MPO"})
"""Phones write several pictures into one JPEG; Pillow then calls it MPO."""


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """Pixels allowed: baseline JPEG (decoded small), everything else, canvas x frames walked."""

    max_pixels_jpeg: int
    max_pixels: int
    max_canvas_walk_pixels: int


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    """A decoded first frame; JPEG may be decoded smaller than ``width`` x ``height``."""

    image: Image.Image
    width: int
    height: int
    lower_part_missing: bool


def set_up_codecs() -> None:
    """Do once what the first picture would have to wait for."""
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the pool is the parallelism
    Image.preinit()
    register_heif()


def register_heif() -> bool:
    """Teach Pillow HEIC where the extra ``heif`` is installed; say whether it is."""
    try:
        import pillow_heif  # noqa: PLC0415 - optional
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def load(data: bytes, format_name: str, needs: PictureNeeds, limits: Limits) -> Loaded:
    """Decode strictly, or else with a broken header forgiven, or else as far as the pixels go.

    Raises TooManyPixels, FormatUnsupported, PictureBroken.
    """
    if format_name == "HEIF" and format_name not in Image.OPEN:
        raise FormatUnsupported("HEIC", extra="heif")
    for forgive in (False, True):
        with contextlib.suppress(*DECODER_ERRORS):
            image = _open(data, format_name, limits, forgive=forgive)
            return _decode(image, needs, forgive=False)
    with broken_if_raised("damaged"):
        image = _open(data, format_name, limits, forgive=True)
    with broken_if_raised("truncated"):
        loaded = _decode(image, needs, forgive=True)
        top = loaded.image.height // _LEAST_SHARE
        below = loaded.image.crop((0, top, *loaded.image.size))
        blank = _is_one_colour(below)
    if blank:  # the break came before anything could be seen
        raise PictureBroken("truncated")
    return loaded


def _open(data: bytes, format_name: str, limits: Limits, *, forgive: bool) -> Image.Image:
    """Read the header; refuse by its size before a decoder takes memory for it."""
    # Pillow's own check would refuse without saying how large; ours follows at once.
    Image.MAX_IMAGE_PIXELS = None
    if format_name == "WEBP":  # takes memory for the whole canvas on opening
        _check(webp_size(data), limits.max_pixels)
    with _forgiving(forgive):
        image = Image.open(io.BytesIO(data), formats=(format_name,))
    small = image.format in JPEG_FORMATS and "progressive" not in image.info
    allowed = limits.max_pixels_jpeg if small else limits.max_pixels
    _check(image.size, allowed)
    Image.MAX_IMAGE_PIXELS = allowed  # for pictures inside pictures
    return image


def _decode(image: Image.Image, needs: PictureNeeds, *, forgive: bool) -> Loaded:
    width, height = image.size
    jpeg = image.format in JPEG_FORMATS
    if jpeg:
        use_draft(image, needs)
    with _forgiving(forgive):
        image.load()
    if not jpeg:
        width, height = image.size  # TIFF may have turned itself, ICO may have lied
    return Loaded(image, width, height, lower_part_missing=forgive)


@contextlib.contextmanager
def _forgiving(forgive: bool) -> Iterator[None]:
    """Let Pillow go on after broken or missing data. Its switch is global: so is this process."""
    ImageFile.LOAD_TRUNCATED_IMAGES = forgive
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _check(size: tuple[int, int], allowed: int) -> None:
    width, height = size
    if width * height > allowed:
        raise TooManyPixels(width=width, height=height, max_pixels=allowed)


def _is_one_colour(image: Image.Image) -> bool:
    return all(low == high for low, high in ImageStat.Stat(image).extrema)
