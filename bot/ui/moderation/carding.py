"""Posts a case's card into the moderation log, finds it again, and keeps it up to date."""

from collections import OrderedDict

import discord
import structlog

from bot.domain.moderation.case import Case
from bot.domain.moderation.policy import Policy
from bot.domain.moderation.ports import Card
from bot.domain.moderation.upload import Author
from bot.ui.conversation.delivery import fitting
from bot.ui.conversation.reading import custom_ids
from bot.ui.i18n import words
from bot.ui.layouts import Rendered
from bot.ui.moderation.card import belongs_to, card
from bot.ui.moderation.standing import UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, find_channel

_log = structlog.get_logger(__name__)

_SEARCHED_MESSAGES = 100
"""How far back a card is looked for that was posted and never recorded."""
_REMEMBERED_NAMES = 500
_NOBODY = discord.AllowedMentions.none()
_Log = discord.TextChannel | discord.Thread | discord.VoiceChannel | discord.StageChannel


class CardPoster:
    """Draws cards in the language of their server."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._names: OrderedDict[int, str] = OrderedDict()
        self._without_log: set[int] = set()

    async def draw(self, guild: discord.Guild, case: Case, policy: Policy) -> Card | None:
        """Post the card or edit it; None when there is nowhere to post it (logged once)."""
        say = words(guild.preferred_locale.value)
        drawn = card(case, policy, await self._names_of(case), say)
        if case.card_channel_id and case.card_message_id:
            known = Card(case.card_channel_id, case.card_message_id)
            if await self._edit(guild, known, drawn):
                return known
        place = await find_channel(guild, policy.log_channel_id)
        if not isinstance(place, _Log) or not _may_post(place):
            if guild.id not in self._without_log:
                self._without_log.add(guild.id)
                _log.warning("no_place_for_cards", guild_id=guild.id, found=place is not None)
            return None
        self._without_log.discard(guild.id)
        found = await self._posted_before(place, case)
        if found is not None and await self._edit(guild, found, drawn):
            return found
        view, files = fitting(place, drawn.view, drawn.files, say.locale)
        sent = await place.send(
            view=view,
            files=[file.file() for file in files],
            allowed_mentions=_NOBODY,
            nonce=f"card-{case.id}",
        )
        return Card(place.id, sent.id)

    async def _edit(self, guild: discord.Guild, known: Card, drawn: Rendered) -> bool:
        """Bring a card up to date; False when it is gone, or out of reach."""
        place = await find_channel(guild, known.channel_id)
        if not isinstance(place, _Log):
            return False
        view, files = fitting(place, drawn.view, drawn.files, "")
        try:
            await discord.PartialMessage(channel=place, id=known.message_id).edit(
                view=view,
                attachments=[file.file() for file in files],
                allowed_mentions=_NOBODY,
            )
        except discord.NotFound as error:
            if error.code not in {UNKNOWN_MESSAGE, UNKNOWN_CHANNEL}:
                raise
            return False
        except discord.Forbidden:
            return False
        return True

    async def _posted_before(self, place: _Log, case: Case) -> Card | None:
        """Find the card where it was posted and that could not be recorded."""
        if not place.permissions_for(place.guild.me).read_message_history:
            return None  # by its nonce Discord knows one of the last few minutes
        async for message in place.history(limit=_SEARCHED_MESSAGES):
            own = message.author.id == place.guild.me.id
            if own and any(belongs_to(case.id, found) for found in custom_ids(message)):
                return Card(place.id, message.id)
        return None

    async def _names_of(self, case: Case) -> dict[int, str]:
        """Return the names of the people on the card, each asked for once."""
        names = {}
        for sighting in case.sightings[-1:]:
            if sighting.author is not Author.WEBHOOK:
                names[sighting.author_id] = await self._name(sighting.author_id)
        return names

    async def _name(self, person_id: int) -> str:
        known = self._names.get(person_id)
        if known is None:
            try:
                known = (await self._client.fetch_user(person_id)).name
            except discord.NotFound:
                known = ""
            self._names[person_id] = known
            if len(self._names) > _REMEMBERED_NAMES:
                self._names.popitem(last=False)
        return known


def _may_post(place: _Log) -> bool:
    allowed = place.permissions_for(place.guild.me)
    threaded = isinstance(place, discord.Thread)
    speak = allowed.send_messages_in_threads if threaded else allowed.send_messages
    return speak and allowed.view_channel
