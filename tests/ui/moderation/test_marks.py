"""No cursor is ever kept that jumps over a message nobody recorded."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.moderation.upload import Cursor
from bot.ui.moderation.marks import Marks

SERVER, CHANNEL, OTHER = 1, 2, 3


def test_what_is_heard_before_gaps_are_known_moves_no_cursor() -> None:
    marks = Marks()
    assert marks.hear(SERVER, CHANNEL, 10) is None
    assert marks.to_keep() == ()
    marks.know(SERVER, [CHANNEL])
    assert marks.hear(SERVER, CHANNEL, 11) is None
    assert marks.hear(SERVER, OTHER, 12) == Cursor(SERVER, OTHER, 12)
    marks.close(SERVER, CHANNEL)
    assert Cursor(SERVER, CHANNEL, 11) in marks.to_keep()


def test_a_cursor_is_kept_once_and_never_goes_back() -> None:
    marks = Marks()
    marks.know(SERVER, [])
    cursor = marks.hear(SERVER, CHANNEL, 20)
    assert cursor is not None
    marks.kept(cursor)
    assert marks.to_keep() == ()
    assert marks.hear(SERVER, CHANNEL, 15) == cursor
    assert marks.to_keep() == ()


def test_a_new_connection_makes_everything_unknown() -> None:
    marks = Marks()
    marks.know(SERVER, [])
    before = marks.session(SERVER)
    marks.begin_anew()
    assert marks.session(SERVER) != before
    assert not marks.knows(SERVER)
    assert marks.hear(SERVER, CHANNEL, 30) is None


def test_a_server_out_of_reach_is_unknown_and_others_are_not() -> None:
    marks = Marks()
    for guild_id in (SERVER, 9):
        marks.know(guild_id, [])
    session = marks.session(9)
    marks.forget(SERVER)
    assert not marks.knows(SERVER)
    assert marks.session(9) == session
    assert marks.hear(9, 90, 1) == Cursor(9, 90, 1)


def test_a_deleted_channel_leaves_nothing_to_keep() -> None:
    marks = Marks()
    marks.know(SERVER, [OTHER])
    marks.hear(SERVER, CHANNEL, 5)
    marks.forget_channel(CHANNEL)
    marks.forget_channel(OTHER)
    assert marks.to_keep() == ()
    assert marks.gaps(SERVER) == frozenset()


STEPS = st.lists(
    st.sampled_from(["post", "keep", "lose", "reconnect", "look", "read"]), min_size=1, max_size=60
)


@given(STEPS)
def test_everything_up_to_a_kept_cursor_is_recorded_whatever_happens(steps: Sequence[str]) -> None:
    """A channel that is heard live, missed while the connection is lost, and read again."""
    marks = Marks()
    connected, posted, kept = True, 0, 0
    recorded: set[int] = set()
    marks.know(SERVER, [])
    reading: int | None = None
    for step in steps:
        if step == "post":
            posted += 1
            if connected:
                cursor = marks.hear(SERVER, CHANNEL, posted)
                recorded.add(posted)
                if cursor is not None:
                    kept = max(kept, cursor.message_id)
                    marks.kept(cursor)
        elif step == "keep":
            for cursor in marks.to_keep():
                kept = max(kept, cursor.message_id)
                marks.kept(cursor)
        elif step == "lose":
            connected = False
        elif step == "reconnect" and not connected:
            connected, reading = True, None
            marks.begin_anew()
        elif step == "look" and connected and not marks.knows(SERVER):
            marks.know(SERVER, [CHANNEL] if posted > kept else [])
            marks.hear(SERVER, CHANNEL, posted)
            reading = marks.session(SERVER)
        elif step == "read" and connected and reading == marks.session(SERVER):
            recorded.update(range(kept + 1, posted + 1))
            marks.close(SERVER, CHANNEL)
        assert set(range(1, kept + 1)) <= recorded
