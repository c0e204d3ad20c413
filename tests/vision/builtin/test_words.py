"""What the built-in reader says: only what was found, in the person's language."""

import string
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.answer import Table
from bot.domain.picture import PictureFacts
from bot.domain.task import Detail, Parameters
from bot.tasks.alt import MAX_CHARACTERS
from bot.vision.builtin.findings import Code, Colour, Findings, Measures, Motion
from bot.vision.builtin.phrases import Phrases, phrases
from bot.vision.builtin.tesseract import LANGUAGES_BY_SCRIPT
from bot.vision.builtin.words import alt_text, description, transcript

FACTS = PictureFacts("PNG", 800, 600, 12_345)
MEASURES = Measures(((Colour.WHITE, 0.81), (Colour.BLUE, 0.12)), brightness=0.9, flat=False)
FLAT = Measures(((Colour.RED, 1.0),), brightness=0.4, flat=True)
LANGUAGES = ("en-US", "ja", "zh-CN")


def found(text: str = "", measures: Measures = MEASURES, **more: Any) -> Findings:
    return Findings(text=text, measures=measures, **more)


def test_a_description_says_who_speaks_and_what_was_measured() -> None:
    said = description(found("Open daily"), FACTS, Parameters()).text
    assert said == (
        "The built-in reader, which measures and reads but does not recognise things, found: "
        "Landscape format, 800 × 600 pixels. Main colours: white (about 80 %), blue (about 10 %). "
        "Very bright overall. Text: “Open daily”."
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_focus_that_cannot_be_honoured_is_said(language: str) -> None:
    say = phrases(language)
    asked = Parameters(language=language, focus="how many cats are there?")
    assert description(found(), FACTS, asked).text.endswith(say.cannot_focus)
    unasked = Parameters(language=language)
    assert say.cannot_focus not in description(found(), FACTS, unasked).text


def test_the_longer_the_detail_the_longer_the_quotation() -> None:
    text = "All visitors are kindly asked to leave their umbrellas at the door. " * 12
    lengths = [
        len(description(found(text), FACTS, Parameters(detail=detail)).text)
        for detail in (Detail.BRIEF, Detail.STANDARD, Detail.DETAILED)
    ]
    assert lengths == sorted(lengths)
    brief = description(found(text), FACTS, Parameters(detail=Detail.BRIEF)).text
    assert "beginning “All visitors" in brief


def test_alt_text_begins_with_the_text_in_the_picture() -> None:
    said = alt_text(found("SALE\n50 % off"), FACTS, Parameters()).text
    assert said.startswith("“SALE 50 % off”. Measured by the built-in reader: Landscape format")
    assert len(said) < 250


def test_alt_text_says_that_long_text_goes_on() -> None:
    text = "All visitors are kindly asked to leave their umbrellas at the door. " * 12
    said = alt_text(found(text), FACTS, Parameters()).text
    assert f"The text goes on, {len(text.replace(' ', ''))} characters in all." in said
    assert len(said) < 500


@given(st.text(max_size=3000), st.sampled_from(LANGUAGES), st.text(max_size=600))
def test_alt_text_keeps_to_the_limit(text: str, language: str, content: str) -> None:
    codes = (Code("QR Code", content),) * 6
    said = alt_text(found(text, codes=codes), FACTS, Parameters(language=language)).text
    assert len(said) <= MAX_CHARACTERS


def test_one_flat_colour_without_text_is_decoration() -> None:
    said = alt_text(found(measures=FLAT), FACTS, Parameters())
    assert said.decorative
    assert said.text == ""


@pytest.mark.parametrize(
    "more", [{"text": "a"}, {"unreadable": True}, {"codes": (Code("QR Code", "x"),)}]
)
def test_a_flat_colour_that_says_something_is_no_decoration(more: dict[str, Any]) -> None:
    said = alt_text(found(measures=FLAT, **more), FACTS, Parameters())
    assert not said.decorative
    assert said.text


@pytest.mark.parametrize(
    ("width", "height", "word"),
    [(800, 600, "Landscape"), (600, 800, "Portrait"), (600, 600, "Square"), (610, 600, "Square")],
)
def test_the_format_is_named(width: int, height: int, word: str) -> None:
    facts = PictureFacts("PNG", width, height, 1)
    assert (
        f"{word} format, {width} × {height} pixels."
        in description(found(), facts, Parameters()).text
    )


@pytest.mark.parametrize("motion", Motion)
def test_an_animation_says_its_frames_and_whether_it_moves(motion: Motion) -> None:
    facts = PictureFacts("GIF", 100, 100, 1, frame_count=12, duration_seconds=1.2)
    measures = Measures(((Colour.RED, 1.0),), 0.5, flat=False, motion=motion)
    said = description(found(measures=measures), facts, Parameters()).text
    assert f"An animation of 12 frames {phrases('en-US').motion[motion]}" in said


def test_codes_are_quoted() -> None:
    codes = (Code("QR Code", "https://example.org/win"),)
    said = description(found(codes=codes), FACTS, Parameters()).text
    assert "QR Code that says “https://example.org/win”." in said


def test_a_transcript_is_the_text_and_its_tables() -> None:
    table = Table((("a", "b"),))
    said = transcript(Findings(text="| a | b |", tables=(table,)), Parameters())
    assert (said.text, said.tables) == ("| a | b |", (table,))


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unreadable_script_is_named_in_the_persons_language(language: str) -> None:
    findings = Findings(unreadable=True, script="Cyrillic")
    said = transcript(findings, Parameters(language=language)).text
    name = phrases(language).script_names.get("Cyrillic", "Cyrillic")
    assert name in said
    assert said.startswith("[")


def test_other_languages_are_answered_in_english() -> None:
    assert phrases("fr") is phrases("en-US")


def test_the_three_languages_are_three() -> None:
    assert len({id(phrases(language)) for language in LANGUAGES}) == len(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_translations_have_the_same_places_to_fill_in(language: str) -> None:
    def places(say: Phrases) -> dict[str, list[str]]:
        return {
            field.name: sorted(
                name for _, name, _, _ in string.Formatter().parse(getattr(say, field.name)) if name
            )
            for field in fields(say)
            if isinstance(getattr(say, field.name), str)
        }

    assert places(phrases(language)) == places(phrases("en-US"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_colour_and_motion_has_a_name(language: str) -> None:
    say = phrases(language)
    assert set(say.colour_names) == set(Colour)
    assert set(say.motion) == set(Motion)
    assert set(say.script_names) <= set(LANGUAGES_BY_SCRIPT)


TEXT = st.text(max_size=20)


@given(
    st.builds(
        Findings,
        text=TEXT,
        tables=st.lists(
            st.builds(Table, st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)), max_size=2
        ).map(tuple),
        unreadable=st.booleans(),
        incomplete=st.booleans(),
        script=TEXT,
        cut=st.booleans(),
        codes=st.lists(st.builds(Code, TEXT, TEXT), max_size=2).map(tuple),
        measures=st.sampled_from((None, MEASURES, FLAT)),
    )
)
def test_findings_cross_the_pipe_unchanged(findings: Findings) -> None:
    import json

    head = json.loads(json.dumps(findings.to_head()))
    assert Findings.from_head(head) == findings
