"""The list of conversations: a page of them, each with what can be done with it."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import discord
from discord import ButtonStyle, ui

from bot.domain.conversation import Conversation
from bot.domain.conversation_ports import Forgotten
from bot.domain.errors import NotYours
from bot.ui.controls import Control
from bot.ui.conversation.rights import Click, may_read, moderates
from bot.ui.house import House
from bot.ui.i18n import Words
from bot.ui.layouts import plain
from bot.ui.pages import amount
from bot.ui.text import neutral_clipped, one_line

PAGE_SIZE = 5
_TITLE_LIMIT = 100


class Scope(enum.StrEnum):
    """Whose conversations are listed."""

    MINE = "mine"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Position:
    """A page of a list: after how many it begins."""

    scope: Scope
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A conversation on a page; one that is not ``readable`` is listed without what it is about."""

    conversation: Conversation
    readable: bool


@dataclass(frozen=True, slots=True)
class Page:
    """What a page shows; ``older`` says whether there are more after it."""

    position: Position
    entries: tuple[Entry, ...]
    older: bool


async def read_page(house: House, click: Click, position: Position) -> Page:
    """Return a page; one that has become empty gives way to the one before it, or the first.

    Raises NotYours for a server's list to anybody but its moderators, and StorageFailed.
    """
    for offset in (position.offset, max(0, position.offset - PAGE_SIZE), 0):
        found = await _found(house, click, position.scope, offset)
        if found:
            break
    entries = tuple(Entry(one, may_read(click, one)) for one in found[:PAGE_SIZE])
    return Page(Position(position.scope, offset), entries, older=len(found) > PAGE_SIZE)


async def _found(house: House, click: Click, scope: Scope, offset: int) -> tuple[Conversation, ...]:
    store, limit = house.conversations.store, PAGE_SIZE + 1
    if scope is Scope.MINE:
        return await store.of_person(click.user.id, limit=limit, offset=offset)
    if click.guild_id is None or not moderates(click):
        raise NotYours
    return await store.of_guild(click.guild_id, limit=limit, offset=offset)


def listed(page: Page, say: Words, *, settings: str, above: str = "") -> ui.LayoutView:
    """Draw a page; ``settings`` names the command for how long they are kept.

    ``above`` says what has just happened.
    """
    heading = (
        say.say("Conversations of this server")
        if page.position.scope is Scope.SERVER
        else say.say("Your conversations")
    )
    lines = [above] if above else []
    lines.append(f"## {heading}")
    if not page.entries:
        lines.append(say.say("There are none to show."))
    container: ui.Container[ui.LayoutView] = ui.Container(ui.TextDisplay("\n".join(lines)))
    for number, entry in enumerate(page.entries, start=page.position.offset + 1):
        container.add_item(ui.TextDisplay(f"**{number}.** {_line(entry, say)}"))
        container.add_item(ui.ActionRow(*_buttons(number, entry, page.position, say)))
    pager = _pager(page, say)
    if pager:
        container.add_item(ui.ActionRow(*pager))
    kept = say.say("How long I keep them: {settings}", settings=settings)
    container.add_item(ui.TextDisplay(f"-# {kept}"))
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    view.stop()  # clicks are heard by custom id, not kept in memory
    return view


def confirmation(entry: Entry, position: Position, say: Words) -> ui.LayoutView:
    """Ask once before a conversation is deleted."""
    text = "\n".join(
        [
            "## " + say.say("Delete this conversation?"),
            _line(entry, say),
            say.say("This deletes its questions, answers and pictures. Messages in Discord stay."),
        ]
    )
    return plain(
        text,
        [
            _button("gone", say.say("Delete for good"), entry, position, ButtonStyle.danger),
            _page_button(say.say("Keep"), position),
        ],
    )


def deleted(forgotten: Forgotten, say: Words) -> str:
    """Say that a conversation was deleted, and how much it was."""
    if not forgotten.conversations:
        return say.say("That conversation was gone already.")
    return say.say("Deleted: {amount}.", amount=amount(forgotten.turns, forgotten.pictures, say))


def titled(conversation: Conversation, say: Words) -> str:
    """Write a title so that it does no harm."""
    title = neutral_clipped(one_line(conversation.title, _TITLE_LIMIT), _TITLE_LIMIT)
    return title or say.say("Without a title")


def _line(entry: Entry, say: Words) -> str:
    one = entry.conversation
    return say.say(
        "{title}: {amount}, {when}, {where}",
        title=titled(one, say) if entry.readable else say.say("Title not shown"),
        amount=amount(one.turns, one.pictures, say),
        when=discord.utils.format_dt(one.last_at, "R"),
        where=_where(one, say),
    )


def _where(one: Conversation, say: Words) -> str:
    if one.private:
        return say.say("private")
    if one.guild_id is None:
        return say.say("in direct messages")
    return say.say("in {channel}", channel=f"<#{one.channel_id}>")


def _buttons(number: int, entry: Entry, position: Position, say: Words) -> Sequence[Control]:
    buttons = [
        _button(
            "delete", say.say("Delete {number}", number=number), entry, position, ButtonStyle.danger
        )
    ]
    if entry.readable:
        buttons[:0] = [
            _button("open", say.say("Open {number}", number=number), entry, position),
            _button("export", say.say("Export {number}", number=number), entry, position),
        ]
    return buttons


def _pager(page: Page, say: Words) -> Sequence[Control]:
    scope, offset = page.position.scope, page.position.offset
    buttons = []
    if offset:
        newer = Position(scope, max(0, offset - PAGE_SIZE))
        buttons.append(_page_button(say.say("Newer"), newer))
    if page.older:
        buttons.append(_page_button(say.say("Older"), Position(scope, offset + PAGE_SIZE)))
    return buttons


def _page_button(label: str, position: Position) -> Control:
    return ui.Button(
        label=label, custom_id=f"lookout:list:page:0:{position.scope}:{position.offset}"
    )


def _button(
    action: str,
    label: str,
    entry: Entry,
    position: Position,
    style: ButtonStyle = ButtonStyle.secondary,
) -> Control:
    """Write all that a click must know before anything is looked up."""
    where = f"{entry.conversation.id}:{position.scope}:{position.offset}"
    return ui.Button(label=label, style=style, custom_id=f"lookout:list:{action}:{where}")
