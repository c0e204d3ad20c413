"""Pressing a card's buttons: two clicks for what hurts, the truth for whoever comes second."""

from pathlib import Path

import pytest
import simcord

from bot.domain.moderation.assessment import Finding, Outcome, Source
from bot.domain.moderation.case import (
    ActionState,
    Case,
    CaseState,
    Decision,
    DecisionRequest,
    EventKind,
)
from bot.domain.moderation.policy import SPECIAL, Category, Step
from bot.domain.moderation.upload import Subject
from tests.discord.cases import MODERATOR, Court, court, ended, flag, repointed, told
from tests.discord.forms import deny
from tests.discord.messaging import offered, said
from tests.discord.world import components, labels


async def flagged(c: Court, author: simcord.MemberActor | None = None) -> Case:
    """Let somebody post a picture that is flagged."""
    poster = author or c.w.ann
    return await c.flagged(poster.id, (await c.posted(poster)).id)


async def sure(
    c: Court, actor: simcord.MemberActor, label: str, confirm: str
) -> simcord.InteractionResult:
    """Press a button and answer the question, in whose place the outcome stands then."""
    asked = await c.press(actor, label)
    await c.w.click(actor, asked, confirm)
    return asked


def there(c: Court) -> list[int]:
    return [message.id for message in c.w.channel.history()]


@pytest.mark.parametrize(
    ("label", "decision"),
    [("Keep", Decision.KEEP), ("Not a violation", Decision.NOT_VIOLATION)],
)
async def test_what_hurts_nobody_is_done_at_once_and_can_be_undone(
    tmp_path: Path, label: str, decision: Decision
) -> None:
    async with court(tmp_path) as c:
        case = await flagged(c)
        assert "“Undo”" in told(await c.press(c.mod, label))
        case = await c.work(case.id)
        assert (case.decision, case.decided_by) == (decision, c.mod.id)
        assert case.sightings[0].message_id in there(c)
        assert offered(c.card()) == ["Undo", "Reveal"]
        assert "open again" in told(await c.press(c.mod, "Undo"))
        assert (await c.work(case.id)).state is CaseState.OPEN
        assert "Keep" in offered(c.card())


async def test_deleting_asks_first_and_then_deletes(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        case = await flagged(c)
        asked = await c.press(c.mod, "Delete")
        assert "Delete the picture?" in told(asked)
        assert "may appeal" in told(asked)
        assert (await c.case(case.id)).state is CaseState.OPEN
        await c.w.click(c.mod, asked, "Yes, delete")
        assert "Decided. The card shows what was done" in told(asked)
        assert not labels(asked)
        case = await c.work(case.id)
        assert case.sightings[0].message_id not in there(c)
        assert ended(case) == {"delete": ActionState.DONE, "tell": ActionState.DONE}


async def test_a_question_can_be_answered_with_no(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        case = await flagged(c)
        no = await sure(c, c.mod, "Ban", "Cancel")
        assert "Nothing was done." in told(no)
        assert (await c.case(case.id)).state is CaseState.OPEN


async def test_nobody_is_banned_who_was_not_asked_about(tmp_path: Path) -> None:
    """Ben posts a copy between the two clicks: the question comes again, with both."""
    async with court(tmp_path) as c:
        case = await c.raid(c.w.ann)
        asked = await c.press(c.mod, "Ban")
        message = await c.posted(c.w.ben)
        copy = Finding(Category.SCAM, Source.BANK, 1.0, 2, case_id=case.id)
        await c.concluded(c.w.ben.id, message.id, findings=(copy,))
        await c.w.click(c.mod, asked, "Yes, ban")
        assert "so I ask again" in told(asked)
        assert f"<@{c.w.ben.id}>" in told(asked)
        assert (await c.case(case.id)).state is CaseState.OPEN
        await c.w.click(c.mod, asked, "Yes, ban")
        assert "Decided." in told(asked)
        assert (await c.case(case.id)).decision is Decision.BAN


async def test_a_time_out_asks_for_how_long(tmp_path: Path) -> None:
    async with court(tmp_path, time_out_seconds=7200) as c:
        case = await flagged(c)
        asked = await c.press(c.mod, "Time out")
        assert labels(asked) == [
            "10 minutes",
            "1 hour",
            "2 hours",
            "1 day",
            "7 days",
            "28 days",
            "Cancel",
        ]
        (usual,) = [item for item in components(asked.response) if item.get("style") == 4]
        assert usual["label"] == "2 hours"
        await c.w.click(c.mod, asked, "1 day")
        case = await c.work(case.id)
        member = c.w.env.backend.get_member(c.w.guild.id, c.w.ann.id)
        assert member.timed_out_until is not None
        assert member.timed_out_until.startswith("2026-01-02")
        assert "- Time out: done (until <t:" in said(c.card())


async def test_everything_about_a_raid_is_one_press(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        case = await c.raid(c.w.ann, c.w.ben, c.w.ann)
        asked = await c.press(c.mod, "Ban all 2")
        assert "Delete the picture and ban" in told(asked)
        assert f"<@{c.w.ann.id}>, <@{c.w.ben.id}>" in told(asked)
        await c.w.click(c.mod, asked, "Yes, ban")
        await c.work(case.id)
        assert there(c) == []
        assert c.w.guild.get_ban(c.w.ann)
        assert c.w.guild.get_ban(c.w.ben)
        assert "- Delete the message: 3 × done" in said(c.card())


async def test_blocking_says_that_copies_go_at_once(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        case = await flagged(c)
        asked = await c.press(c.mod, "Block this picture")
        assert "remove its copies at once from now on" in told(asked)
        await c.w.click(c.mod, asked, "Yes, block")
        assert (await c.work(case.id)).decision is Decision.BLOCK


async def test_the_second_presser_hears_what_the_first_chose(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        case = await flagged(c)
        role = c.w.guild.create_role("Other moderators", permissions=MODERATOR)
        second = c.w.guild.add_member(c.w.env.create_user("second"), roles=[role])
        asked = await c.press(second, "Ban")
        await sure(c, c.mod, "Delete", "Yes, delete")
        await c.w.click(second, asked, "Yes, ban")
        assert f"<@{c.mod.id}> already chose “deleted” at <t:" in told(asked)
        assert "Nothing was done twice." in told(asked)
        on_the_card = await c.press(second, "Keep")
        assert "already chose “deleted”" in told(on_the_card)
        case = await c.work(case.id)
        assert "ban" not in ended(case)
        assert f"<@{c.mod.id}> decided: deleted" in said(c.card())


async def test_undo_ends_what_can_be_ended(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        case = await flagged(c)
        await sure(c, c.mod, "Ban", "Yes, ban")
        await c.work(case.id)
        assert c.w.guild.get_ban(c.w.ann)
        assert "bans are lifted" in told(await c.press(c.mod, "Undo"))
        case = await c.work(case.id)
        assert c.w.guild.get_ban(c.w.ann) is None
        assert ended(case)["unban"] is ActionState.DONE
        assert (case.state, case.decided_at) == (CaseState.OPEN, None)


async def test_a_press_on_undo_of_an_open_case_does_nothing(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        case = await flagged(c)
        await c.press(c.mod, "Keep")
        await c.work(case.id)
        decided = await c.cases.get(case.id)
        assert decided is not None
        assert decided.decided_at is not None
        undone = await c.cases.undo(case.id, c.mod.id, decided.decided_at)
        assert undone is not None
        assert undone.fresh
        assert "no decision to take back" in told(await c.press(c.mod, "Undo"))


async def test_undo_takes_back_the_decision_its_card_shows_and_no_later_one(
    tmp_path: Path,
) -> None:
    async with court(tmp_path) as c:
        case = await flagged(c)
        await c.press(c.mod, "Keep")
        case = await c.work(case.id)
        assert case.decided_at is not None
        await c.cases.undo(case.id, c.mod.id, case.decided_at)
        await c.w.env.advance_time(5)
        again = DecisionRequest(case.id, c.w.guild.id, c.mod.id, Decision.DELETE, None, False)
        await c.cases.decide(again)
        # The card is not drawn anew yet.
        assert "already chose “deleted”" in told(await c.press(c.mod, "Undo"))
        case = await c.work(case.id)
        assert case.decision is Decision.DELETE


async def test_revealing_shows_the_message_s_own_picture_to_one_and_notes_it(
    tmp_path: Path,
) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        case = await c.flagged(c.w.ann.id, message.id)
        shown = await c.press(c.mod, "Reveal")
        assert shown.ephemeral
        (gallery,) = [item for item in components(shown.response) if item["type"] == 12]
        (item,) = gallery["items"]
        assert item["spoiler"]
        assert item["media"]["url"] == message.attachments[0].url
        assert shown.response is not None
        assert not shown.response.attachments
        events = await c.cases.events(case.id)
        assert (events[-1].kind, events[-1].actor_id) == (EventKind.REVEALED, c.mod.id)


async def test_a_message_that_shows_a_special_picture_too_is_not_revealed(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        case = await c.flagged(c.w.ann.id, message.id)
        ordinary = c.card()
        verdict = flag(rule=SPECIAL, outcome=Outcome.SPECIAL, step=Step.FLAG)
        special = await c.concluded(c.w.ann.id, message.id, verdict=verdict, key="second")
        assert special.id != case.id
        shown = await c.press(c.mod, "Reveal", ordinary)
        assert "nothing of this picture may be shown" in told(shown)
        assert [item for item in components(shown.response) if item["type"] == 12] == []
        assert [event.kind for event in await c.cases.events(case.id)] == [EventKind.OPENED]


async def test_what_is_gone_cannot_be_revealed(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        case = await c.flagged(c.w.ann.id, message.id)
        await c.mod.delete(message)
        assert "the message is gone" in told(await c.press(c.mod, "Reveal"))
        assert [event.kind for event in await c.cases.events(case.id)] == [EventKind.OPENED]


async def test_nobody_is_shown_what_they_may_not_see_in_discord(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        await flagged(c)
        deny(c.w, c.mod.id, view_channel=True)
        answer = told(await c.press(c.mod, "Reveal"))
        assert "You need the permission" in answer


@pytest.mark.parametrize("action", ["reveal", "block", "not_violation"])
async def test_a_special_case_keeps_its_secret_even_from_an_old_button(
    tmp_path: Path, action: str
) -> None:
    labels_of = {
        "reveal": "Reveal",
        "block": "Block this picture",
        "not_violation": "Not a violation",
    }
    async with court(tmp_path) as c:
        ordinary = await flagged(c)
        old = c.card()
        verdict = flag(rule=SPECIAL, outcome=Outcome.SPECIAL, step=Step.DELETE)
        message = await c.posted(c.w.ann)
        special = await c.concluded(c.w.ann.id, message.id, verdict=verdict)
        repointed(c, old, ordinary.id, special.id)
        answer = told(await c.press(c.mod, labels_of[action], old))
        assert "nothing of this picture may be shown or kept" in answer
        assert (await c.case(special.id)).state is CaseState.OPEN


async def test_a_card_of_a_case_that_is_gone_says_so(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        case = await flagged(c)
        repointed(c, c.card(), case.id, 999)
        assert "This case is no longer kept" in told(await c.press(c.mod, "Keep"))


async def test_an_emoji_is_deleted_as_one(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        emoji = c.w.guild.create_emoji("coins")
        case = await c.flagged(c.w.ann.id, emoji.id, subject=Subject.EMOJI)
        assert "an emoji of this server" in said(c.card())
        await sure(c, c.mod, "Delete", "Yes, delete")
        assert ended(await c.work(case.id))["delete"] is ActionState.DONE
        guild = c.w.env.backend.get_guild(c.w.guild.id)
        assert emoji.id not in guild.emojis
