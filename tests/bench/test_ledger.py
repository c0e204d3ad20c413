"""The check of ``conversations_kill`` can fail: each thing that may go wrong is found."""

import json

import pytest

from bench.conversations.ledger import Asked, Ledger, Sight, sight
from bench.conversations.marks import ANSWER_END, answer_begin

INTERRUPTION = "I was restarted"
FIRST, SECOND = 901, 902


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(INTERRUPTION)


def said(text: str, *custom_ids: str) -> str:
    buttons = [{"type": 2, "custom_id": custom_id} for custom_id in custom_ids]
    return json.dumps({"components": [{"type": 10, "content": text}, *buttons]})


def answer(number: int) -> str:
    return said(f"{answer_begin(number)}a tree. {ANSWER_END}", "lookout:turn:again:5:1:public")


def progress(number: int) -> str:
    return said(answer_begin(number), "lookout:turn:stop:5:1:public", "lookout:turn:cancel:5")


def interruption() -> str:
    return said(f"{INTERRUPTION} before I was done.", "lookout:turn:again:5:1:public")


def asked_and_heard(ledger: Ledger, follows: Asked | None = None) -> Asked:
    asked = ledger.ask(1, "command", follows)
    ledger.acknowledge(asked.number)
    ledger.expect(asked.number, FIRST)
    return asked


def kept(ledger: Ledger) -> dict[int, int]:
    return dict.fromkeys(ledger.asked, 1)


def test_an_answered_question_passes(ledger: Ledger) -> None:
    asked = asked_and_heard(ledger)
    ledger.see(asked.number, FIRST, progress(asked.number))
    ledger.see(asked.number, FIRST, answer(asked.number))

    verdict = ledger.verdict(kept(ledger))

    assert verdict.passed
    assert verdict.acknowledged == 1
    assert verdict.interrupted == []


def test_an_interrupted_question_passes_once_its_person_was_told(ledger: Ledger) -> None:
    asked = asked_and_heard(ledger)
    ledger.died()
    before = ledger.verdict(kept(ledger))
    ledger.see(asked.number, FIRST, interruption())
    after = ledger.verdict(kept(ledger))

    assert not before.passed
    assert (before.told, before.untold) == (0, [asked.number])
    assert after.passed
    assert (after.told, after.interrupted) == (1, [asked.number])


def test_an_answer_given_after_a_restart_tells_too(ledger: Ledger) -> None:
    asked = asked_and_heard(ledger)
    ledger.died()
    ledger.see(asked.number, FIRST, answer(asked.number))

    verdict = ledger.verdict(kept(ledger))

    assert verdict.passed
    assert verdict.told == 1


def test_an_acknowledged_question_that_the_database_lacks_is_lost(ledger: Ledger) -> None:
    there, lost = asked_and_heard(ledger), asked_and_heard(ledger)
    for asked in (there, lost):
        ledger.see(asked.number, FIRST, answer(asked.number))

    verdict = ledger.verdict({there.number: 1})

    assert verdict.lost == [lost.number]
    assert not verdict.passed


def test_a_question_nobody_was_told_was_heard_may_be_missing(ledger: Ledger) -> None:
    ledger.ask(1, "reply")
    ledger.died()

    verdict = ledger.verdict({})

    assert verdict.passed
    assert verdict.acknowledged == 0


def test_an_answer_taken_back_is_lost(ledger: Ledger) -> None:
    asked = asked_and_heard(ledger)
    ledger.see(asked.number, FIRST, answer(asked.number))
    ledger.see(asked.number, FIRST, interruption())

    assert ledger.verdict(kept(ledger)).lost == [asked.number]


def test_a_deleted_answer_is_lost(ledger: Ledger) -> None:
    asked = asked_and_heard(ledger)
    ledger.see(asked.number, FIRST, answer(asked.number))
    ledger.remove(asked.number, FIRST)

    assert ledger.verdict(kept(ledger)).lost == [asked.number]


def test_two_turns_for_one_question_are_a_duplicate(ledger: Ledger) -> None:
    asked = ledger.ask(1, "reply")

    verdict = ledger.verdict({asked.number: 2})

    assert verdict.duplicated == [asked.number]
    assert not verdict.passed


@pytest.mark.parametrize("again", [answer(1), interruption()], ids=["answer", "interruption"])
def test_last_words_in_two_messages_are_a_duplicate(ledger: Ledger, again: str) -> None:
    asked = asked_and_heard(ledger)
    ledger.see(asked.number, FIRST, answer(asked.number))
    ledger.see(asked.number, SECOND, again)

    verdict = ledger.verdict(kept(ledger))

    assert verdict.duplicated == [asked.number]
    assert not verdict.passed


def test_somebody_elses_answer_is_strange(ledger: Ledger) -> None:
    asked, other = asked_and_heard(ledger), asked_and_heard(ledger)
    ledger.see(asked.number, FIRST, answer(other.number))
    ledger.see(other.number, SECOND, answer(other.number))

    verdict = ledger.verdict(kept(ledger))

    assert verdict.strange == [asked.number]
    assert not verdict.passed


def test_a_follow_up_may_be_refused_only_where_there_never_was_a_picture(ledger: Ledger) -> None:
    first = asked_and_heard(ledger)
    follow_up = asked_and_heard(ledger, first)
    ledger.see(first.number, FIRST, interruption())
    ledger.see(follow_up.number, SECOND, said("There is no picture."))
    refused = ledger.verdict({first.number: 1})
    ledger.see(first.number, FIRST, answer(first.number))
    strange = ledger.verdict({first.number: 1})

    assert refused.passed
    assert refused.acknowledged == 1
    assert strange.strange == strange.lost == [follow_up.number]


def test_who_waits_for_ever_was_not_told(ledger: Ledger) -> None:
    asked = asked_and_heard(ledger)
    ledger.see(asked.number, FIRST, progress(asked.number))

    verdict = ledger.verdict(kept(ledger))

    assert verdict.untold == [asked.number]
    assert not verdict.passed


def test_a_prompt_with_another_conversations_question_is_mixed(ledger: Ledger) -> None:
    first = asked_and_heard(ledger)
    follow_up, other = asked_and_heard(ledger, first), asked_and_heard(ledger)

    assert not ledger.mixes([first.number, follow_up.number])
    assert ledger.mixes([first.number, other.number])


def test_a_message_with_a_button_to_stop_is_still_being_written() -> None:
    assert sight(7, progress(7), INTERRUPTION) is Sight.WORKING
    assert sight(7, answer(7), INTERRUPTION) is Sight.ANSWER
    assert sight(7, said("Something went wrong."), INTERRUPTION) is Sight.OTHER
