"""The forms of the panels: a rule in the server's own words, and the blocked words."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import discord
from discord import ui

from bot.domain.moderation.policy import (
    MAX_BLOCKED_WORD_CHARACTERS,
    MAX_BLOCKED_WORDS,
    MAX_CUSTOM_RULE_CHARACTERS,
    CustomRule,
    Policy,
)
from bot.ui.asking import Interaction
from bot.ui.errors import responding
from bot.ui.house import House
from bot.ui.i18n import Words, words
from bot.ui.moderation.edits import blocked_words, with_custom_rule
from bot.ui.moderation.permitted import require_manager
from bot.ui.moderation.policy_ids import NO_RULE, Page
from bot.ui.moderation.policy_pages import revise, show_page
from bot.ui.text import neutral_clipped, one_line

_OPEN_SECONDS = 900.0
FIELD_CHARACTERS = 4000
"""As many as a field of a form holds (discord-api-docs, text input)."""
_MAX_FIELDS = 5
_SPARE_CHARACTERS = 500
_REFUSED_SHOWN = 5


class RuleForm(ui.Modal):
    """A form for a rule in the server's own words; ``custom`` is the one to be put otherwise."""

    def __init__(self, house: House, say: Words, custom: CustomRule | None = None) -> None:
        super().__init__(title=say.say("A rule of your own"), timeout=_OPEN_SECONDS)
        self._house = house
        self._number = None if custom is None else custom.number
        self._text: ui.TextInput[RuleForm] = ui.TextInput(
            custom_id="text",
            style=discord.TextStyle.paragraph,
            max_length=MAX_CUSTOM_RULE_CHARACTERS,
            default=None if custom is None else custom.text,
            placeholder=say.say("No screenshots of private messages"),
        )
        self.add_item(
            ui.Label(
                text=say.say("What must pictures not show?"),
                description=say.say("One sentence. I flag what breaks it; change that afterwards."),
                component=self._text,
            )
        )

    async def on_submit(self, interaction: Interaction) -> None:
        """Keep the rule and show it."""
        async with responding(interaction):
            manager = require_manager(interaction)
            await interaction.response.defer()
            say = words(interaction.locale.value)
            try:
                policy = await revise(self._house, manager, self._written)
            except ValueError:
                above = say.say("That rule was not kept: it is empty, or there are too many.")
                await show_page(self._house, interaction, Page.HOME, above=above)
                return
            if self._number is None:
                rule_id = policy.custom_rules[-1].id
                above = say.say("Added. Choose what is done about it.")
            else:
                rule_id = f"custom:{self._number}"
                above = say.say("Changed.")
            await show_page(self._house, interaction, Page.RULE, rule_id, above=above)

    def _written(self, policy: Policy) -> Policy:
        return with_custom_rule(policy, self._text.value, self._number)


class WordsForm(ui.Modal):
    """A form for all blocked words, one a line."""

    def __init__(self, house: House, say: Words, policy: Policy) -> None:
        super().__init__(title=say.say("Blocked words"), timeout=_OPEN_SECONDS)
        self._house = house
        self._fields: list[ui.TextInput[WordsForm]] = []
        for number, text in enumerate(fields_of(policy.blocked_words), start=1):
            field: ui.TextInput[WordsForm] = ui.TextInput(
                custom_id=f"words-{number}",
                style=discord.TextStyle.paragraph,
                max_length=FIELD_CHARACTERS,
                required=False,
                default=text or None,
            )
            self._fields.append(field)
            label = say.say("One word or phrase a line")
            self.add_item(ui.Label(text=label, component=field))

    async def on_submit(self, interaction: Interaction) -> None:
        """Keep what can be kept, and say what cannot."""
        async with responding(interaction):
            manager = require_manager(interaction)
            await interaction.response.defer()
            kept, refused = blocked_words("\n".join(field.value for field in self._fields))
            await revise(self._house, manager, _with_words(kept))
            above = _refusals(refused, words(interaction.locale.value))
            await show_page(self._house, interaction, Page.WORDS, NO_RULE, above=above)


def fields_of(blocked: Sequence[str]) -> list[str]:
    """Share words out among as many fields as they need, with room to add some."""
    fields = [""]
    for word in blocked:
        if len(fields[-1]) + len(word) + 1 > FIELD_CHARACTERS:
            fields.append("")
        fields[-1] += f"{word}\n" if fields[-1] or word else ""
    if len(fields[-1]) > FIELD_CHARACTERS - _SPARE_CHARACTERS and len(fields) < _MAX_FIELDS:
        fields.append("")
    return [field.rstrip("\n") for field in fields]


def _with_words(kept: tuple[str, ...]) -> Callable[[Policy], Policy]:
    return lambda policy: replace(policy, blocked_words=kept)


def _refusals(refused: Sequence[str], say: Words) -> str:
    if not refused:
        return say.say("Kept.")
    some = ", ".join(neutral_clipped(one_line(word, 40), 60) for word in refused[:_REFUSED_SHOWN])
    return say.say(
        "Kept, except these: {words}. A word may have {characters} characters, and there may be "
        "{most}.",
        words=some,
        characters=MAX_BLOCKED_WORD_CHARACTERS,
        most=MAX_BLOCKED_WORDS,
    )
