"""A conversation as its reader finds it again: what was said last, and how to go on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from discord import ButtonStyle, ui

from bot.domain.conversation import Conversation, Turn, TurnState
from bot.domain.conversation_ports import ConversationStore
from bot.ui.controls import Control
from bot.ui.conversation.controls import turn_buttons
from bot.ui.conversation.layouts import who_asked
from bot.ui.conversation.listing import titled
from bot.ui.conversation.rights import Click, may_see
from bot.ui.i18n import Words
from bot.ui.layouts import TEXT_LIMIT, closed
from bot.ui.text import displayed, shares, spoilered

_TURNS_SHOWN = 3
_QUESTION_LIMIT = 400
_FURNITURE = 400
"""Room for the title, the hints and each turn's heading."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The last turns of a conversation, oldest first.

    ``hidden``: a picture on the way to them is a spoiler.
    """

    turns: tuple[Turn, ...]
    hidden: bool


async def read_ending(store: ConversationStore, click: Click, conversation: Conversation) -> Ending:
    """Return how a conversation ended, as far as it is the reader's to see."""
    newest = await store.turn(conversation.last_turn_id)
    if newest is None or not may_see(click, newest):
        everything = await store.turns(conversation.id)
        seen = [turn for turn in everything if may_see(click, turn)]
        answered = [turn for turn in seen if turn.state is TurnState.ANSWERED]
        newest = next(reversed(answered or seen), None)
    if newest is None:
        return Ending((), hidden=False)
    turns = await store.path(newest.id, max(0, newest.depth - _TURNS_SHOWN + 1))
    sources = [picture.source for picture in await store.pictures(newest.id)]
    sources += [source for turn in turns for source in turn.sources]  # some may never have come
    return Ending(turns, hidden=any(source.spoiler for source in sources))


def opened(conversation: Conversation, ending: Ending, say: Words) -> ui.LayoutView:
    """Draw the end of a conversation."""
    turns = ending.turns
    asked = [who_asked(turn, say, _QUESTION_LIMIT, hidden=ending.hidden) for turn in turns]
    room = TEXT_LIMIT - _FURNITURE - sum(map(len, asked))
    budgets = shares([2 * len(turn.answer) + _FURNITURE for turn in turns], room)
    container: ui.Container[ui.LayoutView] = ui.Container()
    title = titled(conversation, say)
    container.add_item(ui.TextDisplay(f"## {spoilered(title) if ending.hidden else title}"))
    complete = True
    for turn, question, budget in zip(turns, asked, budgets, strict=True):
        answer, whole = _answer(turn, say, budget, hidden=ending.hidden)
        complete = complete and whole
        container.add_item(ui.TextDisplay(question))
        container.add_item(ui.TextDisplay(answer))
    hints = []
    if turns and turns[0].depth:
        hints.append(say.say("There is more before this: “Export” has all of it."))
    if not complete:
        hints.append(say.say("Answers are shown in part: “Export” has all of it."))
    if hints:
        container.add_item(ui.TextDisplay("\n".join(f"-# {hint}" for hint in hints)))
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return closed(view, _controls(turns, say))


def _answer(turn: Turn, say: Words, budget: int, *, hidden: bool) -> tuple[str, bool]:
    if turn.answer.strip():
        return displayed(turn.answer.strip(), budget, hidden=hidden)
    states = {
        TurnState.WAITING: say.say("This is still being answered."),
        TurnState.ANSWERED: say.say("The model said nothing."),
        TurnState.STOPPED: say.say("This was stopped before there was an answer."),
        TurnState.INTERRUPTED: say.say("I was restarted before I could answer this."),
        TurnState.FORGOTTEN: say.say("This was deleted."),
    }
    return states.get(turn.state) or say.say("I could not answer this."), True


def _controls(turns: Sequence[Turn], say: Words) -> list[Control]:
    """Offer to go on, for the reader alone, and to go where the answer stands."""
    if not turns or turns[-1].state is not TurnState.ANSWERED:
        return []
    newest = turns[-1]
    follow, *_ = turn_buttons(replace(newest, private=True), say, kept=True, thread=False)
    if newest.private or newest.answer_message_id is None:
        return [follow]
    place = f"{newest.guild_id or '@me'}/{newest.channel_id}/{newest.answer_message_id}"
    link: Control = ui.Button(
        label=say.say("Show in Discord"),
        style=ButtonStyle.link,
        url=f"https://discord.com/channels/{place}",
    )
    return [follow, link]
