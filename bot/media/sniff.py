"""What a file is, by its first bytes. Names and declared types are hints that anyone can write."""

import enum
import json
import re
from dataclasses import dataclass

from bot.domain.errors import FormatUnsupported, NotAPicture, PictureBroken

PICTURE_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF", "ICO", "HEIF")
"""Pillow's names of all formats that are ever handed to a decoder."""

_LOOK_BYTES = 4096


class Kind(enum.StrEnum):
    """What sort of file; the words are those of ``NotAPicture.kind``."""

    PICTURE = "picture"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    DRAWING = "drawing"
    ARCHIVE = "archive"
    TEXT = "text"
    WEB_PAGE = "web page"
    LOTTIE = "lottie"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sniffed:
    """A kind and, for pictures, the format's name (``JPEG``, ``PSD`` …)."""

    kind: Kind
    format: str = ""


_PREFIXES: tuple[tuple[bytes, Sniffed], ...] = (
    (b"\xff\xd8\xff", Sniffed(Kind.PICTURE, "JPEG")),
    (b"\x89PNG\r\n\x1a\n", Sniffed(Kind.PICTURE, "PNG")),
    (b"GIF87a", Sniffed(Kind.PICTURE, "GIF")),
    (b"GIF89a", Sniffed(Kind.PICTURE, "GIF")),
    (b"II*\x00", Sniffed(Kind.PICTURE, "TIFF")),
    (b"MM\x00*", Sniffed(Kind.PICTURE, "TIFF")),
    (b"II+\x00", Sniffed(Kind.PICTURE, "TIFF")),
    (b"MM\x00+", Sniffed(Kind.PICTURE, "TIFF")),
    (b"8BPS", Sniffed(Kind.PICTURE, "PSD")),
    (b"\xff\x0a", Sniffed(Kind.PICTURE, "JPEG XL")),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", Sniffed(Kind.PICTURE, "JPEG XL")),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", Sniffed(Kind.PICTURE, "JPEG 2000")),
    (b"\xff\x4f\xff\x51", Sniffed(Kind.PICTURE, "JPEG 2000")),
    (b"%!PS", Sniffed(Kind.PICTURE, "EPS")),
    (b"\xc5\xd0\xd3\xc6", Sniffed(Kind.PICTURE, "EPS")),
    (b"\x8aMNG\r\n\x1a\n", Sniffed(Kind.PICTURE, "MNG")),
    (b"\x8bJNG\r\n\x1a\n", Sniffed(Kind.PICTURE, "JNG")),
    (b"gimp xcf", Sniffed(Kind.PICTURE, "XCF")),
    (b"icns", Sniffed(Kind.PICTURE, "ICNS")),
    (b"qoif", Sniffed(Kind.PICTURE, "QOI")),
    (b"DDS ", Sniffed(Kind.PICTURE, "DDS")),
    (b"BPG\xfb", Sniffed(Kind.PICTURE, "BPG")),
    (b"FLIF", Sniffed(Kind.PICTURE, "FLIF")),
    (b"AT&TFORM", Sniffed(Kind.PICTURE, "DjVu")),
    (b"\x76\x2f\x31\x01", Sniffed(Kind.PICTURE, "OpenEXR")),
    (b"#?RADIANCE", Sniffed(Kind.PICTURE, "HDR")),
    (b"SIMPLE  =", Sniffed(Kind.PICTURE, "FITS")),
    (b"\x1aE\xdf\xa3", Sniffed(Kind.VIDEO)),
    (b"FLV\x01", Sniffed(Kind.VIDEO)),
    (b"\x00\x00\x01\xba", Sniffed(Kind.VIDEO)),
    (b"\x00\x00\x01\xb3", Sniffed(Kind.VIDEO)),
    (b"OggS", Sniffed(Kind.AUDIO)),
    (b"ID3", Sniffed(Kind.AUDIO)),
    (b"fLaC", Sniffed(Kind.AUDIO)),
    (b"MThd", Sniffed(Kind.AUDIO)),
    (b"\xff\xfb", Sniffed(Kind.AUDIO)),
    (b"\xff\xf3", Sniffed(Kind.AUDIO)),
    (b"\xff\xf1", Sniffed(Kind.AUDIO)),
    (b"\xff\xf9", Sniffed(Kind.AUDIO)),
    (b"%PDF-", Sniffed(Kind.DOCUMENT)),
    (b"\xd0\xcf\x11\xe0", Sniffed(Kind.DOCUMENT)),
    (b"{\\rtf", Sniffed(Kind.DOCUMENT)),
    (b"Rar!\x1a\x07", Sniffed(Kind.ARCHIVE)),
    (b"7z\xbc\xaf\x27\x1c", Sniffed(Kind.ARCHIVE)),
    (b"\x1f\x8b", Sniffed(Kind.ARCHIVE)),
    (b"\xfd7zXZ\x00", Sniffed(Kind.ARCHIVE)),
    (b"\x28\xb5\x2f\xfd", Sniffed(Kind.ARCHIVE)),
    (b"BZh", Sniffed(Kind.ARCHIVE)),
)
_RIFF = {
    b"WEBP": Sniffed(Kind.PICTURE, "WEBP"),
    b"AVI ": Sniffed(Kind.VIDEO),
    b"WAVE": Sniffed(Kind.AUDIO),
}
_MATROSKA = b"\x1aE\xdf\xa3"
_ISO_PARTS = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1"}
_AUDIO_BRANDS = {b"M4A ", b"M4B ", b"M4P "}
_BMP_HEADER_SIZES = {12, 16, 40, 52, 56, 64, 108, 124}
_ICON_FORMATS = {b"\x00\x00\x01\x00": "ICO", b"\x00\x00\x02\x00": "CUR"}
_STREAM_PACKET_BYTES = 188
"""Each packet of an MPEG transport stream begins with the letter G."""
_DOCUMENT_MARKS = (b"word/", b"xl/", b"ppt/", b"mimetypeapplication/", b"[Content_Types].xml")
_SVG = re.compile(rb"<svg[\s>]", re.IGNORECASE)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def sniff(data: bytes) -> Sniffed:
    """Say what ``data`` is. Looks at the first 4 KiB (Lottie: at the JSON); never raises."""
    start = data[:_LOOK_BYTES]
    for prefix, found in _PREFIXES:
        if start.startswith(prefix):
            return found
    return _container(start) or _short_header(start) or _by_text(start, data)


def require_picture(data: bytes) -> str:
    """Return the format of ``data``, one of ``PICTURE_FORMATS``.

    Raises PictureBroken (``empty``), NotAPicture or FormatUnsupported.
    """
    if not data:
        raise PictureBroken("empty")
    found = sniff(data)
    if found.kind is not Kind.PICTURE:
        raise NotAPicture(found.kind.value)
    if found.format not in PICTURE_FORMATS:
        raise FormatUnsupported(found.format)
    return found.format


def video_container(data: bytes) -> str | None:
    """Return how a video that Discord plays is packed: ``mov`` (MP4, QuickTime) or ``matroska``.

    The latter is what WebM is. None for everything else, other videos among them.
    """
    start = data[:_LOOK_BYTES]
    if start.startswith(_MATROSKA):
        return "matroska"
    found = _container(start)
    return "mov" if start[4:8] in _ISO_PARTS and found == Sniffed(Kind.VIDEO) else None


def webp_size(data: bytes) -> tuple[int, int]:
    """Return width and height of the canvas (WebP container specification); 0 x 0 if unclear."""
    chunk, start = data[12:16], data[20:30]
    if len(start) < 10:  # noqa: PLR2004 - the longest of the three headers
        return 0, 0
    if chunk == b"VP8X":
        return 1 + int.from_bytes(start[4:7], "little"), 1 + int.from_bytes(start[7:10], "little")
    if chunk == b"VP8L":
        bits = int.from_bytes(start[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 ":
        width, height = (int.from_bytes(start[at : at + 2], "little") for at in (6, 8))
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def _container(start: bytes) -> Sniffed | None:
    """Recognise files made of named parts."""
    if start.startswith(b"RIFF"):
        return _RIFF.get(start[8:12], Sniffed(Kind.UNKNOWN))
    if start[4:8] in _ISO_PARTS:
        return _iso_media(start)
    if start.startswith(b"PK\x03\x04"):
        document = any(mark in start for mark in _DOCUMENT_MARKS)
        return Sniffed(Kind.DOCUMENT if document else Kind.ARCHIVE)
    if start[257:262] == b"ustar":
        return Sniffed(Kind.ARCHIVE)
    packets = start[: 3 * _STREAM_PACKET_BYTES : _STREAM_PACKET_BYTES]
    return Sniffed(Kind.VIDEO) if packets == b"GGG" else None


def _short_header(start: bytes) -> Sniffed | None:
    """Recognise pictures whose first bytes alone would also fit a text or anything else."""
    if start.startswith(b"BM") and int.from_bytes(start[14:18], "little") in _BMP_HEADER_SIZES:
        return Sniffed(Kind.PICTURE, "BMP")
    entries = int.from_bytes(start[4:6], "little")
    if start[:4] in _ICON_FORMATS and entries:
        return Sniffed(Kind.PICTURE, _ICON_FORMATS[start[:4]])
    return None


def _iso_media(start: bytes) -> Sniffed:
    """Tell AVIF, HEIC, sound and film apart by their brands (ISO/IEC 14496-12, ``ftyp``)."""
    if start[4:8] != b"ftyp":
        return Sniffed(Kind.VIDEO)
    end = min(int.from_bytes(start[:4], "big"), len(start))
    major = start[8:12]
    brands = {major} | {start[at : at + 4] for at in range(16, end - 3, 4)}
    if brands & _AVIF_BRANDS:
        return Sniffed(Kind.PICTURE, "AVIF")
    if brands & _HEIF_BRANDS:
        return Sniffed(Kind.PICTURE, "HEIF")
    return Sniffed(Kind.AUDIO if major in _AUDIO_BRANDS else Kind.VIDEO)


def _by_text(start: bytes, data: bytes) -> Sniffed:
    """Tell sorts of text apart; ``unknown`` for bytes that are none."""
    text = start.removeprefix(_BYTE_ORDER_MARK).lstrip()
    if b"%PDF-" in start[:1024]:
        return Sniffed(Kind.DOCUMENT)
    if text.startswith(b"<"):
        if _HTML.search(text):
            return Sniffed(Kind.WEB_PAGE)
        return Sniffed(Kind.DRAWING if _SVG.search(text) else Kind.TEXT)
    if not _is_text(start):
        return Sniffed(Kind.UNKNOWN)
    if text.startswith(b"{") and b'"' in text and _is_lottie(data):
        return Sniffed(Kind.LOTTIE)
    return Sniffed(Kind.TEXT)


def _is_text(start: bytes) -> bool:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    if not start.strip() or _CONTROL.search(start):
        return False
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(start) == _LOOK_BYTES and error.start >= _LOOK_BYTES - 3
    return True


def _is_lottie(data: bytes) -> bool:
    """Lottie is JSON with layers, a frame rate and a version (Discord's stickers of format 3)."""
    if len(data) > 1_000_000:  # noqa: PLR2004 - Discord's stickers end at half of that
        return False
    try:
        parsed = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(parsed, dict) and {"v", "fr", "layers"} <= parsed.keys()
