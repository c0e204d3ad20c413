"""People in conversations: each asks, waits for the answer or gives up, and asks again."""

import asyncio
import contextlib
import json
import random
import re
from collections.abc import Callable
from typing import Any

from bench import payloads
from bench.conversations import events
from bench.conversations.board import REPLY, Posted
from bench.conversations.discord import Discord
from bench.conversations.ledger import Asked, Sight
from bench.conversations.marks import question
from bench.photos import Kind

_PATIENCE_SECONDS = 20.0
_MODAL_SECONDS = 3.0
_RECENT = 12
_TOLD_TWICE_EVERY = 20
_BUTTON = re.compile(r"lookout:turn:(followup|thread):[^\"]+")


class People:
    """Everybody in the server; ``photos`` are what they post."""

    def __init__(self, discord: Discord, kind: Kind, photos: list[bytes]) -> None:
        self._discord = discord
        self._kind = kind
        self._photos = photos
        self.posted: list[Posted] = []
        """Messages by which somebody asked."""

    async def live(self, person: int, chance: random.Random) -> None:
        """Ask for ever."""
        person_id = payloads.FIRST_PERSON + person
        roads = {
            self._ask: 30,
            self._mention: 10,
            self._reply: 30,
            self._follow_up: 20,
            self._speak_in_thread: 15,
        }
        while True:
            (road,) = chance.choices(list(roads), list(roads.values()))
            asked = await road(person_id, chance)
            if asked is None:
                asked = await self._ask(person_id, chance)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await self._discord.ended(asked)

    async def _ask(self, person_id: int, chance: random.Random) -> Asked:
        """Use ``/ask`` with a picture."""
        asked = self._discord.ledger.ask(person_id, "command")
        used = events.ask_command(
            question(asked.number), self._attachment(chance), private=chance.random() < 0.2
        )
        await self._discord.use(person_id, payloads.CHANNEL, used, asked=asked)
        return asked

    async def _mention(self, person_id: int, chance: random.Random) -> Asked:
        """Post a picture and mention the bot."""
        asked = self._discord.ledger.ask(person_id, "mention")
        text = f"<@{payloads.BOT}> {question(asked.number)}"
        await self._post(asked, payloads.CHANNEL, text, attachments=[self._attachment(chance)])
        return asked

    async def _reply(self, person_id: int, chance: random.Random) -> Asked | None:
        """Reply to an answer, now and then to one that is still being written."""
        early = chance.random() < 0.15
        found = self._find(
            chance,
            lambda message, seen: (
                not message.private
                and message.channel_id == payloads.CHANNEL
                and seen in ((Sight.WORKING,) if early else (Sight.ANSWER, Sight.INTERRUPTED))
            ),
        )
        if found is None:
            return None
        message, followed = found
        asked = self._discord.ledger.ask(person_id, "reply", followed)
        extra = [self._attachment(chance)] if chance.random() < 0.2 else []
        await self._post(
            asked,
            message.channel_id,
            question(asked.number),
            answers=message,
            kind=REPLY,
            attachments=extra,
        )
        return asked

    async def _follow_up(self, person_id: int, chance: random.Random) -> Asked | None:
        """Press "Ask a follow-up" and send the modal."""
        found = self._find_button("followup", person_id, chance)
        if found is None:
            return None
        message, followed, custom_id = found
        pressed = await self._discord.use(
            person_id, message.channel_id, events.press(message, custom_id), source=message
        )
        try:
            async with asyncio.timeout(_MODAL_SECONDS):
                modal = await pressed.modal
        except TimeoutError:
            return None
        asked = self._discord.ledger.ask(person_id, "modal", followed)
        filled = events.submit(modal, question(asked.number), message)
        await self._discord.use(person_id, message.channel_id, filled, asked=asked, source=message)
        return asked

    async def _speak_in_thread(self, person_id: int, chance: random.Random) -> Asked | None:
        """Write into a thread of the bot's; open one if there is none for this question yet."""
        found = self._find_button("thread", person_id, chance)
        if found is not None and not found[0].private:
            message, _followed, custom_id = found
            await self._discord.use(
                person_id, message.channel_id, events.press(message, custom_id), source=message
            )
        threads = list(self._discord.board.threads)[-3:]
        if not threads:
            return None
        thread_id = chance.choice(threads)
        source = self._discord.board.messages[thread_id]
        assert source.question is not None
        followed = self._discord.ledger.asked[source.question]
        asked = self._discord.ledger.ask(person_id, "thread", followed)
        await self._post(asked, thread_id, question(asked.number))
        return asked

    async def _post(self, asked: Asked, channel_id: int, text: str, **more: Any) -> None:
        """Post a message of which Discord, now and then, tells twice."""
        pings = asked.road != "thread"
        message = self._discord.board.add(
            channel_id,
            asked.person_id,
            body={"content": text},
            question=asked.number,
            pings_bot=pings,
            **more,
        )
        self.posted.append(message)
        await self._discord.post(message)
        if asked.number % _TOLD_TWICE_EVERY == 0:
            await self._discord.post(message)

    def _attachment(self, chance: random.Random) -> dict[str, object]:
        path = self._discord.files.keep(self._kind, chance.choice(self._photos))
        return self._discord.files.attachment(self._kind, path)

    def _find_button(
        self, action: str, person_id: int, chance: random.Random
    ) -> tuple[Posted, Asked, str] | None:
        """Find an answer with a button that this person may press."""
        buttons: dict[int, str] = {}

        def offers(message: Posted, seen: Sight) -> bool:
            assert message.question is not None
            owner = self._discord.ledger.asked[message.question].person_id
            if seen is not Sight.ANSWER or (message.private and owner != person_id):
                return False
            for match in _BUTTON.finditer(json.dumps(message.body)):
                if match.group(1) == action:
                    buttons[message.id] = match.group()
            return message.id in buttons

        found = self._find(chance, offers)
        return None if found is None else (*found, buttons[found[0].id])

    def _find(
        self, chance: random.Random, wanted: Callable[[Posted, Sight], bool]
    ) -> tuple[Posted, Asked] | None:
        """Choose among the newest messages of the bot's that are as wanted."""
        found: list[tuple[Posted, Asked]] = []
        for message in reversed(self._discord.board.messages.values()):
            if message.author_id != payloads.BOT or message.question is None:
                continue
            asked = self._discord.ledger.asked[message.question]
            if wanted(message, asked.seen.get(message.id, Sight.WORKING)):
                found.append((message, asked))
            if len(found) == _RECENT:
                break
        return chance.choice(found) if found else None
