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
_ALT_TEXT_CHARACTERS = {Detail.BRIEF: 100, Detail.STANDARD: 240, Detail.DETAILED: 600}
"""Longer text is begun only: somebody who listens can ask for all of it."""
_BRIEF_CHARACTERS = 80
_QUOTED_CHARACTERS = {Detail.STANDARD: 400, Detail.DETAILED: 1500}
_CODE_CHARACTERS = {Detail.STANDARD: 200, Detail.DETAILED: 500}
_MAIN_COLOURS, _MAIN_SHARE = 4, 0.08
"""What more there is to see is only said in detail."""
_ALT_TEXT_COLOURS = 2
_QUOTES_CHARACTERS = 4


def transcript(findings: Findings, parameters: Parameters) -> Finished:
    """Return the text as read; a sentence in brackets when none of it could be read."""
    if findings.unreadable:
        return Finished(text=f"[{_unreadable(findings, phrases(parameters.language))}]")
    return Finished(text=findings.text, tables=findings.tables)


def description(findings: Findings, facts: PictureFacts, parameters: Parameters) -> Finished:
    """Describe in one sentence, in a few, or with everything that is known."""
    say, detail = phrases(parameters.language), parameters.detail
    measures = _measures(findings)
    if detail is Detail.BRIEF:
        sentences = [_brief(findings, facts, say, with_text=True)]
    else:
        sentences = [
            say.by_reader,
            *_animation(measures, facts, say, detail),
            _size(facts, say),
            *_file(facts, say, detail),
            _colours(measures, say, detail, _MAIN_COLOURS),
            *_brightness(measures, say, detail),
            *_codes(findings, say, detail),
            *_lines(findings, say, detail),
            _text(findings, say, _QUOTED_CHARACTERS[detail]),
        ]
    if parameters.focus:
        sentences.append(say.cannot_focus)
    return Finished(text=say.sentence_separator.join(filter(None, sentences)))


def alt_text(findings: Findings, facts: PictureFacts, parameters: Parameters) -> Finished:
    """Write alt text within Discord's limit; one flat colour without text is decoration."""
    say, detail = phrases(parameters.language), parameters.detail
    measures = _measures(findings)
    if measures.flat and not (findings.text or findings.unreadable or findings.codes):
        return Finished(text="", decorative=True)
    words = _in_one_line(findings.text)
    shown = clip_at_sentence(words, _ALT_TEXT_CHARACTERS[detail])
    if detail is Detail.BRIEF:
        # The text is the sentence where there is some.
        brief = "" if shown and not findings.codes else _brief(findings, facts, say)
        return Finished(text=compose(shown, brief))
    rest = [
        say.text_goes_on.format(count=_characters(words)) if shown != words else "",
        _unreadable(findings, say) if findings.unreadable else "",
        *_codes(findings, say, detail),
        say.by_reader_briefly,
        *_animation(measures, facts, say, detail),
        _size(facts, say),
        _colours(measures, say, detail, _ALT_TEXT_COLOURS),
    ]
    if detail is Detail.DETAILED:
        rest += [
            *_brightness(measures, say, detail),
            *_lines(findings, say, detail),
            *_file(facts, say, detail),
        ]
    sentences = say.sentence_separator.join(filter(None, rest))
    room = MAX_CHARACTERS - len(shown) - _QUOTES_CHARACTERS
    return Finished(text=compose(shown, clip_at_sentence(sentences, room)))


def _brief(
    findings: Findings, facts: PictureFacts, say: Phrases, *, with_text: bool = False
) -> str:
    measures = _measures(findings)
    name = say.colour_names[measures.colours[0][0]]
    parts = [
        _orientation(facts, say),
        say.brief.animation.format(frames=facts.frame_count) if facts.frame_count > 1 else "",
        (say.brief.one_colour if measures.flat else say.brief.colour).format(name=name),
    ]
    parts += [
        say.brief.code.format(
            kind=code.kind, content=clip_at_sentence(_in_one_line(code.content), _BRIEF_CHARACTERS)
        )
        for code in findings.codes[:1]
    ]
    if with_text or findings.unreadable:
        parts.append(_brief_text(findings, say))
    return say.brief.sentence.format(parts=say.brief.separator.join(filter(None, parts)))


def _brief_text(findings: Findings, say: Phrases) -> str:
    if findings.unreadable:
        if not findings.script:
            return say.brief.unreadable
        return say.brief.unreadable_script.format(script=_script(findings, say))
    words = clip_at_sentence(_in_one_line(findings.text), _BRIEF_CHARACTERS)
    return say.brief.text.format(text=words) if words else say.brief.no_text


def _measures(findings: Findings) -> Measures:
    if findings.measures is None:
        raise ValueError("these findings were made without measuring")
    return findings.measures


def _orientation(facts: PictureFacts, say: Phrases) -> str:
    if max(facts.width, facts.height) <= _SQUARE * min(facts.width, facts.height):
        return say.square
    return say.landscape if facts.width > facts.height else say.portrait


def _size(facts: PictureFacts, say: Phrases) -> str:
    return say.size.format(
        orientation=_orientation(facts, say), width=facts.width, height=facts.height
    )


def _file(facts: PictureFacts, say: Phrases, detail: Detail) -> list[str]:
    if detail is not Detail.DETAILED:
        return []
    kilobytes = max(1, round(facts.size_bytes / 1000))
    file = say.file.format(format=facts.format, kilobytes=kilobytes)
    return [file, say.transparent] if facts.transparent else [file]


def _colours(measures: Measures, say: Phrases, detail: Detail, most: int) -> str:
    if measures.flat:
        return say.one_colour.format(name=say.colour_names[measures.colours[0][0]])
    if detail is Detail.DETAILED:
        named = [
            say.exact_colour.format(name=say.colour_names[colour], percent=round(share * 100))
            for colour, share in measures.colours
        ]
    else:
        main = [(colour, share) for colour, share in measures.colours if share >= _MAIN_SHARE]
        named = [
            say.colour.format(name=say.colour_names[colour], percent=max(5, round(share * 20) * 5))
            for colour, share in (main or measures.colours[:1])[:most]
        ]
    return say.colours.format(colours=say.list_separator.join(named))


def _brightness(measures: Measures, say: Phrases, detail: Detail) -> list[str]:
    words = say.brightness[sum(measures.brightness > end for end in _BRIGHTNESS_ENDS)]
    if detail is not Detail.DETAILED:
        return [words]
    return [words, say.lightness.format(percent=round(measures.brightness * 100))]


def _animation(measures: Measures, facts: PictureFacts, say: Phrases, detail: Detail) -> list[str]:
    if facts.frame_count <= 1:
        return []
    sentences = [say.animation.format(frames=facts.frame_count), say.motion[measures.motion]]
    if detail is Detail.DETAILED and facts.duration_seconds is not None:
        sentences.append(say.duration.format(seconds=f"{facts.duration_seconds:.1f}"))
    return sentences


def _codes(findings: Findings, say: Phrases, detail: Detail) -> list[str]:
    most = _CODE_CHARACTERS[detail]
    return [
        say.code.format(kind=code.kind, content=clip_at_sentence(code.content, most))
        for code in findings.codes
    ]


def _lines(findings: Findings, say: Phrases, detail: Detail) -> list[str]:
    lines = sum(bool(line.strip()) for line in findings.text.splitlines())
    return [say.lines.format(lines=lines)] if lines and detail is Detail.DETAILED else []


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
    return say.unreadable_script.format(script=_script(findings, say))


def _script(findings: Findings, say: Phrases) -> str:
    return say.script_names.get(findings.script, findings.script)


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _characters(words: str) -> int:
    return len(words) - words.count(" ")
