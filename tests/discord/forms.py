"""Forms that the bot opens, and rights that people lose."""

from typing import Any

import discord
import simcord
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType

from tests.discord.world import World


async def filled(
    w: World, actor: simcord.MemberActor, form: simcord.InteractionResult, **values: Any
) -> simcord.InteractionResult:
    """Send a form and wait for what follows."""
    return await w.finished(await actor.submit_modal(form, values))


def forms(form: simcord.InteractionResult) -> list[dict[str, Any]]:
    """List the fields of a form."""
    assert form.modal is not None
    return [label["component"] for label in form.modal["components"]]


def deny(w: World, target_id: int, **permissions: bool) -> None:
    """Take permissions from one member of the channel."""
    denied = discord.Permissions(**permissions).value
    w.env.backend.set_overwrite(
        w.channel.id, Overwrite(target_id, OverwriteType.MEMBER, allow=0, deny=denied)
    )
