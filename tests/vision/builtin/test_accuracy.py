"""How well text is read, on drawn pages that go the whole road as PNG and JPEG bytes."""

import sys
from collections.abc import Iterable

import pytest

from tests.vision.builtin import texts
from tests.vision.builtin.conftest import Road
from tests.vision.builtin.pages import DARK_MODE, Page, draw, draw_on_photo, error_rate

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLEAN_LIMIT, HARD_LIMIT = 0.03, 0.05
FACES = {"latin": texts.ENGLISH, "japanese": texts.JAPANESE, "chinese": texts.CHINESE}


def one_of_each(size: int, place: int = 0) -> list[Page]:
    return [draw(pages[place], face, size) for face, pages in FACES.items()]


def clean_pages() -> Iterable[tuple[str, bytes]]:
    """24 pages: three languages, four sizes, five fonts, PNG and JPEG."""
    for face, pages in FACES.items():
        for place, size in enumerate((14, 18, 24, 36)):
            page = draw(pages[place], face, size)
            yield page.text, page.encoded()
    for face, pages in FACES.items():
        for place, size in enumerate((16, 28)):
            page = draw(pages[3 - place], face, size)
            yield page.text, page.encoded("JPEG", quality=85)
    for lines, face, size in (
        (texts.CODE, "mono", 16),
        (texts.ENGLISH[3], "mono", 20),
        (texts.CHINESE[0], "chinese-variable", 20),
        (texts.TRADITIONAL, "traditional", 22),
        (texts.JAPANESE[1] + texts.ENGLISH[2], "japanese", 18),
        (texts.CHINESE[1] + texts.ENGLISH[0], "chinese", 18),
    ):
        page = draw(lines, face, size)
        yield page.text, page.encoded()


async def rate_of(road: Road, pages: Iterable[tuple[str, bytes]]) -> tuple[int, float]:
    pairs = []
    for text, data in pages:
        answer = await road.ask(data)
        assert answer.notes == (), "a good page was refused"
        pairs.append((answer.text, text))
    return len(pairs), error_rate(pairs)


def report(capsys: pytest.CaptureFixture[str], kind: str, count: int, rate: float) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\nocr_cer {kind} pages={count} cer={rate:.2%}\n")


async def test_clean_pages_are_read_with_few_errors(
    road: Road, capsys: pytest.CaptureFixture[str]
) -> None:
    count, rate = await rate_of(road, clean_pages())
    report(capsys, "clean", count, rate)
    assert count >= 20
    assert rate < CLEAN_LIMIT


@pytest.mark.parametrize("degrees", [90, 180, 270])
async def test_pages_on_their_side_or_upside_down_are_read(
    road: Road, capsys: pytest.CaptureFixture[str], degrees: int
) -> None:
    pages = [page.turned(degrees) for page in one_of_each(20, place=1)]
    count, rate = await rate_of(road, ((page.text, page.encoded()) for page in pages))
    report(capsys, f"turned_{degrees}", count, rate)
    assert rate < HARD_LIMIT


@pytest.mark.parametrize("colours", [2, 16])
async def test_palette_pngs_are_read(
    road: Road, capsys: pytest.CaptureFixture[str], colours: int
) -> None:
    pages = [page.with_colours(colours) for page in one_of_each(18, place=2)]
    count, rate = await rate_of(road, ((page.text, page.encoded()) for page in pages))
    report(capsys, f"palette_{colours}", count, rate)
    assert rate < HARD_LIMIT


async def test_dark_mode_is_read(road: Road, capsys: pytest.CaptureFixture[str]) -> None:
    pages = [draw(lines[3], face, 16, DARK_MODE) for face, lines in FACES.items()]
    count, rate = await rate_of(road, ((page.text, page.encoded()) for page in pages))
    report(capsys, "dark_mode", count, rate)
    assert rate < HARD_LIMIT


async def test_captions_over_photos_are_read(
    road: Road, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = [
        draw_on_photo(lines[place], face, size, seed=place)
        for face, lines in FACES.items()
        for place, size in ((0, 24), (1, 32))
    ]
    data = [(page.text, page.encoded("JPEG", quality=88)) for page in pages]
    count, rate = await rate_of(road, data)
    report(capsys, "over_photos", count, rate)
    assert rate < HARD_LIMIT


async def test_a_long_screenshot_is_read_without_seams(
    road: Road, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line for pages in FACES.values() for page in pages for line in page]
    page = draw(lines, "japanese", 24)
    assert page.image.height > 2.5 * page.image.width
    count, rate = await rate_of(road, [(page.text, page.encoded())])
    report(capsys, "long_screenshot", count, rate)
    assert rate < HARD_LIMIT


async def test_european_letters_are_read(road: Road, capsys: pytest.CaptureFixture[str]) -> None:
    pages = [draw(lines, "latin", 22) for lines in texts.EUROPEAN.values()]
    count, rate = await rate_of(road, ((page.text, page.encoded()) for page in pages))
    report(capsys, "european", count, rate)
    assert rate < CLEAN_LIMIT


async def test_the_error_rate_sees_a_reader_that_is_wrong(road: Road) -> None:
    right = draw(texts.ENGLISH[0], "latin", 20)
    read = (await road.ask(right.encoded())).text
    assert error_rate([(read, right.text)]) < CLEAN_LIMIT
    assert error_rate([(read.replace("e", "c"), right.text)]) > HARD_LIMIT
    assert error_rate([(read[: len(read) // 2], right.text)]) > HARD_LIMIT
    assert error_rate([("", right.text)]) == 1.0
