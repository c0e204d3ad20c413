"""The pictures that come with a question, closer looks, and pictures that are gone."""

import pytest

from bot.domain.answer import Answer, TextDelta
from bot.domain.conversation import Closer, Place, TurnState
from bot.domain.errors import (
    Expired,
    FetchFailed,
    NotAPicture,
    PictureGone,
    StorageFailed,
)
from bot.domain.picture import Note, PictureNeeds
from bot.domain.task import Parameters, TaskName
from bot.services.choosing import kept_under
from tests.services.conversing import (
    MODEL,
    Talk,
    asks,
    names,
    posted,
)
from tests.services.fakes import ref


async def test_one_bad_picture_does_not_keep_the_others_from_their_answer() -> None:
    talk = Talk()
    talk.fetcher.errors["gone"] = PictureGone()
    result = await talk.ask(asks("Which?", ref("one"), ref("gone"), NotAPicture("video")))
    assert [type(error) for error in result.refused] == [PictureGone, NotAPicture]
    assert [kept.number for kept, _ in result.new] == [1]


async def test_when_all_pictures_are_bad_the_first_reason_is_said() -> None:
    talk = Talk()
    talk.fetcher.errors |= {"a": FetchFailed(500), "b": PictureGone()}
    request = asks("Which?", ref("a"), ref("b"))
    turn = await talk.accept(request)
    with pytest.raises(FetchFailed):
        await talk.answer(turn, request)
    assert talk.store.kept[turn.id].state is TurnState.FAILED
    assert talk.engine.asked == []


async def test_looking_closer_cuts_from_the_original_and_shows_the_whole_too() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    await talk.ask(asks("There?", after=first, closer=Closer(1, Place.TOP_LEFT)))
    assert names(talk.last) == ["Picture 1", "Picture 2 (top left of Picture 1)"]
    data = talk.last.lines[-1].shown[0].picture.frames[0].data
    assert data == b"cat[0.00 0.00 0.37 0.37]"
    assert talk.fetcher.fetched == ["cat", "cat"]


async def test_looking_closer_at_a_part_goes_deeper_into_the_original() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    part = await talk.ask(asks("There?", after=first, closer=Closer(1, Place.BOTTOM_RIGHT)))
    await talk.ask(asks("Deeper?", after=part, closer=Closer(2, Place.TOP_LEFT)))
    assert names(talk.last)[-1] == "Picture 3 (top left of Picture 2)"
    data = talk.last.lines[-1].shown[0].picture.frames[0].data
    assert data == b"cat[0.63 0.63 0.77 0.77]"


async def test_looking_closer_at_a_lost_original_uses_the_kept_copy_and_says_so() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    talk.fetcher.errors["cat"] = PictureGone()
    result = await talk.ask(asks("There?", after=first, closer=Closer(1, Place.MIDDLE)))
    assert Note.REDUCED_COPY in result.answer.notes
    talk.store.blobs.clear()
    request = asks("Again?", after=first, closer=Closer(1, Place.MIDDLE))
    turn = await talk.accept(request)
    with pytest.raises(PictureGone):
        await talk.answer(turn, request)


async def test_finding_the_text_cuts_out_where_it_is() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    await talk.ask(asks("Read it", after=first, closer=Closer(1, Place.TEXT)))
    assert names(talk.last)[-1] == "Picture 2 (the text of Picture 1)"
    assert talk.last.lines[-1].shown[0].picture.frames[0].data == b"cat[0.20 0.20 0.60 0.40]"


async def test_a_closer_look_at_a_picture_of_another_branch_is_refused() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    await talk.ask(asks("Two?", ref("two"), after=first))
    with pytest.raises(Expired):
        await talk.converse.accept(asks("?", after=first, closer=Closer(2, Place.TOP)))


async def test_a_picture_no_longer_kept_is_fetched_again_from_where_it_was() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    part = await talk.ask(asks("There?", after=first, closer=Closer(1, Place.TOP)))
    before = talk.last.lines
    talk.store.blobs.clear()
    result = await talk.ask(asks("And?", after=part))
    assert talk.last.lines[: len(before)] == before
    assert Note.PICTURES_IN_WORDS not in result.answer.notes


async def test_a_picture_that_is_gone_everywhere_is_told_in_words() -> None:
    talk = Talk()
    talk.engine.script(TextDelta("x"), Answer("A grey cat.", "ollama", MODEL))
    first = await talk.ask(asks("Who?", ref("cat")))
    talk.store.blobs.clear()
    talk.fetcher.errors["cat"] = PictureGone()
    result = await talk.ask(asks("And?", after=first))
    assert names(talk.last) == []
    assert "Picture 1 can no longer be shown." in talk.last.lines[0].text
    assert talk.last.lines[1].text == "A grey cat."
    assert Note.PICTURES_IN_WORDS in result.answer.notes


async def test_following_up_another_answer_begins_with_its_pictures_and_what_was_said() -> None:
    talk, seen_as = Talk(), []
    for name, said in (("cat", "A grey cat."), ("dog", "A dog.")):
        seen = await talk.preparer.prepare(name.encode(), PictureNeeds())
        seen_as.append(seen.sha256)
        key = kept_under(talk.engine, TaskName.DESCRIBE, Parameters(), seen)
        await talk.answers.put(key, Answer(said, "ollama", MODEL))
    result = await talk.ask(asks("Which is older?", posted=posted()))
    assert names(talk.last) == ["Picture 1", "Picture 2"]
    assert "> Picture 1: A grey cat.\n> Picture 2: A dog." in talk.last.lines[0].text
    assert [kept.description for kept, _ in result.new] == ["A grey cat.", "A dog."]
    assert [kept.answered_as for kept, _ in result.new] == seen_as
    await talk.ask(asks("And?", after=result))
    assert "A grey cat." in talk.last.lines[0].text


async def test_following_up_an_answer_that_is_not_kept_has_its_pictures_alone() -> None:
    talk = Talk()
    talk.answers.error = StorageFailed()
    await talk.ask(asks("Which is older?", posted=posted()))
    assert names(talk.last) == ["Picture 1", "Picture 2"]
    assert "You had said" not in talk.last.lines[0].text
