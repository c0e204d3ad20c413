"""Put findings into words: only what was measured or read, never a guess.

Descriptions say who speaks: a reader that measures. Alt text begins with the text in the picture.
"""

from bot.domain.picture import PictureFacts
from bot.domain.task import Detail, Parameters
from bot.tasks.alt import MAX_CHARACTERS, compose
from bot.tasks.base import Finished
from bot.tasks.phrases import clip_at_sentence
from bot.vision.builtin.findings import Findings, Measures
from bot.vision.builtin.phrases import Phrases, phrases

_SQUARE = 1.05
_BRIGHTNESS_ENDS = (0.15, 0.35, 0.65, 0.85)
_ALT_TEXT_CHARACTERS = 240
"""Longer text is begun only: somebody who listens can ask for all of it."""
_QUOTED_CHARACTERS = {Detail.BRIEF: 120, Detail.STANDARD: 400, Detail.DETAILED: 1500}
_CODE_CHARACTERS = 200
_QUOTES_CHARACTERS = 4


def transcript(findings: Findings, parameters: Parameters) -> Finished:
    """Return the text as read; a sentence in brackets when none of it could be read."""
    if findings.unreadable:
        return Finished(text=f"[{_unreadable(findings, phrases(parameters.language))}]")
    return Finished(text=findings.text, tables=findings.tables)


def description(findings: Findings, facts: PictureFacts, parameters: Parameters) -> Finished:
    """Describe at the length that was asked for."""
    say = phrases(parameters.language)
    measures = _measures(findings)
    detailed = parameters.detail is not Detail.BRIEF
    sentences = [say.by_reader, *_animation(measures, facts, say), _size(facts, say)]
    sentences.append(_colours(measures, say, 1 if parameters.detail is Detail.BRIEF else 4))
    if detailed:
        sentences.append(_brightness(measures, say))
    sentences += _codes(findings, say)
    sentences.append(_text(findings, say, _QUOTED_CHARACTERS[parameters.detail]))
    if parameters.focus:
        sentences.append(say.cannot_focus)
    return Finished(text=say.sentence_separator.join(filter(None, sentences)))


def alt_text(findings: Findings, facts: PictureFacts, parameters: Parameters) -> Finished:
    """Write alt text within Discord's limit; one flat colour without text is decoration."""
    say = phrases(parameters.language)
    measures = _measures(findings)
    if measures.flat and not (findings.text or findings.unreadable or findings.codes):
        return Finished(text="", decorative=True)
    words = _in_one_line(findings.text)
    shown = clip_at_sentence(words, _ALT_TEXT_CHARACTERS)
    rest = [
        say.text_goes_on.format(count=_characters(words)) if shown != words else "",
        _unreadable(findings, say) if findings.unreadable else "",
        *_codes(findings, say),
        say.by_reader_briefly,
        *_animation(measures, facts, say),
        _size(facts, say),
        _colours(measures, say, 2),
    ]
    sentences = say.sentence_separator.join(filter(None, rest))
    room = MAX_CHARACTERS - len(shown) - _QUOTES_CHARACTERS
    return Finished(text=compose(shown, clip_at_sentence(sentences, room)))


def _measures(findings: Findings) -> Measures:
    if findings.measures is None:
        raise ValueError("these findings were made without measuring")
    return findings.measures


def _size(facts: PictureFacts, say: Phrases) -> str:
    if max(facts.width, facts.height) <= _SQUARE * min(facts.width, facts.height):
        orientation = say.square
    else:
        orientation = say.landscape if facts.width > facts.height else say.portrait
    return say.size.format(orientation=orientation, width=facts.width, height=facts.height)


def _colours(measures: Measures, say: Phrases, most: int) -> str:
    if measures.flat:
        return say.one_colour.format(name=say.colour_names[measures.colours[0][0]])
    named = [
        say.colour.format(name=say.colour_names[colour], percent=max(5, round(share * 20) * 5))
        for colour, share in measures.colours[:most]
    ]
    return say.colours.format(colours=say.list_separator.join(named))


def _brightness(measures: Measures, say: Phrases) -> str:
    return say.brightness[sum(measures.brightness > end for end in _BRIGHTNESS_ENDS)]


def _animation(measures: Measures, facts: PictureFacts, say: Phrases) -> list[str]:
    if facts.frame_count <= 1:
        return []
    return [
        say.sentence_separator.join(
            (say.animation.format(frames=facts.frame_count), say.motion[measures.motion])
        )
    ]


def _codes(findings: Findings, say: Phrases) -> list[str]:
    return [
        say.code.format(kind=code.kind, content=clip_at_sentence(code.content, _CODE_CHARACTERS))
        for code in findings.codes
    ]


def _text(findings: Findings, say: Phrases, most: int) -> str:
    if findings.unreadable:
        return _unreadable(findings, say)
    words = _in_one_line(findings.text)
    if not words:
        return say.no_text
    if len(words) <= most:
        return say.text.format(text=words)
    return say.text_beginning.format(count=_characters(words), text=clip_at_sentence(words, most))


def _unreadable(findings: Findings, say: Phrases) -> str:
    if not findings.script:
        return say.unreadable
    script = say.script_names.get(findings.script, findings.script)
    return say.unreadable_script.format(script=script)


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _characters(words: str) -> int:
    return len(words) - words.count(" ")
