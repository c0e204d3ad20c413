"""The marks by which a question and its answer are known wherever they appear."""

import re

ANSWER_END = "That is all of it."
_QUESTION = re.compile(r"Question ([0-9]{6})")
_ANSWER = re.compile(r"Answer ([0-9]{6})")


def question(number: int) -> str:
    """Write a question."""
    return f"Question {number:06d}: what is to be seen here?"


def answer_begin(number: int) -> str:
    """Write the first words of an answer."""
    return f"Answer {number:06d}: "


def questions_in(text: str) -> list[int]:
    """Return the numbers of all questions in a text, in its order."""
    return [int(number) for number in _QUESTION.findall(text)]


def answers_in(text: str) -> list[int]:
    """Return the numbers of all answers in a text, in its order."""
    return [int(number) for number in _ANSWER.findall(text)]
