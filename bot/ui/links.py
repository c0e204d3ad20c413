"""Links to Discord's files: when they die, and how a dead one is renewed."""

import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import discord

from bot.domain.picture import PictureRef
from bot.ui.resolver import find_again


def expired(url: str, now: Callable[[], float] = time.time) -> bool:
    """Say whether a signed link's own time (``ex``, hexadecimal Unix seconds) has passed."""
    ends = parse_qs(urlsplit(url).query).get("ex", [""])[0]
    try:
        return bool(ends) and int(ends, 16) <= now()
    except ValueError:
        return False


class LinkRenewer:
    """Reads a message again for fresh links; knows no client until one is attached."""

    def __init__(self) -> None:
        self._client: discord.Client | None = None

    def use(self, client: discord.Client) -> None:
        """Read messages through ``client`` from now on."""
        self._client = client

    async def renew(self, ref: PictureRef) -> PictureRef | None:
        """Return ``ref`` with a fresh link; None when its message cannot be read any more."""
        if self._client is None or ref.channel_id is None or ref.message_id is None:
            return None
        channel = self._client.get_partial_messageable(ref.channel_id)
        try:
            message = await channel.fetch_message(ref.message_id)
        except discord.HTTPException:
            return None
        return find_again(message, ref)
