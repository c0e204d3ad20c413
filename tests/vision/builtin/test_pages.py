"""The yardstick itself."""

from collections.abc import Sequence

from tests.vision.builtin.pages import error_rate


def test_the_error_rate_counts_each_kind_of_error() -> None:
    cases: Sequence[tuple[str, str, float]] = (
        ("abcd", "abcd", 0.0),
        ("a b\ncd", "abcd", 0.0),
        ("abxd", "abcd", 0.25),
        ("abd", "abcd", 0.25),
        ("abccd", "abcd", 0.25),
    )
    for read, truth, rate in cases:
        assert error_rate([(read, truth)]) == rate
