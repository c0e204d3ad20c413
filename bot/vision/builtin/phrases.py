"""The built-in reader's own sentences, one table a language.

English is complete; a language that is missing here is answered in English. ``{…}`` are filled in
by ``bot.vision.builtin.words``; numbers come ready for the language.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.vision.builtin.findings import Colour, Motion


@dataclass(frozen=True, slots=True)
class Brief:
    """The parts of a single sentence."""

    sentence: str
    """``{parts}`` are joined by ``separator``; the format of the picture is always the first."""
    separator: str
    animation: str
    colour: str
    one_colour: str
    code: str
    text: str
    no_text: str
    unreadable: str
    unreadable_script: str


@dataclass(frozen=True, slots=True)
class Phrases:
    """Every sentence and word the built-in reader says."""

    by_reader: str
    """Who speaks, and that it only measures."""
    by_reader_briefly: str
    portrait: str
    landscape: str
    square: str
    size: str
    colours: str
    """``{colours}`` is a list."""
    colour: str
    """One colour with its share, ``{name}`` and ``{percent}``."""
    exact_colour: str
    one_colour: str
    brightness: tuple[str, str, str, str, str]
    """From very dark to very bright."""
    lightness: str
    file: str
    """``{format}`` and ``{kilobytes}``."""
    transparent: str
    duration: str
    animation: str
    motion: Mapping[Motion, str]
    text: str
    text_beginning: str
    """``{text}`` and ``{count}``, the number of characters in all."""
    text_goes_on: str
    """``{count}`` is the number of characters in all."""
    no_text: str
    lines: str
    code: str
    unreadable: str
    """There is text in a script that is not known by name."""
    unreadable_script: str
    cannot_focus: str
    list_separator: str
    sentence_separator: str
    brief: Brief
    colour_names: Mapping[Colour, str]
    script_names: Mapping[str, str]
    """Names of scripts that differ from English."""


_ENGLISH = Phrases(
    by_reader="The built-in reader, which measures and reads but does not recognise things, found:",
    by_reader_briefly="Measured by the built-in reader:",
    portrait="Portrait format",
    landscape="Landscape format",
    square="Square format",
    size="{orientation}, {width} × {height} pixels.",
    colours="Main colours: {colours}.",
    colour="{name} (about {percent} %)",
    exact_colour="{name} ({percent} %)",
    one_colour="One flat colour: {name}.",
    brightness=(
        "Very dark overall.",
        "Dark overall.",
        "Medium brightness.",
        "Bright overall.",
        "Very bright overall.",
    ),
    lightness="Mean lightness {percent} %.",
    file="{format} file of {kilobytes} kB.",
    transparent="Parts of it are transparent.",
    duration="It lasts {seconds} s.",
    animation="An animation of {frames} frames",
    motion={
        Motion.STILL: "in which next to nothing changes.",
        Motion.LITTLE: "in which a small part changes.",
        Motion.MUCH: "in which much changes.",
    },
    text="Text: “{text}”.",
    text_beginning="Text of {count} characters, beginning “{text}”.",
    text_goes_on="The text goes on, {count} characters in all.",
    no_text="No text found.",
    lines="Lines of text: {lines}.",
    code="{kind} that says “{content}”.",
    unreadable="There is text that the built-in reader cannot read: it is in another script than "
    "Latin, Chinese or Japanese, or too blurred.",
    unreadable_script="There is text in {script}, which the built-in reader cannot read here.",
    cannot_focus="It cannot look for what you asked about; a vision model can.",
    list_separator=", ",
    sentence_separator=" ",
    brief=Brief(
        sentence="{parts}, measured by the built-in reader.",
        separator=", ",
        animation="animation of {frames} frames",
        colour="mostly {name}",
        one_colour="all {name}",
        code="{kind} “{content}”",
        text="text “{text}”",
        no_text="no text",
        unreadable="text that cannot be read",
        unreadable_script="text in {script} that cannot be read",
    ),
    colour_names={colour: colour.value for colour in Colour},
    script_names={},
)

_JAPANESE = Phrases(
    by_reader="内蔵リーダー（計測と文字の読み取りだけを行い、物は認識しません）の結果：",
    by_reader_briefly="内蔵リーダーの計測：",
    portrait="縦長",
    landscape="横長",
    square="正方形",
    size="{orientation}、{width}×{height}ピクセル。",
    colours="主な色：{colours}。",
    colour="{name}（約{percent}%）",
    exact_colour="{name}（{percent}%）",
    one_colour="{name}一色。",
    brightness=(
        "全体にとても暗い。",
        "全体に暗い。",
        "明るさは中くらい。",
        "全体に明るい。",
        "全体にとても明るい。",
    ),
    lightness="明度の平均は{percent}%。",
    file="{format}ファイル、{kilobytes} kB。",
    transparent="透明な部分あり。",
    duration="長さは{seconds}秒。",
    animation="{frames}コマのアニメーション。",
    motion={
        Motion.STILL: "ほとんど変化なし。",
        Motion.LITTLE: "一部が変化。",
        Motion.MUCH: "大きく変化。",
    },
    text="文字：「{text}」。",
    text_beginning="{count}文字の文章。冒頭：「{text}」。",
    text_goes_on="文章は続き、全部で{count}文字。",
    no_text="文字は見つかりません。",
    lines="文字は{lines}行。",
    code="{kind}の内容：「{content}」。",
    unreadable="内蔵リーダーでは読めない文字があります。"
    "ラテン文字・中国語・日本語以外の文字か、ぼやけすぎています。",
    unreadable_script="{script}の文字がありますが、ここの内蔵リーダーでは読めません。",
    cannot_focus="ご指定の点を見ることはできません。視覚モデルなら可能です。",
    list_separator="、",
    sentence_separator="",
    brief=Brief(
        sentence="{parts}（内蔵リーダーの計測）。",
        separator="、",
        animation="{frames}コマのアニメーション",
        colour="主に{name}",
        one_colour="{name}一色",
        code="{kind}「{content}」",
        text="文字「{text}」",
        no_text="文字なし",
        unreadable="読めない文字あり",
        unreadable_script="読めない{script}あり",
    ),
    colour_names={
        Colour.BLACK: "黒",
        Colour.GREY: "灰色",
        Colour.WHITE: "白",
        Colour.RED: "赤",
        Colour.ORANGE: "オレンジ",
        Colour.BROWN: "茶色",
        Colour.YELLOW: "黄色",
        Colour.GREEN: "緑",
        Colour.TURQUOISE: "青緑",
        Colour.BLUE: "青",
        Colour.PURPLE: "紫",
        Colour.PINK: "ピンク",
    },
    script_names={
        "Arabic": "アラビア文字",
        "Cyrillic": "キリル文字",
        "Devanagari": "デーヴァナーガリー文字",
        "Greek": "ギリシャ文字",
        "Hebrew": "ヘブライ文字",
        "Korean": "ハングル",
        "Tamil": "タミル文字",
        "Telugu": "テルグ文字",
        "Thai": "タイ文字",
        "Vietnamese": "ベトナム語",
    },
)

_CHINESE = Phrases(
    by_reader="内置阅读器（只测量和读取文字，不识别物体）的结果：",
    by_reader_briefly="内置阅读器测得：",
    portrait="竖版",
    landscape="横版",
    square="正方形",
    size="{orientation}，{width}×{height} 像素。",
    colours="主要颜色：{colours}。",
    colour="{name}（约 {percent}%）",
    exact_colour="{name}（{percent}%）",
    one_colour="纯{name}。",
    brightness=("整体很暗。", "整体偏暗。", "亮度中等。", "整体偏亮。", "整体很亮。"),
    lightness="平均明度 {percent}%。",
    file="{format} 文件，{kilobytes} kB。",
    transparent="有透明部分。",
    duration="时长 {seconds} 秒。",
    animation="{frames} 帧的动画，",
    motion={
        Motion.STILL: "几乎没有变化。",
        Motion.LITTLE: "有一小部分在变化。",
        Motion.MUCH: "变化很大。",
    },
    text="文字：“{text}”。",
    text_beginning="共 {count} 个字符的文字，开头为“{text}”。",
    text_goes_on="文字未完，共 {count} 个字符。",
    no_text="没有发现文字。",
    lines="文字共 {lines} 行。",
    code="{kind} 的内容：“{content}”。",
    unreadable="有内置阅读器无法读取的文字：不是拉丁字母、中文或日文，或者太模糊。",
    unreadable_script="有{script}，这里的内置阅读器无法读取。",
    cannot_focus="它无法查看您指定的内容；视觉模型可以。",
    list_separator="、",
    sentence_separator="",
    brief=Brief(
        sentence="{parts}（内置阅读器测得）。",
        separator="，",
        animation="{frames} 帧的动画",
        colour="主要为{name}",
        one_colour="纯{name}",
        code="{kind}“{content}”",
        text="文字“{text}”",
        no_text="没有文字",
        unreadable="有无法读取的文字",
        unreadable_script="有无法读取的{script}",
    ),
    colour_names={
        Colour.BLACK: "黑色",
        Colour.GREY: "灰色",
        Colour.WHITE: "白色",
        Colour.RED: "红色",
        Colour.ORANGE: "橙色",
        Colour.BROWN: "棕色",
        Colour.YELLOW: "黄色",
        Colour.GREEN: "绿色",
        Colour.TURQUOISE: "青色",
        Colour.BLUE: "蓝色",
        Colour.PURPLE: "紫色",
        Colour.PINK: "粉色",
    },
    script_names={
        "Arabic": "阿拉伯文字",
        "Cyrillic": "西里尔文字",
        "Devanagari": "天城文",
        "Greek": "希腊文字",
        "Hebrew": "希伯来文字",
        "Korean": "韩文",
        "Tamil": "泰米尔文字",
        "Telugu": "泰卢固文字",
        "Thai": "泰文",
        "Vietnamese": "越南文",
    },
)

_BY_LANGUAGE = {"ja": _JAPANESE, "zh-CN": _CHINESE}


def phrases(language: str) -> Phrases:
    """Return the sentences for a Discord locale; English where there are none."""
    return _BY_LANGUAGE.get(language, _ENGLISH)
