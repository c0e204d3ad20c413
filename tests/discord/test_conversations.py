"""/conversations: who sees what, and what the buttons of the list do."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot.domain.conversation import Closer, Place, TurnState
from tests.discord.engines import HandEngine
from tests.discord.kept import keeping, store_of, talk, unanswered
from tests.discord.pictures import png
from tests.discord.world import World, components, labels, restarted, shown, texts

MARKUP = "**[@everyone](https://evil.example) <@1> `x` "


async def pressed(
    w: World, actor: simcord.MemberActor, shown: simcord.InteractionResult, label: str
) -> simcord.InteractionResult:
    assert shown.response is not None
    return await actor.click(shown.response.message, label=label)


async def test_my_conversations_are_listed_newest_first_for_me_alone(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        first = await talk(w, w.ann.id, "Which colour is the door?", pictures=2)
        await talk(w, w.ann.id, "And the roof?", parent=first, pictures=0)
        await talk(w, w.ben.id, "What is Ben's?")
        await talk(w, w.ann.id, "A secret", private=True, pictures=0)
        await talk(w, w.ann.id, "From home", guild_id=None)
        result = await w.slash(w.ann, "conversations")
        assert result.ephemeral
        lines = shown(result).splitlines()
        assert lines[0] == "## Your conversations"
        assert [line.split(",")[0] for line in lines[1:4]] == [
            "**1.** From home: 1 question and 1 picture",
            "**2.** A secret: 1 question",
            "**3.** Which colour is the door?: 2 questions and 2 pictures",
        ]
        assert [line.rpartition(", ")[2] for line in lines[1:4]] == [
            "in direct messages",
            "private",
            f"in <#{w.channel.id}>",
        ]
        assert all("<t:" in line and ":R>" in line for line in lines[1:4])
        assert "Ben" not in shown(result)
        assert labels(result)[:3] == ["Open 1", "Export 1", "Delete 1"]


async def test_an_empty_list_says_so(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        result = await w.slash(w.ann, "conversations")
        assert "There are none to show." in shown(result)
        assert labels(result) == []
        assert "conversation settings:" in shown(result)


async def test_a_hundred_conversations_are_paged_through_within_discords_limits(
    tmp_path: Path,
) -> None:
    async with keeping(tmp_path) as w:
        for number in range(100):
            await talk(w, w.ann.id, f"{number:02} " + MARKUP * 4, pictures=0)
        result = await w.slash(w.ann, "conversations")
        seen: list[str] = []
        while True:
            found = components(result.response)
            assert len(found) <= 40
            assert sum(len(item.get("content", "")) for item in found) <= 4000
            seen += [line for line in shown(result).splitlines() if line.startswith("**")]
            assert "<@1>" not in shown(result).replace("\\<", "")
            assert "@everyone" not in shown(result)
            if "Older" not in labels(result):
                break
            await pressed(w, w.ann, result, "Older")
        numbers = [line.partition(".** ")[0].strip("*") for line in seen]
        assert numbers == [str(number) for number in range(1, 101)]
        assert [line.partition(".** ")[2][:2] for line in seen] == [
            f"{number:02}" for number in reversed(range(100))
        ]
        for _ in range(19):
            await pressed(w, w.ann, result, "Newer")
        assert "Newer" not in labels(result)
        assert "**1.** 99" in shown(result)


async def test_open_shows_the_last_turns_a_link_and_how_to_go_on(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        turn = await talk(w, w.ann.id, "Question 0", answer="Answer 0")
        for number in range(1, 5):
            turn = await talk(
                w,
                w.ben.id,
                f"Question {number}",
                answer=f"Answer {number} *not bold*",
                parent=turn,
                pictures=0,
                message_id=77,
            )
        result = await w.slash(w.ann, "conversations")
        view = await pressed(w, w.ann, result, "Open 1")
        assert view.ephemeral
        assert shown(view).splitlines() == [
            "## Question 0",
            f"<@{w.ben.id}> asked:",
            "> Question 2",
            "Answer 2 \\*not bold\\*",
            f"<@{w.ben.id}> asked:",
            "> Question 3",
            "Answer 3 \\*not bold\\*",
            f"<@{w.ben.id}> asked:",
            "> Question 4",
            "Answer 4 \\*not bold\\*",
            "-# There is more before this: “Export” has all of it.",
        ]
        follow, link = [item for item in components(view.response) if item["type"] == 2]
        assert follow["custom_id"] == f"lookout:turn:followup:{turn.id}:{w.ben.id}:private"
        assert link["url"] == f"https://discord.com/channels/{w.guild.id}/{w.channel.id}/77"
        assert labels(result)[0] == "Open 1"


async def test_what_is_said_of_a_spoiler_stays_hidden(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        await talk(w, w.ann.id, "Who dies?", answer="Nobody || dies", spoiler=True)
        result = await w.slash(w.ann, "conversations")
        view = await pressed(w, w.ann, result, "Open 1")
        assert "||Who dies?||" in shown(view)
        assert "||Nobody" in shown(view)
        assert shown(view).count("||") == 6


async def test_long_answers_are_shown_in_part(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        turn = None
        for _ in range(3):
            turn = await talk(w, w.ann.id, "* " * 1000, answer="[x] " * 2000, parent=turn)
        result = await w.slash(w.ann, "conversations")
        view = await pressed(w, w.ann, result, "Open 1")
        assert sum(len(item.get("content", "")) for item in components(view.response)) <= 4000
        assert "shown in part" in shown(view)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (TurnState.FAILED, "I could not answer this."),
        (TurnState.STOPPED, "This was stopped before there was an answer."),
        (TurnState.INTERRUPTED, "I was restarted before I could answer this."),
    ],
)
async def test_a_turn_without_an_answer_says_why(
    tmp_path: Path, state: TurnState, said: str
) -> None:
    async with keeping(tmp_path) as w:
        turn_id = await unanswered(w, w.ann.id)
        result = await w.slash(w.ann, "conversations")
        assert "still being answered" in shown(await pressed(w, w.ann, result, "Open 1"))
        await store_of(w).ended(turn_id, state)
        view = await pressed(w, w.ann, result, "Open 1")
        assert said in shown(view)
        assert labels(view) == []


async def test_export_gives_everything_as_one_file(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        first = await talk(w, w.ann.id, "Which colour?", pictures=2)
        await talk(w, w.ben.id, "And now?", parent=first, pictures=1)
        result = await w.slash(w.ann, "conversations")
        given = await pressed(w, w.ann, result, "Export 1")
        assert given.ephemeral
        assert "With 3 pictures, in the folder pictures." in shown(given)
        archive = await unpacked(given)
        names = archive.namelist()
        assert names[:2] == ["conversation.md", "conversation.json"]
        assert len([name for name in names if name.startswith("pictures/")]) == 3
        assert "Which colour?" in archive.read("conversation.md").decode()
        assert "Which colour?" in json.dumps(json.loads(archive.read("conversation.json")))
        assert archive.read(names[2]).startswith(b"\x89PNG")


async def test_delete_asks_once_and_can_be_taken_back(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        await talk(w, w.ann.id, "First")
        await talk(w, w.ann.id, "Second", pictures=2)
        result = await w.slash(w.ann, "conversations")
        await pressed(w, w.ann, result, "Delete 1")
        assert "Delete this conversation?" in shown(result)
        assert "Second" in shown(result)
        assert labels(result) == ["Delete for good", "Keep"]
        await pressed(w, w.ann, result, "Keep")
        assert "Second" in shown(result)
        await pressed(w, w.ann, result, "Delete 1")
        await pressed(w, w.ann, result, "Delete for good")
        assert shown(result).splitlines()[0] == "Deleted: 1 question and 2 pictures."
        assert "Second" not in shown(result)
        assert "**1.** First" in shown(result)
        assert len(await store_of(w).of_person(w.ann.id, limit=9)) == 1


async def test_deleting_the_last_of_a_page_goes_back_a_page(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        for number in range(6):
            await talk(w, w.ann.id, f"Number {number}", pictures=0)
        result = await w.slash(w.ann, "conversations")
        await pressed(w, w.ann, result, "Older")
        assert labels(result) == ["Open 6", "Export 6", "Delete 6", "Newer"]
        await pressed(w, w.ann, result, "Delete 6")
        await pressed(w, w.ann, result, "Delete for good")
        assert labels(result)[0] == "Open 1"
        assert "Newer" not in labels(result)
        assert "Older" not in labels(result)


async def test_what_is_gone_meanwhile_says_so(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        turn = await talk(w, w.ann.id, "First")
        result = await w.slash(w.ann, "conversations")
        await store_of(w).delete(turn.conversation_id)
        for label in ("Open 1", "Export 1"):
            view = await pressed(w, w.ann, result, label)
            assert "no longer keep what this belongs to" in shown(view)
        await pressed(w, w.ann, result, "Delete 1")
        assert "That conversation was gone already." in shown(result)
        assert "There are none to show." in shown(result)


async def test_moderators_list_and_delete_those_of_their_server(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        await talk(w, w.ann.id, "Public words")
        result = await w.slash(w.mod, "conversations", server=True)
        assert "## Conversations of this server" in shown(result)
        assert "Public words" in shown(result)
        view = await pressed(w, w.mod, result, "Open 1")
        assert "It is red." in shown(view)
        await pressed(w, w.mod, result, "Delete 1")
        await pressed(w, w.mod, result, "Delete for good")
        assert "Deleted: 1 question and 1 picture." in shown(result)
        assert await store_of(w).of_person(w.ann.id, limit=9) == ()


async def test_members_are_not_shown_the_servers_conversations(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        await talk(w, w.ann.id, "Public words")
        result = await w.slash(w.ben, "conversations", server=True)
        assert "Only the person who asked, or a moderator" in shown(result)
        assert "Public words" not in shown(result)


async def test_a_right_in_one_channel_is_none_in_the_server(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        allowed = discord.PermissionOverwrite(manage_messages=True)
        channel = w.guild.create_text_channel("event", overwrites={w.ben: allowed})
        await talk(w, w.ann.id, "Public words")
        result = await w.ben.slash(channel, "conversations", server=True)
        assert "Public words" not in shown(result)


async def test_moderators_read_nothing_of_channels_that_are_hidden_from_them(
    tmp_path: Path,
) -> None:
    async with keeping(tmp_path) as w:
        denied = discord.PermissionOverwrite(view_channel=False)
        hidden = w.guild.create_text_channel("hidden", overwrites={w.mod: denied})
        await talk(w, w.ann.id, "Hidden words", channel_id=hidden.id)
        result = await w.slash(w.mod, "conversations", server=True)
        assert "Hidden words" not in shown(result)
        assert "**1.** Title not shown: 1 question" in shown(result)
        assert labels(result) == ["Delete 1"]


async def test_moderators_read_nothing_of_private_threads_and_lost_channels(
    tmp_path: Path,
) -> None:
    async with keeping(tmp_path) as w:
        channel = w.env.bot.get_channel(w.channel.id)
        assert isinstance(channel, discord.TextChannel)
        kind = discord.ChannelType.private_thread
        thread = await channel.create_thread(name="between us", type=kind)
        await talk(w, w.ann.id, "Words in a private thread", channel_id=thread.id)
        await talk(w, w.ann.id, "Words in a channel that is gone", channel_id=5)
        result = await w.slash(w.mod, "conversations", server=True)
        assert "Words" not in shown(result)
        assert labels(result) == ["Delete 1", "Delete 2"]


async def test_what_a_turn_looked_at_more_closely_is_named(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        await talk(w, w.ann.id, "What is there?", closer=Closer(1, Place.TOP_LEFT))
        result = await w.slash(w.ann, "conversations")
        view = await pressed(w, w.ann, result, "Open 1")
        assert "> Picture 1, looked at more closely: top left" in shown(view)


@pytest.mark.parametrize("action", ["open", "export", "delete", "gone"])
@pytest.mark.parametrize("private", [True, False])
async def test_a_forged_click_gets_nothing_of_somebody_elses(
    tmp_path: Path, action: str, private: bool
) -> None:
    """Whoever could make a click by hand is refused by what the store says, not by the button."""
    async with keeping(tmp_path) as w:
        turn = await talk(w, w.ann.id, "Hers", private=private)
        await talk(w, w.ben.id, "His")
        result = await w.slash(w.ben, "conversations")
        assert result.response is not None
        stored = w.env.backend.get_message(w.channel.id, result.response.id)
        for item in components(result.response):
            if item.get("label") == "Open 1":
                forged = f"lookout:list:{action}:{turn.conversation_id}:mine:0"
                _replace_id(stored.components, item["custom_id"], forged)
        view = await w.ben.click(result.response.message, custom_id=forged)
        said = " ".join(texts(message) for message in [view.response, *view.followups] if message)
        assert "Only the person who asked, or a moderator" in said
        assert "Hers" not in said + shown(result)
        assert await store_of(w).conversation(turn.conversation_id) is not None


async def test_a_private_turn_of_somebody_else_is_not_opened_with_the_rest(
    tmp_path: Path,
) -> None:
    async with keeping(tmp_path) as w:
        first = await talk(w, w.ann.id, "For all", answer="Seen by all")
        await talk(
            w, w.ben.id, "Ben asks alone", answer="For Ben", private=True, parent=first, pictures=0
        )
        result = await w.slash(w.ann, "conversations")
        view = await pressed(w, w.ann, result, "Open 1")
        assert "Seen by all" in shown(view)
        assert "Ben" not in shown(view)
        archive = await unpacked(await pressed(w, w.ann, result, "Export 1"))
        assert b"For Ben" not in b"".join(archive.read(name) for name in archive.namelist())


async def test_every_button_works_after_a_restart(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        for number in range(6):
            await talk(w, w.ann.id, f"Number {number}")
        result = await w.slash(w.ann, "conversations")
        asked = await w.slash(w.ann, "conversations")
        await pressed(w, w.ann, asked, "Delete 1")
        async with restarted(w, HandEngine()) as again:
            assert "It is red." in shown(await pressed(again, w.ann, result, "Open 1"))
            archive = await unpacked(await pressed(again, w.ann, result, "Export 1"))
            assert "Number 5" in archive.read("conversation.md").decode()
            await pressed(again, w.ann, asked, "Delete for good")
            assert "Number 5" not in shown(asked)
            await pressed(again, w.ann, result, "Older")
            assert "There are none" not in shown(result)


async def test_going_on_from_the_list_is_for_oneself_alone(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        turn = await talk(w, w.ann.id, "Which colour?")
        view = await pressed(w, w.ann, await w.slash(w.ann, "conversations"), "Open 1")
        form = await pressed(w, w.ann, view, "Ask a follow-up")
        assert form.modal is not None
        answer = await w.finished(await w.ann.submit_modal(form, {"question": "And the roof?"}))
        assert answer.ephemeral
        assert "And the roof?" in shown(answer)
        turns = await store_of(w).turns(turn.conversation_id)
        assert [one.private for one in turns] == [False, True]
        assert turns[1].parent_id == turn.id


async def test_going_on_alone_does_not_lead_a_thread_astray(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        asked = await w.slash(w.ann, "ask", question="Which?", picture=("a.png", png()))
        await pressed(w, w.ann, asked, "Continue in a thread")
        (thread,) = w.channel.threads
        before = await store_of(w).turn_of_thread(thread.id)
        assert before is not None
        view = await pressed(w, w.ann, await w.ann.slash(thread, "conversations"), "Open 1")
        form = await pressed(w, w.ann, view, "Ask a follow-up")
        await w.finished(await w.ann.submit_modal(form, {"question": "Between us?"}))
        turns = await store_of(w).turns(before.conversation_id)
        assert [(one.question, one.private) for one in turns][-1] == ("Between us?", True)
        assert await store_of(w).turn_of_thread(thread.id) == before


def _replace_id(items: list[dict[str, Any]], old: str, new: str) -> None:
    for item in items:
        if item.get("custom_id") == old:
            item["custom_id"] = new
        _replace_id(item.get("components", []), old, new)


async def unpacked(given: simcord.InteractionResult) -> zipfile.ZipFile:
    assert given.response is not None
    (attachment,) = given.response.attachments
    assert isinstance(attachment, discord.Attachment)
    assert attachment.filename == "conversation.zip"
    return zipfile.ZipFile(io.BytesIO(await attachment.read()))
