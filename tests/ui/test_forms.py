"""The forms of conversations, as Discord takes them."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.domain.conversation import KeptPicture
from bot.domain.picture import PictureRef, SourceKind
from bot.ui.conversation.asking import MAX_QUESTION_CHARACTERS, Wish
from bot.ui.conversation.modals import CloserModal, QuestionModal
from bot.ui.house import ReplySettings
from bot.ui.i18n import CATALOGUES, words

HOUSE: Any = SimpleNamespace(
    replies=ReplySettings(), conversations=SimpleNamespace(text_finder=object())
)
PICTURES = [
    KeptPicture(number, PictureRef(SourceKind.OPTION, "", "long name " * 30), ())
    for number in range(1, 31)
]


def picture() -> PictureRef:
    return PictureRef(SourceKind.ATTACHMENT, "https://cdn.discordapp.com/a.png")


def fields(modal: QuestionModal | CloserModal) -> dict[str, dict[str, Any]]:
    labels = modal.to_dict()["components"]
    return {label["component"]["custom_id"]: label["component"] for label in labels}


@pytest.mark.parametrize("locale", ["en-US", *CATALOGUES])
async def test_every_name_in_a_form_is_as_short_as_discord_wants_it(locale: str) -> None:
    """Titles and labels 45 characters, options 100 (discord-api-docs, modals and components)."""
    say = words(locale)
    titles = [say.say("Ask about picture"), say.say("Ask a follow-up")]
    modals = [QuestionModal(HOUSE, say, Wish(), title=title) for title in titles]
    for modal in (*modals, CloserModal(HOUSE, say, Wish(), PICTURES)):
        form = modal.to_dict()
        assert 1 <= len(form["title"]) <= 45
        assert len(form["components"]) <= 5
        for label in form["components"]:
            assert 1 <= len(label["label"]) <= 45
            options = label["component"].get("options", [])
            assert len(options) <= 25
            assert all(1 <= len(option["label"]) <= 100 for option in options)


async def test_a_form_takes_no_more_pictures_than_one_question_may_have() -> None:
    say = words("en-US")
    some = QuestionModal(HOUSE, say, Wish(sources=(picture(),) * 7), title="t")
    full = QuestionModal(HOUSE, say, Wish(sources=(picture(),) * 10), title="t")
    assert fields(some)["pictures"]["max_values"] == 3
    assert list(fields(full)) == ["question", "detail"]


async def test_a_question_is_needed_except_for_a_closer_look() -> None:
    say = words("en-US")
    asked = fields(QuestionModal(HOUSE, say, Wish(), title="t"))["question"]
    assert asked["required"]
    assert asked["max_length"] == MAX_QUESTION_CHARACTERS
    assert not fields(CloserModal(HOUSE, say, Wish(), PICTURES))["question"]["required"]


async def test_a_closer_look_offers_the_newest_pictures_and_means_the_last() -> None:
    options = fields(CloserModal(HOUSE, words("en-US"), Wish(), PICTURES))["picture"]["options"]
    assert [option["value"] for option in options] == [str(number) for number in range(6, 31)]
    assert [option["value"] for option in options if option.get("default")] == ["30"]
    assert "picture" not in fields(CloserModal(HOUSE, words("en-US"), Wish(), PICTURES[:1]))
