"""The person concerned hears what happened, and may say why it was wrong, once."""

from dataclasses import replace
from pathlib import Path

import discord
import pytest
import simcord

from bot.domain.moderation.case import ActionKind, ActionState, Case
from bot.domain.moderation.policy import Category, CustomRule, Step
from bot.domain.moderation.ports import Postponed
from bot.domain.moderation.upload import Author
from bot.storage.moderation import case_reading, finding
from tests.discord.cases import Court, court, ended, flag, repointed
from tests.discord.messaging import offered, said
from tests.discord.world import shown


async def deleted(c: Court, label: str = "Delete", confirm: str = "Yes, delete") -> Case:
    """Let Ann's picture be flagged, and a moderator decide."""
    case = await c.flagged(c.w.ann.id, (await c.posted(c.w.ann)).id)
    asked = await c.press(c.mod, label)
    await c.w.click(c.mod, asked, confirm)
    return await c.work(case.id)


def letters(actor: simcord.MemberActor) -> list[discord.Message]:
    """What a person got from the bot."""
    return sorted(actor.user.dm_channel.history(), key=lambda message: message.id)


async def appeal(c: Court, actor: simcord.MemberActor, text: str) -> simcord.InteractionResult:
    """Press Appeal under the newest message and send the form."""
    form = await actor.user.click(letters(actor)[-1], label="Appeal")
    return await c.w.finished(await actor.user.submit_modal(form, {"text": text}))


async def test_the_person_hears_what_happened_by_which_rule_and_who_decided(
    tmp_path: Path,
) -> None:
    async with court(tmp_path) as c:
        await deleted(c, "Time out", "1 day")
        (letter,) = letters(c.w.ann)
        text = said(letter)
        assert text.startswith("## About a picture of yours in Photographers")
        assert "A message of yours with a picture was removed." in text
        assert "You cannot write there until <t:" in text
        assert "**Rule:** Scams and phishing. False giveaways" in text
        assert "A moderator of the server decided this." in text
        assert "press “Appeal” and say why" in text
        assert "judge" not in text
        assert offered(letter) == ["Appeal"]


async def test_what_was_automatic_is_said_to_be(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        await c.flagged(c.w.ann.id, message.id, verdict=flag(automatic=Step.DELETE))
        assert "no person has looked at it yet" in said(letters(c.w.ann)[0])


async def test_a_rule_in_the_server_s_own_words_is_quoted(tmp_path: Path) -> None:
    own = CustomRule(3, "no screenshots of **private** messages")
    async with court(tmp_path, custom_rules=(own,)) as c:
        message = await c.posted(c.w.ann)
        verdict = flag(rule=own.id, automatic=Step.DELETE)
        await c.flagged(c.w.ann.id, message.id, verdict=verdict)
        assert r"no screenshots of \*\*private\*\* messages" in said(letters(c.w.ann)[0])


async def test_whoever_is_banned_is_told_before_they_are_out_of_reach(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        case = await deleted(c, "Ban", "Yes, ban")
        (letter,) = letters(c.w.ann)
        assert "You were banned from the server." in said(letter)
        requests = [(entry.method, entry.path) for entry in c.w.env.http_requests]
        told_at = requests.index(("POST", f"/channels/{letter.channel.id}/messages"))
        banned_at = requests.index(("PUT", f"/guilds/{c.w.guild.id}/bans/{c.w.ann.id}"))
        assert told_at < banned_at
        assert ended(case)["tell"] is ActionState.DONE


async def test_in_a_raid_everybody_is_told_first_and_may_appeal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few of the people and of the actions a case shows."""
    monkeypatch.setattr(case_reading, "ACTIONS_SHOWN", 1)
    monkeypatch.setattr(finding, "PEOPLE_SHOWN", 1)
    async with court(tmp_path) as c:
        case = await c.raid(c.w.ann, c.w.ben)
        asked = await c.press(c.mod, "Ban all 2")
        await c.w.click(c.mod, asked, "Yes, ban")
        for member in (c.w.ann, c.w.ben):
            for action in await c.cases.actions_on(case.id, member.id):
                begun = await c.cases.begin_action(action.id)
                assert begun is not None
                await c.cases.end_action(action.id, await c.enforcer.carry_out(begun))
        for member in (c.w.ann, c.w.ben):
            (letter,) = letters(member)
            assert "You were banned from the server." in said(letter)
            requests = [(entry.method, entry.path) for entry in c.w.env.http_requests]
            told_at = requests.index(("POST", f"/channels/{letter.channel.id}/messages"))
            banned_at = requests.index(("PUT", f"/guilds/{c.w.guild.id}/bans/{member.id}"))
            assert told_at < banned_at
            assert "with the moderators now" in shown(await appeal(c, member, "Sorry."))


async def test_nobody_is_told_twice(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        case = await deleted(c)
        (tell,) = [action for action in case.actions if action.kind is ActionKind.TELL]
        for _ in range(2):  # as if the process had died before it could keep that it was done
            again = replace(tell, attempts_begun=2)
            assert await c.enforcer.carry_out(again) is ActionState.DONE
        assert len(letters(c.w.ann)) == 1


async def test_closed_messages_stand_on_the_card(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        direct = c.w.ann.user.dm_channel.id
        path = f"/channels/{direct}/messages"
        c.w.env.inject_error("POST", path, status=403, code=50007, times=None)
        case = await deleted(c)
        assert ended(case) == {"delete": ActionState.DONE, "tell": ActionState.UNREACHABLE}
        assert "- Tell the person: direct messages are closed" in said(c.card())


async def test_an_outage_of_direct_messages_is_waited_for(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        direct = c.w.ann.user.dm_channel.id
        c.w.env.inject_error("POST", f"/channels/{direct}/messages", status=503, times=None)
        with pytest.raises(Postponed):
            await deleted(c)


async def test_an_appeal_comes_on_the_card_once(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        case = await deleted(c)
        sent = await appeal(c, c.w.ann, "That was @everyone's **joke**.")
        assert "Your appeal is with the moderators now." in shown(sent)
        await c.work(case.id)
        text = said(c.card())
        assert "**1 appeal:**" in text
        assert f"> <@{c.w.ann.id}>: That was @\u200beveryone's \\*\\*joke\\*\\*." in text
        again = await c.w.ann.user.click(letters(c.w.ann)[-1], label="Appeal")
        assert "You have appealed in this case already." in shown(again)
        assert again.modal is None


async def test_a_form_that_was_open_twice_counts_once(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        case = await deleted(c)
        letter = letters(c.w.ann)[-1]
        one = await c.w.ann.user.click(letter, label="Appeal")
        two = await c.w.ann.user.click(letter, label="Appeal")
        await c.w.ann.user.submit_modal(one, {"text": "first"})
        late = await c.w.ann.user.submit_modal(two, {"text": "second"})
        assert "You have appealed in this case already." in shown(late)
        assert [words.text for words in (await c.case(case.id)).appeals] == ["first"]


async def test_nobody_else_can_appeal(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        first = await deleted(c)
        case = await c.flagged(c.w.ben.id, (await c.posted(c.w.ben)).id)
        repointed(c, letters(c.w.ann)[-1], first.id, case.id)
        answer = await c.w.ann.user.click(letters(c.w.ann)[-1], label="Appeal")
        assert "Only the person whose picture this is about can appeal." in shown(answer)


async def test_a_case_that_is_gone_cannot_be_appealed(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        case = await deleted(c)
        repointed(c, letters(c.w.ann)[-1], case.id, 999)
        answer = await c.w.ann.user.click(letters(c.w.ann)[-1], label="Appeal")
        assert "no longer kept" in shown(answer)


async def test_bots_and_webhooks_are_told_nothing(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        sent = await c.w.guild.create_webhook(c.w.channel).send("coins")
        verdict = flag(automatic=Step.DELETE, rule=Category.SCAM)
        case = await c.flagged(4242, sent.id, author=Author.WEBHOOK, verdict=verdict)
        assert ended(case) == {"delete": ActionState.DONE}


async def test_a_second_decision_is_told_as_well(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        case = await deleted(c)
        await c.press(c.mod, "Undo")
        await c.work(case.id)
        asked = await c.press(c.mod, "Ban")
        await c.w.click(c.mod, asked, "Yes, ban")
        await c.work(case.id)
        first, second = letters(c.w.ann)
        assert "You were banned" not in said(first)
        assert "You were banned" in said(second)
