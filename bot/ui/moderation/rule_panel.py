"""The panel of one rule: whether it is looked for, how sure, what is done, and who must agree."""

import discord
from discord import ButtonStyle, ui

from bot.domain.moderation.policy import Category, CustomRule, Policy, Rule, RuleId, Step
from bot.ui.controls import Control
from bot.ui.i18n import Words
from bot.ui.moderation.changes import shown_ladder
from bot.ui.moderation.edits import SAME_AS_BEFORE, THRESHOLDS_PERCENT, own_step
from bot.ui.moderation.naming import (
    CATEGORY_MEANINGS,
    STEP_NAMES,
    lasting,
    percent,
    rule_name,
)
from bot.ui.moderation.policy_ids import Page, Press
from bot.ui.moderation.policy_parts import (
    Container,
    button,
    choice,
    options,
    panel,
    switch,
    titled,
)
from bot.ui.moderation.settings import back

Row = ui.ActionRow[ui.LayoutView]


def rule_panel(
    policy: Policy, rule_id: RuleId, rule: Rule, say: Words, *, above: str = ""
) -> ui.LayoutView:
    """Draw a rule with everything that can be changed of it."""
    container: Container = ui.Container()
    titled(container, rule_name(rule_id, policy, say), _lines(policy, rule_id, rule, say), above)
    percents = sorted({*THRESHOLDS_PERCENT, round(rule.threshold * 100)})
    choice(
        container,
        Press(Page.RULE, "threshold", rule_id),
        "**" + say.say("How sure must I be?") + "**",
        options(
            {
                str(value): say.say("{percent} or more", percent=percent(value / 100))
                for value in percents
            },
            str(round(rule.threshold * 100)),
        ),
    )
    titles = (
        say.say("What is done the first time?"),
        say.say("And the second time?"),
        say.say("And from the third time on?"),
    )
    for index, title in enumerate(titles):
        press = Press(Page.RULE, f"step_{index + 1}", rule_id)
        choice(container, press, f"**{title}**", _steps(rule, index, say))
    container.add_item(ui.ActionRow(*_switches(rule_id, rule, say)))
    container.add_item(_ways(policy, rule_id, say))
    return panel(container)


def people_confirmation(policy: Policy, rule_id: RuleId, rule: Rule, say: Words) -> ui.LayoutView:
    """Ask an administrator once before people are removed without a human."""
    container: Container = ui.Container()
    titled(
        container,
        say.say("Remove people without a human?"),
        [
            say.say("Rule: {rule}", rule=rule_name(rule_id, policy, say)),
            say.say("What is done: {ladder}", ladder=shown_ladder(rule.ladder, say)),
            say.say(
                "A model can be wrong. If you allow this, I time out, kick or ban by myself once "
                "I am as sure as the rule asks, and moderators see it only afterwards."
            ),
        ],
    )
    allow = Press(Page.RULE, "people", rule_id, "on")
    container.add_item(
        ui.ActionRow(
            button(say.say("Allow it for this rule"), allow, ButtonStyle.danger),
            button(say.say("Keep asking a human"), Press(Page.RULE, "show", rule_id)),
        )
    )
    return panel(container)


def removal_confirmation(custom: CustomRule, policy: Policy, say: Words) -> ui.LayoutView:
    """Ask once before a rule in the server's own words is taken away."""
    container: Container = ui.Container()
    titled(
        container,
        say.say("Remove this rule?"),
        [rule_name(custom.id, policy, say), say.say("Its cases stay.")],
    )
    gone = Press(Page.HOME, "remove_rule", custom.id)
    container.add_item(
        ui.ActionRow(
            button(say.say("Remove the rule"), gone, ButtonStyle.danger),
            button(say.say("Keep the rule"), Press(Page.RULE, "show", custom.id)),
        )
    )
    return panel(container)


def _lines(policy: Policy, rule_id: RuleId, rule: Rule, say: Words) -> list[str]:
    lines = []
    if rule_id in set(Category):
        lines.append(say.say(CATEGORY_MEANINGS[Category(rule_id)]))
    if not rule.enabled:
        lines.append(say.say("This is **not looked for**."))
    lines.append(
        say.say(
            "A second time is when moderators confirmed a case of the same person within {time}.",
            time=lasting(policy.repeat_window_days * 86400, say),
        )
    )
    if any(step.concerns_person for step in rule.ladder):
        if rule.people_without_human:
            lines.append(say.say("**I may time out, kick or ban by myself** for this rule."))
        else:
            lines.append(
                say.say(
                    "I only delete by myself: a moderator has to confirm what concerns a person."
                )
            )
    return lines


def _steps(rule: Rule, index: int, say: Words) -> list[discord.SelectOption]:
    labels = {SAME_AS_BEFORE: say.say("the same as the time before")} if index else {}
    labels |= {str(step.value): say.say(STEP_NAMES[step]) for step in Step}
    own = own_step(rule.ladder, index)
    now = SAME_AS_BEFORE if own is None else str(own.value)
    return options({value: label[:1].upper() + label[1:] for value, label in labels.items()}, now)


def _switches(rule_id: RuleId, rule: Rule, say: Words) -> list[Control]:
    looked_for = switch(
        (say.say("Do not look for it"), say.say("Look for it")),
        (Page.RULE, "looked_for"),
        on=rule.enabled,
        rule_id=rule_id,
        styles=(ButtonStyle.secondary, ButtonStyle.success),
    )
    if rule.people_without_human:
        off = Press(Page.RULE, "people", rule_id, "off")
        return [looked_for, button(say.say("Ask a human about people"), off)]
    ask = Press(Page.RULE, "ask_people", rule_id)
    return [looked_for, button(say.say("Allow removing people"), ask, ButtonStyle.danger)]


def _ways(policy: Policy, rule_id: RuleId, say: Words) -> Row:
    controls = [back(say)]
    if any(custom.id == rule_id for custom in policy.custom_rules):
        remove = Press(Page.RULE, "ask_remove", rule_id)
        controls += [
            button(say.say("Change the words of it"), Press(Page.RULE, "edit_rule", rule_id)),
            button(say.say("Remove the rule"), remove, ButtonStyle.danger),
        ]
    return ui.ActionRow(*controls)
