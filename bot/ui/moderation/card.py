"""A case's card as it is drawn; ``bot.ui.moderation.card_buttons`` hears the clicks."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from discord import ButtonStyle, Colour, ui

from bot.domain.moderation.assessment import Outcome
from bot.domain.moderation.case import Case, CaseState
from bot.domain.moderation.policy import Policy
from bot.domain.moderation.upload import Author
from bot.ui.controls import Control as Button
from bot.ui.files import SPOILER_PREFIX, Attached
from bot.ui.i18n import Words
from bot.ui.layouts import TEXT_LIMIT, Rendered, media_item
from bot.ui.moderation.card_lines import (
    action_lines,
    appeal_lines,
    before_line,
    done_lines,
    measure_line,
    reason_line,
    report_lines,
    rule_line,
    source_lines,
    state_line,
    where_lines,
    who_line,
)
from bot.ui.moderation.naming import rule_name

Block = list[str]
_SPARE = (2, 0, 5, 3)
"""Which blocks of a card are shortened first where a case has more than a message holds."""
_SPARE_OF_SPECIAL = (1, 3)
_OPEN, _DECIDED, _SPECIAL = Colour.orange(), Colour.dark_grey(), Colour.dark_red()
"""Beside words that say the same: never the only sign."""


def custom_id(action: str, case_id: int) -> str:
    """Write all that a click must know before anything is looked up."""
    return f"lookout:case:{action}:{case_id}"


def moment_of(decided_at: datetime | None) -> int:
    """Write when a decision was made, in ms: a button takes back that one and no other."""
    return 0 if decided_at is None else round(decided_at.timestamp() * 1000)


def belongs_to(case_id: int, button_id: str) -> bool:
    """Say whether a button's custom id is one of this case's card."""
    return button_id.startswith("lookout:case:") and button_id.endswith(f":{case_id}")


def card(case: Case, policy: Policy, names: Mapping[int, str], say: Words) -> Rendered:
    """Lay out a card; ``names`` are those of people, by id, as far as they are known."""
    headline = "## " + say.say(
        "Case {number}: {rule}", number=case.number, rule=rule_name(case.rule, policy, say)
    )
    heading = f"{headline}\n{state_line(case, say)}"
    room = TEXT_LIMIT - len(heading)
    if case.special:
        blocks = _within(room, _special_blocks(case, names, say), _SPARE_OF_SPECIAL)
    else:
        blocks = _within(room, _blocks(case, policy, names, say), _SPARE)
    colour = _SPECIAL if case.special else _OPEN if case.state is CaseState.OPEN else _DECIDED
    container: ui.Container[ui.LayoutView] = ui.Container(accent_colour=colour)
    container.add_item(ui.TextDisplay(heading))
    thumbnail = _thumbnail(case, say)
    if thumbnail is not None:
        gallery = ui.MediaGallery[ui.LayoutView]()
        gallery.append_item(media_item(thumbnail, spoiler=True))
        container.add_item(gallery)
    for block in blocks:
        if block:
            container.add_item(ui.TextDisplay("\n".join(block)))
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    for row in _rows(case, say):
        view.add_item(ui.ActionRow(*row))
    view.stop()  # clicks are heard by custom id, not kept in memory
    return Rendered(view, () if thumbnail is None else (thumbnail,))


def _blocks(case: Case, policy: Policy, names: Mapping[int, str], say: Words) -> list[Block]:
    reason = reason_line(case, say)
    return [
        [who_line(case, names, say), *where_lines(case, say)],
        [rule_line(case, policy, say), measure_line(case, say), *([reason] if reason else [])],
        source_lines(case, policy, say),
        done_lines(case, say),
        ["-# " + before_line(case, say)],
        report_lines(case, say),
        appeal_lines(case, say),
    ]


def _special_blocks(case: Case, names: Mapping[int, str], say: Words) -> list[Block]:
    """Alert in words: nothing of the picture is shown, and nothing of it was kept."""
    done = action_lines(case, say)
    return [
        [
            say.say(
                "A picture may show a minor in a sexual way. I can be wrong. I kept nothing of "
                "it: no copy, no preview, no fingerprint, and I sent it to nobody."
            )
        ],
        [who_line(case, names, say), *where_lines(case, say)],
        [
            say.say("**What to do**"),
            "1. " + say.say("Do not save, screenshot or forward it, not even as evidence."),
            "2. "
            + say.say(
                "If the message is still there, report it in Discord: right-click the message, "
                "then “Report Message”. Otherwise report the person’s profile."
            ),
            "3. "
            + say.say(
                "Report it to the hotline of your country: NCMEC’s CyberTipline (United States), "
                "the Internet Watch Foundation (United Kingdom), or the one that inhope.org names."
            ),
            "4. " + say.say("Then press “Delete” if the message is still there."),
        ],
        [say.say("**Done:**"), *done] if done else [],
        appeal_lines(case, say),
    ]


def _within(room: int, blocks: list[Block], spare: Sequence[int]) -> list[Block]:
    """Leave out the last lines of what can best be spared until the rest fits a message.

    All of it can be read by the command for cases.
    """
    kept = [list(block) for block in blocks]
    for index in spare:
        while sum(len(line) + 1 for block in kept for line in block) > room and kept[index]:
            kept[index].pop()
    return kept


def _thumbnail(case: Case, say: Words) -> Attached | None:
    if case.special or case.thumbnail is None:
        return None
    alt_text = say.say(
        "Preview of the picture of case {number}, so blurred that only colours and large shapes "
        "can be made out",
        number=case.number,
    )
    return Attached(f"{SPOILER_PREFIX}case-{case.number}.jpg", case.thumbnail, alt_text)


def _rows(case: Case, say: Words) -> list[list[Button]]:
    if case.state is CaseState.DECIDED:
        undo = [_button(f"undo-{moment_of(case.decided_at)}", say.say("Undo"), case)]
        confirmed = case.decision is not None and case.decision.confirms
        return [undo if confirmed or case.special else [*undo, _reveal(case, say)]]
    return [_mild(case, say), _hard(case, say)]


def _mild(case: Case, say: Words) -> list[Button]:
    acted = case.outcome is Outcome.ACTED
    keep = _button("keep", say.say("Let it pass") if acted else say.say("Keep"), case)
    if case.special:
        return [keep]
    right = _button("not_violation", say.say("Not a violation"), case, ButtonStyle.success)
    return [keep, right, _reveal(case, say)]


def _hard(case: Case, say: Words) -> list[Button]:
    buttons = [_button("delete", _delete_label(case, say), case, ButtonStyle.danger)]
    if any(sighting.author is Author.MEMBER for sighting in case.sightings):
        people = case.people_count
        buttons += [
            _button("time_out", _for_all(say.say("Time out"), people, say), case),
            _button("kick", _for_all(say.say("Kick"), people, say), case),
            _button("ban", _for_all(say.say("Ban"), people, say), case, ButtonStyle.danger),
        ]
    if not case.special:
        buttons.append(_button("block", say.say("Block this picture"), case))
    return buttons


def _delete_label(case: Case, say: Words) -> str:
    label = say.say("Confirm deletion") if case.outcome is Outcome.ACTED else say.say("Delete")
    return _for_all(label, case.sighting_count, say)


def _for_all(label: str, count: int, say: Words) -> str:
    """Say on a button that it acts on several."""
    return label if count <= 1 else say.say("{action} all {count}", action=label, count=count)


def _reveal(case: Case, say: Words) -> Button:
    return _button("reveal", say.say("Reveal"), case)


def _button(
    action: str, label: str, case: Case, style: ButtonStyle = ButtonStyle.secondary
) -> Button:
    return ui.Button(label=label, style=style, custom_id=custom_id(action, case.id))
