"""Every control of a card, pressed by everybody who could try, in a server with real rules.

The table in ``docs/permissions.md`` is written from what happened here. To write it anew after a
change, run this file with ``LOOKOUT_WRITE_DOCS=1`` in the environment.
"""

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import discord
import simcord

from bot.domain.moderation.case import (
    ActionKind,
    ActionState,
    Case,
    CaseState,
    Decision,
    DecisionRequest,
)
from bot.ui.i18n import words
from bot.ui.moderation.rights import (
    BOT_NEEDS,
    PRESSER_NEEDS,
    Control,
    Reason,
    Refusal,
    refusal_sentence,
)
from bot.ui.permissions import permission_name
from tests.discord.cases import MODERATOR, Court, court, told
from tests.discord.messaging import offered
from tests.discord.world import components, labels

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
SAY = words("en-US")


@dataclass(frozen=True)
class Row:
    """One control: its button, the answer to its question, and what it takes back."""

    name: str
    control: Control
    button: str
    confirm: str = ""
    undoes: Decision | None = None


ROWS = (
    Row("Keep", Control.KEEP, "Keep"),
    Row("Not a violation", Control.NOT_VIOLATION, "Not a violation"),
    Row("Reveal", Control.REVEAL, "Reveal"),
    Row("Delete", Control.DELETE, "Delete", "Yes, delete"),
    Row("Block this picture", Control.BLOCK, "Block this picture", "Yes, block"),
    Row("Time out", Control.TIME_OUT, "Time out", "1 hour"),
    Row("Kick", Control.KICK, "Kick", "Yes, kick"),
    Row("Ban", Control.BAN, "Ban", "Yes, ban"),
    Row("Undo (kept, deleted, blocked …)", Control.UNDO, "Undo", undoes=Decision.DELETE),
    Row("Undo a time-out", Control.UNDO_TIME_OUT, "Undo", undoes=Decision.TIME_OUT),
    Row("Undo a kick", Control.UNDO_KICK, "Undo", undoes=Decision.KICK),
    Row("Undo a ban", Control.UNDO_BAN, "Undo", undoes=Decision.BAN),
)
COLUMNS = (
    "owner",
    "administrator",
    "moderator",
    "moderator without the permission",
    "member",
    "moderator, timed out",
    "Lookout lacks the permission",
    "person above the moderator",
    "person above Lookout",
    "person owns the server",
)
_SHORT = {
    Reason.TIMED_OUT: "no: timed out",
    Reason.PRESSER_LACKS: "no: permission",
    Reason.BOT_LACKS: "no: Lookout’s permission",
    Reason.NOBODY: "no: nobody to act on",
    Reason.ONESELF: "no: oneself",
    Reason.OWNER: "no: owner",
    Reason.ABOVE_PRESSER: "no: role order",
    Reason.ABOVE_BOT: "no: Lookout’s role",
    Reason.ADMINISTRATOR: "no: administrator",
}
_ABOUT = {
    Control.TIME_OUT: ActionKind.TIME_OUT,
    Control.KICK: ActionKind.KICK,
    Control.BAN: ActionKind.BAN,
    Control.UNDO_TIME_OUT: ActionKind.END_TIME_OUT,
    Control.UNDO_BAN: ActionKind.UNBAN,
}
_TAKES_BACK = {Control.UNDO_TIME_OUT: ActionKind.TIME_OUT, Control.UNDO_BAN: ActionKind.BAN}


class Stage:
    """The server with everybody in it."""

    def __init__(self, c: Court) -> None:
        self.c = c
        env, guild = c.w.env, c.w.guild
        self.bot_role = next(role for role in guild.roles.values() if role._role.managed)
        self.high = guild.create_role("High", position=40)
        self.senior = guild.create_role("Senior")
        admin = guild.create_role("Admin", permissions=discord.Permissions(administrator=True))
        all_rights = discord.Permissions(
            MODERATOR.value, view_channel=True, read_message_history=True
        )
        moderator = guild.create_role("Moderator", permissions=all_rights)
        without = discord.Permissions(MODERATOR.value)
        without.manage_messages = False
        lesser = guild.create_role("No messages", permissions=without)
        only = guild.create_role(
            "Only messages", permissions=discord.Permissions(manage_messages=True)
        )
        join = guild.add_member
        self.owner = simcord.MemberActor(env, guild, guild.owner)
        self.admin = join(env.create_user("admin"), roles=[admin])
        self.moderator = join(env.create_user("moderator"), roles=[moderator])
        self.no_messages = join(env.create_user("no-messages"), roles=[lesser])
        self.only_messages = join(env.create_user("only-messages"), roles=[only])
        self.member = join(env.create_user("member"))
        self.silenced = join(env.create_user("silenced"), roles=[moderator])
        env.backend.edit_member(
            guild.id, self.silenced.id, {"timed_out_until": "2026-01-20T00:00:00+00:00"}
        )
        self.count = 0

    def presser(self, row: Row, column: str) -> simcord.MemberActor:
        """Return who presses."""
        match column:
            case "owner" | "person above Lookout":
                return self.owner
            case "administrator" | "person owns the server":
                return self.admin
            case "moderator without the permission":
                special = len(PRESSER_NEEDS[row.control]) > 1 and row.control is not Control.REVEAL
                return self.only_messages if special else self.no_messages
            case "member":
                return self.member
            case "moderator, timed out":
                return self.silenced
            case _:
                return self.moderator

    def person(self, column: str) -> simcord.MemberActor:
        """Return whose picture it is: somebody new, or the owner."""
        if column == "person owns the server":
            return self.owner
        self.count += 1
        return self.c.w.guild.add_member(self.c.w.env.create_user(f"person-{self.count}"))

    def raise_person(self, person: simcord.MemberActor, column: str) -> None:
        """Let somebody, if they are still there, stand where the column says."""
        role = {"person above the moderator": self.senior, "person above Lookout": self.high}.get(
            column
        )
        if role is not None and person.id in self.c.w.guild.member_ids():
            self.c.w.env.backend.add_member_role(self.c.w.guild.id, person.id, role.id)

    async def arm(self, *, lacking: bool) -> None:
        """Give Lookout all permissions, or only those with which it can draw cards."""
        allowed = discord.Permissions(view_channel=True, send_messages=True, attach_files=True)
        value = allowed.value if lacking else discord.Permissions.all().value & ~8
        everyone = discord.Permissions(view_channel=True, send_messages=True)
        everyone.read_message_history = everyone.attach_files = not lacking
        backend, guild = self.c.w.env.backend, self.c.w.guild
        backend.edit_role(guild.id, self.bot_role.id, {"permissions": value})
        backend.edit_role(guild.id, guild.id, {"permissions": everyone.value})
        await self.c.w.env.settle()


async def tried(stage: Stage, row: Row, column: str) -> str:
    """Press a control and say what happened, after looking whether it really did."""
    c, presser, person = stage.c, stage.presser(row, column), stage.person(column)
    c.w.env.backend.messages[c.log.id].clear()
    case = await c.flagged(person.id, (await c.posted(person)).id)
    if row.undoes is not None:
        case = await before(c, case, row.undoes, stage.owner.id)
    stage.raise_person(person, column)
    await c.w.env.settle()
    lacking = column == "Lookout lacks the permission"
    if lacking:
        await stage.arm(lacking=True)
    try:
        said = await pressed(c, presser, row)
        after = await c.work(case.id)
    finally:
        if lacking:
            await stage.arm(lacking=False)
    reason = refused(said, row)
    if reason is not None:
        assert after.state is case.state
        assert after.decision is case.decision
        assert ids(after) == ids(case)
        return _SHORT[reason]
    assert happened(case, after, row), f"{row.name}, {column}: {said}"
    return "yes"


async def before(c: Court, case: Case, decision: Decision, owner_id: int) -> Case:
    """Let the owner decide, so that there is something to take back."""
    until = c.w.env.now() + timedelta(hours=1)
    request = DecisionRequest(
        case.id, c.w.guild.id, owner_id, decision, until=until, tell_person=False
    )
    assert await c.cases.decide(request) is not None
    return await c.work(case.id)


async def pressed(c: Court, presser: simcord.MemberActor, row: Row) -> str:
    """Press, answer the question if there is one, and return what the presser reads."""
    assert row.button in offered(c.card())
    shown = await c.press(presser, row.button)
    if row.confirm and row.confirm in labels(shown):
        await c.w.click(presser, shown, row.confirm)
    pictures = [item for item in components(shown.response) if item["type"] == 12]
    return "the picture" if pictures else told(shown)


def refused(said: str, row: Row) -> Reason | None:
    """Recognise a refusal by its sentence, which names what is missing."""
    needed = {*PRESSER_NEEDS[row.control], *BOT_NEEDS[row.control]}
    for reason in Reason:
        for permission in sorted(needed) or [""]:
            if said == refusal_sentence(Refusal(reason, permission), SAY):
                return reason
    return None


def happened(before: Case, after: Case, row: Row) -> bool:
    """Say whether what the control is for really came about, in Discord too."""
    earlier = {action.kind: action.state for action in before.actions}
    ends = {action.kind: action.state for action in after.actions}
    kind = _ABOUT.get(row.control)
    undone = row.undoes is None or _was_done(earlier, row)
    if kind is not None and undone and ends.get(kind) is not ActionState.DONE:
        return False
    if row.undoes is not None or row.control is Control.REVEAL:
        return after.state is CaseState.OPEN
    decided = after.decision is not None and after.decision.value == row.control.value
    deleted = ends.get(ActionKind.DELETE) is ActionState.DONE
    return decided and deleted is (after.decision is not None and after.decision.confirms)


def _was_done(earlier: dict[ActionKind, ActionState], row: Row) -> bool:
    kind = _TAKES_BACK.get(row.control)
    return kind is not None and earlier.get(kind) is ActionState.DONE


def ids(case: Case) -> list[int]:
    return [action.id for action in case.actions]


async def test_every_control_by_everybody(tmp_path: Path) -> None:
    async with court(tmp_path, tell_person=False) as c:
        stage = Stage(c)
        await stage.arm(lacking=False)
        table = {row.name: [await tried(stage, row, column) for column in COLUMNS] for row in ROWS}
    assert {row.control for row in ROWS} == set(Control) - {Control.DELETE_EXPRESSION}
    assert all(cells[0] == "yes" for cells in table.values())
    assert all(cells[4].startswith("no") for cells in table.values())
    page = written(table)
    if os.environ.get("LOOKOUT_WRITE_DOCS") == "1":
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page


def written(table: dict[str, list[str]]) -> str:
    """Write the page."""
    lines = [
        "# Who may press what",
        "",
        "Every press on a card is checked on Lookout’s side with the permissions and roles that",
        "Discord tells with that very press; what is done later is checked once more when it is",
        "done. A refused press says what is missing and changes nothing.",
        "",
        "This page is written by `tests/discord/test_moderation_matrix.py`, which presses every",
        "button of a card as each of these people in a simulated server and looks at what really",
        "happened.",
        "",
        "## What each control needs",
        "",
        "| Control | The moderator needs | Lookout needs |",
        "| --- | --- | --- |",
        *(
            f"| {row.name} | {named(PRESSER_NEEDS, row)} | {named(BOT_NEEDS, row)} |"
            for row in ROWS
        ),
        "",
        "“Manage Messages”, “View Channel” and “Read Message History” count where the picture was",
        "posted. For an emoji or a sticker of the server, deleting and blocking need “Manage",
        "Expressions”. Appealing needs no permission: only the person concerned can, once.",
        "",
        "## What happened",
        "",
        "Where a column speaks of the person, it is the one whose picture it is. “Person above",
        "Lookout” was pressed by the owner, “person owns the server” by an administrator.",
        "",
        f"| Control | {' | '.join(COLUMNS)} |",
        f"| --- |{' --- |' * len(COLUMNS)}",
        *(f"| {name} | {' | '.join(cells)} |" for name, cells in table.items()),
        "",
        "Deleting a message follows Discord’s own rule: whoever may manage messages may delete",
        "anybody’s. What is done to a person needs that person’s highest role to be below the",
        "moderator’s and below Lookout’s. Bots and webhooks are not acted on: their messages can",
        "only be deleted.",
        "",
    ]
    return "\n".join(lines)


def named(needs: object, row: Row) -> str:
    """Name permissions as Discord's settings do."""
    assert isinstance(needs, dict)
    return ", ".join(permission_name(one, SAY) for one in needs[row.control]) or "nothing more"
