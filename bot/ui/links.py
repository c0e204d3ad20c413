"""Links to Discord's files: when they die, and how a dead one is renewed."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

import discord
import structlog
from discord.http import Route

from bot.domain.errors import PictureGone
from bot.domain.picture import PictureRef, link_expires_at
from bot.ui.resolver import find_again

_log = structlog.get_logger(__name__)

_RENEWAL_SECONDS = 15.0
_SIGNED_HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
_SIGNED_FOLDERS = ("/attachments/", "/ephemeral-attachments/")


def expired(url: str, now: Callable[[], float] = time.time) -> bool:
    """Say whether a link to an attachment has lost its signature, or outlived it."""
    ends = link_expires_at(url)
    if ends is None:
        parts = urlsplit(url)
        return parts.hostname in _SIGNED_HOSTS and parts.path.startswith(_SIGNED_FOLDERS)
    return ends <= now()


class LinkRenewer:
    """Finds fresh links for pictures; knows no client until one is attached.

    ``asks_discord`` is whether Discord's own renewal of links may be tried.
    """

    def __init__(self, *, asks_discord: bool = True) -> None:
        self._client: discord.Client | None = None
        self._asks_discord = asks_discord

    def use(self, client: discord.Client | None) -> None:
        """Read through ``client`` from now on; through none with None."""
        self._client = client

    async def renew(self, ref: PictureRef) -> PictureRef | None:
        """Return ``ref`` with a fresh link; None when there is none to be had.

        The message is read again. Without the message-content intent Discord leaves its pictures
        out, so the link itself is then renewed: the way its own clients do it, which works for
        bots and is not documented for them. Raises PictureGone when the message was deleted.
        """
        if self._client is None:
            return None
        try:
            async with asyncio.timeout(_RENEWAL_SECONDS):
                return await self._from_message(self._client, ref) or await self._from_link(
                    self._client, ref
                )
        except PictureGone:
            raise
        except Exception as error:  # noqa: BLE001 - whatever broke: there is no fresh link then
            _log.info("link_not_renewed", error=type(error).__name__)
            return None

    async def _from_message(self, client: discord.Client, ref: PictureRef) -> PictureRef | None:
        if ref.channel_id is None or ref.message_id is None:
            return None
        channel = client.get_partial_messageable(ref.channel_id)
        try:
            message = await channel.fetch_message(ref.message_id)
        except discord.NotFound:
            raise PictureGone from None
        except discord.HTTPException:
            return None
        return find_again(message, ref)

    async def _from_link(self, client: discord.Client, ref: PictureRef) -> PictureRef | None:
        if not self._asks_discord or not expired(ref.url):
            return None
        route = Route("POST", "/attachments/refresh-urls")
        answer = await client.http.request(route, json={"attachment_urls": [ref.url]})
        match answer:
            case {"refreshed_urls": [{"refreshed": str() as url}]} if not expired(url):
                return replace(ref, url=url)
        return None
