"""What the stand-ins agree on is what the bot makes of it."""

import io
import random

import pytest
from PIL import Image

from bench.moderation.fates import Fate, judgement, policy
from bench.moderation.moments import Moment
from bench.moderation.pictures import picture
from bench.moderation.place import FIRST_MEMBER, LOG, WATCHED, Place
from bench.moderation.raid import Plan, copy, hashes_of_unrelated, kinds_of
from bench.photos import read_number
from bench.traps import Moments, Trap, shuffled
from bot.domain.moderation.assessment import Assessment, Context, Finding, Outcome, Source
from bot.domain.moderation.fingerprint import copy_distance
from bot.media.fingerprint import bank_hashes, query_hashes
from bot.services.moderation.assessing import criteria_of
from bot.services.moderation.deciding import decide
from bot.tasks.moderate import read_judgement
from tests.media.lookalikes import photo

RULES = policy(LOG)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


@pytest.mark.parametrize("fate", list(Fate), ids=lambda fate: fate.name)
def test_every_fate_comes_true_without_a_person(fate: Fate) -> None:
    names = tuple(criterion.name for criterion in criteria_of(RULES))
    said = read_judgement(judgement(fate), names)
    found = Assessment(
        tuple(
            Finding(rule.rule, Source.MODEL, rule.sure / 100, rule.severity)
            for rule in said.findings
        )
    )

    verdict = decide(found, RULES, Context())

    assert verdict.rule == fate.category
    assert verdict.step == fate.step
    assert verdict.automatic == (fate.step if fate.removes else None)
    assert (verdict.outcome is Outcome.ACTED) is fate.removes


def test_pictures_say_their_numbers_and_are_no_copies() -> None:
    numbers = range(0, 6000, 300)
    pictures = [picture(number) for number in numbers]

    assert [read_number(data) for data in pictures] == list(numbers)
    hashes = [query_hashes([opened(data)]) for data in pictures]
    assert all(hashes)
    assert not any(
        copy_distance(one, other) is not None
        for place, one in enumerate(hashes)
        for other in hashes[:place]
    )


def test_a_raid_changes_its_picture_in_every_way_and_nothing_else_is_like_it() -> None:
    whole, views = bank_hashes([photo(1_000_000)])
    copies = [query_hashes([opened(copy(number))]) for number in range(12)]

    assert set(kinds_of(Plan().copies)) == {
        *("resized", "recompressed", "captioned", "cropped", "bordered", "mirrored")
    }
    assert len({copy(number) for number in range(12)}) == 12
    assert sum(copy_distance(views, found) is not None for found in copies) >= 10
    others = [hashes_of_unrelated(seed) for seed in range(12)]
    assert not any(copy_distance(views, found) is not None for found in others)
    assert whole == views[:2]


def test_the_history_is_newest_first_and_ends_where_it_is_told_to() -> None:
    place = Place()
    posted = [place.add(WATCHED[0], FIRST_MEMBER) for _ in range(5)]
    place.add(WATCHED[1], FIRST_MEMBER)

    assert place.history(WATCHED[0], None, 2) == [posted[4], posted[3]]
    assert place.history(WATCHED[0], posted[1].id, 9) == [posted[0]]
    assert place.channel(WATCHED[0])["last_message_id"] == str(posted[4].id)


def test_a_nonce_that_was_forgotten_sends_a_message_once_more() -> None:
    place = Place()
    body = {"nonce": "card-1", "enforce_nonce": True}
    sent = place.send(LOG, body)

    assert place.once(LOG, body) is sent
    place.forget_nonces()
    assert place.once(LOG, body) is None


def test_a_trap_springs_at_its_moment_once() -> None:
    sprung: list[int] = []
    moments, chance = Moments(), random.Random(1)
    trap = Trap(Moment.CARDING, chance, lambda: sprung.append(1))
    moments.reached(Moment.CARDING)
    moments.set(trap)

    for _ in range(9):
        moments.reached(Moment.TELLING)
    assert not sprung
    for _ in range(9):
        moments.reached(Moment.CARDING)

    assert sprung == [1]
    assert trap.sprung.is_set()


def test_every_moment_has_its_turn() -> None:
    drawn = shuffled(Moment, 2 * len(Moment), random.Random(1))

    assert sorted(drawn, key=lambda moment: moment.label) == sorted(
        2 * list(Moment), key=lambda moment: moment.label
    )
