"""A vision model of 60,000 hand-set weights that names the main colour of the pictures it sees.

It is small enough to be written in a test and real enough for llama.cpp: a projector of the llava
kind turns each patch of 14 by 14 pixels into its mean colour, one attention head looks from every
word at the picture's tokens, and a table of "after this comes that" in the output weights makes
the sentence. So its answers can be checked:

- a red picture: ``The picture is mostly red.``; none: ``The picture is mostly unseen.``
- under a JSON schema the grammar spells the keys, strings become the colour, booleans true.

The second half of the sentence depends on the mode: it stops, repeats ``.`` for ever (``LOOP``) or
``.,`` for ever (``ENDLESS``).
"""

import enum
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float32]
After = Callable[[Sequence[str], Sequence[str], float], None]

CONTEXT_TOKENS = 262_144
COLOURS = ("red", "green", "blue", "yellow", "white", "black", "gray")
CHAT_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


class Mode(enum.StrEnum):
    """How the model's sentence ends."""

    STOP = "stop"
    LOOP = "loop"
    ENDLESS = "endless"


@dataclass(frozen=True)
class ModelFiles:
    """The two files of a vision model."""

    text: Path
    projector: Path


def write_model(folder: Path, mode: Mode = Mode.STOP, *, patches: int = 4) -> ModelFiles:
    """Write both files into ``folder``; about 350 kB, in a few milliseconds.

    A picture is cut into ``patches`` by ``patches``, each of which costs one token.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = ModelFiles(folder / "text.gguf", folder / "projector.gguf")
    _write_text_model(files.text, mode)
    _write_projector(files.projector, patches)
    return files


# The vocabulary: GPT-2's byte alphabet and a few whole words.

_SPACE = "Ġ"
_END, _TURN, _TURN_END = _SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_COLOUR_WORDS = tuple(_SPACE + colour for colour in COLOURS)
_SENTENCE = ("The", _SPACE + "picture", _SPACE + "is", _SPACE + "mostly")
_UNSEEN = _SPACE + "unseen"
_LITERALS = ("true", "false", "null")
_WORDS = (*_SENTENCE, _UNSEEN, *_COLOUR_WORDS, *COLOURS, *_LITERALS)


def _byte_alphabet() -> dict[int, str]:
    """Give each byte its printable character, as GPT-2's tokenizer does."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {
        byte: chr(256 + index) for index, byte in enumerate(others)
    }


_ALPHABET = _byte_alphabet()
_TOKENS = (*_SPECIAL, *_ALPHABET.values(), *_WORDS)
_TOKEN_IDS = {token: index for index, token in enumerate(_TOKENS)}
_BYTES = {token: byte for byte, token in _ALPHABET.items()}


def _char(character: str) -> str:
    return _ALPHABET[ord(character)]


_LETTERS = tuple(_char(chr(code)) for code in range(ord("a"), ord("z") + 1))
_DIGITS = tuple(_char(str(digit)) for digit in range(10))


def _state_of(token: str) -> str:
    """Name what the model remembers of the token it said last."""
    if token in _SPECIAL or token in _WORDS:
        return token
    byte = _BYTES[token]
    character = chr(byte)
    if character == "\n":
        return "line feed"
    if character == " ":
        return "space"
    if character in '"{}[],:.-':
        return character
    if character.isdigit() and character.isascii():
        return "digit"
    return "letter" if character.isalpha() and character.isascii() else "other"


# The hidden dimensions: three of colour, two about pictures, one for each state, one to ask with.

_SIZE = 64
_RED, _GREEN, _BLUE, _MARK, _SEES = range(5)
_FIRST_STATE = 5
_STATES = tuple(dict.fromkeys(_state_of(token) for token in _TOKENS))
_STATE_AT = {state: _FIRST_STATE + index for index, state in enumerate(_STATES)}
_ASKING = 62
"""Rotary positions hardly turn the last pair of dimensions, so that distance does not matter."""
_MARK_STRENGTH = 8.0
_UNLIKELY = -8.0
_CERTAINTY = 10.0
"""Spreads the likelihoods, so that a temperature of 0.4 changes no word."""

_COLOUR_DIRECTIONS: dict[str, tuple[float, float, float, float]] = {
    "red": (1, -1, -1, 0),
    "green": (-1, 1, -1, 0),
    "blue": (-1, -1, 1, 0),
    "yellow": (0.9, 0.9, -1.2, 0),
    "white": (1, 1, 1, -0.3),
    "black": (-1, -1, -1, -0.3),
    "gray": (0, 0, 0, 0.4),
}
"""How well a colour's word fits the mean red, green and blue, and its bias.

llama.cpp pads this kind of picture to a square with grey; the biases allow for that up to 16:9.
"""


def _output_weights(mode: Mode) -> Weights:
    weights: Weights = np.zeros((len(_TOKENS), _SIZE), np.float32)
    weights[:, _FIRST_STATE : _FIRST_STATE + len(_STATES)] = _UNLIKELY

    def after(states: Sequence[str], tokens: Sequence[str], likelihood: float) -> None:
        for state in states:
            for token in tokens:
                weights[_TOKEN_IDS[token], _STATE_AT[state]] = likelihood

    _wire_sentence(after, mode)
    _wire_json(after)
    for colour, (red, green, blue, bias) in _COLOUR_DIRECTIONS.items():
        for token in (colour, _SPACE + colour):
            row = weights[_TOKEN_IDS[token]]
            row[[_RED, _GREEN, _BLUE]] = 2 * np.array([red, green, blue])
            row[_SEES] = (bias + 0.5) * 1.33
    return weights * _CERTAINTY


def _wire_sentence(after: After, mode: Mode) -> None:
    after(["line feed"], [_SENTENCE[0]], 12)
    for word, following in itertools.pairwise(_SENTENCE):
        after([word], [following], 12)
    after([_SENTENCE[-1]], _COLOUR_WORDS, 8)
    after([_SENTENCE[-1]], [_UNSEEN], 8.4)
    after([*_COLOUR_WORDS, _UNSEEN], [_char(".")], 12)
    match mode:
        case Mode.STOP:
            after(["."], [_TURN_END], 12)
        case Mode.LOOP:
            after(["."], [_char(".")], 20)
        case Mode.ENDLESS:
            after(["."], [_char(",")], 20)
            after([","], [_char(".")], 20)


def _wire_json(after: After) -> None:
    """Prefer to close what is open; a grammar forbids what does not fit."""
    quote, colon, comma, close, end_list = (_char(character) for character in '":,}]')
    open_object, open_list = _char("{"), _char("[")
    after(["{", ",", ":", "["], [quote], 10)
    after(["{"], [close], 1)
    after(["line feed"], [open_object], 6)
    after(["line feed"], [open_list], 5)
    for token, likelihood in ((colon, 12), (close, 10), (end_list, 9.5), (comma, 9)):
        after(['"'], [token], likelihood)
    after(['"'], COLOURS, 13)
    after(['"'], _LETTERS, 3)
    after(['"'], [_TURN_END], 2)
    for token, likelihood in ((quote, 10), (close, 9), (end_list, 8.5), (comma, 8)):
        after([*COLOURS, *_LITERALS], [token], likelihood)
    after(["letter"], [quote], 10)
    after(["letter"], _LETTERS, 2)
    after(["other", "space"], [quote], 6)
    for token, likelihood in ((open_object, 8), (open_list, 7), ("true", 6)):
        after([":", "["], [token], likelihood)
    after([":", "["], _DIGITS, 4)
    after(["["], [end_list], 3)
    for token, likelihood in ((close, 10), (end_list, 9.5), (comma, 9), (_char("."), -6)):
        after(["digit"], [token], likelihood)
    for token, likelihood in ((close, 10), (end_list, 9), (_TURN_END, 8), (comma, 5)):
        after(["]", "}"], [token], likelihood)


def _write_text_model(path: Path, mode: Mode) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("lookout-test-colours")
    writer.add_type("model")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(CONTEXT_TOKENS)
    writer.add_embedding_length(_SIZE)
    writer.add_block_count(1)
    writer.add_feed_forward_length(32)
    writer.add_head_count(1)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_dimension_count(_SIZE)
    writer.add_rope_freq_base(1e12)
    writer.add_vocab_size(len(_TOKENS))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(list(_TOKENS))
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_token_types([control if token in _SPECIAL else normal for token in _TOKENS])
    writer.add_token_merges(["t h", "i n"])
    writer.add_bos_token_id(_TOKEN_IDS[_END])
    writer.add_eos_token_id(_TOKEN_IDS[_TURN_END])
    writer.add_eot_token_id(_TOKEN_IDS[_TURN_END])
    writer.add_pad_token_id(_TOKEN_IDS[_END])
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)

    embeddings = np.zeros((len(_TOKENS), _SIZE))
    for index, token in enumerate(_TOKENS):
        embeddings[index, _STATE_AT[_state_of(token)]] = 1
    square = (_SIZE, _SIZE)
    query, key, value, output = (np.zeros(square) for _ in range(4))
    query[_ASKING, _FIRST_STATE:] = 1  # every word asks …
    key[_ASKING, _MARK] = 8  # … and only pictures answer …
    for channel in (_RED, _GREEN, _BLUE):  # … with their colour
        value[channel, channel] = output[channel, channel] = 1
    value[_SEES, _MARK] = 1
    output[_SEES, _SEES] = 1 / 8
    _add(
        writer,
        {
            "token_embd": embeddings,
            "output_norm": np.ones(_SIZE) / 8,
            "output": _output_weights(mode),
            "blk.0.attn_norm": np.ones(_SIZE),
            "blk.0.ffn_norm": np.ones(_SIZE),
            "blk.0.attn_q": query,
            "blk.0.attn_k": key,
            "blk.0.attn_v": value,
            "blk.0.attn_output": output,
            "blk.0.ffn_gate": np.zeros((32, _SIZE)),
            "blk.0.ffn_up": np.zeros((32, _SIZE)),
            "blk.0.ffn_down": np.zeros((_SIZE, 32)),
        },
    )


def _write_projector(path: Path, patches: int) -> None:
    """Write a llava projector; its one declared transformer block is never executed."""
    width, patch, feed_forward = 32, 14, 48
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_type("mmproj")
    writer.add_name("lookout-test-colours-projector")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", "mlp")
    writer.add_bool("clip.use_gelu", True)
    for name, number in {
        "embedding_length": width,
        "feed_forward_length": feed_forward,
        "block_count": 1,
        "projection_dim": _SIZE,
        "image_size": patches * patch,
        "patch_size": patch,
        "attention.head_count": 1,
    }.items():
        writer.add_uint32(f"clip.vision.{name}", number)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
    writer.add_array("clip.vision.image_mean", [0.5] * 3)
    writer.add_array("clip.vision.image_std", [0.5] * 3)

    mean_of_patch = np.zeros((width, 3, patch, patch))
    spread, gather = np.zeros((width, width)), np.zeros((_SIZE, width))
    for channel in range(3):
        mean_of_patch[channel, channel] = 1 / patch**2
        # gelu(x) - gelu(-x) = x: the activation between the two layers changes nothing.
        spread[2 * channel, channel], spread[2 * channel + 1, channel] = 1, -1
        gather[channel, 2 * channel], gather[channel, 2 * channel + 1] = 1, -1
    mark = np.zeros(_SIZE)
    mark[_MARK] = _MARK_STRENGTH
    _add(
        writer,
        {
            "v.patch_embd": mean_of_patch,
            "v.position_embd": np.zeros((patches**2, width)),
            "v.blk.0.attn_out": np.zeros((width, width)),
            "v.blk.0.ffn_up": np.zeros((feed_forward, width)),
            "v.blk.0.ffn_down": np.zeros((width, feed_forward)),
            "mm.0": spread,
            "mm.2": gather,
        },
        {"mm.0": np.zeros(width), "mm.2": mark},
    )


def _add(
    writer: gguf.GGUFWriter,
    weights: dict[str, npt.NDArray[Any]],
    biases: dict[str, npt.NDArray[Any]] | None = None,
) -> None:
    """Add all tensors and finish the file."""
    for kind, tensors in (("weight", weights), ("bias", biases or {})):
        for name, tensor in tensors.items():
            writer.add_tensor(f"{name}.{kind}", np.ascontiguousarray(tensor, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
