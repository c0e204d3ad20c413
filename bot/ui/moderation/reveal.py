"""Shows one moderator the picture itself, from Discord's own address: nothing of it is kept."""

import discord
from discord import ui

from bot.domain.moderation.case import Sighting
from bot.domain.moderation.upload import Subject
from bot.domain.picture import PictureRef
from bot.ui.i18n import Words
from bot.ui.layouts import plain
from bot.ui.moderation.pressing import Press
from bot.ui.moderation.rights import Control, Refusal, refusal, refusal_sentence
from bot.ui.moderation.standing import Place, find_channel, powers
from bot.ui.resolver import shown_by

_MAX_PICTURES = 10
"""As many as a gallery holds (discord-api-docs, components)."""
_VIDEO = "video/"


async def revealed(press: Press) -> ui.LayoutView:
    """Show what is still there, hidden behind a spoiler until it is clicked; note who looked.

    Raises StorageFailed, and discord.HTTPException where Discord cannot be asked.
    """
    case, cases = press.case, press.house.moderation.cases
    refused: Refusal | None = None
    # A message is shown as a whole, with the pictures that other cases are about.
    special = await cases.special_messages(
        case.guild_id, [one.message_id for one in case.sightings]
    )
    shown = [sighting for sighting in case.sightings if sighting.message_id not in special]
    if special and not shown:
        return plain(never_shown(press.say))
    for sighting in shown:
        place = await _place(press.guild, sighting)
        here, bot = powers(press.presser, place), powers(press.guild.me, place)
        reason = refusal(Control.REVEAL, here, bot, None)
        if reason is not None:
            refused = refused or reason
            continue
        links = await _links(press.guild, sighting, place)
        if links:
            await cases.revealed(case.id, press.presser.id)
            return _shown(press, sighting, links)
    if refused is not None:
        return plain(refusal_sentence(refused, press.say))
    return plain(
        press.say.say(
            "I cannot show it: the message is gone, or Discord does not let me read its picture."
        )
    )


def never_shown(say: Words) -> str:
    """Say that what is special is shown to nobody."""
    return say.say("This is not offered here: nothing of this picture may be shown or kept.")


def _shown(press: Press, sighting: Sighting, links: list[str]) -> ui.LayoutView:
    say = press.say
    gallery = ui.MediaGallery[ui.LayoutView]()
    for link in links[:_MAX_PICTURES]:
        description = say.say("The picture of case {number}", number=press.case.number)
        gallery.append_item(discord.MediaGalleryItem(link, description=description, spoiler=True))
    view = ui.LayoutView(timeout=None)
    view.add_item(
        ui.TextDisplay(
            say.say(
                "Only you see this. Click to look; that you looked is noted in the case. Posted "
                "by <@{person}>.",
                person=sighting.author_id,
            )
        )
    )
    view.add_item(gallery)
    view.stop()
    return view


async def _place(guild: discord.Guild, sighting: Sighting) -> Place | None:
    if sighting.subject is not Subject.MESSAGE:
        return None
    try:
        return await find_channel(guild, sighting.channel_id)
    except discord.Forbidden:
        return None


async def _links(guild: discord.Guild, sighting: Sighting, place: Place | None) -> list[str]:
    """Return where Discord itself serves the pictures; none where they are gone or out of reach."""
    if sighting.subject is not Subject.MESSAGE:
        return await _expression(guild, sighting)
    if not isinstance(place, discord.abc.Messageable):
        return []
    try:
        message = await place.fetch_message(sighting.message_id)
    except (discord.NotFound, discord.Forbidden):
        return []
    pictures = [
        found.url
        for found in shown_by(message, limit=_MAX_PICTURES)
        if isinstance(found, PictureRef)
    ]
    attached = [
        *message.attachments,
        *(a for s in message.message_snapshots for a in s.attachments),
    ]
    videos = [item.url for item in attached if (item.content_type or "").startswith(_VIDEO)]
    return [*pictures, *videos]


async def _expression(guild: discord.Guild, sighting: Sighting) -> list[str]:
    try:
        if sighting.subject is Subject.EMOJI:
            return [(await guild.fetch_emoji(sighting.message_id)).url]
        return [(await guild.fetch_sticker(sighting.message_id)).url]
    except discord.NotFound:
        return []
