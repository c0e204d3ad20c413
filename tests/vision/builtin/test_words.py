"""What the built-in reader says: only what was found, in the person's language."""

import string
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.answer import Table
from bot.domain.picture import PictureFacts
from bot.domain.task import Detail, Parameters
from bot.tasks.alt import MAX_CHARACTERS
from bot.tasks.base import Finished
from bot.vision.builtin.findings import Code, Colour, Findings, Measures, Motion
from bot.vision.builtin.phrases import Brief, Phrases, phrases
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


LONG = "All visitors are kindly asked to leave their umbrellas at the door. " * 12
RICH = Measures(
    (
        (Colour.WHITE, 0.62),
        (Colour.BLUE, 0.14),
        (Colour.GREY, 0.09),
        (Colour.BLACK, 0.08),
        (Colour.RED, 0.04),
        (Colour.PINK, 0.03),
    ),
    brightness=0.78,
    flat=False,
    motion=Motion.LITTLE,
)
EVERYTHING = found(
    "Open daily\n9:00 to 18:00\n\nWelcome", RICH, codes=(Code("QR Code", "https://example.org"),)
)
FILM = PictureFacts(
    "GIF", 800, 600, 12_345, frame_count=12, duration_seconds=1.25, transparent=True
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("writer", [description, alt_text])
def test_more_detail_is_longer_and_less_is_shorter(
    writer: Callable[[Findings, PictureFacts, Parameters], Finished], language: str
) -> None:
    for findings in (
        EVERYTHING,
        found(LONG),
        found(),
        found(unreadable=True),
        found(measures=FLAT),
    ):
        finished = [
            writer(findings, FILM, Parameters(language=language, detail=detail))
            for detail in (Detail.BRIEF, Detail.STANDARD, Detail.DETAILED)
        ]
        if not finished[0].decorative:
            lengths = [len(said.text) for said in finished]
            assert lengths == sorted(set(lengths))


def test_brief_is_one_short_sentence() -> None:
    brief = Parameters(detail=Detail.BRIEF)
    assert description(EVERYTHING, FACTS, brief).text == (
        "Landscape format, mostly white, QR Code “https://example.org”, "
        "text “Open daily 9:00 to 18:00 Welcome”, measured by the built-in reader."
    )
    assert description(found(), FILM, brief).text == (
        "Landscape format, animation of 12 frames, mostly white, no text, "
        "measured by the built-in reader."
    )
    assert description(found(measures=FLAT, unreadable=True, script="Thai"), FACTS, brief).text == (
        "Landscape format, all red, text in Thai that cannot be read, "
        "measured by the built-in reader."
    )
    assert len(description(found(LONG), FACTS, brief).text) < 170


def test_brief_alt_text_is_the_text_or_else_what_was_measured() -> None:
    brief = Parameters(detail=Detail.BRIEF)
    assert alt_text(found("SALE\n50 % off"), FACTS, brief).text == "“SALE 50 % off”"
    assert alt_text(found(), FACTS, brief).text == (
        "Landscape format, mostly white, measured by the built-in reader."
    )
    assert alt_text(found(unreadable=True), FACTS, brief).text == (
        "Landscape format, mostly white, text that cannot be read, measured by the built-in reader."
    )
    assert "https://example.org" in alt_text(EVERYTHING, FACTS, brief).text
    assert len(alt_text(found(LONG), FACTS, brief).text) <= 102


def test_detailed_says_everything_that_was_measured() -> None:
    said = description(EVERYTHING, FILM, Parameters(detail=Detail.DETAILED)).text
    assert said == (
        "The built-in reader, which measures and reads but does not recognise things, found: "
        "An animation of 12 frames in which a small part changes. It lasts 1.2 s. "
        "Landscape format, 800 × 600 pixels. GIF file of 12 kB. Parts of it are transparent. "
        "Main colours: white (62 %), blue (14 %), grey (9 %), black (8 %), red (4 %), pink (3 %). "
        "Bright overall. Mean lightness 78 %. QR Code that says “https://example.org”. "
        "Lines of text: 3. Text: “Open daily 9:00 to 18:00 Welcome”."
    )


def test_standard_names_the_main_colours_only() -> None:
    said = description(EVERYTHING, FACTS, Parameters()).text
    assert "black (about 10 %)." in said
    assert "pink" not in said


def test_detailed_alt_text_says_what_was_measured_after_the_text() -> None:
    said = alt_text(EVERYTHING, FACTS, Parameters(detail=Detail.DETAILED)).text
    assert said.startswith("“Open daily 9:00 to 18:00 Welcome”. QR Code that says")
    assert "pink (3 %)" in said
    assert said.endswith("Mean lightness 78 %. Lines of text: 3. PNG file of 12 kB.")


def test_alt_text_begins_with_the_text_in_the_picture() -> None:
    said = alt_text(found("SALE\n50 % off"), FACTS, Parameters()).text
    assert said.startswith("“SALE 50 % off”. Measured by the built-in reader: Landscape format")
    assert len(said) < 250


def test_alt_text_says_that_long_text_goes_on() -> None:
    said = alt_text(found(LONG), FACTS, Parameters()).text
    assert f"The text goes on, {len(LONG.replace(' ', ''))} characters in all." in said
    assert len(said) < 500


@given(
    st.text(max_size=3000),
    st.builds(Parameters, language=st.sampled_from(LANGUAGES), detail=st.sampled_from(Detail)),
    st.text(max_size=600),
)
def test_alt_text_keeps_to_the_limit(text: str, parameters: Parameters, content: str) -> None:
    codes = (Code("QR Code", content),) * 6
    said = alt_text(found(text, codes=codes), FACTS, parameters).text
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
    def places(say: Phrases | Brief) -> dict[str, list[str]]:
        return {
            field.name: sorted(
                name for _, name, _, _ in string.Formatter().parse(getattr(say, field.name)) if name
            )
            for field in fields(say)
            if isinstance(getattr(say, field.name), str)
        }

    assert places(phrases(language)) == places(phrases("en-US"))
    assert places(phrases(language).brief) == places(phrases("en-US").brief)


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
