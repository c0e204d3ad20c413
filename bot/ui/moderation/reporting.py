"""Members report a picture: a form for the reason, then the same queue with priority."""

import discord
from discord import ui

from bot.domain.clock import utc_now
from bot.domain.errors import NoPicture
from bot.domain.moderation.case import MAX_REPORT_CHARACTERS, Report
from bot.domain.moderation.upload import NewUpload
from bot.ui.asking import Interaction
from bot.ui.errors import responding
from bot.ui.house import House
from bot.ui.i18n import Words, words
from bot.ui.layouts import plain
from bot.ui.moderation.watching import reported_uploads

_OPEN_SECONDS = 900.0
_MAX_PICTURES = 20
"""More than a message shows in good faith: ten files, and some links."""

Click = discord.Interaction[discord.Client]


async def report_message(house: House, interaction: Interaction, message: discord.Message) -> None:
    """Open the form, or say why this cannot be reported."""
    async with responding(interaction):
        say = words(interaction.locale.value)
        me = interaction.client.user
        own_id = me.id if me is not None else 0
        uploads = reported_uploads(message, own_id=own_id)[:_MAX_PICTURES]
        ours = message.author.id == own_id and not uploads
        refused = _refusal(house, interaction, say, ours=ours)
        if refused is not None:
            await interaction.response.send_message(view=plain(refused), ephemeral=True)
            return
        if not uploads:
            raise NoPicture
        await interaction.response.send_modal(ReportModal(house, say, uploads))


class ReportModal(ui.Modal):
    """Asks why. What it is about was found before, so that nothing is lost by waiting."""

    def __init__(self, house: House, say: Words, uploads: tuple[NewUpload, ...]) -> None:
        super().__init__(title=say.say("Report picture"), timeout=_OPEN_SECONDS)
        self._house = house
        self._uploads = uploads
        self._reason: ui.TextInput[ui.Modal] = ui.TextInput(
            custom_id="reason",
            style=discord.TextStyle.paragraph,
            max_length=MAX_REPORT_CHARACTERS,
        )
        self.add_item(
            ui.Label(
                text=say.say("What is wrong with it?"),
                description=say.say(
                    "Only the moderators of this server read this. They also see who reported it."
                ),
                component=self._reason,
            )
        )

    async def on_submit(self, interaction: Click) -> None:
        """Record the report."""
        async with responding(interaction):
            await interaction.response.defer(thinking=True, ephemeral=True)
            say = words(interaction.locale.value)
            report = Report(interaction.user.id, self._reason.value.strip(), utc_now())
            count = await self._house.moderation.intake.report(self._uploads, report)
            text = (
                say.say("Thank you. The moderators of this server will see your report.")
                if count
                else say.say("You reported this before; the moderators of this server know of it.")
            )
            await interaction.edit_original_response(view=plain(text))


def _refusal(house: House, interaction: Interaction, say: Words, *, ours: bool) -> str | None:
    guild_id = interaction.guild_id
    if guild_id is None or house.moderation.policies.cached(guild_id) is None:
        return say.say(
            "This server has not switched on moderation by Lookout, so nobody would see your "
            "report here. Please tell a moderator."
        )
    if ours:
        return say.say(
            "I wrote that message myself, so I cannot judge it. Please tell a moderator."
        )
    return None
