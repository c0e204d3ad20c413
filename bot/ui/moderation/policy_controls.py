"""Hears what is pressed and chosen in the panels; every right is checked anew each time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import discord
from discord import ui

from bot.domain.errors import Expired
from bot.domain.moderation.policy import CustomRule, Policy, Rule
from bot.ui.asking import Interaction
from bot.ui.errors import responding
from bot.ui.house import House, house_of
from bot.ui.i18n import Words, words
from bot.ui.moderation.edits import EDITS, edited_rule, with_rule, without_custom_rule
from bot.ui.moderation.permitted import Manager, require_administrator, require_manager
from bot.ui.moderation.policy_forms import RuleForm, WordsForm
from bot.ui.moderation.policy_ids import Page, Press
from bot.ui.moderation.policy_pages import checks_of, revise, rule_gone, show_page
from bot.ui.moderation.rule_panel import people_confirmation, removal_confirmation

_FORMS = frozenset({"add_rule", "edit_rule", "edit_words"})
_ASKS = frozenset({"ask_people", "ask_remove"})
_RULE_PARTS = frozenset({"looked_for", "threshold", "step_1", "step_2", "step_3", "people"})


class PolicyControl(ui.DynamicItem[ui.Item[ui.LayoutView]], template=Press.TEMPLATE):
    """One control of a panel: its custom id says all about it."""

    def __init__(self, item: ui.Item[ui.LayoutView], press: Press) -> None:
        super().__init__(item)
        self.press = press

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild from a press or a choice."""
        return cls(item, Press.read(match))

    async def callback(self, interaction: Interaction) -> None:
        """Do what the label says, then draw the panel as things stand."""
        house = house_of(interaction.client)
        async with responding(interaction):
            manager = require_manager(interaction)
            try:
                await self._do(house, interaction, manager)
            except Expired:
                if not interaction.response.is_done():
                    await interaction.response.defer()
                above = rule_gone(words(interaction.locale.value))
                await show_page(house, interaction, Page.HOME, above=above)

    async def _do(self, house: House, interaction: Interaction, manager: Manager) -> None:
        press = self.press
        if press.what in _FORMS:
            await self._open_form(house, interaction, manager)
            return
        await interaction.response.defer()
        if press.what in _ASKS:
            await self._ask(house, interaction, manager)
            return
        page, rule_id, above = press.page, press.rule_id, ""
        match press.what:
            case "show":
                pass
            case "open_rule":
                page, rule_id = Page.RULE, self._values()[0]
            case "enable":
                above = await _enable(house, interaction, manager)
            case "new_log":
                above = await _create_log(house, interaction, manager)
            case "remove_rule":
                await revise(house, manager, lambda p: without_custom_rule(p, rule_id))
            case _:
                above = await self._change(house, interaction, manager)
        await show_page(house, interaction, page, rule_id, above=above)

    async def _change(self, house: House, interaction: Interaction, manager: Manager) -> str:
        """Make one change; return what is to be said about it beyond the panel itself."""
        press, values = self.press, self._values()
        if press.what == "people" and values == ["on"]:
            require_administrator(interaction)
        wished: list[Policy] = []

        def edit(policy: Policy) -> Policy:
            if press.what in _RULE_PARTS:
                rule = _rule(policy, press.rule_id)
                changed = edited_rule(rule, press.what, values)
                wished.append(with_rule(policy, press.rule_id, changed))
            else:
                wished.append(EDITS[press.what](policy, values))
            return wished[-1]

        kept = await revise(house, manager, edit)
        if kept == wished[-1]:
            return ""
        return words(interaction.locale.value).say(
            "The rule became sharper, so a human is asked about people again. An administrator can "
            "allow it anew."
        )

    async def _open_form(self, house: House, interaction: Interaction, manager: Manager) -> None:
        say = words(interaction.locale.value)
        policy = await house.moderation.policies.get(manager.guild.id)
        form: discord.ui.Modal
        match self.press.what:
            case "edit_words":
                form = WordsForm(house, say, policy)
            case "edit_rule":
                form = RuleForm(house, say, _custom(policy, self.press.rule_id))
            case _:
                form = RuleForm(house, say)
        await interaction.response.send_modal(form)

    async def _ask(self, house: House, interaction: Interaction, manager: Manager) -> None:
        say, rule_id = words(interaction.locale.value), self.press.rule_id
        policy = await house.moderation.policies.get(manager.guild.id)
        if self.press.what == "ask_people":
            require_administrator(interaction)
            view = people_confirmation(policy, rule_id, _rule(policy, rule_id), say)
        else:
            view = removal_confirmation(_custom(policy, rule_id), policy, say)
        await interaction.edit_original_response(view=view)

    def _values(self) -> Sequence[str]:
        """Return what was chosen in a select, or what a button stands for."""
        item = self.item
        if isinstance(item, ui.Select):
            return list(item.values)
        if isinstance(item, ui.ChannelSelect | ui.RoleSelect):
            return [str(chosen.id) for chosen in item.values]
        return [self.press.value]


def _rule(policy: Policy, rule_id: str) -> Rule:
    rule = policy.rule(rule_id)
    if rule is None:
        raise Expired
    return rule


def _custom(policy: Policy, rule_id: str) -> CustomRule:
    for custom in policy.custom_rules:
        if custom.id == rule_id:
            return custom
    raise Expired


async def _enable(house: House, interaction: Interaction, manager: Manager) -> str:
    """Switch on, if it could work; say what is missing otherwise."""
    say = words(interaction.locale.value)
    policy = await house.moderation.policies.get(manager.guild.id)
    checks = await checks_of(house, interaction.client, manager.guild, policy, say.locale)
    missing = [check.text for check in checks if check.needed and not check.ready]
    if missing:
        return "\n".join([say.say("Not switched on. First I need:"), *missing])
    policy = await revise(house, manager, lambda before: EDITS["enable"](before, ()))
    return _switched_on(policy, say)


def _switched_on(policy: Policy, say: Words) -> str:
    if policy.dry_run:
        return say.say("Switched on, in dry run. Post a picture to try it.")
    return say.say("Switched on. What the rules allow is done at once.")


async def _create_log(house: House, interaction: Interaction, manager: Manager) -> str:
    """Create a channel for the cards that only those who may manage messages can see."""
    guild, say = manager.guild, words(interaction.locale.value)
    seen = discord.PermissionOverwrite(view_channel=True, read_message_history=True)
    own = discord.PermissionOverwrite(
        view_channel=True,
        send_messages=True,
        embed_links=True,
        attach_files=True,
        read_message_history=True,
    )
    hidden = discord.PermissionOverwrite(view_channel=False)
    overwrites: dict[discord.Role | discord.Member | discord.Object, discord.PermissionOverwrite]
    overwrites = {guild.default_role: hidden, guild.me: own}
    overwrites |= {
        role: seen
        for role in guild.roles
        if role.permissions.manage_messages and not role.is_default() and not role.is_bot_managed()
    }
    try:
        channel = await guild.create_text_channel(
            say.say("moderation-log"),
            overwrites=overwrites,
            reason=f"/moderation setup by {manager.member.id}",
        )
    except discord.HTTPException:  # not allowed, or as many channels as a server may have
        return say.say(
            "I could not create a channel here. Create one that only moderators and I can see, "
            "then choose it in step 1."
        )
    await revise(house, manager, lambda policy: replace(policy, log_channel_id=channel.id))
    return say.say("Created {channel}.", channel=channel.mention)
