import base64

from bench.conversations.prefix import evaluated, tokens, units
from bench.photos import SMALL, Camera

PICTURES = [base64.b64encode(Camera(SMALL).picture(number)).decode() for number in (1, 2)]
SYSTEM = {"role": "system", "content": "Look at it."}
FIRST = {"role": "user", "content": "Picture 1: [img]\nWhat is this?", "images": PICTURES[:1]}
ANSWER = {"role": "assistant", "content": "A hillside."}
SECOND = {"role": "user", "content": "And this? Picture 2: [img]", "images": PICTURES[1:]}


def test_what_continues_a_prompt_is_all_that_is_evaluated() -> None:
    before, now = units([SYSTEM, FIRST, ANSWER]), units([SYSTEM, FIRST, ANSWER, SECOND])

    assert evaluated(now, []) == tokens(now)
    assert evaluated(now, before) == tokens(units([SECOND]))
    assert evaluated(now, now) == 0


def test_another_picture_in_its_place_has_everything_after_it_evaluated() -> None:
    other = {**FIRST, "images": PICTURES[1:]}
    now = units([SYSTEM, FIRST, ANSWER])

    left = evaluated(now, units([SYSTEM, other, ANSWER]))

    assert left > 1024
    assert left < tokens(now)


def test_a_changed_beginning_has_everything_evaluated_but_the_first_mark() -> None:
    changed = {"role": "system", "content": "Never look at it."}
    now = units([changed, FIRST])

    assert evaluated(now, units([SYSTEM, FIRST])) == tokens(now) - 1


def test_a_picture_counts_by_its_size_and_stands_where_its_mark_is() -> None:
    first = units([FIRST])
    pictures = [place for place, unit in enumerate(first) if unit.tokens > 1]

    assert [first[place].tokens for place in pictures] == [1024]
    assert "".join(unit.key for unit in first[1 : pictures[0]]) == "Picture 1: "
    assert units([{**FIRST, "content": "No mark"}])[-1].tokens == 1024
