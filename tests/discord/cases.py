"""A world in which moderation keeps cases, and somebody carries out what they ask for."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
import simcord

from bot.domain.moderation.assessment import Assessment, Finding, Outcome, Source, Verdict
from bot.domain.moderation.case import ActionState, Case
from bot.domain.moderation.policy import Category, Policy, RuleId, Step
from bot.domain.moderation.ports import CaseStore, UploadStore
from bot.domain.moderation.upload import Author, Conclusion, NewUpload, Subject
from bot.domain.picture import PictureRef, SourceKind
from bot.storage.moderation.cases import SqlCaseStore
from bot.ui.house import house_of
from bot.ui.moderation.enforcing import DiscordEnforcer
from tests.discord.engines import HandEngine
from tests.discord.messaging import found, ours
from tests.discord.pictures import png
from tests.discord.world import World, world
from tests.discord.world import shown as text_of

THUMBNAIL = b"\xff\xd8\xff\xe0 a small blurred picture"
MODERATOR = discord.Permissions(
    manage_messages=True,
    moderate_members=True,
    kick_members=True,
    ban_members=True,
    manage_expressions=True,
)
SCAM = Finding(Category.SCAM, Source.MODEL, 0.87, 2, "It promises to double your coins.")


@dataclass
class Court:
    """A server with a moderation log; Mod may do everything that a moderator may."""

    w: World
    log: simcord.ChannelHandle
    mod: simcord.MemberActor
    cases: CaseStore
    uploads: UploadStore
    enforcer: DiscordEnforcer
    policy: Policy
    _uploads: int = 0

    async def case(self, case_id: int) -> Case:
        """Return a case as it is now."""
        case = await self.cases.get(case_id)
        assert case is not None
        return case

    async def work(self, case_id: int) -> Case:
        """Carry out what waits, then draw the card: what the queue's workers do."""
        case = await self.case(case_id)
        waiting = [action.id for action in case.actions if action.state is ActionState.PENDING]
        for action_id in waiting:
            begun = await self.cases.begin_action(action_id)
            if begun is not None:
                await self.cases.end_action(action_id, await self.enforcer.carry_out(begun))
        return await self.draw(await self.case(case_id) if waiting else case)

    async def draw(self, case: Case) -> Case:
        """Draw the card as the case is."""
        card = await self.enforcer.draw_card(case, self.policy)
        channel_id = None if card is None else card.channel_id
        message_id = None if card is None else card.message_id
        await self.cases.card_drawn(case.id, case.version, channel_id, message_id)
        return replace(
            case,
            card_channel_id=channel_id,
            card_message_id=message_id,
            card_version=case.version,
        )

    async def reopened(self, w: World) -> "Court":
        """Return it as it is after a restart of the bot."""
        return await _seated(w, self.log, self.mod, self.policy)

    def card(self) -> discord.Message:
        """Return the card that was posted last."""
        return ours(self.w, self.log)[-1]

    async def press(
        self, actor: simcord.MemberActor, label: str, message: discord.Message | None = None
    ) -> simcord.InteractionResult:
        """Press a button of the card."""
        shown = message or self.card()
        return await self.w.finished(await actor.click(found(self.log, shown.id), label=label))

    async def posted(self, actor: simcord.MemberActor, text: str = "") -> discord.Message:
        """Post a picture in the channel."""
        return await actor.send(self.w.channel, text, attachments=[("coins.png", png())])

    async def flagged(
        self,
        author_id: int,
        message_id: int,
        *,
        verdict: Verdict | None = None,
        findings: Sequence[Finding] = (SCAM,),
        thumbnail: bytes | None = THUMBNAIL,
        **upload: Any,
    ) -> Case:
        """Keep a verdict about one upload, and draw its case's card."""
        case = await self.concluded(
            author_id,
            message_id,
            verdict=verdict,
            findings=findings,
            thumbnail=thumbnail,
            **upload,
        )
        return await self.work(case.id)

    async def concluded(
        self,
        author_id: int,
        message_id: int,
        *,
        verdict: Verdict | None = None,
        findings: Sequence[Finding] = (SCAM,),
        thumbnail: bytes | None = THUMBNAIL,
        **upload: Any,
    ) -> Case:
        """Keep a verdict about one upload; nothing is done about it yet."""
        new = self._upload(author_id, message_id, **upload)
        assert await self.uploads.record([new]) == 1
        self._uploads += 1
        case_id = await self.uploads.conclude(
            Conclusion(
                self._uploads,
                verdict or flag(dry_run=self.policy.dry_run),
                Assessment(tuple(findings)),
                thumbnail=thumbnail,
                time_out_until=self.w.env.now() + timedelta(hours=1),
            )
        )
        assert case_id is not None
        case = await self.cases.get(case_id)
        assert case is not None
        return case

    async def raid(self, *authors: simcord.MemberActor) -> Case:
        """Let everybody post the same picture; one case has them all."""
        first, *others = authors
        case = await self.concluded(first.id, (await self.posted(first)).id)
        copy = replace(SCAM, source=Source.BANK, case_id=case.id)
        for author in others:
            message = await self.posted(author)
            case = await self.concluded(author.id, message.id, findings=(copy,))
        return await self.work(case.id)

    def _upload(
        self,
        author_id: int,
        message_id: int,
        *,
        author: Author = Author.MEMBER,
        subject: Subject = Subject.MESSAGE,
        channel_id: int | None = None,
        key: str = "",
    ) -> NewUpload:
        return NewUpload(
            key=key or f"{subject}:{message_id}",
            guild_id=self.w.guild.id,
            channel_id=channel_id or self.w.channel.id,
            message_id=message_id,
            author_id=author_id,
            ref=PictureRef(
                SourceKind.ATTACHMENT, "https://cdn.discordapp.com/attachments/1/2/a.png"
            ),
            posted_at=self.w.env.now(),
            subject=subject,
            author=author,
        )


def flag(
    *,
    rule: RuleId = Category.SCAM,
    step: Step = Step.DELETE,
    automatic: Step | None = None,
    outcome: Outcome | None = None,
    dry_run: bool = False,
) -> Verdict:
    """Say what the policy made of a picture; acted on where there is something automatic."""
    done = automatic is not None and not dry_run
    return Verdict(
        outcome or (Outcome.ACTED if done else Outcome.FLAGGED),
        rule=rule,
        score=0.87,
        severity=2,
        step=step,
        automatic=automatic,
        dry_run=dry_run,
        reasons=(SCAM,) if rule == Category.SCAM else (),
    )


@asynccontextmanager
async def court(tmp_path: Path, **policy: Any) -> AsyncIterator[Court]:
    """Open a world with a moderation log and cases; ``policy`` overrides the server's."""
    sections: dict[str, dict[str, object]] = {
        "discord": {"message_content": True},
        # The simulated server lives at the beginning of 2026, whatever the calendar says.
        "moderation": {"case_retention_days": 3650},
    }
    async with world(tmp_path, engine=HandEngine(), **sections) as w:
        log = w.guild.create_text_channel("moderation-log")
        role = w.guild.create_role("Moderator", permissions=MODERATOR)
        mod = w.guild.add_member(w.env.create_user("judge"), roles=[role])
        chosen = replace(Policy(dry_run=False, log_channel_id=log.id), **policy)
        yield await _seated(w, log, mod, chosen)


async def _seated(
    w: World, log: simcord.ChannelHandle, mod: simcord.MemberActor, policy: Policy
) -> Court:
    """Let the tests do what the workers do, one thing after the other."""
    moderation = w.lookout.moderation
    await moderation.stop()
    moderation.cases = SqlCaseStore(w.lookout.database, clock=w.env.now)
    await moderation.policies.save(w.guild.id, policy, [])
    enforcer = DiscordEnforcer(w.env.bot, house_of(w.env.bot))
    return Court(w, log, mod, moderation.cases, moderation.uploads, enforcer, policy)


def ended(case: Case) -> dict[str, ActionState]:
    """Return how the actions of a case ended, the newest of each kind."""
    return {action.kind.value: action.state for action in case.actions}


def told(shown: simcord.InteractionResult) -> str:
    """Return what a press was answered with, which nobody else sees."""
    assert shown.ephemeral
    return text_of(shown)


def repointed(c: Court, message: discord.Message, before: int, after: int) -> None:
    """Let the buttons of a message speak of another case."""
    stored = c.w.env.backend.get_message(message.channel.id, message.id)
    for row in stored.components:
        for button in row.get("components", []):
            parts = button.get("custom_id", "").split(":")
            button["custom_id"] = ":".join(
                str(after) if part == str(before) and place else part
                for place, part in enumerate(parts)
            )
