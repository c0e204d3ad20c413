"""What can be read here. Imports no decoder: the bot's own process has none."""

from importlib.util import find_spec

_ALWAYS = ("JPEG", "PNG", "GIF", "WebP", "BMP", "TIFF", "ICO")
_WITH = (("AVIF", "PIL", "PIL._avif"), ("HEIC", "pillow_heif", "pillow_heif"))
"""Format, package and the module that reads it."""


def readable_formats() -> tuple[str, ...]:
    """Name the formats that can be read with what is installed, for people."""
    optional = (
        format_name
        for format_name, package, module in _WITH
        if find_spec(package) is not None and find_spec(module) is not None
    )
    return (*_ALWAYS, *optional)
