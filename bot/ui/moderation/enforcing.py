"""Carries out in Discord what the policy or a moderator decided, once, if it is still allowed."""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from http import HTTPStatus

import discord
import structlog

from bot.domain.moderation.case import Action, ActionKind, ActionState, Case
from bot.domain.moderation.policy import Policy
from bot.domain.moderation.ports import Card, Enforcer, Postponed
from bot.domain.moderation.upload import Subject
from bot.ui.house import House
from bot.ui.i18n import words
from bot.ui.moderation.carding import CardPoster
from bot.ui.moderation.deeds import (
    act_on_person,
    audit_reason,
    delete_expression,
    delete_message,
    is_banned,
    is_deleted,
    settled,
)
from bot.ui.moderation.reaching import RETRY_SECONDS, postponing
from bot.ui.moderation.rights import Reason, Refusal, action_refusal
from bot.ui.moderation.standing import Place, fetch_member, find_channel, powers, standing
from bot.ui.moderation.telling import tell

_log = structlog.get_logger(__name__)

_ACTION_SECONDS = 120.0
_TELL_FIRST_SECONDS = 20.0
"""How long sending somebody away waits for their message: Discord limits how many are sent."""
_RECENT_SECONDS = 5.0

_MISSING_PERMISSION = frozenset({50001, 50013})
"""Missing Access, Missing Permissions (discord-api-docs, opcodes and status codes)."""
_OUR_FAULT = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND})

_MEANINGS: Mapping[Reason, ActionState] = {
    Reason.TIMED_OUT: ActionState.NO_RIGHT,
    Reason.PRESSER_LACKS: ActionState.NO_RIGHT,
    Reason.BOT_LACKS: ActionState.NOT_PERMITTED,
    Reason.OWNER: ActionState.OUTRANKED,
    Reason.ABOVE_PRESSER: ActionState.OUTRANKED,
    Reason.ABOVE_BOT: ActionState.OUTRANKED,
    Reason.ADMINISTRATOR: ActionState.OUTRANKED,
}
_GONE: Mapping[ActionKind, ActionState] = {
    ActionKind.DELETE: ActionState.ALREADY,
    ActionKind.UNBAN: ActionState.ALREADY,
    ActionKind.TIME_OUT: ActionState.LEFT,
    ActionKind.END_TIME_OUT: ActionState.LEFT,
    ActionKind.KICK: ActionState.LEFT,
}
"""What it means that Discord knows the target of an action no longer."""


class DiscordEnforcer(Enforcer):
    """Acts through one client. Every right is read anew at the moment of use."""

    def __init__(self, client: discord.Client, house: House) -> None:
        self._client = client
        self._house = house
        self._cards = CardPoster(client)
        self._askers: dict[tuple[int, int], tuple[float, discord.Member | None]] = {}

    async def carry_out(self, action: Action) -> ActionState:
        """Do it unless it is done already. Raises Postponed and StorageFailed."""
        with postponing():
            async with asyncio.timeout(_ACTION_SECONDS):
                guild = self._guild(action.guild_id)
                state = ActionState.REFUSED if guild is None else await self._do(guild, action)
        _log.info(
            "action_carried_out",
            action_id=action.id,
            case_id=action.case_id,
            kind=action.kind,
            state=state,
            begun=action.attempts_begun,
        )
        return state

    async def draw_card(self, case: Case, policy: Policy) -> Card | None:
        """Post or edit the card in the server's own language. Raises Postponed."""
        with postponing():
            async with asyncio.timeout(_ACTION_SECONDS):
                guild = self._guild(case.guild_id)
                if guild is None:
                    return None
                try:
                    return await self._cards.draw(guild, case, policy)
                except discord.Forbidden as error:
                    _log.warning("card_forbidden", case_id=case.id, code=error.code)
                    return None
                except discord.HTTPException as error:
                    if error.status not in _OUR_FAULT:
                        raise
                    _log.error("card_refused", case_id=case.id, code=error.code)
                    raise Postponed(RETRY_SECONDS, outage=False) from error

    async def can_act_on(self, guild_id: int, person_id: int) -> bool:
        """Say whether the bot could time out this person. Raises Postponed."""
        with postponing():
            async with asyncio.timeout(_ACTION_SECONDS):
                guild = self._guild(guild_id)
                if guild is None:
                    return False
                member = await fetch_member(guild, person_id)
                if member is None or member.bot:
                    return False
                refused = action_refusal(
                    ActionKind.TIME_OUT,
                    Subject.MESSAGE,
                    None,
                    powers(guild.me, None),
                    standing(guild, person_id, member),
                )
                return refused is None

    def _guild(self, guild_id: int) -> discord.Guild | None:
        """Return a server; None when Lookout left it. Raises Postponed while that is not known."""
        guild = self._client.get_guild(guild_id)
        if guild is not None and not guild.unavailable:
            return guild
        if guild is not None or not self._client.is_ready():
            raise Postponed(RETRY_SECONDS, outage=True)
        return None

    async def _do(self, guild: discord.Guild, action: Action) -> ActionState:
        try:
            if action.kind is ActionKind.TELL:
                return await tell(self._client, self._house, guild, action)
            if action.kind is ActionKind.DELETE:
                return await self._delete(guild, action)
            return await self._act_on_person(guild, action)
        except discord.HTTPException as error:
            if error.status == HTTPStatus.NOT_FOUND and action.kind in _GONE:
                return _GONE[action.kind]
            if error.status == HTTPStatus.FORBIDDEN:
                _log.warning("action_forbidden", action_id=action.id, code=error.code)
                lacks = error.code in _MISSING_PERMISSION
                return ActionState.NOT_PERMITTED if lacks else ActionState.REFUSED
            if error.status in _OUR_FAULT:
                _log.warning("action_failed", action_id=action.id, code=error.code)
                return ActionState.FAILED
            raise

    async def _delete(self, guild: discord.Guild, action: Action) -> ActionState:
        if action.message_id is None:
            return ActionState.FAILED
        of_message = action.subject is Subject.MESSAGE
        place = await find_channel(guild, action.channel_id) if of_message else None
        if of_message and place is None:
            return ActionState.ALREADY
        begun_before = action.attempts_begun > 1
        if place and begun_before and await is_deleted(self._client, place, action.message_id):
            return ActionState.ALREADY
        asker = await self._asker(guild, action, recently=True)
        refused = self._refusal(guild, action, asker, place=place)
        if refused is not None:
            return refused
        reason = await self._audit_reason(guild, action, asker)
        if place is not None:
            await delete_message(self._client, place, action.message_id, reason)
        else:
            await delete_expression(self._client, guild, action, reason)
        return ActionState.DONE

    async def _act_on_person(self, guild: discord.Guild, action: Action) -> ActionState:
        if action.person_id is None:
            return ActionState.FAILED
        member = await fetch_member(guild, action.person_id)
        ended = settled(action, member)
        if ended is not None:
            return ended
        asker = await self._asker(guild, action)
        refused = self._refusal(guild, action, asker, member=member, person_id=action.person_id)
        if refused is not None:
            return refused
        if action.kind is ActionKind.BAN and await is_banned(guild, action.person_id):
            return ActionState.ALREADY
        if action.kind in {ActionKind.KICK, ActionKind.BAN}:
            await self._tell_first(guild, action)
        reason = await self._audit_reason(guild, action, asker)
        await act_on_person(guild, action, member, reason)
        return ActionState.DONE

    async def _asker(
        self, guild: discord.Guild, action: Action, *, recently: bool = False
    ) -> discord.Member | None:
        """Return the moderator as they are now, or as they were a few seconds ago.

        One press may ask for the deletion of a thousand messages of a raid.
        """
        if action.requested_by is None:
            return None
        now, key = time.monotonic(), (guild.id, action.requested_by)
        known = self._askers.get(key)
        if recently and known is not None and now - known[0] < _RECENT_SECONDS:
            return known[1]
        member = await fetch_member(guild, action.requested_by)
        self._askers = {
            other: seen for other, seen in self._askers.items() if now - seen[0] < _RECENT_SECONDS
        }
        self._askers[key] = (now, member)
        return member

    def _refusal(
        self,
        guild: discord.Guild,
        action: Action,
        asker: discord.Member | None,
        *,
        place: Place | None = None,
        member: discord.Member | None = None,
        person_id: int | None = None,
    ) -> ActionState | None:
        if action.requested_by is not None and asker is None:
            return ActionState.NO_RIGHT
        refused: Refusal | None = action_refusal(
            action.kind,
            action.subject,
            None if asker is None else powers(asker, place),
            powers(guild.me, place),
            None if person_id is None else standing(guild, person_id, member),
        )
        return None if refused is None else _MEANINGS[refused.reason]

    async def _tell_first(self, guild: discord.Guild, action: Action) -> None:
        """Tell the person before they are sent away: Discord delivers no message to strangers.

        The telling's own action finds the message afterwards. Where it fails, that is no reason
        not to go on.
        """
        if action.person_id is None:
            return
        about_them = await self._house.moderation.cases.actions_on(action.case_id, action.person_id)
        for other in about_them:
            if other.kind is ActionKind.TELL and other.state is ActionState.PENDING:
                with contextlib.suppress(discord.HTTPException, TimeoutError):
                    async with asyncio.timeout(_TELL_FIRST_SECONDS):
                        await tell(self._client, self._house, guild, other)

    async def _audit_reason(
        self, guild: discord.Guild, action: Action, asker: discord.Member | None
    ) -> str:
        policy = await self._house.moderation.policies.get(guild.id)
        say = words(guild.preferred_locale.value)
        return audit_reason(action, policy, asker.name if asker is not None else "", say)
