"""What is lost or done twice among uploads is found, whoever did it."""

from collections import Counter
from dataclasses import replace

import pytest

from bench.moderation.deeds import Deed, Deeds
from bench.moderation.discord import Upload
from bench.moderation.fates import Fate, fate_of
from bench.moderation.records import Records
from bench.moderation.verdict import verdict_on
from bot.domain.moderation.assessment import Outcome

TIMED_OUT, DELETED, FLAGGED, CLEAN = 0, 2, 4, 5
CARD = "lookout:case:delete:7"
NOTICE = "lookout:appeal:2000:7:31"


def upload(number: int, *, message_id: int = 50, attachment: int = 1) -> Upload:
    return Upload(f"m:{message_id}:a:{attachment}", number, message_id, 10_001, 0.0)


def records(**outcomes: Outcome | None) -> Records:
    """What a run leaves in which each message (``m50``) has one picture with that outcome."""
    found = {f"m:{name[1:]}:a:1": [outcome] for name, outcome in outcomes.items()}
    ended = Counter(outcome for outcome in outcomes.values() if outcome is not None)
    return Records(found, ended, Counter(), [], [], 0, Counter())


def test_the_numbers_used_here_mean_what_they_are_called() -> None:
    numbers = (TIMED_OUT, DELETED, FLAGGED, CLEAN)
    assert [fate_of(number) for number in numbers] == [
        Fate.TIMED_OUT,
        Fate.DELETED,
        Fate.FLAGGED,
        Fate.CLEAN,
    ]


def test_all_went_well() -> None:
    deeds = Deeds()
    deeds.delete(50)
    deeds.card(f'{{"custom_id": "{CARD}"}}')
    deeds.time_out(10_001, "Case%203%3A Weapons (automatic)")
    deeds.tell(10_001, f'{{"custom_id": "{NOTICE}"}}')
    kept = replace(
        records(m50=Outcome.ACTED, m51=Outcome.CLEAN),
        done=[
            (Deed.DELETE, 50, 0),
            (Deed.CARD, 7, 0),
            (Deed.TIME_OUT, 10_001, 3),
            (Deed.TELL, 10_001, 7),
        ],
    )

    verdict = verdict_on([upload(TIMED_OUT), upload(CLEAN, message_id=51)], kept, deeds)

    assert verdict.passed, verdict


@pytest.mark.parametrize("outcome", [None, Outcome.FAILED, Outcome.GONE, Outcome.ACTED])
def test_an_upload_without_the_verdict_it_should_have_is_lost(outcome: Outcome | None) -> None:
    verdict = verdict_on([upload(CLEAN)], records(m50=outcome), Deeds())

    assert len(verdict.lost) == 1
    assert not verdict.passed


def test_an_upload_that_was_never_recorded_is_lost() -> None:
    assert len(verdict_on([upload(CLEAN)], records(), Deeds()).lost) == 1


def test_a_picture_may_be_gone_with_the_message_of_another_one() -> None:
    deeds = Deeds()
    deeds.delete(50)
    kept = replace(
        records(),
        outcomes={"m:50:a:1": [Outcome.ACTED], "m:50:a:2": [Outcome.GONE]},
    )

    verdict = verdict_on([upload(DELETED), upload(CLEAN, attachment=2)], kept, deeds)

    assert verdict.passed, verdict


def test_what_was_to_be_done_and_was_not_is_lost() -> None:
    verdict = verdict_on([upload(DELETED)], records(m50=Outcome.ACTED), Deeds())

    assert verdict.lost == ["delete 50 (case 0) was not done"]


def test_what_the_database_says_was_done_must_have_been_done() -> None:
    kept = replace(records(m50=Outcome.FLAGGED), done=[(Deed.CARD, 7, 0)], undone=["tell failed"])

    verdict = verdict_on([upload(FLAGGED)], kept, Deeds())

    assert verdict.lost == ["tell failed", "card 7 (case 0) was not done"]


def test_a_deed_counts_twice_by_what_it_was_done_to() -> None:
    deeds = Deeds()
    for _ in range(2):
        deeds.delete(50)
        deeds.card(f'{{"custom_id": "{CARD}"}}')
        deeds.time_out(10_001, "Case%203%3A Weapons (automatic)")
        deeds.tell(10_001, f'{{"custom_id": "{NOTICE}"}}')
    deeds.time_out(10_001, "Case%204%3A Weapons (automatic)")
    deeds.tell(10_002, f'{{"custom_id": "{NOTICE}"}}')

    verdict = verdict_on([upload(TIMED_OUT)], records(m50=Outcome.ACTED), deeds)

    assert verdict.actions_twice == [
        (Deed.DELETE, 50, 0),
        (Deed.CARD, 7, 0),
        (Deed.TIME_OUT, 10_001, 3),
        (Deed.TELL, 10_001, 7),
    ]


def test_a_message_that_breaks_no_rule_must_stay() -> None:
    deeds = Deeds()
    deeds.delete(50)

    verdict = verdict_on([upload(FLAGGED)], records(m50=Outcome.FLAGGED), deeds)

    assert verdict.wrong == [(Deed.DELETE, 50, 0)]
    assert not verdict.passed


def test_a_verdict_counts_twice_by_rows_cases_and_figures() -> None:
    kept = replace(
        records(m50=Outcome.CLEAN),
        outcomes={"m:50:a:1": [Outcome.CLEAN, Outcome.CLEAN]},
        counted={Outcome.CLEAN: 3},
        sighted=Counter({1: 2, 2: 1}),
    )

    verdict = verdict_on([upload(CLEAN)], kept, Deeds())

    assert verdict.verdicts_twice == ["m:50:a:1", "upload 1", "counted once more"]
