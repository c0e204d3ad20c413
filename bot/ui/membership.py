"""Which servers Lookout is a member of."""

import discord
import structlog

from bot.domain.errors import StorageFailed
from bot.domain.moderation.ports import ModerationKeeper

_log = structlog.get_logger(__name__)


async def note_presence(client: discord.Client, keeper: ModerationKeeper) -> None:
    """Tell ``keeper`` of all servers there are, as of a removed one nobody tells afterwards.

    To be called once the client is ready: from then on even a server that Discord cannot reach is
    among its servers.
    """
    if not client.is_ready():
        return
    present = {guild.id for guild in client.guilds}
    try:
        absent = await keeper.note_presence(present, lambda guild_id: is_ours(client, guild_id))
    except StorageFailed as error:
        _log.warning("presence_not_noted", reason=error.reason)
        return
    if absent:
        _log.warning("guilds_absent", guilds=absent)


def is_ours(client: discord.Client, guild_id: int) -> bool:
    """Say whether a server is told of in this process: others may have other shards.

    Source: https://discord.com/developers/docs/events/gateway#sharding-sharding-formula
    """
    shard_ids = getattr(client, "shard_ids", None)
    if shard_ids is None and client.shard_id is not None:
        shard_ids = [client.shard_id]
    if shard_ids is None or not client.shard_count:
        return True
    return (guild_id >> 22) % client.shard_count in shard_ids
