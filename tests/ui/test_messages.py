"""When a message is a question to us."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ui.conversation.messages import Act, Heard, Target, decide

RULES = [
    # In a server, without a word to us
    ("people talking", Heard(words=True), Act.IGNORE),
    ("people showing pictures", Heard(words=True, pictures=True), Act.IGNORE),
    ("people replying to people", Heard(words=True, target=Target.OTHER), Act.IGNORE),
    ("what cannot be read", Heard(readable=False), Act.IGNORE),
    (
        "a ping by a reply to something else of this bot's",
        Heard(pinged=True, words=True, target=Target.OTHER),
        Act.IGNORE,
    ),
    # Mentioned
    ("a picture", Heard(named=True, pinged=True, pictures=True), Act.BEGIN),
    ("a picture and a question", Heard(named=True, words=True, pictures=True), Act.BEGIN),
    (
        "a question about the picture replied to",
        Heard(named=True, words=True, target=Target.OTHER, target_pictures=True),
        Act.BEGIN,
    ),
    (
        "the picture replied to cannot be seen",
        Heard(named=True, words=True, target=Target.CENSORED),
        Act.SAY_UNREAD_PICTURE,
    ),
    (
        "a picture of its own, in reply to what cannot be seen",
        Heard(named=True, pictures=True, target=Target.CENSORED),
        Act.BEGIN,
    ),
    ("a question about nothing", Heard(named=True, words=True), Act.SAY_HOW),
    ("nothing but the mention", Heard(named=True), Act.SAY_HOW),
    # Replies to answers
    ("a reply with the ping", Heard(pinged=True, words=True, target=Target.TURN), Act.FOLLOW_TURN),
    ("a reply that can be read", Heard(words=True, target=Target.TURN), Act.FOLLOW_TURN),
    ("a reply with a picture", Heard(pictures=True, target=Target.TURN), Act.FOLLOW_TURN),
    ("a reply that says nothing", Heard(named=True, target=Target.TURN), Act.SAY_WHAT),
    ("a reply to a description", Heard(words=True, target=Target.POSTED), Act.FOLLOW_POSTED),
    ("nothing in reply to one", Heard(named=True, target=Target.POSTED), Act.SAY_WHAT),
    (
        "a reply that cannot be read",
        Heard(readable=False, target=Target.TURN),
        Act.SAY_UNREAD_REPLY,
    ),
    (
        "one to a description either",
        Heard(readable=False, target=Target.POSTED),
        Act.SAY_UNREAD_REPLY,
    ),
    (
        "one to what is no longer kept either",
        Heard(readable=False, target=Target.GONE),
        Act.IGNORE,
    ),
    (
        "a reply with the ping to what is no longer kept",
        Heard(pinged=True, words=True, target=Target.GONE),
        Act.SAY_GONE,
    ),
    ("one without", Heard(words=True, target=Target.GONE), Act.IGNORE),
    # Threads
    ("a message in our thread", Heard(thread=True, words=True), Act.FOLLOW_PLACE),
    ("a picture in our thread", Heard(thread=True, pictures=True), Act.FOLLOW_PLACE),
    ("a poll in our thread", Heard(thread=True), Act.IGNORE),
    ("unreadable in our thread", Heard(thread=True, readable=False), Act.IGNORE),
    (
        "a reply to an older answer in our thread",
        Heard(thread=True, words=True, target=Target.TURN),
        Act.FOLLOW_TURN,
    ),
    (
        "people replying to people in our thread",
        Heard(thread=True, words=True, target=Target.OTHER),
        Act.FOLLOW_PLACE,
    ),
    # Direct messages
    ("a direct picture", Heard(direct=True, pictures=True), Act.BEGIN),
    (
        "a direct picture while talking",
        Heard(direct=True, words=True, pictures=True, recent=True),
        Act.BEGIN,
    ),
    (
        "a direct question while talking",
        Heard(direct=True, words=True, recent=True),
        Act.FOLLOW_PLACE,
    ),
    ("a direct question out of nowhere", Heard(direct=True, words=True), Act.SAY_HOW),
    (
        "a direct reply to an answer",
        Heard(direct=True, words=True, recent=True, target=Target.TURN),
        Act.FOLLOW_TURN,
    ),
    (
        "a direct reply to what is no longer kept",
        Heard(direct=True, words=True, target=Target.GONE),
        Act.SAY_GONE,
    ),
    (
        "a direct reply to one's own picture",
        Heard(direct=True, words=True, target=Target.OTHER, target_pictures=True),
        Act.BEGIN,
    ),
]


@pytest.mark.parametrize(
    ("heard", "act"), [(heard, act) for _, heard, act in RULES], ids=[case for case, *_ in RULES]
)
def test_what_is_done_about_a_message(heard: Heard, act: Act) -> None:
    assert decide(heard) is act


ANY = st.builds(
    Heard,
    **{
        name: st.booleans()
        for name in ("direct", "thread", "named", "pinged", "readable", "words", "pictures")
    },
    target=st.sampled_from(Target),
    target_pictures=st.booleans(),
    recent=st.booleans(),
)


@given(ANY)
def test_a_bot_with_its_own_use_for_mentions_keeps_them(heard: Heard) -> None:
    act = decide(heard, answers_mentions=False)
    assert act not in (Act.BEGIN, Act.SAY_UNREAD_PICTURE)
    if heard.target in (Target.NOTHING, Target.OTHER, Target.CENSORED) and not heard.thread:
        assert act is Act.IGNORE


@given(ANY)
def test_what_cannot_be_read_is_never_a_turn(heard: Heard) -> None:
    if not heard.readable:
        assert decide(heard) in (Act.IGNORE, Act.SAY_UNREAD_REPLY)


@pytest.mark.parametrize("target", [Target.NOTHING, Target.OTHER, Target.CENSORED])
@given(words=st.booleans(), pictures=st.booleans())
def test_nobody_is_answered_unasked(target: Target, words: bool, pictures: bool) -> None:
    heard = Heard(words=words, pictures=pictures, target=target, target_pictures=pictures)
    assert decide(heard) is Act.IGNORE
