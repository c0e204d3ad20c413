"""The road of an upload from its message to its verdict, whatever happens on the way."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import (
    EngineUnavailable,
    LookoutError,
    NotAPicture,
    PictureBroken,
    PictureGone,
    PictureHostile,
    PictureTooLarge,
)
from bot.domain.moderation.assessment import Outcome, Source, Unanswered
from bot.domain.moderation.case import ActionKind, Report
from bot.domain.moderation.fingerprint import BankKind, BankMatch
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.policy import BLOCKED_PICTURE, Category, Policy, Step
from bot.domain.ports import Asker
from bot.services.moderation.judging import MAX_GIVEN_WAY
from bot.services.moderation.moderation import Pace
from tests.services.fakes import ref
from tests.services.moderation.fakes import AUTHOR, GUILD, STRICT, Office, new_upload
from tests.services.moderation.virtual import BEGINNING, virtual_now, virtually

BLOCKED = BankMatch(1, BankKind.BLOCKED, (BLOCKED_PICTURE,), 0, exact=True)
SEEN = BankMatch(2, BankKind.SEEN, (Category.WEAPONS,), 3, exact=False, case_id=5)

_WITHOUT_HUMANS = replace(
    STRICT,
    rules={
        category: replace(rule, people_without_human=True)
        for category, rule in STRICT.rules.items()
    },
)


def _after(office: Office, *names: str) -> Office:
    """Post pictures, and return the office when all is done."""

    async def scenario() -> None:
        async with office.open():
            await office.post(*names)

    virtually(scenario())
    return office


def test_a_clean_picture_ends_clean_and_leaves_nothing_behind() -> None:
    office = _after(Office(), "cat")
    assert office.outcomes == {"cat": Outcome.CLEAN}
    (conclusion,) = office.uploads.conclusions
    assert (conclusion.fingerprint, conclusion.views, conclusion.thumbnail) == (None, None, None)
    assert not office.uploads.spools
    assert not office.enforcer.drawn
    assert not office.queue.rows


def test_a_bad_picture_is_deleted_and_has_a_card() -> None:
    office = _after(Office(), "bad")
    assert office.outcomes == {"bad": Outcome.ACTED}
    (conclusion,) = office.uploads.conclusions
    assert conclusion.thumbnail == b"blurred"
    assert conclusion.views is not None
    assert conclusion.fingerprint is not None
    assert [action.kind for action in office.enforcer.done] == [ActionKind.DELETE]
    case = office.cases.cases[1]
    assert case.card_version == case.version
    assert case.card_channel_id == STRICT.log_channel_id


def test_nothing_of_a_picture_on_the_special_path_is_kept() -> None:
    office = _after(Office(), "special")
    assert office.outcomes == {"special": Outcome.SPECIAL}
    (conclusion,) = office.uploads.conclusions
    assert (conclusion.fingerprint, conclusion.views, conclusion.thumbnail) == (None, None, None)
    assert not any(finding.evidence for finding in conclusion.assessment.findings)
    assert not conclusion.verdict.reasons


def test_a_time_out_is_given_its_end_once() -> None:
    rules = {
        category: replace(rule, people_without_human=True)
        for category, rule in STRICT.rules.items()
    }
    office = Office()
    office.policies.kept[GUILD] = replace(STRICT, rules=rules, time_out_seconds=600)
    office.cases.confirmed[AUTHOR] = 1
    _after(office, "bad")
    (conclusion,) = office.uploads.conclusions
    assert conclusion.verdict.automatic is Step.TIME_OUT
    assert conclusion.time_out_until is not None
    passed = conclusion.time_out_until - BEGINNING - timedelta(seconds=600)
    assert timedelta(0) < passed < timedelta(seconds=30)


def test_nobody_is_timed_out_who_cannot_be() -> None:
    rules = {
        category: replace(rule, people_without_human=True)
        for category, rule in STRICT.rules.items()
    }
    office = Office()
    office.policies.kept[GUILD] = replace(STRICT, rules=rules)
    office.cases.confirmed[AUTHOR] = 1
    office.enforcer.reachable = False
    _after(office, "bad")
    assert office.uploads.conclusions[0].verdict.automatic is Step.DELETE


@pytest.mark.parametrize("match", [BLOCKED, SEEN])
def test_a_copy_of_a_known_picture_is_settled_while_the_engine_is_down(match: BankMatch) -> None:
    office = Office()
    office.engine.error = EngineUnavailable()
    office.bank.matches["copy"] = (match,)
    _after(office, "copy")
    assert office.outcomes == {"copy": Outcome.ACTED}
    assert not office.engine.asked


def test_a_picture_that_is_remembered_while_it_waits_is_not_shown_to_the_model() -> None:
    async def scenario() -> Office:
        office = Office()
        async with office.open():
            await office.post("first", "second", "third")
            await asyncio.sleep(0.5)
            office.bank.matches["second"] = (BLOCKED,)
        return office

    office = virtually(scenario())
    assert office.outcomes["second"] is Outcome.ACTED
    assert "second" not in office.engine.asked


def test_what_a_code_says_counts_beside_what_the_model_says() -> None:
    office = _after(Office(), "qr-login")
    assert office.outcomes == {"qr-login": Outcome.ACTED}
    (conclusion,) = office.uploads.conclusions
    assert {finding.source for finding in conclusion.assessment.findings} == {Source.QR}
    assert conclusion.assessment.asked_model


def test_a_deleted_picture_ends_as_gone() -> None:
    office = Office()
    office.fetcher.errors["cat"] = PictureGone()
    assert _after(office, "cat").outcomes == {"cat": Outcome.GONE}
    assert not office.engine.asked


@pytest.mark.parametrize(
    "error",
    [
        PictureTooLarge(1),
        NotAPicture("video"),
        PictureBroken(),
        PictureHostile("timeout"),
    ],
    ids=["too large", "a video", "broken", "hostile"],
)
@pytest.mark.parametrize("previewed", [True, False])
def test_what_cannot_be_read_is_for_a_person_where_discord_shows_it(
    error: LookoutError, previewed: bool
) -> None:
    async def scenario() -> Office:
        office = Office()
        office.examiner.errors["odd"] = error
        async with office.open():
            await office.moderation.intake.accept([new_upload("odd", previewed=previewed)])
        return office

    office = virtually(scenario())
    (conclusion,) = office.uploads.conclusions
    if previewed:
        assert conclusion.verdict.outcome is Outcome.NEEDS_HUMAN
        assert conclusion.assessment.unanswered is Unanswered.UNREADABLE
        assert office.enforcer.drawn
    else:
        assert conclusion.verdict.outcome is Outcome.UNREADABLE
        assert not office.enforcer.drawn


def test_a_decoder_that_was_only_slow_is_given_a_second_chance() -> None:
    async def scenario() -> Office:
        office = Office()
        office.examiner.errors["slow"] = PictureHostile("timeout")
        async with office.open():
            await office.post("slow")
            await asyncio.sleep(1)
            office.examiner.errors.clear()
        return office

    assert virtually(scenario()).outcomes == {"slow": Outcome.CLEAN}


def test_a_reported_picture_is_looked_at_first_and_has_a_card_even_when_clean() -> None:
    async def scenario() -> Office:
        office = Office()
        await office.post("one", "two", "three")
        await office.moderation.intake.report(
            [new_upload("reported")], Report(7, "look at this", virtual_now())
        )
        async with office.open():
            pass
        return office

    office = virtually(scenario())
    assert office.engine.asked[0] == "reported"
    assert office.outcomes["reported"] is Outcome.FLAGGED
    assert office.enforcer.drawn


def test_what_waits_when_moderation_is_switched_off_is_withdrawn() -> None:
    async def scenario() -> Office:
        office = Office()
        async with office.open():
            await office.post("one", "two", "three")
            await asyncio.sleep(0.5)
            await office.moderation.policies.save(GUILD, Policy(), ())
        return office

    outcomes = virtually(scenario()).outcomes
    assert sorted(outcomes.values()) == [Outcome.CLEAN, Outcome.WITHDRAWN, Outcome.WITHDRAWN]


def test_a_verdict_does_not_wait_for_the_picture_of_its_case() -> None:
    office = Office()
    office.examiner.broken = True
    assert _after(office, "bad").outcomes == {"bad": Outcome.ACTED}
    assert office.uploads.conclusions[0].thumbnail is None


def test_a_person_does_not_wait_for_the_background_which_comes_to_its_end_all_the_same() -> None:
    async def scenario() -> tuple[Office, list[float]]:
        office = Office()
        office.engine.seconds = 60
        waits = []
        loop = asyncio.get_running_loop()
        async with office.open():
            await office.post("cat")
            for _ in range(4):
                await asyncio.sleep(5)
                began = loop.time()
                async with office.gate.admit(Asker(person_id=9)):
                    waits.append(loop.time() - began)
                    await asyncio.sleep(1)
        return office, waits

    office, waits = virtually(scenario())
    assert max(waits[:MAX_GIVEN_WAY]) < 0.01
    assert 1 < waits[MAX_GIVEN_WAY] < 60
    assert office.outcomes == {"cat": Outcome.CLEAN}
    assert office.engine.asked == ["cat"] * (MAX_GIVEN_WAY + 1)
    assert office.engine.answered == ["cat"]


def test_screening_many_uploads_holds_few_originals() -> None:
    async def scenario() -> int:
        office = Office(pace=Pace(screen_parallel=2))
        async with office.open():
            await office.post(*(f"cat{number}" for number in range(20)))
        return office.examiner.most_at_once

    assert virtually(scenario()) == 2


@pytest.mark.parametrize(
    ("name", "outcome"), [("cat", Outcome.CLEAN), ("bad", Outcome.ACTED), ("copy", Outcome.ACTED)]
)
def test_looking_at_once_tells_the_verdict_and_keeps_nothing(name: str, outcome: Outcome) -> None:
    async def scenario() -> Office:
        office = Office()
        office.bank.matches["copy"] = (BLOCKED,)
        looked = await office.moderation.look_now(
            ref(name), STRICT, guild_id=GUILD, asker=Asker(9, GUILD)
        )
        assert looked.verdict.outcome is outcome
        return office

    office = virtually(scenario())
    assert not office.uploads.uploads
    assert not office.uploads.conclusions
    assert not office.answers.kept
    assert not office.queue.rows


def test_where_others_judge_this_process_screens_and_leaves_the_rest() -> None:
    async def scenario() -> Office:
        office = Office(pace=Pace(judge_parallel=0))
        await office.moderation.start(office.enforcer)
        await office.post("cat")
        await asyncio.sleep(10)
        await office.moderation.stop()
        return office

    office = virtually(scenario())
    assert list(office.queue.rows) == [(JobKind.JUDGE, 1)]
    assert office.uploads.spools[1].frames


def test_a_process_without_discord_only_judges_and_leaves_the_rest_to_the_one_that_has_it() -> None:
    async def scenario() -> Office:
        here, elsewhere = Office(pace=Pace(judge_parallel=0)), Office()
        for part in ("queue", "uploads", "cases", "policies"):
            setattr(elsewhere.moderation, part, getattr(here.moderation, part))
        await elsewhere.moderation.start_judging()
        async with here.open():
            await here.post("bad", "cat")
        await elsewhere.moderation.stop()
        assert elsewhere.engine.asked
        assert not elsewhere.examiner.examined
        assert not here.engine.asked
        return here

    office = virtually(scenario())
    assert office.outcomes == {"bad": Outcome.ACTED, "cat": Outcome.CLEAN}
    assert [action.kind for action in office.enforcer.done] == [ActionKind.DELETE]
