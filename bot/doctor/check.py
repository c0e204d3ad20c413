"""One finding of the doctor."""

import enum
from dataclasses import dataclass


class State(enum.StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it is, and what the operator should do about it."""

    name: str
    state: State
    sentence: str
    advice: str = ""


def ok(name: str, sentence: str) -> Check:
    """All is well."""
    return Check(name, State.OK, sentence)


def warn(name: str, sentence: str, advice: str) -> Check:
    """Lookout works, with less than there could be."""
    return Check(name, State.WARN, sentence, advice)


def fail(name: str, sentence: str, advice: str) -> Check:
    """Something that was asked for does not work."""
    return Check(name, State.FAIL, sentence, advice)
