"""Draws a panel as things stand now, and changes a policy so that who did it is kept."""

from collections.abc import Callable

import discord
import structlog

from bot.domain.moderation.policy import Policy, PolicyChange, RuleId
from bot.ui.asking import Interaction
from bot.ui.house import House
from bot.ui.i18n import Words, words
from bot.ui.moderation.changes import changes_between
from bot.ui.moderation.checks import Check, Surroundings, checked
from bot.ui.moderation.edits import people_guarded
from bot.ui.moderation.permitted import Manager, require_manager
from bot.ui.moderation.policy_ids import NO_RULE, Page
from bot.ui.moderation.rule_panel import rule_panel
from bot.ui.moderation.settings import CHANGES_SHOWN, home_panel, people_panel, words_panel
from bot.ui.moderation.setup import setup_panel

_log = structlog.get_logger(__name__)


async def revise(house: House, manager: Manager, edit: Callable[[Policy], Policy]) -> Policy:
    """Change a server's policy; what only an administrator may allow stays theirs to allow.

    Raises StorageFailed, and what ``edit`` raises.
    """
    actor_id, guild_id = manager.member.id, manager.guild.id
    made: tuple[PolicyChange, ...] = ()

    def revised(before: Policy) -> tuple[Policy, tuple[PolicyChange, ...]]:
        nonlocal made
        after = edit(before)
        if not manager.administrator:
            after = people_guarded(before, after)
        made = changes_between(before, after, actor_id)
        return after, made

    policy = await house.moderation.policies.revise(guild_id, revised)
    if made:
        what = [change.what for change in made]
        _log.info("policy_changed", guild_id=guild_id, actor_id=actor_id, what=what)
    return policy


async def show_page(
    house: House,
    interaction: Interaction,
    page: Page,
    rule_id: RuleId = NO_RULE,
    *,
    above: str = "",
) -> None:
    """Put a panel where the acknowledged interaction's reply is. Raises MissingRight."""
    manager = require_manager(interaction)
    say = words(interaction.locale.value)
    policies = house.moderation.policies
    policy = await policies.get(manager.guild.id)
    rule = policy.rule(rule_id)
    if page is Page.RULE and rule is None:
        page, above = Page.HOME, rule_gone(say)
    match page:
        case Page.SETUP:
            checks = await checks_of(house, interaction.client, manager.guild, policy, say.locale)
            view = setup_panel(manager.guild, policy, checks, say, above=above)
        case Page.RULE:
            assert rule is not None
            view = rule_panel(policy, rule_id, rule, say, above=above)
        case Page.PEOPLE:
            view = people_panel(policy, say, above=above)
        case Page.WORDS:
            reads_text = house.moderation.assessing.looking.reader is not None
            view = words_panel(policy, say, reads_text=reads_text, above=above)
        case Page.HOME:
            changes = await policies.changes(manager.guild.id, CHANGES_SHOWN)
            view = home_panel(policy, changes, say, above=above)
    await interaction.edit_original_response(view=view)


def rule_gone(say: Words) -> str:
    """Say that somebody else removed a rule meanwhile."""
    return say.say("That rule is no longer there.")


async def checks_of(
    house: House, client: discord.Client, guild: discord.Guild, policy: Policy, locale: str
) -> tuple[Check, ...]:
    """Look at everything that moderation needs here."""
    around = Surroundings(
        message_content=client.intents.message_content,
        engine_ready=(await house.engine.status()).ready,
        engine_judges=house.moderation.assessing.engine is not None,
    )
    return checked(guild, policy, around, words(locale))
