"""Right-click commands: members report a picture, moderators look at one."""

from pathlib import Path

import discord
import simcord
from sqlalchemy import select

from bot.domain.errors import RateLimited
from bot.domain.moderation.policy import Policy
from bot.domain.moderation.upload import Author
from bot.services.moderation.intake import Intake
from bot.storage.moderation_tables import ReportRow
from bot.ui.moderation.watching import REPORT_PRIORITY
from tests.discord.watching import PICTURE, Watched, away, watched
from tests.discord.world import shown

REPORT, CHECK = "Report picture", "Check picture"
MENU = discord.AppCommandType.message.value


async def report(
    w: Watched, actor: simcord.MemberActor, message: discord.Message, reason: str
) -> simcord.InteractionResult:
    opened = await actor.context_menu(w.channel, REPORT, message)
    return await actor.submit_modal(opened, {"reason": reason})


async def test_a_report_is_recorded_with_priority_and_its_reason(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        message = await w.mod.send(w.channel, "look", attachments=PICTURE)
        assert await w.uploads() == []
        answer = await report(w, w.ann, message, "This is my face.")
        assert answer.ephemeral
        assert "moderators of this server" in shown(answer)
        (upload,) = await w.uploads()
        assert upload.new.key == f"r:m:{message.id}:a:{message.attachments[0].id}"
        assert (upload.new.priority, upload.reports) == (REPORT_PRIORITY, 1)
        assert (upload.new.author_id, upload.new.author) == (w.mod.id, Author.MEMBER)
        async with w.database.reading() as session:
            (row,) = (await session.scalars(select(ReportRow))).all()
        assert row.reporter_id == w.ann.id


async def test_reporting_twice_is_said_and_changes_nothing(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        message = await w.mod.send(w.channel, attachments=PICTURE)
        await report(w, w.ann, message, "Bad.")
        again = await report(w, w.ann, message, "Still bad.")
        assert "before" in shown(again)
        await report(w, w.guild.add_member(w.env.create_user("ben")), message, "Bad.")
        (upload,) = await w.uploads()
        assert upload.reports == 2


async def test_a_picture_that_was_looked_at_is_looked_at_afresh(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        message = await w.ann.send(w.channel, attachments=PICTURE)
        await report(w, w.mod, message, "Look again.")
        keys = [upload.new.key for upload in await w.uploads()]
        assert keys == [key for bare in keys[:1] for key in (bare, f"r:{bare}")]


async def test_where_it_is_not_switched_on_that_is_said(tmp_path: Path) -> None:
    async with watched(tmp_path, policy=Policy()) as w:
        message = await w.mod.send(w.channel, attachments=PICTURE)
        answer = await w.ann.context_menu(w.channel, REPORT, message)
        assert answer.ephemeral
        assert answer.modal is None
        assert "not switched on" in shown(answer)
        assert await w.uploads() == []


async def test_a_message_without_picture_is_said_to_have_none(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        message = await w.mod.send(w.channel, "words")
        for actor, menu in ((w.ann, REPORT), (w.mod, CHECK)):
            answer = await actor.context_menu(w.channel, menu, message)
            assert answer.ephemeral
            assert "no picture" in shown(answer)


async def test_our_own_messages_cannot_be_reported(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        me = w.env.backend.bot_user.id
        files = w.env.backend.store_attachments(w.channel.id, PICTURE)
        w.env.backend.create_message(w.channel.id, me, "", attachments=files)
        await w.env.settle()
        answer = await w.ann.context_menu(w.channel, REPORT, w.channel.history()[0])
        assert "I wrote that message myself" in shown(answer)
        assert await w.uploads() == []


async def test_too_many_reports_are_refused_in_words(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:

        def refuse(person_id: int) -> None:
            assert person_id == w.ann.id
            raise RateLimited(1800)

        w.house.moderation.intake = Intake(w.house.moderation.uploads, charge_report=refuse)
        message = await w.mod.send(w.channel, attachments=PICTURE)
        answer = await report(w, w.ann, message, "Bad.")
        assert "30 minutes" in shown(answer)
        assert await w.uploads() == []


async def test_a_moderator_sees_what_the_rules_make_of_it_and_nothing_is_kept(
    tmp_path: Path,
) -> None:
    async with watched(tmp_path, policy=Policy()) as w:
        message = await w.ann.send(w.channel, "mine", attachments=PICTURE * 2)
        answer = await w.mod.context_menu(w.channel, CHECK, message)
        assert answer.ephemeral
        assert [text for _, text in w.house.moderation.looked] == ["mine", "mine"]
        assert [ref.item_id for ref, _ in w.house.moderation.looked] == [
            item.id for item in message.attachments
        ]
        assert len(answer.followups) == 1
        assert all(followup.ephemeral for followup in answer.followups)
        assert await w.uploads() == []


async def test_only_the_first_few_pictures_are_checked_and_that_is_said(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        message = await w.mod.send(w.channel, attachments=PICTURE * 6)
        answer = await w.mod.context_menu(w.channel, CHECK, message)
        assert len(w.house.moderation.looked) == 4
        assert "the first 4 pictures" in str(answer.followups[-1].components)


async def test_both_are_for_servers_and_the_check_is_for_moderators(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        registered = w.env.backend.commands[None]
        report_menu, check_menu = (registered[name, MENU] for name in (REPORT, CHECK))
        for menu in (report_menu, check_menu):
            assert menu["contexts"] == [0]
            assert menu["integration_types"] == [0]
        assert report_menu["default_member_permissions"] is None
        needed = discord.Permissions(manage_messages=True)
        assert check_menu["default_member_permissions"] == needed.value


async def test_who_is_offered_the_check_without_the_right_is_refused(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        message = await w.mod.send(w.channel, attachments=PICTURE)
        command_id = int(w.env.backend.commands[None][CHECK, MENU]["id"])
        w.guild.set_command_permissions(command_id, {w.ann: True})
        answer = await w.ann.context_menu(w.channel, CHECK, message)
        assert answer.ephemeral
        assert "Manage Messages" in shown(answer)
        assert w.house.moderation.looked == []


async def test_after_a_restart_a_report_still_works(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        message = await w.mod.send(w.channel, attachments=PICTURE)
        async with away(w):
            pass
        await report(w, w.ann, message, "Bad.")
        assert len(await w.uploads()) == 1
