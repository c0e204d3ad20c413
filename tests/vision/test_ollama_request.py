"""What people wrote cannot move pictures or end a turn; schemas are plain and complete."""

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from bot.tasks.alt import AltText
from bot.tasks.ocr import TablesReply
from bot.vision.ollama_request import plain_words
from bot.vision.schemas import json_schema

pieces = st.lists(
    st.sampled_from(
        [
            "[img",
            "[IMG",
            "]",
            "-0]",
            "[",
            "img",
            "<",
            "|",
            "<|",
            "im_end",
            "|>",
            "<__",
            "media__>",
            "(",
        ]
    )
    | st.text(max_size=3)
)


@given(pieces.map("".join))
def test_no_marker_survives(text: str) -> None:
    """However they are spelt or put together, no placeholder and no control token is left."""
    harmless = plain_words(text).lower()
    assert "[img" not in harmless
    assert "<|" not in harmless
    assert "<__" not in harmless


@given(st.text(alphabet=st.characters(exclude_characters="[<\0", exclude_categories=["Cs"])))
def test_other_words_stay_as_they_are(text: str) -> None:
    """Text without such marks is passed on unchanged."""
    assert plain_words(text) == text


@pytest.mark.parametrize(
    "text",
    ["a < b and c > d", "x <- y", "<3", "[sic]", "[the sign] says [A] or [no text]", "[1]", "a[i]"],
)
def test_ordinary_brackets_are_no_marks(text: str) -> None:
    """What people write about arrows, hearts and footnotes is passed on."""
    assert plain_words(text) == text.replace("[A]", "(A]")


@given(pieces.map("".join))
def test_words_become_plain_at_once(text: str) -> None:
    """A second pass finds nothing more, and nothing gets longer or shorter."""
    once = plain_words(text)
    assert plain_words(once) == once
    assert len(once) == len(text)


def walk(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        return [node] + [found for value in node.values() for found in walk(value)]
    if isinstance(node, list):
        return [found for value in node for found in walk(value)]
    return []


class Inner(BaseModel):
    title: str
    default: int = 3
    kind: Literal["a", "b"] = "a"


class Outer(BaseModel):
    inner: Inner = Field(description="One.")
    several: list[Inner]
    maybe: Inner | None = None


class Endless(BaseModel):
    again: list["Endless"]


@pytest.mark.parametrize("shape", [AltText, TablesReply, Outer])
def test_schemas_are_inlined_closed_and_complete(shape: type[BaseModel]) -> None:
    """No reference is left; every object names all its properties as required."""
    nodes = walk(json_schema(shape))
    assert not any("$ref" in node or "$defs" in node for node in nodes)
    objects = [node for node in nodes if isinstance(node.get("properties"), dict)]
    assert objects
    for node in objects:
        assert node["required"] == list(node["properties"])
        assert node["additionalProperties"] is False


def test_properties_may_be_called_like_keywords() -> None:
    """A field named ``title`` is a field; the titles that pydantic adds are left out."""
    schema = json_schema(Outer)
    assert list(schema["properties"]["inner"]["properties"]) == ["title", "default", "kind"]
    assert schema["properties"]["inner"]["description"] == "One."
    assert schema["properties"]["inner"]["properties"]["kind"]["enum"] == ["a", "b"]
    assert "title" not in schema


def test_a_shape_that_contains_itself_is_refused() -> None:
    """It has no finite form without references."""
    with pytest.raises(ValueError, match="contains itself"):
        json_schema(Endless)
