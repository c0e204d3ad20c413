"""A conversation to take away."""

import json

import pytest

from bot.domain.conversation import Address, Closer, Place
from bot.domain.errors import Expired, NotYours
from bot.services.transcript import VERSION, export
from tests.services.conversing import ANA, BEN, Talk, asks
from tests.services.fakes import ref


async def test_words_pictures_and_branches_are_told_without_names() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?\n# Not a heading", ref("cat")))
    second = await talk.ask(asks("And?", after=first, asker=BEN))
    await talk.ask(asks("Closer", after=first, closer=Closer(1, Place.TOP)))
    exported = await export(talk.store, first.turn.conversation_id, asker_id=1)
    document = json.loads(exported.json)
    assert document["version"] == VERSION
    assert [turn["follows"] for turn in document["turns"]] == [None, 1, 1]
    assert [turn["speaker"] for turn in document["turns"]] == ["Person A", "Person B", "Person A"]
    assert document["turns"][1]["answer"] == second.turn.answer
    assert document["turns"][2]["look_closer"] == {"picture": 1, "place": "top"}
    assert document["turns"][2]["pictures"][0]["part_of"] == 1
    assert [name for name, _ in exported.pictures] == ["picture-1.png", "picture-2.png"]
    assert exported.pictures[0][1] == b"cat"
    assert "![Picture 1](pictures/picture-1.png)" in exported.markdown
    assert "## 3 (follows 1)" in exported.markdown
    assert "> # Not a heading" in exported.markdown
    assert "https://" not in exported.markdown + exported.json


async def test_an_answer_that_is_kept_for_what_follows_it_is_told_as_an_earlier_try() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    await talk.ask(asks("And?", after=first))
    await talk.ask(await talk.converse.again(first.turn.id, ANA, Address(1000)))
    exported = await export(talk.store, first.turn.conversation_id, asker_id=1)
    turns = json.loads(exported.json)["turns"]
    assert [turn["earlier_try_of"] for turn in turns] == [3, None, None]
    assert "## 1 (an earlier try of 3)" in exported.markdown
    assert "## 3 (" not in exported.markdown


async def test_what_is_no_longer_kept_is_said_to_be_missing() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    await talk.ask(asks("And?", after=first, asker=BEN))
    talk.store.blobs.clear()
    exported = await export(talk.store, first.turn.conversation_id, asker_id=1)
    assert exported.pictures == ()
    assert "Picture 1 is not included." in exported.markdown
    await talk.store.forget_turn(first.turn.id)
    exported = await export(talk.store, first.turn.conversation_id, asker_id=1)
    assert "## 1\n\nThis part was deleted." in exported.markdown
    assert "Who?" not in exported.markdown + exported.json


async def test_pictures_have_a_limit_together() -> None:
    talk = Talk()
    first = await talk.ask(asks("Which?", ref("four"), ref("longer-name"), ref("tiny")))
    exported = await export(talk.store, first.turn.conversation_id, asker_id=1, max_picture_bytes=9)
    assert [data for _, data in exported.pictures] == [b"four", b"tiny"]
    assert "Picture 2 is not included." in exported.markdown


async def test_a_private_conversation_is_its_owners() -> None:
    talk = Talk()
    first = await talk.ask(asks("Secret?", ref(), private=True))
    with pytest.raises(NotYours):
        await export(talk.store, first.turn.conversation_id, asker_id=BEN.person_id)
    with pytest.raises(Expired):
        await export(talk.store, 404, asker_id=1)
    assert "Secret?" in (await export(talk.store, first.turn.conversation_id, asker_id=1)).markdown


async def test_somebody_elses_private_turns_are_left_out() -> None:
    talk = Talk()
    first = await talk.ask(asks("Open?", ref()))
    await talk.ask(asks("Secret?", ref("secret"), after=first, asker=BEN, private=True))
    conversation_id = first.turn.conversation_id
    for_ana = await export(talk.store, conversation_id, asker_id=ANA.person_id)
    assert "Secret?" not in for_ana.markdown + for_ana.json
    assert len(for_ana.pictures) == 1
    assert "Secret?" in (await export(talk.store, conversation_id, asker_id=2)).markdown


async def test_an_unanswered_question_says_so() -> None:
    talk = Talk()
    turn = await talk.accept(asks("Who?", ref()))
    await talk.converse.drop(turn)
    exported = await export(talk.store, turn.conversation_id, asker_id=1)
    assert "There was no answer: it was stopped." in exported.markdown
    assert json.loads(exported.json)["turns"][0]["state"] == "stopped"
