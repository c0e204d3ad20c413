"""The blocked pictures of a server: a page of them, and what can be done with each."""

from collections.abc import Sequence
from dataclasses import dataclass

import discord
from discord import ButtonStyle, ui

from bot.domain.moderation.fingerprint import BankEntry, BankKind
from bot.ui.asking import Interaction
from bot.ui.controls import Control
from bot.ui.house import House
from bot.ui.i18n import Words, words
from bot.ui.layouts import plain
from bot.ui.moderation.blocklist_file import MAX_BYTES, MAX_ENTRIES, Import
from bot.ui.moderation.permitted import require_moderator
from bot.ui.sentences import megabytes
from bot.ui.text import neutral_clipped

PAGE_SIZE = 8
MAX_BLOCKED = 100_000
"""How many pictures a server may block by files; what moderators block on cards always counts."""
_LABEL_CHARACTERS = 100
_REFUSED_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Blocked:
    """A blocked picture, and the number of the case it came from."""

    entry: BankEntry
    case_number: int | None = None


async def show_blocklist(
    house: House, interaction: Interaction, offset: int = 0, *, above: str = ""
) -> None:
    """Put a page where the acknowledged reply is; an empty one gives way to the first.

    Raises MissingRight.
    """
    guild_id = require_moderator(interaction).guild.id
    store = house.moderation.bank_store
    total, entries = await store.listed(guild_id, BankKind.BLOCKED, offset=offset, limit=PAGE_SIZE)
    if not entries and offset:
        offset = 0
        total, entries = await store.listed(guild_id, BankKind.BLOCKED, limit=PAGE_SIZE)
    shown = [Blocked(entry, await case_number(house, entry)) for entry in entries]
    view = blocklist_page(shown, offset, total, words(interaction.locale.value), above=above)
    await interaction.edit_original_response(view=view)


async def case_number(house: House, entry: BankEntry) -> int | None:
    """Return the number of the case in which a picture was blocked; None for imported ones."""
    if entry.case_id is None:
        return None
    case = await house.moderation.cases.get(entry.case_id)
    return None if case is None or case.guild_id != entry.guild_id else case.number


def blocklist_page(
    shown: Sequence[Blocked], offset: int, total: int, say: Words, *, above: str = ""
) -> ui.LayoutView:
    """Draw a page, newest first. There is no preview: no picture of them is kept."""
    lines = [above] if above else []
    lines += [
        "## " + say.say("Blocked pictures"),
        say.say("Copies of these are removed at once, also slightly changed ones. In dry run they "
                "are only flagged."),
        say.say_plural("There is {count}.", "There are {count}.", total),
    ]  # fmt: skip
    container: ui.Container[ui.LayoutView] = ui.Container(ui.TextDisplay("\n".join(lines)))
    for number, blocked in enumerate(shown, start=offset + 1):
        container.add_item(
            ui.Section(
                ui.TextDisplay(f"**{number}.** {entry_line(blocked, say)}"),
                accessory=_button(
                    "remove", say.say("Remove {number}", number=number), blocked.entry.id, offset
                ),
            )
        )
    container.add_item(ui.ActionRow(*_ways(offset, len(shown), total, say)))
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    view.stop()  # presses are heard by custom id, not kept in memory
    return view


def entry_line(blocked: Blocked, say: Words) -> str:
    """Say when, by whom and from where a picture was blocked."""
    entry = blocked.entry
    when = discord.utils.format_dt(entry.added_at, "d") if entry.added_at else ""
    who = f"<@{entry.added_by}>" if entry.added_by else "Lookout"
    if blocked.case_number is not None:
        origin = say.say("case {number}", number=blocked.case_number)
    elif entry.label:
        origin = neutral_clipped(entry.label, _LABEL_CHARACTERS)
    else:
        origin = say.say("its case is no longer kept")
    line = say.say("{origin}, {when}, by {who}", origin=origin, when=when, who=who)
    return f"{line}, PDQ" if not entry.views.hashes and entry.views.pdq else line


def removal(blocked: Blocked, offset: int, say: Words) -> ui.LayoutView:
    """Ask once before a picture is unblocked."""
    text = "\n".join(
        [
            "## " + say.say("Remove it from the blocked pictures?"),
            entry_line(blocked, say),
            say.say("Copies of it are then looked at like any other picture."),
        ]
    )
    return plain(
        text,
        [
            _button("gone", say.say("Remove it"), blocked.entry.id, offset, ButtonStyle.danger),
            _button("page", say.say("Keep it"), 0, offset),
        ],
    )


def imported(found: Import, added: int, say: Words) -> str:
    """Say how many were taken, and which lines were not, and why."""
    lines = [
        say.say_plural("Added: {count} picture.", "Added: {count} pictures.", added),
    ]
    known = len(found.entries) - added
    if known:
        lines.append(
            say.say_plural("{count} was blocked already.", "{count} were blocked already.", known)
        )
    reasons = {
        "malformed": say.say("Not in the right form, line or entry {numbers}"),
        "quality": say.say("Quality under 50, line {numbers}"),
        "twice": say.say("Twice in the file, line or entry {numbers}"),
        "too_many": say.say("More than {most} in one file, from {numbers} on"),
    }
    for reason, text in reasons.items():
        numbers = [refused.number for refused in found.refused if refused.reason == reason]
        if numbers:
            some = ", ".join(map(str, numbers[: 1 if reason == "too_many" else _REFUSED_SHOWN]))
            more = len(numbers) - _REFUSED_SHOWN
            if more > 0 and reason != "too_many":
                some = say.say("{some} and {count} more", some=some, count=more)
            lines.append(text.format(numbers=some, most=MAX_ENTRIES))
    if any(not (entry.sha256 or entry.views.hashes) for entry in found.entries):
        lines.append(
            say.say(
                "What has a PDQ hash alone is kept and exported again, but pictures are not "
                "compared with it."
            )
        )
    return "\n".join(lines)


def not_a_blocklist(say: Words) -> str:
    """Say what kind of file can be read."""
    return say.say(
        "That file is no blocklist. I read the JSON that “Export” makes here, and text or CSV with "
        "a PDQ hash (64 hexadecimal digits) and its quality in each line, up to {limit}.",
        limit=megabytes(MAX_BYTES),
    )


def too_many(known: int, further: int, say: Words) -> str:
    """Say that a file holds more than the server may block."""
    return say.say(
        "Nothing was added: {known} are blocked already, and {further} more would be over the "
        "{most} that a server can have.",
        known=known,
        further=further,
        most=MAX_BLOCKED,
    )


def _ways(offset: int, shown: int, total: int, say: Words) -> list[Control]:
    buttons = []
    if offset:
        buttons.append(_button("page", say.say("Newer"), 0, max(0, offset - PAGE_SIZE)))
    if offset + shown < total:
        buttons.append(_button("page", say.say("Older"), 0, offset + PAGE_SIZE))
    buttons.append(_button("import", say.say("Import"), 0, offset))
    if total:
        buttons.append(_button("export", say.say("Export"), 0, offset))
    return buttons


def _button(
    action: str,
    label: str,
    entry_id: int,
    offset: int,
    style: ButtonStyle = ButtonStyle.secondary,
) -> Control:
    """Write all that a press must know before anything is looked up."""
    custom_id = f"lookout:blocked:{action}:{entry_id}:{offset}"
    return ui.Button(label=label, style=style, custom_id=custom_id)
