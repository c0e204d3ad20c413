"""A world in which people set moderation up and look things up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import simcord

from bot.domain.errors import LookoutError
from bot.domain.moderation.assessment import Assessment, Outcome, Verdict
from bot.domain.moderation.fingerprint import Fingerprint
from bot.domain.moderation.policy import Policy
from bot.domain.moderation.ports import BankStore, Examined
from bot.domain.picture import PictureRef
from bot.services.moderation.moderation import Looked, Moderation
from bot.services.moderation.policies import Policies
from tests.discord.cases import Court, court
from tests.discord.world import World, components

CHIEF = discord.Permissions(manage_guild=True, manage_messages=True)
"""Who only manages the server does not see the command, unless the server changes that."""
CLEAN = Looked(Examined(Fingerprint("0" * 64), ()), Assessment(), Verdict(Outcome.CLEAN))


@dataclass
class Eye:
    """Moderation that looks at a picture as it was told to, and remembers what it was shown."""

    moderation: Moderation
    answer: Looked | LookoutError = CLEAN
    shown: list[PictureRef] = field(default_factory=list)

    async def look_now(self, ref: PictureRef, policy: Policy, **_: Any) -> Looked:
        self.shown.append(ref)
        if isinstance(self.answer, LookoutError):
            raise self.answer
        return self.answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.moderation, name)


@dataclass
class Office:
    """A server: the chief may manage it, the admin is an administrator, Mod moderates."""

    court: Court
    chief: simcord.MemberActor
    admin: simcord.MemberActor
    eye: Eye

    @property
    def w(self) -> World:
        """The world around it."""
        return self.court.w

    @property
    def policies(self) -> Policies:
        """Everybody's policies."""
        return self.w.lookout.moderation.policies

    @property
    def bank(self) -> BankStore:
        """The remembered pictures."""
        return self.w.lookout.moderation.bank_store

    def show_to_all(self) -> None:
        """Let everybody see the command, as a server's settings may."""
        command_id = self.w.lookout.commands.ids["moderation"]
        self.w.guild.set_command_permissions(
            SimpleNamespace(id=command_id), {self.w.guild.default_role: True}
        )

    async def policy(self) -> Policy:
        """Return the server's policy as it is kept."""
        return await self.policies.get(self.w.guild.id)

    async def slash(
        self, actor: simcord.MemberActor, name: str, **options: Any
    ) -> simcord.InteractionResult:
        """Use one of the commands."""
        return await self.w.slash(actor, f"moderation {name}", **options)

    async def choose(
        self,
        actor: simcord.MemberActor,
        panel: simcord.InteractionResult,
        what: str,
        *values: Any,
    ) -> simcord.InteractionResult:
        """Choose in the select that is about ``what``."""
        assert panel.response is not None
        select = control(panel, what)
        result = await actor.select(
            panel.response.message, list(values), custom_id=select["custom_id"]
        )
        return await self.w.finished(result)


def control(panel: simcord.InteractionResult, what: str) -> dict[str, Any]:
    """Return the select that is about ``what``, as Discord has it."""
    (found,) = [
        item
        for item in components(panel.response)
        if item["type"] != 2 and f":{what}:" in item.get("custom_id", "")
    ]
    return found


@asynccontextmanager
async def office(tmp_path: Path, **policy: Any) -> AsyncIterator[Office]:
    """Open a world with the commands of moderation; ``policy`` overrides the server's."""
    async with court(tmp_path, **policy) as c:
        guild = c.w.guild
        manages = guild.create_role("Chief", permissions=CHIEF)
        may_all = guild.create_role("Admin", permissions=discord.Permissions(administrator=True))
        house: Any = c.w.lookout
        c.w.lookout.moderation.clock = c.w.env.now
        house.moderation = eye = Eye(c.w.lookout.moderation)
        yield Office(
            c,
            guild.add_member(c.w.env.create_user("chief"), roles=[manages]),
            guild.add_member(c.w.env.create_user("admin"), roles=[may_all]),
            eye,
        )
