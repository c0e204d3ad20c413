"""The forms of conversations: a question, and what to look at more closely."""

from collections.abc import Sequence
from dataclasses import replace

import discord
from discord import ui

from bot.domain.conversation import Closer, KeptPicture, Place
from bot.domain.errors import Expired
from bot.domain.task import Detail
from bot.ui.conversation.asking import MAX_QUESTION_CHARACTERS, Wish, ask
from bot.ui.conversation.layouts import PLACES
from bot.ui.errors import responding, say_alone
from bot.ui.files import MAX_FILES
from bot.ui.house import House
from bot.ui.i18n import Words, words
from bot.ui.resolver import from_options
from bot.ui.text import displayed, one_line, quoted

_OPEN_SECONDS = 900.0
"""How long what a form is about is held for whoever has it open."""
_MAX_OPTIONS = 25
_LABEL_LIMIT = 80

Click = discord.Interaction[discord.Client]


class QuestionModal(ui.Modal):
    """A form for a question. What is known before the words come stands in ``wish``."""

    def __init__(self, house: House, say: Words, wish: Wish, *, title: str) -> None:
        super().__init__(title=title, timeout=_OPEN_SECONDS)
        self._house = house
        self._wish = wish
        self._question = _question_input(required=True)
        self._detail = _detail_select(say)
        self._pictures: ui.FileUpload[QuestionModal] | None = None
        self.add_item(ui.Label(text=say.say("Your question"), component=self._question))
        self.add_item(ui.Label(text=say.say("How much to say"), component=self._detail))
        room = min(MAX_FILES, house.replies.pictures_per_request - len(wish.sources))
        if room > 0:
            self._pictures = ui.FileUpload(
                custom_id="pictures", required=False, min_values=0, max_values=room
            )
            label = say.say("Further pictures, if you like")
            self.add_item(ui.Label(text=label, component=self._pictures))

    async def on_submit(self, interaction: Click) -> None:
        """Ask."""
        uploaded = self._pictures.values if self._pictures is not None else []
        wish = replace(
            self._wish,
            question=self._question.value,
            detail=Detail((self._detail.values or [Detail.STANDARD])[0]),
            sources=(*self._wish.sources, *from_options(uploaded)),
        )
        await _submit(self._house, interaction, wish)


class CloserModal(ui.Modal):
    """A form for looking closer at a part of one of a conversation's ``pictures``."""

    def __init__(
        self, house: House, say: Words, wish: Wish, pictures: Sequence[KeptPicture]
    ) -> None:
        super().__init__(title=say.say("Look closer"), timeout=_OPEN_SECONDS)
        self._house = house
        self._wish = wish
        self._newest = pictures[-1].number
        can_find_text = house.conversations.text_finder is not None
        self._part: ui.Select[CloserModal] = ui.Select(
            custom_id="part",
            options=[
                discord.SelectOption(label=_part_label(place, say), value=place.value)
                for place in Place
                if place is not Place.TEXT or can_find_text
            ],
        )
        self._picture: ui.Select[CloserModal] | None = None
        self._question = _question_input(required=False)
        self.add_item(ui.Label(text=say.say("Which part"), component=self._part))
        if len(pictures) > 1:
            self._picture = ui.Select(
                custom_id="picture", options=_picture_options(pictures[-_MAX_OPTIONS:], say)
            )
            self.add_item(ui.Label(text=say.say("Which picture"), component=self._picture))
        label = say.say("Your question, if you have one")
        self.add_item(ui.Label(text=label, component=self._question))

    async def on_submit(self, interaction: Click) -> None:
        """Look closer."""
        place = Place(self._part.values[0])
        chosen = self._picture.values if self._picture is not None else []
        number = int(chosen[0]) if chosen else self._newest
        wish = replace(self._wish, closer=Closer(number, place), question=self._question.value)
        if not wish.question.strip():
            say = words(interaction.locale.value)
            text = say.say("What does the text say?")
            part = say.say("What can be seen in this part of the picture?")
            wish = replace(
                wish, question=text if place is Place.TEXT else part, language=say.locale
            )
        await _submit(self._house, interaction, wish)


async def _submit(house: House, interaction: Click, wish: Wish) -> None:
    """Ask; a question that cannot be asked is given back."""
    said, _ = displayed(wish.question.strip(), MAX_QUESTION_CHARACTERS, hidden=False)
    async with responding(interaction, below=quoted(said)):
        try:
            await ask(house, interaction, wish)
        except Expired:
            say = words(interaction.locale.value)
            gone = say.say(
                "I no longer keep this conversation: it was deleted, or its time is over. Please "
                "ask again with the picture. This was your question:"
            )
            await say_alone(interaction, f"{gone}\n{said}")


def _question_input(*, required: bool) -> ui.TextInput[ui.Modal]:
    return ui.TextInput(
        custom_id="question",
        style=discord.TextStyle.paragraph,
        max_length=MAX_QUESTION_CHARACTERS,
        required=required,
    )


def _detail_select(say: Words) -> ui.Select[ui.Modal]:
    labels = {
        Detail.BRIEF: say.say("brief"),
        Detail.STANDARD: say.say("standard"),
        Detail.DETAILED: say.say("detailed"),
    }
    return ui.Select(
        custom_id="detail",
        required=False,
        options=[
            discord.SelectOption(label=label, value=detail.value, default=detail is Detail.STANDARD)
            for detail, label in labels.items()
        ],
    )


def _part_label(place: Place, say: Words) -> str:
    if place is Place.TEXT:
        return say.say("Find the text")
    name = say.say(PLACES[place])
    return name[:1].upper() + name[1:]


def _picture_options(pictures: Sequence[KeptPicture], say: Words) -> list[discord.SelectOption]:
    return [
        discord.SelectOption(
            label=_picture_label(picture, say),
            value=str(picture.number),
            default=picture is pictures[-1],
        )
        for picture in pictures
    ]


def _picture_label(picture: KeptPicture, say: Words) -> str:
    name = one_line(picture.source.name, _LABEL_LIMIT)
    if not name:
        return say.say("Picture {number}", number=picture.number)
    return say.say("Picture {number}: {name}", number=picture.number, name=name)
