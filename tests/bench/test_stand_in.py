"""The stand-in's HTTP side, as a real discord.py client meets it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import discord
import pytest
from discord import app_commands, ui

from bench import payloads
from bench.conversations import events
from bench.conversations.board import REPLY
from bench.conversations.discord import Discord
from bench.conversations.ledger import Ledger, Sight
from bench.conversations.marks import ANSWER_END, answer_begin, question
from bench.conversations.moments import Moment
from bench.photos import SMALL
from bench.subjects.watch import at_the_stand_in
from bench.traps import Moments, Trap
from bench.world import serving

PERSON = payloads.FIRST_PERSON
PICTURE: dict[str, object] = {
    "id": "1",
    "filename": "1.png",
    "size": 1,
    "url": "https://cdn.discordapp.com/attachments/1.png",
    "proxy_url": "https://cdn.discordapp.com/attachments/1.png",
    "content_type": SMALL.media_type,
}


def laid_out(text: str, *custom_ids: str) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(text))
    if custom_ids:
        view.add_item(ui.ActionRow(*(ui.Button(label="x", custom_id=name) for name in custom_ids)))
    return view


class Form(ui.Modal, title="More"):
    words: ui.Label[ui.Modal] = ui.Label(text="Words", component=ui.TextInput(custom_id="words"))


class Client(discord.Client):
    """Answers a command by deferring, and a message by a reply with a nonce."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True, guild_messages=True))
        self.tree = app_commands.CommandTree(self)
        self.heard: asyncio.Queue[discord.Message] = asyncio.Queue()
        self.used: asyncio.Queue[discord.Interaction] = asyncio.Queue()

    async def on_message(self, message: discord.Message) -> None:
        await self.heard.put(message)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        await self.used.put(interaction)


@dataclass
class Place:
    discord: Discord
    moments: Moments
    client: Client


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)
    monkeypatch.setattr(
        discord.gateway.DiscordWebSocket,
        "DEFAULT_GATEWAY",
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY,
    )
    moments = Moments()
    stand_in = Discord(Ledger("I was restarted"), moments)
    async with serving(stand_in.routes()) as address:
        at_the_stand_in(address)
        async with Client() as client:
            living = asyncio.create_task(client.start("token"))
            await stand_in.gateway.connected()
            yield Place(stand_in, moments, client)
        await asyncio.gather(living, return_exceptions=True)
    assert not stand_in.unknown


async def test_a_deferred_command_is_acknowledged_and_then_answered(place: Place) -> None:
    asked = place.discord.ledger.ask(PERSON, "command")
    used = events.ask_command(question(asked.number), PICTURE, private=True)
    await place.discord.use(PERSON, payloads.CHANNEL, used, asked=asked)
    interaction = await place.client.used.get()
    assert not asked.acknowledged

    await interaction.response.defer(thinking=True, ephemeral=True)
    assert asked.acknowledged
    assert not asked.ended
    await interaction.edit_original_response(
        view=laid_out(f"{answer_begin(asked.number)}{ANSWER_END}")
    )

    original = await interaction.original_response()
    assert asked.seen == {original.id: Sight.ANSWER}
    assert original.flags.ephemeral
    assert not original.flags.loading


async def test_an_expired_token_is_refused(place: Place) -> None:
    asked = place.discord.ledger.ask(PERSON, "command")
    used = events.ask_command(question(asked.number), PICTURE, private=False)
    await place.discord.use(PERSON, payloads.CHANNEL, used, asked=asked)
    interaction = await place.client.used.get()
    with pytest.raises(discord.NotFound):
        await interaction.edit_original_response(content="too early")
    await interaction.response.defer(thinking=True)
    place.discord.expire(asked.seen)

    with pytest.raises(discord.HTTPException) as refused:
        await interaction.edit_original_response(content="too late")

    assert refused.value.code == 50_027


async def test_a_message_is_replied_to_once_however_often_it_is_sent(place: Place) -> None:
    asked = place.discord.ledger.ask(PERSON, "mention")
    posted = place.discord.board.add(
        payloads.CHANNEL, PERSON, body={"content": "?"}, question=asked.number, pings_bot=True
    )
    await place.discord.post(posted)
    message = await place.client.heard.get()

    replies = [
        await message.channel.send(
            view=laid_out(words, "lookout:cancel:1"), reference=message, nonce="77"
        )
        for words in ("Looking", "Looking again")
    ]

    assert replies[0].id == replies[1].id
    assert asked.seen == {replies[0].id: Sight.WORKING}
    assert place.discord.board.messages[replies[0].id].kind == REPLY
    await replies[0].edit(view=laid_out("I was restarted"))
    assert asked.last_words == [Sight.INTERRUPTED]
    await replies[0].delete()
    assert asked.seen == {}


async def test_a_press_opens_a_modal_and_its_words_arrive(place: Place) -> None:
    message = place.discord.board.add(payloads.CHANNEL, payloads.BOT)
    pressed = await place.discord.use(
        PERSON, payloads.CHANNEL, events.press(message, "more"), source=message
    )
    interaction = await place.client.used.get()
    await interaction.response.send_modal(Form())
    modal = await pressed.modal
    asked = place.discord.ledger.ask(PERSON, "modal")
    filled = events.submit(modal, question(asked.number), message)
    await place.discord.use(PERSON, payloads.CHANNEL, filled, asked=asked, source=message)
    submitted = await place.client.used.get()

    assert submitted.data is not None
    assert question(asked.number) in str(submitted.data)
    await submitted.response.defer(thinking=True)
    assert asked.acknowledged


async def test_a_thread_carries_messages(place: Place) -> None:
    message = place.discord.board.add(payloads.CHANNEL, payloads.BOT)
    channel = place.client.get_channel(payloads.CHANNEL)
    assert isinstance(channel, discord.TextChannel)
    thread = await channel.get_partial_message(message.id).create_thread(name="More")
    asked = place.discord.ledger.ask(PERSON, "thread")
    posted = place.discord.board.add(
        thread.id, PERSON, body={"content": "?"}, question=asked.number
    )
    await place.discord.post(posted)
    heard = await place.client.heard.get()

    assert isinstance(heard.channel, discord.Thread)
    assert heard.channel.id == thread.id == message.id


async def test_a_trap_springs_when_its_moment_comes(place: Place) -> None:
    class Last:
        def uniform(self, least: float, most: float) -> float:
            return least

        def randint(self, least: int, most: int) -> int:
            return 2

    sprung: list[Moment] = []
    trap = Trap(Moment.ASKED, Last(), lambda: sprung.append(Moment.ASKED))  # type: ignore[arg-type]
    place.moments.set(trap)
    posted = place.discord.board.add(payloads.CHANNEL, PERSON, body={"content": "?"})

    await place.discord.post(posted)
    assert not sprung
    await place.discord.post(posted)
    assert sprung == [Moment.ASKED]
    trap.close()
    assert sprung == [Moment.ASKED]
