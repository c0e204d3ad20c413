"""Draws the figures of moderation, in a process of its own: matplotlib leaves with it again.

The colours are told apart by people who do not see all of them (Okabe and Ito), and every kind of
bar has a hatch besides. Letters that no font here has are replaced by the English words.
"""

# ruff: noqa: PLC0415 - matplotlib is an extra, and writes a list of fonts when it is imported

import importlib.util
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from bot.domain.errors import ServiceError
from bot.workers.pool import WorkerFailure, WorkerPool

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HANDLER = "bot.media.chart:handle"
"""What a pool has to run for ``draw_chart``."""
_MEMORY_BYTES = 512 * 1024 * 1024
_TIMEOUT_SECONDS = 60.0
_INCHES = (10.0, 6.0)
_DOTS_PER_INCH = 120
_MOST_TICKS = 12
_FONTS = ("Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Noto Sans SC", "DejaVu Sans")
_STYLES: Mapping[str, tuple[str, str]] = {
    "scanned": ("#56B4E9", ""),
    "flagged": ("#E69F00", "//"),
    "confirmed": ("#009E73", "xx"),
    "overturned": ("#CC79A7", ".."),
}
"""Colour and hatch of each series."""


@dataclass(frozen=True, slots=True)
class Label:
    """Words on the chart: in the reader's language, and in English where no font has those."""

    text: str
    english: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn: a figure a day for each series, and the words for each."""

    days: Sequence[date]
    scanned: Sequence[int]
    flagged: Sequence[int]
    confirmed: Sequence[int]
    overturned: Sequence[int]
    labels: Mapping[str, Label]
    """For ``scanned``, ``flagged``, ``confirmed`` and ``overturned``."""


def installed() -> bool:
    """Say whether matplotlib is there (extra ``moderation``), without importing it."""
    return importlib.util.find_spec("matplotlib") is not None


async def draw_chart(chart: Chart) -> bytes:
    """Return the chart as PNG. Raises ServiceError."""
    head = {**asdict(chart), "days": [day.isoformat() for day in chart.days]}
    pool = WorkerPool(HANDLER, size=1, memory_bytes=_MEMORY_BYTES, timeout_seconds=_TIMEOUT_SECONDS)
    try:
        async with pool:
            reply = await pool.run(head)
    except WorkerFailure as failure:
        raise ServiceError from failure
    return reply.bodies[0]


def warm() -> None:
    """Import matplotlib and read its fonts before the worker may write no more files."""
    import matplotlib.backends.backend_agg
    import matplotlib.figure
    import matplotlib.font_manager  # noqa: F401 - looks for fonts when it is imported


def handle(head: dict[str, Any], _: bytes) -> tuple[dict[str, Any], Sequence[bytes]]:
    """Draw in the worker: how much was looked at, and below it what came of it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    fonts = _known_fonts()
    labels = {name: _label(one, fonts) for name, one in head["labels"].items()}
    figure = Figure(figsize=_INCHES, dpi=_DOTS_PER_INCH, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 2))
    places = list(range(len(head["days"])))
    _bars(above, "scanned", places, head["scanned"], labels["scanned"], width=0.8)
    for index, name in enumerate(("flagged", "confirmed", "overturned")):
        shifted = [place + (index - 1) * 0.27 for place in places]
        _bars(below, name, shifted, head[name], labels[name], width=0.27)
    step = -(-len(places) // _MOST_TICKS)
    below.set_xticks(places[::step], [day[5:] for day in head["days"][::step]])
    for axes in (above, below):
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.set_ylim(bottom=0)
        axes.grid(axis="y", alpha=0.3)
        axes.set_axisbelow(True)
        axes.margins(x=0.01)
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=len(_STYLES),
            frameon=False,
            prop={"family": list(fonts)},
        )
        axes.spines[["top", "right"]].set_visible(False)
    sink = io.BytesIO()
    figure.savefig(sink, format="png")
    width, height = canvas.get_width_height()
    return {"width": width, "height": height}, [sink.getvalue()]


def _bars(
    axes: "Axes",
    name: str,
    places: Sequence[float],
    figures: Sequence[int],
    label: str,
    *,
    width: float,
) -> None:
    colour, hatch = _STYLES[name]
    axes.bar(
        places,
        figures,
        width=width,
        label=label,
        color=colour,
        hatch=hatch,
        edgecolor="#333333",
        linewidth=0.4,
    )


def _known_fonts() -> dict[str, frozenset[int]]:
    """Return the fonts that are there, and the letters that each has."""
    from matplotlib.font_manager import FontProperties, findfont, fontManager
    from matplotlib.ft2font import FT2Font

    known = {entry.name for entry in fontManager.ttflist}
    found = {}
    for name in _FONTS:
        if name in known:
            path = findfont(FontProperties(family=[name]))
            found[name] = frozenset(FT2Font(path).get_charmap())
    return found


def _label(label: Mapping[str, str], fonts: Mapping[str, frozenset[int]]) -> str:
    letters = frozenset[int]().union(*fonts.values())
    drawable = all(ord(letter) in letters for letter in label["text"])
    return label["text"] if drawable else label["english"]
