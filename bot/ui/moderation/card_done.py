"""What was done about a case, what would have been, and what did not work: a card's sentences."""

from collections import Counter
from collections.abc import Iterable

from bot.domain.moderation.case import Action, ActionKind, ActionState, Case, CaseState
from bot.domain.moderation.policy import Step
from bot.ui.i18n import Words
from bot.ui.moderation.card_lines import when
from bot.ui.moderation.naming import ACTION_NAMES, ACTION_STATES, STEP_NAMES


def done_lines(case: Case, say: Words) -> list[str]:
    """Say what was done, what would have been done, and what did not work and why."""
    lines = []
    if case.dry_run and case.automatic is not None:
        lines.append(
            say.say(
                "**Dry run:** I would have done this at once: {step}. I did nothing.",
                step=say.say(STEP_NAMES[case.automatic]),
            )
        )
    elif case.dry_run:
        lines.append(say.say("**Dry run:** I do nothing by myself."))
    waiting = case.step is not None and case.step >= Step.DELETE and case.step != case.automatic
    if waiting and case.step is not None and case.state is CaseState.OPEN:
        lines.append(
            say.say(
                "**Proposed by the rule:** {step}. That waits for a moderator.",
                step=say.say(STEP_NAMES[case.step]),
            )
        )
    done = action_lines(case.actions, say)
    return [*lines, say.say("**Done:**"), *done] if done else lines


def action_lines(actions: Iterable[Action], say: Words) -> list[str]:
    """Say for each kind of action how often it ended how."""
    known = list(actions)
    counted = Counter((action.kind, action.state) for action in known)
    lines = []
    for kind in ActionKind:
        ends = [(state, counted[kind, state]) for state in ActionState if counted[kind, state]]
        if ends:
            said = ", ".join(_end(state, count, say) for state, count in ends)
            lines.append(f"- {say.say(ACTION_NAMES[kind])}: {said}{_until(kind, known, say)}")
    return lines


def _end(state: ActionState, count: int, say: Words) -> str:
    text = say.say(ACTION_STATES[state])
    return text if count == 1 else f"{count} × {text}"


def _until(kind: ActionKind, actions: Iterable[Action], say: Words) -> str:
    ends = [action.until for action in actions if action.kind is kind and action.until]
    if kind is not ActionKind.TIME_OUT or not ends:
        return ""
    return say.say(" (until {time})", time=when(max(ends)))
