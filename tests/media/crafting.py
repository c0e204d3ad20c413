"""Makes picture files, whole and crooked, by hand and with Pillow. The same bytes every time."""

import io
import random
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def noise(width: int, height: int, mode: str = "RGB", seed: int = 7) -> Image.Image:
    """Pixels that compress badly."""
    count = width * height * len(Image.new(mode, (1, 1)).getbands())
    return Image.frombytes(mode, (width, height), random.Random(seed).randbytes(count))


def scene(width: int = 320, height: int = 240) -> Image.Image:
    """A coloured, uneven picture: red on the left, blue on the right, a white ball, a black bar."""
    ramp = Image.linear_gradient("L").resize((width, height))
    sides = Image.merge("RGB", (ramp.rotate(90), ramp, ramp.rotate(270)))
    draw = ImageDraw.Draw(sides)
    draw.rectangle((0, 0, width // 4, height), fill=(220, 30, 30))
    draw.rectangle((3 * width // 4, 0, width, height), fill=(30, 30, 220))
    draw.ellipse((width // 3, height // 3, width // 2, height // 2), fill="white")
    draw.rectangle((0, height - height // 10, width, height), fill="black")
    return sides


def quarters(width: int = 80, height: int = 60) -> Image.Image:
    """Red, green, blue and white quarters: tells every turning and mirroring apart."""
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), fill=(255, 0, 0))
    draw.rectangle((width // 2, 0, width, height // 2 - 1), fill=(0, 255, 0))
    draw.rectangle((0, height // 2, width // 2 - 1, height), fill=(0, 0, 255))
    return picture


def saved(image: Image.Image, format_name: str, **options: Any) -> bytes:
    sink = io.BytesIO()
    image.save(sink, format_name, **options)
    return sink.getvalue()


def animation(format_name: str, colours: list[str], milliseconds: int = 200) -> bytes:
    frames = [Image.new("RGB", (64, 48), colour) for colour in colours]
    for number, frame in enumerate(frames):
        frame.putpixel((number % 64, 0), (1, 2, 3))
    return saved(
        frames[0],
        format_name,
        save_all=True,
        append_images=frames[1:],
        duration=milliseconds,
        loop=0,
    )


def chunk(kind: bytes, data: bytes, *, crc: int | None = None) -> bytes:
    checksum = zlib.crc32(kind + data) if crc is None else crc
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def header(width: int, height: int, depth: int, colour: int, interlace: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def png(ihdr: bytes, rows: bytes, *extra: bytes) -> bytes:
    """A PNG of raw ``rows`` (each with its filter byte); ``extra`` chunks come before them."""
    packed = zlib.compress(rows, 9)
    return PNG_SIGNATURE + ihdr + b"".join(extra) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def grey_16(width: int, height: int, *extra: bytes) -> bytes:
    """A 16-bit grey ramp from 0 to 65535, the same on every row."""
    row = b"\x00" + b"".join(
        struct.pack(">H", 65535 * column // (width - 1)) for column in range(width)
    )
    return png(header(width, height, 16, 0), row * height, *extra)


def gif_of_dots(canvas: int, frames: int) -> bytes:
    """Many frames of one pixel each on a large canvas: few bytes, much work."""
    screen = struct.pack("<HHBBB", canvas, canvas, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    control = b"\x21\xf9\x04\x04\x05\x00\x00\x00"
    dots = (
        control
        + b"\x2c"
        + struct.pack("<HHHHB", number % canvas, number // canvas % canvas, 1, 1, 0)
        + b"\x02\x02\x4c\x01\x00"
        for number in range(frames)
    )
    return b"GIF89a" + screen + b"".join(dots) + b"\x3b"


def with_segment(jpeg: bytes, marker: int, payload: bytes) -> bytes:
    """Put a segment right after a JPEG's start."""
    segment = struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload
    return jpeg[:2] + segment + jpeg[2:]


def with_jpeg_size(jpeg: bytes, width: int, height: int) -> bytes:
    """Let a baseline JPEG's frame header lie."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def with_avif_size(avif: bytes, width: int, height: int) -> bytes:
    at = avif.index(b"ispe") + 8
    return avif[:at] + struct.pack(">II", width, height) + avif[at + 8 :]


def exif(orientation: int, **tags: Any) -> bytes:
    """EXIF with an orientation and a place on Earth."""
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010E] = tags.get("description", "taken at home")
    block.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 36.0)})
    return block.tobytes()


def ico(entries: list[tuple[int, int, bytes]]) -> bytes:
    """An icon whose directory claims (width, height) for each embedded file."""
    offset = 6 + 16 * len(entries)
    directory, files = struct.pack("<HHH", 0, 1, len(entries)), b""
    for width, height, data in entries:
        directory += struct.pack(
            "<BBBBHHII", width, height, 0, 0, 1, 32, len(data), offset + len(files)
        )
        files += data
    return directory + files


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + kind + data


def swapped_profile() -> bytes:
    """An ICC profile (version 2, matrix) in which red is blue and blue is red."""

    def xyz(x: float, y: float, z: float) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">iii", *(round(v * 65536) for v in (x, y, z)))

    words = b"Swapped"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(words) + 1) + words + bytes(79)
    gamma = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + bytes(2)
    tags = {
        b"desc": description + bytes(-len(description) % 4),
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.1431, 0.0606, 0.7141),
        b"gXYZ": xyz(0.3851, 0.7169, 0.0971),
        b"bXYZ": xyz(0.4360, 0.2225, 0.0139),
        b"rTRC": gamma,
        b"gTRC": gamma,
        b"bTRC": gamma,
    }
    offset = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", offset + len(body), len(data))
        body += data
    head = struct.pack(
        ">I4sI4s4s4s", offset + len(body), b"lcms", 0x02100000, b"mntr", b"RGB ", b"XYZ "
    )
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">iii", 63190, 65536, 54061)
    return head + bytes(128 - len(head)) + table + body
