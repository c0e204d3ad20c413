"""Colours, brightness, motion and codes, measured on pixels whose values are known."""

import numpy as np
import pytest
import zxingcpp

from bot.vision.builtin.findings import Colour, Motion
from bot.vision.builtin.measure import codes, measure
from bot.vision.builtin.recognise import Pixels
from bot.vision.builtin.rules import grids


def flat(red: int, green: int, blue: int, width: int = 120, height: int = 80) -> Pixels:
    return np.full((height, width, 3), (blue, green, red), dtype=np.uint8)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((0, 0, 0), Colour.BLACK),
        ((28, 26, 30), Colour.BLACK),
        ((49, 51, 56), Colour.GREY),
        ((128, 128, 128), Colour.GREY),
        ((255, 255, 255), Colour.WHITE),
        ((242, 240, 236), Colour.WHITE),
        ((255, 0, 0), Colour.RED),
        ((139, 0, 0), Colour.RED),
        ((255, 165, 0), Colour.ORANGE),
        ((139, 69, 19), Colour.BROWN),
        ((100, 50, 45), Colour.BROWN),
        ((255, 255, 0), Colour.YELLOW),
        ((0, 128, 0), Colour.GREEN),
        ((124, 200, 80), Colour.GREEN),
        ((64, 224, 208), Colour.TURQUOISE),
        ((0, 0, 255), Colour.BLUE),
        ((88, 101, 242), Colour.BLUE),
        ((135, 206, 235), Colour.BLUE),
        ((128, 0, 128), Colour.PURPLE),
        ((255, 105, 180), Colour.PINK),
        ((255, 182, 193), Colour.PINK),
    ],
)
def test_colours_have_the_names_people_use(rgb: tuple[int, int, int], name: Colour) -> None:
    measured = measure([flat(*rgb)])
    assert measured.colours == ((name, 1.0),)
    assert measured.flat


def test_shares_are_those_of_the_area() -> None:
    page = flat(255, 255, 255)
    page[:20] = flat(255, 0, 0)[:20]
    measured = measure([page])
    (first, white), (second, red) = measured.colours
    assert (first, second) == (Colour.WHITE, Colour.RED)
    assert white == pytest.approx(0.75, abs=0.02)
    assert red == pytest.approx(0.25, abs=0.02)
    assert not measured.flat


def test_a_single_different_pixel_is_not_flat() -> None:
    page = flat(10, 20, 30, width=900)
    page[40, 450] = (255, 255, 255)
    assert not measure([page]).flat


def test_brightness_runs_from_black_to_white() -> None:
    levels = [measure([flat(value, value, value)]).brightness for value in (0, 60, 128, 200, 255)]
    assert levels == sorted(levels)
    assert levels[0] == 0
    assert levels[-1] == 1


def test_motion_is_told_from_the_frames() -> None:
    still, other = flat(255, 255, 255), flat(0, 0, 0)
    little = still.copy()
    little[:10, :20] = 0
    assert measure([still]).motion is Motion.STILL
    assert measure([still, still.copy()]).motion is Motion.STILL
    assert measure([still, little]).motion is Motion.LITTLE
    assert measure([still, other]).motion is Motion.MUCH
    assert not measure([still, other]).flat


def test_codes_are_read_once_however_many_frames_show_them() -> None:
    drawn = [
        np.asarray(zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(text, kind), scale=4))
        for text, kind in (
            ("https://example.org", zxingcpp.BarcodeFormat.QRCode),
            ("4006381333931", zxingcpp.BarcodeFormat.EAN13),
        )
    ]
    frames = [np.repeat(image[..., np.newaxis], 3, axis=2) for image in (*drawn, drawn[0])]
    found = codes(frames)
    assert [code.content for code in found] == ["https://example.org", "4006381333931"]
    assert found[0].kind == "QR Code"


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (200, 50)])
def test_ruled_tables_are_found_on_light_and_dark(ink: int, paper: int) -> None:
    page = flat(paper, paper, paper, width=400, height=300)
    for y in (40, 100, 160):
        page[y : y + 2, 30:351] = ink
    for x in (30, 150, 350):
        page[40:162, x : x + 2] = ink
    (grid,) = grids(page, text_height=18)
    assert grid.xs == pytest.approx((30, 150, 350), abs=2)
    assert grid.ys == pytest.approx((40, 100, 160), abs=2)


def test_a_frame_around_text_is_no_table() -> None:
    page = flat(255, 255, 255, width=400, height=300)
    page[20:280, 20:22] = page[20:280, 378:380] = 0
    page[20:22, 20:380] = page[278:280, 20:380] = 0
    assert grids(page, text_height=18) == []


def test_small_patches_of_colour_are_measured_too() -> None:
    page = flat(255, 255, 255)
    page[:4] = flat(255, 0, 0)[:4]
    (_, white), (second, red) = measure([page]).colours
    assert second is Colour.RED
    assert red == pytest.approx(0.05, abs=0.01)
    assert white + red == pytest.approx(1.0)
