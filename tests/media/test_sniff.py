"""The first bytes decide."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import FormatUnsupported, NotAPicture, PictureBroken
from bot.media.sniff import PICTURE_FORMATS, Kind, Sniffed, require_picture, sniff, webp_size
from tests.media.crafting import animation, box, saved, scene

LOTTIE = json.dumps({"v": "5.5.2", "fr": 60, "layers": [{"nm": "a" * 9000}]}).encode()


@pytest.mark.parametrize(
    "format_name", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF", "ICO"]
)
def test_pictures_are_known_by_their_bytes(format_name: str) -> None:
    assert require_picture(saved(scene(), format_name)) == format_name


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (animation("PNG", ["red", "blue"]), Sniffed(Kind.PICTURE, "PNG")),
        (box(b"ftyp", b"heic\0\0\0\0mif1heic"), Sniffed(Kind.PICTURE, "HEIF")),
        (box(b"ftyp", b"mif1\0\0\0\0mif1heic"), Sniffed(Kind.PICTURE, "HEIF")),
        (box(b"ftyp", b"mif1\0\0\0\0mif1avif"), Sniffed(Kind.PICTURE, "AVIF")),
        (b"MM\x00*\x00\x00\x00\x08", Sniffed(Kind.PICTURE, "TIFF")),
        (b"\x00\x00\x02\x00\x01\x00", Sniffed(Kind.PICTURE, "CUR")),
        (b"8BPS\x00\x01", Sniffed(Kind.PICTURE, "PSD")),
        (b"%!PS-Adobe-3.0 EPSF-3.0", Sniffed(Kind.PICTURE, "EPS")),
        (box(b"ftyp", b"isom\0\0\2\0isomavc1"), Sniffed(Kind.VIDEO)),
        (box(b"ftyp", b"M4A \0\0\0\0M4A mp42"), Sniffed(Kind.AUDIO)),
        (box(b"moov", b""), Sniffed(Kind.VIDEO)),
        (b"RIFF\0\0\0\0AVI LIST", Sniffed(Kind.VIDEO)),
        (b"RIFF\0\0\0\0WAVEfmt ", Sniffed(Kind.AUDIO)),
        (b"RIFF\0\0\0\0ACON", Sniffed(Kind.UNKNOWN)),
        (b"G" + bytes(187) + b"G" + bytes(187) + b"G" + bytes(187), Sniffed(Kind.VIDEO)),
        (b"OggS\x00\x02", Sniffed(Kind.AUDIO)),
        (b"\xff\xfb\x90\x00", Sniffed(Kind.AUDIO)),
        (b"%PDF-1.4", Sniffed(Kind.DOCUMENT)),
        (b"\n\n%PDF-1.4", Sniffed(Kind.DOCUMENT)),
        (b"PK\x03\x04" + bytes(26) + b"word/document.xml", Sniffed(Kind.DOCUMENT)),
        (b"PK\x03\x04" + bytes(26) + b"a.txt", Sniffed(Kind.ARCHIVE)),
        (bytes(257) + b"ustar\x0000", Sniffed(Kind.ARCHIVE)),
        (b"7z\xbc\xaf\x27\x1c", Sniffed(Kind.ARCHIVE)),
        (b"<!doctype html><title>x</title>", Sniffed(Kind.WEB_PAGE)),
        (b"\xef\xbb\xbf \n<HTML>", Sniffed(Kind.WEB_PAGE)),
        (b"<?xml version='1.0'?>\n<!-- x -->\n<svg >", Sniffed(Kind.DRAWING)),
        (b"<?xml version='1.0'?><Error/>", Sniffed(Kind.TEXT)),
        (LOTTIE, Sniffed(Kind.LOTTIE)),
        (LOTTIE + b" " * 1_000_000, Sniffed(Kind.TEXT)),
        (b'{"error": "no"}', Sniffed(Kind.TEXT)),
        (b'{"v": ', Sniffed(Kind.TEXT)),
        (b"BM is the beginning of a text", Sniffed(Kind.TEXT)),
        ("日本語の文章。".encode() * 1000, Sniffed(Kind.TEXT)),
        ("text".encode("utf-16"), Sniffed(Kind.TEXT)),
        (b"\x7fELF\x02\x01", Sniffed(Kind.UNKNOWN)),
        (bytes(100), Sniffed(Kind.UNKNOWN)),
        (b"   \n  ", Sniffed(Kind.UNKNOWN)),
        (b"", Sniffed(Kind.UNKNOWN)),
    ],
)
def test_files_are_told_apart(data: bytes, found: Sniffed) -> None:
    assert sniff(data) == found


@given(
    start=st.sampled_from(
        [b"", b"RIFF", b"\0\0\0\x20ftyp", b"PK\x03\x04", b"BM", b"\0\0\1\0", b"<svg", b'{"', b"G"]
    ),
    rest=st.binary(max_size=600),
)
def test_any_bytes_are_some_sort_of_file(start: bytes, rest: bytes) -> None:
    found = sniff(start + rest)
    assert bool(found.format) == (found.kind is Kind.PICTURE)
    assert min(webp_size(start + rest)) >= 0


@given(data=st.binary(max_size=64))
def test_what_is_required_is_a_readable_format_or_refused(data: bytes) -> None:
    try:
        format_name = require_picture(data)
    except (PictureBroken, NotAPicture, FormatUnsupported):
        return
    assert format_name in PICTURE_FORMATS


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\0\0II*\0"}])
@pytest.mark.parametrize("size", [(1, 1), (320, 240), (3000, 17)])
def test_the_canvas_of_a_webp_is_read_from_its_header(
    options: dict[str, object], size: tuple[int, int]
) -> None:
    assert webp_size(saved(scene(*size), "WEBP", **options)) == size


def test_an_unknown_webp_has_no_size() -> None:
    assert webp_size(b"RIFF\0\0\0\0WEBPJUNK" + bytes(40)) == (0, 0)
