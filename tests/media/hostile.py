"""Pictures that break decoders, and files that are none: what each must end in.

``expect`` is ``picture`` or ``refused`` (a PictureError). Anything else, a dead bot before all, is
a bug.
"""

import functools
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from PIL import Image

from tests.media.crafting import (
    PNG_SIGNATURE,
    animation,
    box,
    chunk,
    exif,
    gif_of_dots,
    grey_16,
    header,
    ico,
    noise,
    png,
    quarters,
    saved,
    scene,
    with_avif_size,
    with_jpeg_size,
    with_segment,
)

Expected = Literal["picture", "refused"]


@dataclass(frozen=True)
class HostilePicture:
    name: str
    file_name: str
    data: bytes = field(repr=False)
    expect: Expected


@functools.cache
def hostile_pictures() -> tuple[HostilePicture, ...]:
    """All of them; over a hundred, a few megabytes."""
    makers = (_jpegs, _pngs, _bombs, _animations, _modern, _old, _truncated, _others)
    return tuple(
        HostilePicture(name, file_name, data, expect)
        for make in makers
        for name, file_name, data, expect in make()
    )


_Row = tuple[str, str, bytes, Expected]


def _jpegs() -> Iterator[_Row]:
    plain = saved(scene(), "JPEG", quality=90)
    cmyk = saved(scene().convert("CMYK"), "JPEG")
    adobe = cmyk.index(b"Adobe") + 11
    middle = len(plain) // 2
    xmp = b'http://ns.adobe.com/xap/1.0/\x00<x tiff:Orientation="6"/>'
    yield "jpeg plain", "a.jpg", plain, "picture"
    yield "jpeg lying extension", "a.png", plain, "picture"
    yield "jpeg progressive", "a.jpg", saved(scene(), "JPEG", progressive=True), "picture"
    yield "jpeg grey", "a.jpg", saved(scene().convert("L"), "JPEG"), "picture"
    yield "jpeg CMYK", "a.jpg", cmyk, "picture"
    yield "jpeg YCCK", "a.jpg", cmyk[:adobe] + b"\x02" + cmyk[adobe + 1 :], "picture"
    yield "jpeg several pictures", "a.jpg", _mpo(), "picture"
    for turn in (0, 3, 6, 9, 65535):
        yield f"jpeg turn {turn}", "a.jpg", saved(scene(), "JPEG", exif=exif(turn)), "picture"
    broken_exif = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff" + b"\xff" * 60
    yield "jpeg broken EXIF", "a.jpg", with_segment(plain, 0xE1, broken_exif), "picture"
    loop = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00"
    yield "jpeg EXIF in a circle", "a.jpg", with_segment(plain, 0xE1, loop), "picture"
    yield "jpeg XMP", "a.jpg", with_segment(plain, 0xE1, xmp), "picture"
    profile = b"ICC_PROFILE\x00\x01\x01" + random.Random(1).randbytes(500)
    yield "jpeg broken ICC", "a.jpg", with_segment(plain, 0xE2, profile), "picture"
    lost = b"ICC_PROFILE\x00\x07\x02" + bytes(99)
    yield "jpeg ICC out of order", "a.jpg", with_segment(plain, 0xE2, lost), "picture"
    comments = plain
    for _ in range(500):
        comments = with_segment(comments, 0xFE, b"comment" * 20)
    yield "jpeg 500 comments", "a.jpg", comments, "picture"
    yield "jpeg then zip", "a.jpg", plain + _zip("word.txt"), "picture"
    yield "jpeg then web page", "a.html", plain + b"<html><script>1</script>", "picture"
    yield "jpeg huge by its header", "a.jpg", with_jpeg_size(plain, 65500, 65500), "refused"
    yield "jpeg larger by its header", "a.jpg", with_jpeg_size(plain, 3000, 3000), "picture"
    yield "jpeg of no height", "a.jpg", with_jpeg_size(plain, 320, 0), "refused"
    yield (
        "jpeg noise inside",
        "a.jpg",
        plain[:middle] + bytes(300) + plain[middle + 300 :],
        "picture",
    )
    yield "jpeg header only", "a.jpg", plain[:4], "refused"
    yield "jpeg 1x1", "a.jpg", saved(Image.new("RGB", (1, 1), "red"), "JPEG"), "picture"


def _mpo() -> bytes:
    return saved(scene(), "MPO", save_all=True, append_images=[noise(64, 48)])


def _pngs() -> Iterator[_Row]:
    palette = scene().quantize(2)
    hidden = Image.new("RGBA", (60, 60), (255, 0, 0, 0))
    yield "png 1x1", "a.png", saved(Image.new("RGB", (1, 1)), "PNG"), "picture"
    yield "png 30000x1", "a.png", saved(noise(30000, 1), "PNG"), "picture"
    yield "png 1x30000", "a.png", saved(noise(1, 30000), "PNG"), "picture"
    yield "png 2 colours", "a.png", saved(palette, "PNG", bits=1), "picture"
    yield "png 16 colours", "a.png", saved(scene().quantize(16), "PNG", bits=4), "picture"
    yield "png 1 bit", "a.png", saved(scene().convert("1"), "PNG"), "picture"
    yield "png 16 bit grey", "a.png", grey_16(256, 64), "picture"
    see_through = chunk(b"tRNS", b"\x00\x00")
    yield "png 16 bit grey tRNS", "a.png", grey_16(256, 64, see_through), "picture"
    row = b"\x00" + random.Random(2).randbytes(64 * 6)
    deep_key = chunk(b"tRNS", b"\xff\x01\xff\x02\xff\x03")
    yield "png 16 bit RGB", "a.png", png(header(64, 64, 16, 2), row * 64), "picture"
    yield "png 16 bit RGB tRNS", "a.png", png(header(64, 64, 16, 2), row * 64, deep_key), "picture"
    deep_alpha = b"\x00" + random.Random(3).randbytes(32 * 8)
    yield "png 16 bit RGBA", "a.png", png(header(32, 32, 16, 6), deep_alpha * 32), "picture"
    yield "png grey and alpha", "a.png", saved(noise(64, 64, "LA"), "PNG"), "picture"
    yield "png grey tRNS", "a.png", saved(noise(64, 64, "L"), "PNG", transparency=7), "picture"
    yield "png RGB tRNS", "a.png", saved(quarters(), "PNG", transparency=(255, 0, 0)), "picture"
    alphas = bytes(range(0, 255, 128))
    yield "png palette tRNS", "a.png", saved(palette, "PNG", transparency=alphas), "picture"
    yield "png hidden red", "a.png", saved(hidden, "PNG"), "picture"
    yield (
        "png broken eXIf",
        "a.png",
        _png_with(chunk(b"eXIf", b"II*\x00\xff\xff\xff\xff")),
        "picture",
    )
    yield "png eXIf of nothing", "a.png", _png_with(chunk(b"eXIf", b"")), "picture"
    yield "png broken iCCP", "a.png", _png_with(chunk(b"iCCP", b"x\x00\x00junk")), "picture"
    yield (
        "png wrong header CRC",
        "a.png",
        PNG_SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0), crc=1),
        "refused",
    )
    good = saved(scene(), "PNG")
    at = good.index(b"IDAT")
    flipped = good[: at + 400] + bytes([good[at + 400] ^ 255]) + good[at + 401 :]
    yield "png flipped bits", "a.png", flipped, "picture"
    yield "png without end", "a.png", good[:-12], "picture"
    yield "png without pixels", "a.png", good[: at - 4] + chunk(b"IEND", b""), "refused"
    yield "png signature only", "a.png", PNG_SIGNATURE, "refused"
    yield "png of no width", "a.png", png(header(0, 9, 8, 2), b""), "refused"
    yield "png impossible depth", "a.png", png(header(9, 9, 3, 2), bytes(300)), "refused"
    endless = PNG_SIGNATURE + header(9, 9, 8, 2) + struct.pack(">I", 2**31 - 1) + b"IDAT"
    yield "png endless chunk", "a.png", endless, "refused"
    yield "png named as text", "notes.txt", good, "picture"
    yield "png then php", "a.php", good + b"<?php system(1); ?>", "picture"


def _png_with(*extra: bytes) -> bytes:
    rows = b"".join(b"\x00" + bytes([n, 0, 255 - n]) * 48 for n in range(48))
    return png(header(48, 48, 8, 2), rows, *extra)


def _bombs() -> Iterator[_Row]:
    zeros = zlib.compress(bytes(50_000_000), 9)
    yield "bomb png 178 MP 1 bit", "a.png", _wide_zeros(13370, 1, 0), "refused"
    yield "bomb png 60000x60000", "a.png", png(header(60000, 60000, 8, 6), bytes(9)), "refused"
    yield (
        "bomb png pixels beyond size",
        "a.png",
        PNG_SIGNATURE + header(64, 64, 8, 2) + chunk(b"IDAT", zeros) + chunk(b"IEND", b""),
        "picture",
    )
    yield "bomb png zTXt", "a.png", _png_with(chunk(b"zTXt", b"k\x00\x00" + zeros)), "picture"
    yield (
        "bomb png iTXt",
        "a.png",
        _png_with(chunk(b"iTXt", b"k\x00\x01\x00\x00\x00" + zeros)),
        "picture",
    )
    yield "bomb png iCCP", "a.png", _png_with(chunk(b"iCCP", b"k\x00\x00" + zeros)), "picture"
    texts = chunk(b"zTXt", b"k\x00\x00" + zlib.compress(bytes(1_000_000), 9))
    yield "bomb png 500 zTXt", "a.png", _png_with(*[texts] * 500), "refused"
    yield "bomb png 25 MP", "a.png", _wide_zeros(5000, 8, 6), "picture"
    flat = Image.new("L", (6000, 5000), 200)
    yield "bomb jpeg progressive 30 MP", "a.jpg", saved(flat, "JPEG", progressive=True), "refused"
    yield (
        "bomb jpeg baseline 49 MP",
        "a.jpg",
        saved(Image.new("L", (7000, 7000), 99), "JPEG"),
        "picture",
    )
    yield "bomb gif canvas", "a.gif", gif_of_dots(65535, 1), "refused"
    yield "bomb gif 20000 frames", "a.gif", gif_of_dots(4000, 20_000), "picture"
    webp = saved(scene(), "WEBP", lossless=True, exif=exif(1))
    yield (
        "bomb webp canvas",
        "a.webp",
        webp[:24] + b"\xfe\x3f\x00\xfe\x3f\x00" + webp[30:],
        "refused",
    )
    avif = saved(scene(), "AVIF", speed=10)
    yield "bomb avif size", "a.avif", with_avif_size(avif, 30000, 30000), "refused"
    yield "bomb avif lying size", "a.avif", with_avif_size(avif, 4000, 3000), "picture"
    tiff = saved(Image.new("L", (5000, 5001)), "TIFF", compression="tiff_adobe_deflate")
    yield "bomb tiff deflate", "a.tif", tiff, "refused"
    large = png(header(20000, 20000, 1, 0), bytes(9))
    yield "bomb ico", "a.ico", ico([(16, 16, large)]), "refused"
    bmp = bytearray(saved(scene(), "BMP"))
    bmp[18:26] = struct.pack("<ii", 40000, 40000)
    yield "bomb bmp size", "a.bmp", bytes(bmp), "refused"


def _wide_zeros(side: int, depth: int, colour: int) -> bytes:
    samples = {0: 1, 6: 4}[colour]
    return png(header(side, side, depth, colour), bytes((side * depth * samples // 8 + 2) * side))


def _animations() -> Iterator[_Row]:
    colours = ["red", "orange", "yellow", "green", "blue", "purple"]
    gif = animation("GIF", colours)
    apng = animation("PNG", colours)
    yield "gif animated", "a.gif", gif, "picture"
    yield (
        "gif of equal frames",
        "a.gif",
        saved(quarters(), "GIF", save_all=True, append_images=[quarters()] * 3, duration=90),
        "picture",
    )
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    dot = clear.copy()
    dot.paste((255, 0, 0, 255), (5, 5, 20, 20))
    yield (
        "gif transparent",
        "a.gif",
        saved(clear, "GIF", save_all=True, append_images=[dot, clear], disposal=2),
        "picture",
    )
    yield "gif broken after two frames", "a.gif", gif[: len(gif) // 2], "picture"
    yield "gif frame outside", "a.gif", _gif_frame_at(60000, 60000), "refused"
    yield "gif without frames", "a.gif", gif_of_dots(10, 0), "refused"
    yield (
        "gif of no size",
        "a.gif",
        gif_of_dots(1, 1).replace(b"\x01\x00\x01\x00", b"\0\0\0\0", 1),
        "picture",
    )
    yield "gif broken LZW", "a.gif", gif_of_dots(32, 3).replace(b"\x4c\x01", b"\xff\xff"), "refused"
    yield "gif signature only", "a.gif", b"GIF89a", "refused"
    yield "gif and javascript", "a.js", gif.replace(b"\x3b", b"\x3b/*=1;alert(1)*/"), "picture"
    yield "apng animated", "a.png", apng, "picture"
    at = apng.index(b"acTL") + 4
    lying = apng[: at - 8] + chunk(b"acTL", struct.pack(">II", 4_000_000, 0)) + apng[at + 12 :]
    yield "apng lying count", "a.png", lying, "picture"
    yield "webp animated", "a.webp", animation("WEBP", colours), "picture"
    yield "avif animated", "a.avif", animation("AVIF", colours[:4]), "picture"


def _gif_frame_at(left: int, top: int) -> bytes:
    whole = gif_of_dots(10, 1)
    at = whole.index(b"\x2c") + 1
    return whole[:at] + struct.pack("<HH", left, top) + whole[at + 4 :]


def _modern() -> Iterator[_Row]:
    see_through = noise(64, 48, "RGBA")
    yield "webp lossy", "a.webp", saved(scene(), "WEBP"), "picture"
    yield "webp named gif", "a.gif", saved(scene(), "WEBP"), "picture"
    yield "webp lossless alpha", "a.webp", saved(see_through, "WEBP", lossless=True), "picture"
    yield "webp turned", "a.webp", saved(scene(), "WEBP", exif=exif(8)), "picture"
    yield "webp header only", "a.webp", b"RIFF\x24\x00\x00\x00WEBPVP8 ", "refused"
    yield "webp of junk", "a.webp", b"RIFF\xff\xff\xff\xffWEBPVP8X" + bytes(100), "refused"
    yield "avif", "a.avif", saved(scene(), "AVIF", speed=10), "picture"
    yield "avif alpha", "a.avif", saved(see_through, "AVIF", speed=10), "picture"
    yield "avif turned", "a.avif", saved(scene(), "AVIF", speed=10, exif=exif(6)), "picture"
    yield "avif brand only", "a.avif", box(b"ftyp", b"avif\0\0\0\0avifmif1"), "refused"


def _old() -> Iterator[_Row]:
    bmp = saved(scene(), "BMP")
    upside_down = bmp[:22] + struct.pack("<i", -240) + bmp[26:]
    yield "bmp", "a.bmp", bmp, "picture"
    yield "bmp top first", "a.bmp", upside_down, "picture"
    yield "bmp 16 colours", "a.bmp", saved(scene().quantize(16), "BMP"), "picture"
    yield "bmp 1 bit", "a.bmp", saved(scene().convert("1"), "BMP"), "picture"
    yield "bmp negative width", "a.bmp", bmp[:18] + struct.pack("<i", -320) + bmp[22:], "refused"
    icon = saved(scene().resize((64, 64)), "PNG")
    yield "ico", "a.ico", saved(scene(), "ICO", sizes=[(16, 16), (48, 48)]), "picture"
    yield "ico lying", "a.ico", ico([(16, 16, icon)]), "picture"
    yield "ico of itself", "a.ico", ico([(16, 16, ico([(16, 16, icon)]))]), "refused"
    yield "ico 255 times", "a.ico", ico([(64, 64, icon)] * 255), "picture"
    yield "ico of junk", "a.ico", ico([(16, 16, b"junk")]), "refused"
    ramp = Image.linear_gradient("L")
    for mode in ("I;16", "I;16B", "I", "F"):
        wide = ramp.convert("I").point(lambda v: v * 257) if mode != "F" else ramp.convert("F")
        yield f"tiff {mode}", "a.tif", saved(wide.convert(mode), "TIFF"), "picture"
    yield "tiff CMYK", "a.tif", saved(scene().convert("CMYK"), "TIFF"), "picture"
    yield "tiff LAB", "a.tif", saved(scene().convert("LAB"), "TIFF"), "picture"
    yield "tiff fax", "a.tif", saved(scene().convert("1"), "TIFF", compression="group4"), "picture"
    jpeg = saved(scene(), "TIFF", compression="jpeg")
    yield "tiff with jpeg inside", "a.tif", jpeg, "picture"
    yield "tiff broken jpeg inside", "a.tif", jpeg.replace(b"\xff\xda", b"\xff\x00"), "refused"
    pages = saved(scene(), "TIFF", save_all=True, append_images=[noise(64, 64)] * 5)
    yield "tiff pages", "a.tif", pages, "picture"
    yield "tiff turned", "a.tif", saved(quarters(), "TIFF", tiffinfo={274: 6}), "picture"
    circle = b"II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00"
    yield "tiff in a circle", "a.tif", circle, "refused"
    yield (
        "tiff tag bomb",
        "a.tif",
        b"II*\x00\x08\x00\x00\x00\xff\xff" + bytes(12) * 65535,
        "refused",
    )


def _truncated() -> Iterator[_Row]:
    """Cut at many places; ``shown`` is the least part (%) from which something is seen."""
    picture = scene(640, 480)
    files: tuple[tuple[str, bytes, int], ...] = (
        ("jpg", saved(picture, "JPEG", quality=90), 50),
        ("progressive.jpg", saved(picture, "JPEG", quality=90, progressive=True), 10),
        ("png", saved(picture, "PNG"), 50),
        ("gif", saved(picture, "GIF"), 10),
        ("webp", saved(picture, "WEBP"), 101),
        ("avif", saved(picture, "AVIF", speed=10), 101),
        ("bmp", saved(picture, "BMP"), 50),
        ("tif", saved(picture, "TIFF", compression="tiff_lzw"), 101),
    )
    for name, data, shown in files:
        for percent in (1, 10, 50, 90, 99):
            cut = data[: len(data) * percent // 100]
            expect: Expected = "picture" if percent >= shown else "refused"
            yield f"{name} cut at {percent} %", f"a.{name}", cut, expect


def _others() -> Iterator[_Row]:
    web_page = b"<!DOCTYPE html><html><img src=x onerror=alert(1)></html>"
    for name, data in (
        ("empty.png", b""),
        ("one byte.png", b"\x89"),
        ("text.png", b"This is no picture.\n" * 30),
        ("page.jpg", web_page),
        ("vector.svg", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
        ("report.pdf", b"%PDF-1.7\n" + saved(scene(), "JPEG")),
        ("film.mp4", box(b"ftyp", b"isom\0\0\2\0isomavc1mp41") + box(b"mdat", bytes(99))),
        ("film.mov", box(b"ftyp", b"qt  \0\0\0\0qt  ") + box(b"moov", bytes(99))),
        ("film.webm", b"\x1aE\xdf\xa3\x9fB\x86\x81\x01" + bytes(60)),
        ("song.mp3", b"ID3\x04\x00\x00" + bytes(60)),
        ("song.wav", b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(40)),
        ("files.zip", _zip("a.txt")),
        ("letter.docx", _zip("[Content_Types].xml", "word/document.xml")),
        ("bomb.gz", zlib.compress(bytes(10_000_000), 9, 31)),
        ("sticker.json", b'{"v":"5.5.2","fr":60,"ip":0,"op":180,"layers":[]}'),
        ("layers.psd", b"8BPS\x00\x01" + bytes(60)),
        ("photo.jxl", b"\xff\x0a" + bytes(60)),
        ("photo.jp2", b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(60)),
        ("drawing.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n(w) (/etc/passwd) file\n"),
        ("texture.dds", b"DDS |\x00\x00\x00" + bytes(120)),
        ("program.png", b"\x7fELF\x02\x01\x01" + bytes(60)),
        ("zeros.jpg", bytes(5000)),
        ("noise.jpg", random.Random(5).randbytes(5000)),
        ("nested.png", b"\n" + saved(scene(), "PNG")),
    ):
        yield name, name, data, "refused"


def _zip(*names: str) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), "words")
    return sink.getvalue()
