"""The small classifier runs in a process of its own, on pixels as its model expects them."""

import hashlib
import math
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image
from structlog.testing import capture_logs

from bot.domain.errors import ConfigError, ServiceError
from bot.domain.picture import Frame
from bot.media import classifier
from bot.media.classifier import OnnxClassifier
from tests.media.crafting import saved

pytest.importorskip("onnxruntime")

_MEAN_RED = 123.0
_SCALE = 50.0


def field(number: int, value: int | bytes | str) -> bytes:
    """One field of a protocol buffer: a number, or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def node(kind: str, inputs: list[str], output: str, *attributes: bytes) -> bytes:
    named = b"".join(field(1, name) for name in inputs)
    return named + field(2, output) + field(4, kind) + b"".join(field(5, one) for one in attributes)


def values(name: str, shape: tuple[int, ...]) -> bytes:
    dims = b"".join(field(1, field(1, side)) for side in shape)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))


def redness_model() -> bytes:
    """An ONNX file (onnx.proto, opset 13) whose second output grows with the mean of red.

    It takes and gives what open_nsfw does: (1, 224, 224, 3), blue first, and two shares of 1.
    """
    axes = field(1, "axes") + field(8, 1) + field(8, 2) + field(20, 7)
    flat = field(1, "keepdims") + field(3, 0) + field(20, 2)
    weights = struct.pack("<6f", 0, 0, 0, 0, 0, 1 / _SCALE)
    tensor = field(1, 3) + field(1, 2) + field(2, 1) + field(8, "weights") + field(9, weights)
    graph = (
        field(1, node("ReduceMean", ["pixels"], "means", axes, flat))
        + field(1, node("MatMul", ["means", "weights"], "sums"))
        + field(1, node("Softmax", ["sums"], "shares"))
        + field(2, "redness")
        + field(5, tensor)
        + field(11, values("pixels", (1, 224, 224, 3)))
        + field(12, values("shares", (1, 2)))
    )
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "redness.onnx"
    path.write_bytes(redness_model())
    return path


@pytest.fixture
async def redness(model: Path) -> AsyncIterator[OnnxClassifier]:
    async with OnnxClassifier(model) as opened:
        yield opened


def frame(colour: tuple[int, int, int], size: tuple[int, int] = (300, 200)) -> Frame:
    return Frame(saved(Image.new("RGB", size, colour), "PNG"), "image/png", *size)


def expected(red: int) -> float:
    return 1 / (1 + math.exp(-(red - _MEAN_RED) / _SCALE))


@pytest.mark.parametrize("colour", [(250, 0, 0), (0, 0, 250), (123, 200, 40), (20, 250, 250)])
async def test_channels_and_means_are_what_the_model_was_trained_on(
    redness: OnnxClassifier, colour: tuple[int, int, int]
) -> None:
    assert await redness.score([frame(colour)]) == pytest.approx(expected(colour[0]), abs=0.02)


async def test_the_highest_score_of_all_frames_counts(redness: OnnxClassifier) -> None:
    score = await redness.score([frame((10, 0, 0)), frame((240, 0, 0)), frame((90, 0, 0))])
    assert score == pytest.approx(expected(240), abs=0.02)
    assert await redness.score([]) == 0.0


async def test_only_the_middle_is_looked_at(redness: OnnxClassifier) -> None:
    image = Image.new("RGB", (512, 512), "red")
    image.paste((0, 0, 0), (32, 32, 480, 480))
    edged = Frame(saved(image, "PNG"), "image/png", 512, 512)
    assert await redness.score([edged]) == pytest.approx(expected(0), abs=0.02)


async def test_a_frame_that_is_none_is_a_failure_and_the_next_one_works(
    redness: OnnxClassifier,
) -> None:
    with pytest.raises(ServiceError):
        await redness.score([Frame(b"no picture", "image/png", 1, 1)])
    assert await redness.score([frame((200, 0, 0))]) == pytest.approx(expected(200), abs=0.02)


async def test_a_file_that_is_no_model_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"no model at all")
    async with OnnxClassifier(path) as opened:
        with pytest.raises(ServiceError):
            await opened.score([frame((0, 0, 0))])


async def test_another_file_than_the_known_one_is_named_in_the_log(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = hashlib.sha256(redness_model()).hexdigest()
    with capture_logs() as logs:
        async with OnnxClassifier(model):
            pass
    assert [(log["event"], log["sha256"]) for log in logs] == [("classifier_model_unknown", digest)]
    monkeypatch.setattr(classifier, "OPEN_NSFW_SHA256", digest)
    with capture_logs() as logs:
        async with OnnxClassifier(model):
            pass
    assert logs == []


async def test_a_missing_file_or_library_is_a_wrong_setting(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        async with OnnxClassifier(tmp_path / "nothing.onnx"):
            pass
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="builtin"):
        async with OnnxClassifier(model):
            pass
