"""What QR codes say is read in the worker, in any frame, and never at any length."""

import sys

import pytest
import zxingcpp
from PIL import Image

from bot.media.codes import read_codes
from tests.media.conftest import Eyes
from tests.media.crafting import saved, scene


def code(text: str, side: int = 300) -> Image.Image:
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    bits = Image.fromarray(made.to_image(scale=4))
    return bits.convert("RGB").resize((side, side), Image.Resampling.NEAREST)


def poster(*texts: str) -> Image.Image:
    image = scene(360 * max(1, len(texts)), 400)
    for number, text in enumerate(texts):
        image.paste(code(text), (30 + 360 * number, 30))
    return image


def test_codes_are_read(eyes: Eyes) -> None:
    picture = poster("https://scam.example/free", "https://discord.gg/abc")
    examined = eyes.examine(saved(picture, "JPEG"))
    assert sorted(examined.codes) == ["https://discord.gg/abc", "https://scam.example/free"]
    assert "scam" not in repr(examined)


def test_a_code_in_a_later_frame_is_read(eyes: Eyes) -> None:
    frames = [scene(360, 400), poster("https://late.example")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=200)
    assert eyes.examine(data).codes == ("https://late.example",)


def test_a_code_on_nothing_is_read_on_whatever_background(eyes: Eyes) -> None:
    black = code("https://clear.example").convert("L")
    clear = Image.new("RGBA", black.size, (0, 0, 0, 255))
    clear.putalpha(black.point(lambda level: 255 - level))
    assert eyes.examine(saved(clear, "PNG")).codes == ("https://clear.example",)


def test_a_text_is_read_once_and_cut() -> None:
    long = "x" * 800
    assert read_codes([poster(long), poster(long)]) == ("x" * 500,)


def test_blanks_before_a_text_do_not_push_it_out() -> None:
    assert read_codes([code(" " * 600 + "https://scam.example", 600)]) == ("https://scam.example",)


def test_there_are_never_too_many() -> None:
    pictures = [code(f"number {number}") for number in range(20)]
    assert read_codes(pictures) == tuple(f"number {number}" for number in range(16))


def test_without_the_library_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    assert read_codes([poster("https://scam.example")]) == ()
