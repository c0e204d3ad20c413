"""/moderation stats: a chart with its numbers in words, and the figures behind it."""

import io
from pathlib import Path

import pytest
import simcord
from PIL import Image

from bot.domain.errors import ServiceError
from bot.domain.moderation.assessment import Outcome, Verdict
from bot.domain.moderation.case import Decision, DecisionRequest
from bot.domain.moderation.policy import REPORTED
from bot.domain.moderation.upload import Conclusion
from bot.media.chart import Chart
from bot.storage.moderation.uploads import SqlUploadStore
from bot.ui.moderation import stats_view
from tests.discord.cases import flag
from tests.discord.managing import Office, office
from tests.discord.world import components, shown

pytest.importorskip("matplotlib")


async def looked_at(o: Office, person: simcord.MemberActor, number: int, verdict: Verdict) -> None:
    """Conclude a picture that was posted just now, by the clock of the simulated server."""
    uploads = SqlUploadStore(o.w.lookout.database, clock=o.w.env.now)
    await uploads.record([o.court._upload(person.id, 1000 + number)])
    await uploads.conclude(Conclusion(number, verdict))


async def test_the_figures_are_drawn_and_written(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        for number, person in enumerate((o.w.ann, o.w.ann, o.w.ben), start=1):
            await looked_at(o, person, number, flag())
        for case_id, decision in ((1, Decision.DELETE), (2, Decision.NOT_VIOLATION)):
            request = DecisionRequest(case_id, o.w.guild.id, o.court.mod.id, decision)
            await o.court.cases.decide(request)
        page = await o.slash(o.court.mod, "stats", days=7)
        assert page.ephemeral
        text = shown(page)
        assert text.startswith("## Moderation in the last 7 days")
        assert "Pictures looked at: 3. Cases: 3. Confirmed: 1. Not a violation: 1." in text
        assert "Of 2 cases that I opened and moderators judged, 50 % were right." in text
        assert "Scams and phishing: cases 3, confirmed 1, not a violation 1" in text
        assert "1 case is open." in text
        assert "From upload to verdict: 1 second in the middle" in text
        (gallery,) = [item for item in components(page.response) if item["type"] == 12]
        assert "Altogether 3 pictures looked at" in gallery["items"][0]["description"]
        assert page.response is not None
        (attachment,) = page.response.message.attachments
        with Image.open(io.BytesIO(await attachment.read())) as picture:
            assert picture.format == "PNG"


async def test_without_figures_there_is_no_chart(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        page = await o.slash(o.court.mod, "stats", days=1)
        text = shown(page)
        assert text.startswith("## Moderation in the last day")
        assert "Pictures looked at: 0." in text
        assert "Moderators have judged none of them yet." in text
        assert "0 cases are open." in text
        assert [item["type"] for item in components(page.response)].count(12) == 0


async def test_what_ended_without_a_look_is_counted_by_reason(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        await looked_at(o, o.w.ann, 1, Verdict(Outcome.GONE))
        text = shown(await o.slash(o.court.mod, "stats"))
        assert "Pictures looked at: 0." in text
        assert "### Ended without a look\n1: could not be fetched: deleted before the scan" in text


async def test_what_members_report_says_nothing_of_how_often_lookout_is_right(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as o:
        await looked_at(o, o.w.ann, 1, flag(rule=REPORTED))
        request = DecisionRequest(1, o.w.guild.id, o.court.mod.id, Decision.KEEP)
        await o.court.cases.decide(request)
        text = shown(await o.slash(o.court.mod, "stats"))
        assert "Not a violation: 1." in text
        assert "Moderators have judged none of them yet." in text


async def undrawable(_: Chart) -> bytes:
    raise ServiceError


@pytest.mark.parametrize("installed", [True, False])
async def test_without_a_chart_the_figures_say_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    monkeypatch.setattr(stats_view, "draw_chart", undrawable)
    monkeypatch.setattr(stats_view, "installed", lambda: installed)
    async with office(tmp_path) as o:
        await looked_at(o, o.w.ann, 1, flag())
        page = await o.slash(o.court.mod, "stats")
        assert "Pictures looked at: 1. Cases: 1." in shown(page)
        why = "could not be drawn just now" if installed else "install Lookout's extra"
        assert why in shown(page)
        assert page.response is not None
        assert page.response.message.attachments == []
