"""The chart of moderation is drawn in a process of its own, and stays readable."""

import io
from datetime import date, timedelta

import pytest
from PIL import Image

from bot.domain.errors import ServiceError
from bot.media import chart as module
from bot.media.chart import Chart, Label, draw_chart, installed

pytest.importorskip("matplotlib")


def chart(days: int, most: int = 9, text: str = "looked at") -> Chart:
    figures = [index * most // max(1, days - 1) for index in range(days)]
    names = ("scanned", "flagged", "confirmed", "overturned")
    return Chart(
        [date(2026, 1, 1) + timedelta(days=index) for index in range(days)],
        figures,
        figures,
        figures,
        figures,
        labels={name: Label(text, name) for name in names},
    )


@pytest.mark.parametrize(("days", "most"), [(1, 0), (30, 9), (90, 10**6)])
async def test_every_length_of_time_gives_a_picture(days: int, most: int) -> None:
    data = await draw_chart(chart(days, most))
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "PNG"
        assert picture.size == (1200, 720)
        assert len(picture.convert("RGB").getcolors(2**20) or ()) > 8


def test_words_that_no_font_has_are_drawn_in_english() -> None:
    assert module._label({"text": "字", "english": "looked at"}, {"x": frozenset({65})}) == (
        "looked at"
    )
    assert module._label({"text": "A", "english": "looked at"}, {"x": frozenset({65})}) == "A"


def test_it_is_known_whether_it_can_be_drawn() -> None:
    assert installed()


async def test_a_worker_that_cannot_draw_is_a_failure_of_ours() -> None:
    broken = Chart([date(2026, 1, 1)], [1], [1], [1], [1], labels={})
    with pytest.raises(ServiceError):
        await draw_chart(broken)
