"""How a turn of a conversation looks."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.answer import Answer
from bot.domain.conversation import Closer, KeptPicture, Place, Turn, TurnState
from bot.domain.errors import LookoutError, NotAPicture, PictureGone, TooManyPixels
from bot.domain.picture import Frame, Note, Picture, PictureFacts, PictureRef, SourceKind
from bot.domain.task import Parameters
from bot.services.converse import TurnResult
from bot.services.progress import Part, Stage
from bot.ui.conversation.controls import turn_buttons, unanswered_buttons
from bot.ui.conversation.layouts import answered, answering
from bot.ui.i18n import words
from bot.ui.layouts import TEXT_LIMIT, Rendered

PICTURE = Picture((Frame(b"png", "image/png", 40, 40),), PictureFacts("PNG", 40, 40, 3))
TURN = Turn(
    7, 1, None, 0, 5, 0, None, 9, False, Parameters(), datetime(2026, 1, 1, tzinfo=UTC),
    state=TurnState.ANSWERED, question="What is *this*?",
)  # fmt: skip


def kept(
    number: int,
    name: str = "cat.png",
    kind: SourceKind = SourceKind.OPTION,
    *,
    spoiler: bool = False,
) -> tuple[KeptPicture, Picture]:
    source = PictureRef(kind, "https://cdn.discordapp.com/a.png", name, spoiler=spoiler)
    return KeptPicture(number, source, ()), PICTURE


def result(
    text: str = "A cat.",
    *new: tuple[KeptPicture, Picture],
    notes: tuple[Note, ...] = (),
    refused: tuple[LookoutError, ...] = (),
    spoiler: bool = False,
    turn: Turn = TURN,
) -> TurnResult:
    answer = Answer(text, "ollama", "qwen3-vl:8b", notes=notes)
    return TurnResult(turn, answer, new, refused, spoiler)


def texts(rendered: Rendered) -> list[str]:
    items = rendered.view.walk_children()
    return [item.content for item in items if isinstance(item, ui.TextDisplay)]


def render(outcome: TurnResult, *, with_question: bool = True) -> Rendered:
    return answered(outcome, "en-US", with_question=with_question, buttons=[])


def test_who_asked_and_what_stands_above_the_answer_of_a_command() -> None:
    assert texts(render(result())) == [
        "-# AI answer by qwen3-vl:8b\n<@5> asked:\n> What is \\*this\\*?",
        "A cat.",
    ]


def test_under_a_message_the_question_is_not_said_again() -> None:
    assert texts(render(result(), with_question=False))[0] == "-# AI answer by qwen3-vl:8b"


def test_a_forgotten_asker_is_somebody() -> None:
    forgotten = replace(TURN, person_id=None)
    assert "Somebody asked:" in texts(render(result(turn=forgotten)))[0]


def test_an_answer_without_words_says_so() -> None:
    assert texts(render(result(" \n")))[1] == "The model said nothing."


def test_pictures_have_numbers_once_there_are_several() -> None:
    assert len(texts(render(result("A cat.", kept(1))))) == 2
    assert texts(render(result("A cat.", kept(3, "a_b.png"))))[2] == "-# Picture 3: a\\_b.png"


def test_only_what_nobody_else_sees_is_carried() -> None:
    shown = render(result("Both.", kept(1), kept(2, kind=SourceKind.ATTACHMENT)))
    assert [item.name for item in shown.files] == ["picture-1.png"]


def test_the_part_that_was_looked_at_is_shown_and_named() -> None:
    whole, picture = kept(2, kind=SourceKind.ATTACHMENT)
    part = replace(whole, part_of=1, place=Place.TOP_LEFT)
    turn = replace(TURN, closer=Closer(1, Place.TOP_LEFT))
    shown = render(result("An ear.", (part, picture), turn=turn))
    assert "> Picture 1, looked at more closely: top left" in texts(shown)[0]
    assert texts(shown)[2] == "-# Picture 2: part of picture 1, top left"
    (attached,) = shown.files
    assert attached.alt_text == "part of picture 1, top left"


def test_what_is_known_of_a_picture_is_its_alt_text() -> None:
    described, picture = kept(1)
    shown = render(result("Yes.", (replace(described, description="A cat asleep."), picture)))
    assert shown.files[0].alt_text == "A cat asleep."


def test_a_spoiler_hides_question_answer_picture_and_file() -> None:
    shown = render(result("The butler. " * 1000, kept(1, spoiler=True), spoiler=True))
    head, body, *_ = texts(shown)
    assert head.splitlines()[-1] == "||What is \\*this\\*?||"
    assert body.startswith("||")
    assert body.endswith("||")
    assert [item.name for item in shown.files] == ["SPOILER_picture-1.png", "text.txt"]
    files = [item for item in shown.view.walk_children() if isinstance(item, ui.File)]
    assert [item.spoiler for item in files] == [True]


def test_notes_are_said_below() -> None:
    shown = render(result("Yes.", notes=(Note.CONTEXT_LEFT_OUT, Note.CONTEXT_LEFT_OUT)))
    assert texts(shown)[-1].count("has grown long") == 1


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (Part(Stage.FETCHING), "Getting the picture…"),
        (Part(Stage.FOLLOWING), "Waiting for the answer before this one…"),
        (Part(Stage.WAITING, place=1), "Next in the queue…"),
        (Part(Stage.WAITING, place=3), "Waiting in the queue, place 3…"),
        (Part(Stage.LOOKING), "Looking…"),
        (Part(Stage.LOOKING, text="A *c"), "A \\*c"),
    ],
)
def test_progress_is_said_in_words(part: Part, text: str) -> None:
    view = answering(part, "en-US", hidden=False, buttons=[])
    assert [i.content for i in view.walk_children() if isinstance(i, ui.TextDisplay)] == [text]


def test_words_about_a_spoiler_are_hidden_while_they_come() -> None:
    view = answering(Part(Stage.LOOKING, text="The"), "en-US", hidden=True, buttons=[])
    assert [i.content for i in view.walk_children() if isinstance(i, ui.TextDisplay)] == ["||The||"]


def test_buttons_offer_only_what_can_be_done() -> None:
    say = words("en-US")
    every = turn_buttons(TURN, say, kept=True, thread=True)
    assert [button.label for button in every] == [
        "Ask a follow-up",
        "Look closer",
        "Continue in a thread",
        "Try again",
        "Delete",
    ]
    assert [b.label for b in turn_buttons(TURN, say, kept=False, thread=True)] == ["Delete"]
    private = replace(TURN, private=True)
    assert [button.custom_id for button in unanswered_buttons(private, say)] == [
        "lookout:turn:again:7:5:private",
        "lookout:turn:delete:7:5:private",
    ]


@given(
    st.integers(min_value=0, max_value=9000),
    st.integers(min_value=0, max_value=2000),
    st.integers(min_value=0, max_value=10),
    st.sampled_from(["a", "*", "||", "`", "\n", "@", "https://a.example/||b "]),
    st.booleans(),
)
def test_every_answer_fits_into_one_message(
    length: int, asked: int, pictures: int, piece: str, spoiler: bool
) -> None:
    turn = replace(TURN, question=piece * asked, closer=Closer(1, Place.BOTTOM_RIGHT))
    refused = [NotAPicture("video"), NotAPicture("lottie"), NotAPicture(), PictureGone()]
    refused += [TooManyPixels(9000 + n, 9000, 1000) for n in range(6)]
    shown = render(
        result(
            ("word" + piece) * (length // 5),
            *(kept(n, piece * 99) for n in range(1, pictures + 1)),
            notes=tuple(Note),
            refused=tuple(refused),
            spoiler=spoiler,
            turn=turn,
        )
    )
    assert shown.view.content_length() <= TEXT_LIMIT
    assert len(shown.files) <= 10
    assert all(texts(shown))


@given(st.integers(min_value=0, max_value=9000), st.sampled_from(["a", "*", "|", "<@1> "]))
def test_progress_fits_into_one_message(length: int, piece: str) -> None:
    view = answering(Part(Stage.LOOKING, text=piece * length), "en-US", hidden=True, buttons=[])
    assert view.content_length() <= TEXT_LIMIT
