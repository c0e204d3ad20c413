"""/moderation case, history, export, test and check: for moderators alone, and nothing is kept."""

import io
import json
import zipfile
from pathlib import Path
from typing import cast

import discord
import pytest
import simcord
from discord.ext import commands

from bot.domain.errors import PictureGone, RateLimited
from bot.domain.moderation.assessment import (
    Assessment,
    Finding,
    Outcome,
    Source,
    Unanswered,
    Verdict,
)
from bot.domain.moderation.case import Decision, DecisionRequest
from bot.domain.moderation.fingerprint import Fingerprint
from bot.domain.moderation.policy import Category, Policy, Rule, Step
from bot.domain.moderation.ports import Examined
from bot.domain.picture import SourceKind
from bot.services.moderation.moderation import Looked
from bot.ui.moderation import exporting
from tests.discord.cases import SCAM
from tests.discord.managing import Office, office
from tests.discord.pictures import png
from tests.discord.world import labels, shown

NOBODY = Examined(Fingerprint("0" * 64), ())
NUDITY = Finding(Category.NUDITY, Source.MODEL, 0.6, 1, "bare @everyone")


def looked(verdict: Verdict, *findings: Finding, **assessment: object) -> Looked:
    return Looked(NOBODY, Assessment(findings, **assessment), verdict)  # type: ignore[arg-type]


async def flagged(o: Office, *people: simcord.MemberActor) -> None:
    """Let people post a picture each that is flagged."""
    for number, person in enumerate(people):
        await o.court.concluded(person.id, 1000 + number)


async def test_a_case_is_shown_by_its_number_with_its_history(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        case = await o.court.flagged(o.w.ann.id, (await o.court.posted(o.w.ann)).id)
        page = await o.slash(o.court.mod, "case", number=case.number)
        assert page.ephemeral
        text = shown(page)
        assert text.startswith(f"## Case {case.number}\n**Waits for a moderator.**")
        for part in (
            "**Rule:** Scams and phishing.",
            "It promises to double your coins.",
            f"<@{o.w.ann.id}>",
            f"https://discord.com/channels/{o.w.guild.id}/{o.w.channel.id}/",
            "- Opened",
            f"**Card:** https://discord.com/channels/{o.w.guild.id}/{o.court.log.id}/",
        ):
            assert part in text.replace("<t:", "\n<t:") or part.removeprefix("- ") in text
        await o.court.cases.decide(
            DecisionRequest(case.id, o.w.guild.id, o.court.mod.id, Decision.KEEP)
        )
        text = shown(await o.slash(o.court.mod, "case", number=case.number))
        assert f"<@{o.court.mod.id}> decided: kept" in text
        assert "Decided: kept" in text


async def test_a_number_that_no_case_has_is_said(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        assert "There is no case 9 here" in shown(await o.slash(o.court.mod, "case", number=9))


async def test_a_member_s_history_counts_and_turns_pages(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        await flagged(o, *[o.w.ann] * 9, o.w.ben)
        await o.court.cases.decide(
            DecisionRequest(1, o.w.guild.id, o.court.mod.id, Decision.DELETE)
        )
        page = await o.slash(o.court.mod, "history", member=o.w.ann)
        text = shown(page)
        assert page.ephemeral
        assert f"<@{o.w.ann.id}>\n9 cases altogether.\n8 are open." in text
        assert "Confirmed within the last 30 days: 1." in text
        assert text.count("**Case ") == 8
        assert "**Case 9**" in text
        assert labels(page) == ["Older"]
        await o.w.click(o.court.mod, page, "Older")
        assert shown(page).count("**Case ") == 1
        assert "**Case 1**" in shown(page)
        assert "decided: deleted" in shown(page)
        assert labels(page) == ["Newer"]
        other = await o.slash(o.court.mod, "history", member=o.chief)
        assert "0 cases altogether." in shown(other)


async def files(page: simcord.InteractionResult, o: Office) -> dict[str, bytes]:
    assert page.response is not None
    (attachment,) = page.response.message.attachments
    data = await attachment.read()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def test_cases_are_taken_away_as_csv_and_json_without_pictures(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        await flagged(o, o.w.ann, o.w.ben)
        page = await o.slash(o.court.mod, "export")
        assert page.ephemeral
        assert "2 cases, oldest first. No picture is in the file." in shown(page)
        found = await files(page, o)
        assert sorted(found) == ["cases.csv", "cases.json"]
        records = json.loads(found["cases.json"])["cases"]
        assert [record["case"] for record in records] == [1, 2]
        assert records[0]["newest_copies"][0]["author"] == str(o.w.ann.id)
        assert "thumbnail" not in records[0]
        assert b"blurred" not in found["cases.json"]
        rows = found["cases.csv"].decode("utf-8-sig").splitlines()
        assert len(rows) == 3
        mine = await o.slash(o.court.mod, "export", member=o.w.ben, days=1)
        assert "1 case, oldest first." in shown(mine)


async def test_a_file_that_would_be_too_large_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(tmp_path) as o:
        await flagged(o, o.w.ann)
        monkeypatch.setattr(exporting, "packed", lambda _: bytes(30 * 2**20))
        page = await o.slash(o.court.mod, "export")
        assert shown(page) == (
            "The file would have 30 MB, and 25 MB may be sent here. Choose fewer days."
        )
        assert page.response is not None
        assert page.response.message.attachments == []


async def test_cases_that_do_not_fit_any_more_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MAX_CASES", 1)
    async with office(tmp_path) as o:
        await flagged(o, o.w.ann, o.w.ben, o.w.ann)
        text = shown(await o.slash(o.court.mod, "export"))
        assert "1 case, oldest first." in text
        assert "2 newer cases did not fit: export fewer days for them." in text


async def test_nothing_to_export_is_said(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        assert shown(await o.slash(o.court.mod, "export")) == "There are no cases in this time."


async def test_a_picture_is_tried_and_every_finding_explained(tmp_path: Path) -> None:
    rules = {
        **Policy().rules,
        Category.SCAM: Rule(ladder=(Step.TIME_OUT,)),
        Category.WEAPONS: Rule(enabled=False),
    }
    weapon = Finding(Category.WEAPONS, Source.CLASSIFIER, 0.9, 2)
    async with office(tmp_path, rules=rules, enabled=True) as o:
        verdict = Verdict(
            Outcome.ACTED, Category.SCAM, 0.87, 2, Step.TIME_OUT, Step.DELETE, reasons=(SCAM,)
        )
        o.eye.answer = looked(verdict, SCAM, NUDITY, weapon)
        page = await o.slash(o.court.mod, "test", picture=("a.png", png()))
        assert page.ephemeral
        assert shown(page).splitlines() == [
            "## What the rules make of this picture",
            "**If it were posted:** acted on at once (Scams and phishing)",
            "What the rule asks for: delete and time out.",
            "At once: delete.",
            "- Picture model: Scams and phishing, 87 %, grave. That counts: from 70 % on.",
            "> It promises to double your coins.",
            "- Picture model: Nudity, 60 %, mild. Not enough: from 70 % on.",
            "> bare @\u200beveryone",
            "- Classifier: Weapons, 90 %, grave. The rule is switched off.",
            "Nothing was kept, and nothing was done.",
        ]
        (ref,) = o.eye.shown
        assert (ref.kind, ref.name) == (SourceKind.OPTION, "a.png")
        assert await o.court.cases.by_number(o.w.guild.id, 1) is None


async def test_a_picture_without_findings_one_without_an_answer_and_a_dry_run(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, enabled=False, dry_run=True) as o:

        async def tried() -> str:
            return shown(await o.slash(o.court.mod, "test", picture=("a.png", png())))

        text = await tried()
        assert "**If it were posted:** nothing found" in text
        assert "Moderation is off here; this is what the rules would do." in text
        o.eye.answer = looked(
            Verdict(Outcome.NEEDS_HUMAN, "unanswered", step=Step.FLAG),
            unanswered=Unanswered.REFUSED,
        )
        text = await tried()
        assert "needs a person to look (The model gave no usable answer)" in text
        assert "I would do nothing by myself: a moderator decides." in text
        assert "The model refused to judge it." in text
        verdict = Verdict(
            Outcome.FLAGGED, Category.SCAM, 0.9, 2, Step.DELETE, Step.DELETE, dry_run=True
        )
        o.eye.answer = looked(verdict, allowed_rules=frozenset({Category.NUDITY}))
        text = await tried()
        assert "At once, if this were not a dry run: delete." in text
        assert "Moderators allowed this very picture: Nudity." in text


async def test_a_special_picture_is_answered_in_words_alone(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        finding = Finding(Category.SEXUAL, Source.MODEL, 0.99, 3, "a detail")
        o.eye.answer = looked(Verdict(Outcome.SPECIAL, "special"), finding, special=True)
        text = shown(await o.slash(o.court.mod, "test", picture=("a.png", png())))
        assert "a detail" not in text
        assert "Do not save, screenshot or forward it" in text


async def test_what_goes_wrong_with_a_picture_is_said(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        o.eye.answer = PictureGone()
        text = shown(await o.slash(o.court.mod, "test", picture=("a.png", png())))
        assert text.startswith("That picture is no longer there")


async def test_a_member_without_pictures_of_their_own_has_nothing_to_look_at(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as o:
        page = await o.slash(o.court.mod, "check", member=o.w.ann)
        assert page.ephemeral
        assert "Neither an avatar of their own nor a banner" in shown(page)
        assert o.eye.shown == []


@pytest.mark.parametrize("limited", [False, True])
async def test_a_member_s_avatar_is_looked_at(tmp_path: Path, limited: bool) -> None:
    async with office(tmp_path) as o:
        o.w.env.backend.users[o.w.ann.id].avatar = "0" * 32
        if limited:
            o.eye.answer = RateLimited(30.0)
        page = await o.slash(o.court.mod, "check", member=o.w.ann)
        (ref,) = o.eye.shown
        assert f"/avatars/{o.w.ann.id}/{'0' * 32}.png" in ref.url
        if limited:
            assert shown(page).startswith("You have asked a lot just now.")
        else:
            assert "### Avatar\n**If it were posted:** nothing found" in shown(page)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("case", {"number": 1}),
        ("history", {"member": None}),
        ("stats", {}),
        ("export", {}),
        ("test", {"picture": ("a.png", png())}),
        ("check", {"member": None}),
        ("blocklist", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_server_that_shows_the_command_to_all_gives_nobody_a_right(
    tmp_path: Path, command: str, options: dict[str, object]
) -> None:
    async with office(tmp_path) as o:
        bot = cast("commands.Bot", o.w.env.bot)
        group = bot.tree.get_command("moderation")
        assert isinstance(group, discord.app_commands.Group)
        assert group.default_permissions == discord.Permissions(manage_messages=True)
        given = {name: o.w.ben if value is None else value for name, value in options.items()}
        o.show_to_all()
        refused = await o.slash(o.w.ann, command, **given)
        assert refused.ephemeral
        assert "You need the permission “Manage Messages” for that." in shown(refused)
        assert o.eye.shown == []
