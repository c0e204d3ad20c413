"""The card of a case in the moderation log: what it says, and that there is one of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.domain.moderation.assessment import Finding, Outcome, Source, Verdict
from bot.domain.moderation.case import ActionState, Decision, DecisionRequest
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.policy import SPECIAL, UNANSWERED, Category, Step
from bot.domain.moderation.ports import Postponed
from bot.domain.moderation.upload import Author
from bot.services.moderation.acting import Acting
from bot.services.moderation.carding import Carding
from tests.discord.cases import SCAM, THUMBNAIL, Court, court, ended, flag, told
from tests.discord.forms import deny
from tests.discord.messaging import offered, ours, said
from tests.discord.world import World, restarted

ALL = [
    "Keep",
    "Not a violation",
    "Reveal",
    "Delete",
    "Time out",
    "Kick",
    "Ban",
    "Block this picture",
]


def galleries(message: discord.Message) -> list[Any]:
    found: list[Any] = []

    def walk(items: Any) -> None:
        for item in items:
            if isinstance(item, discord.MediaGalleryComponent):
                found.extend(item.items)
            walk(getattr(item, "children", ()))

    walk(message.components)
    return found


async def test_a_card_says_who_where_which_rule_and_how_sure(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        words = Finding(Category.SPAM, Source.WORDS, 1.0, 1, "double your coins")
        case = await c.flagged(c.w.ann.id, message.id, findings=(SCAM, words))
        card = c.card()
        text = said(card)
        assert text.startswith("## Case 1: Scams and phishing\n**Waits for a moderator.**")
        assert f"<@{c.w.ann.id}> (**ann**, `{c.w.ann.id}`)" in text
        assert f"<#{c.w.channel.id}>, [to the message]({message.jump_url})" in text
        assert "Rule:** Scams and phishing. False giveaways" in text
        assert "very likely (87 %). **How bad:** grave (2 of 3)." in text
        assert "- picture model: 87 %, grave" in text
        assert "- words in the picture, of another rule (Spam): 100 %, mild" in text
        assert "**Reason** (picture model): It promises to double your coins." in text
        assert "**Proposed by the rule:** delete. That waits for a moderator." in text
        assert "The person had no confirmed case before." in text
        assert offered(card) == ALL
        assert (case.card_channel_id, case.card_message_id) == (c.log.id, card.id)
        posted = c.w.env.http_requests[-1].json
        assert posted is not None
        assert posted["allowed_mentions"]["parse"] == []


async def test_the_preview_is_ours_blurred_hidden_and_described(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        await c.flagged(c.w.ann.id, message.id)
        (shown,) = galleries(c.card())
        assert shown.spoiler
        assert "so blurred that only colours and large shapes" in shown.description
        (attachment,) = c.card().attachments
        assert await attachment.read() == THUMBNAIL
        assert attachment.is_spoiler()


async def test_a_dry_run_says_what_would_have_been_done(tmp_path: Path) -> None:
    async with court(tmp_path, dry_run=True) as c:
        message = await c.posted(c.w.ann)
        verdict = flag(automatic=Step.DELETE, step=Step.BAN, dry_run=True)
        await c.flagged(c.w.ann.id, message.id, verdict=verdict)
        text = said(c.card())
        assert "**Dry run:** I would have done this at once: delete. I did nothing." in text
        assert "**Proposed by the rule:** delete and ban." in text
        assert message.id in [kept.id for kept in c.w.channel.history()]


async def test_what_was_done_at_once_stands_on_the_card(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        await c.flagged(c.w.ann.id, message.id, verdict=flag(automatic=Step.DELETE))
        text = said(c.card())
        assert "- Delete the message: done" in text
        assert "- Tell the person: done" in text
        assert offered(c.card())[:4] == [
            "Let it pass",
            "Not a violation",
            "Reveal",
            "Confirm deletion",
        ]


async def test_a_raid_has_one_card_that_counts(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        await c.raid(c.w.ann, c.w.ben, c.w.ann, c.w.ann, c.w.ben, c.w.ann, c.w.ann)
        assert len(ours(c.w, c.log)) == 1
        text = said(c.card())
        assert "**Copies:** 7. **People:** 2. The newest:" in text
        assert "and 1 other" in text
        assert "- and 2 more" in text
        assert "Delete all 7" in offered(c.card())
        assert "Ban all 2" in offered(c.card())


async def test_a_webhook_cannot_be_timed_out_or_banned(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        sent = await c.w.guild.create_webhook(c.w.channel).send("coins")
        await c.flagged(4242, sent.id, author=Author.WEBHOOK)
        assert "a webhook (`4242`)" in said(c.card())
        assert offered(c.card()) == [
            "Keep",
            "Not a violation",
            "Reveal",
            "Delete",
            "Block this picture",
        ]


async def test_the_special_case_is_an_alert_in_words(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        finding = Finding(Category.SEXUAL, Source.MODEL, 0.9, 3, "a description nobody may read")
        verdict = flag(rule=SPECIAL, outcome=Outcome.SPECIAL)
        await c.flagged(c.w.ann.id, message.id, verdict=verdict, findings=(finding,))
        card = c.card()
        text = said(card)
        assert text.startswith("## Case 1: Sexual content that may show a minor")
        assert "I kept nothing of it: no copy, no preview, no fingerprint" in text
        assert "Do not save, screenshot or forward it" in text
        for place in ("NCMEC", "Internet Watch Foundation", "inhope.org", "Report Message"):
            assert place in text
        assert "a description" not in text
        assert not card.attachments
        assert not galleries(card)
        assert offered(card) == ["Keep", "Delete", "Time out", "Kick", "Ban"]


async def test_words_of_others_are_harmless_on_a_card(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        evil = "@everyone **bold** [click](https://evil.example) `x` <@1> ||hidden||" * 20
        found = replace(SCAM, evidence=evil)
        await c.flagged(c.w.ann.id, message.id, findings=(found,), verdict=flag())
        text = said(c.card())
        assert "@everyone" not in text
        assert "](https://evil" not in text
        assert "**bold**" not in text
        assert len(text) <= 4000


async def test_a_card_that_was_posted_and_never_recorded_is_found_again(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        case = await c.concluded(c.w.ann.id, message.id)
        first = await c.enforcer.draw_card(case, c.policy)
        await c.w.mod.send(c.w.channel, "hello")
        again = await c.enforcer.draw_card(case, c.policy)
        assert first == again
        assert len(ours(c.w, c.log)) == 1


async def test_a_card_that_was_deleted_is_posted_anew(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        case = await c.flagged(c.w.ann.id, message.id)
        await c.mod.delete(c.card())
        again = await c.draw(case)
        assert again.card_message_id == c.card().id != case.card_message_id


@pytest.mark.parametrize("missing", ["channel", "permission"])
async def test_without_a_place_there_is_no_card_and_no_failure(
    tmp_path: Path, missing: str
) -> None:
    async with court(tmp_path) as c:
        if missing == "channel":
            c.policy = replace(c.policy, log_channel_id=None)
        else:
            deny(at_log(c), c.w.env.backend.bot_user.id, send_messages=True)
        message = await c.posted(c.w.ann)
        case = await c.flagged(c.w.ann.id, message.id)
        assert case.card_message_id is None
        assert not ours(c.w, c.log)


def at_log(c: Court) -> World:
    """Return the world with the log as its channel."""
    return replace(c.w, channel=c.log)


async def test_where_no_file_may_be_attached_the_card_comes_without_its_preview(
    tmp_path: Path,
) -> None:
    async with court(tmp_path) as c:
        deny(at_log(c), c.w.env.backend.bot_user.id, attach_files=True)
        message = await c.posted(c.w.ann)
        await c.flagged(c.w.ann.id, message.id)
        assert not galleries(c.card())
        assert offered(c.card()) == ALL


async def test_while_discord_is_down_the_card_waits(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        case = await c.concluded(c.w.ann.id, message.id)
        c.w.env.inject_error("POST", f"/channels/{c.log.id}/messages", status=503, times=None)
        with pytest.raises(Postponed) as postponed:
            await c.enforcer.draw_card(case, c.policy)
        assert postponed.value.outage


async def test_a_decided_card_says_who_decided_and_offers_undo(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        case = await c.flagged(c.w.ann.id, message.id)
        request = DecisionRequest(case.id, c.w.guild.id, c.mod.id, Decision.DELETE)
        assert await c.cases.decide(request) is not None
        await c.work(case.id)
        text = said(c.card())
        assert f"**<@{c.mod.id}> decided: deleted, <t:" in text
        assert "- Delete the message: done" in text
        assert offered(c.card()) == ["Undo"]


async def test_the_buttons_of_a_card_outlive_a_restart(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        case = await c.flagged(c.w.ann.id, message.id)
        async with restarted(c.w) as w:
            again = await c.reopened(w)
            shown = await again.press(c.mod, "Keep")
            assert "Kept." in told(shown)
            assert (await again.case(case.id)).decision is Decision.KEEP


async def test_the_queue_s_workers_do_what_a_press_asks_for(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        case = await c.flagged(c.w.ann.id, message.id)
        moderation = c.w.lookout.moderation
        asked = await c.press(c.mod, "Time out")
        await c.w.click(c.mod, asked, "1 hour")
        for waiting in (JobKind.ACT, JobKind.CARD):
            handlers: dict[JobKind, Acting | Carding] = {
                JobKind.ACT: Acting(c.cases, c.enforcer),
                JobKind.CARD: Carding(c.cases, moderation.policies, c.enforcer),
            }
            for job in await moderation.queue.claim((waiting,), 10, oldest_first=True):
                await handlers[waiting].handle(job)
                await moderation.queue.done(job)
        after = await c.case(case.id)
        assert ended(after) == dict.fromkeys(("delete", "tell", "time_out"), ActionState.DONE)
        assert after.card_version == after.version
        assert "- Time out: done (until <t:" in said(c.card())
        assert len(ours(c.w, c.log)) == 1


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (Outcome.NEEDS_HUMAN, "A person has to look at this one."),
        (Outcome.FAILED, "I could not look at this picture myself."),
    ],
)
async def test_what_nobody_could_judge_is_not_said_to_be_harmless(
    tmp_path: Path, outcome: Outcome, says: str
) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        verdict = Verdict(outcome, rule=UNANSWERED, step=Step.FLAG)
        await c.flagged(c.w.ann.id, message.id, verdict=verdict, findings=())
        text = said(c.card())
        assert says in text
        assert "which does not mean that it is fine" in text
        assert "not known. Nothing here could judge it." in text
        assert "harmless" not in text


async def test_what_discord_refuses_of_a_card_is_no_failure_for_ever(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        case = await c.concluded(c.w.ann.id, message.id)
        c.w.env.inject_error("GET", "/users/*", status=404, code=10013)
        path = f"/channels/{c.log.id}/messages"
        c.w.env.inject_error("POST", path, status=403, code=50001)
        assert await c.enforcer.draw_card(case, c.policy) is None
        c.w.env.inject_error("POST", path, status=400, code=50035)
        with pytest.raises(Postponed) as postponed:
            await c.enforcer.draw_card(case, c.policy)
        assert not postponed.value.outage
        elsewhere = replace(case, guild_id=4711)
        assert await c.enforcer.draw_card(elsewhere, c.policy) is None
        card = await c.enforcer.draw_card(case, c.policy)
        assert card is not None
        assert f"<@{c.w.ann.id}> (`{c.w.ann.id}`)" in said(c.card())
