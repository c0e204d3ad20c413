"""/moderation settings: rules, people, times and words, and who changed what."""

from dataclasses import replace
from pathlib import Path

import simcord

from bot.domain.moderation.policy import Category, Policy, Rule, Step
from tests.discord.forms import filled, forms
from tests.discord.managing import Office, control, office
from tests.discord.world import components, labels, shown, texts


async def rule_panel(
    o: Office, actor: simcord.MemberActor, rule_id: str = "scam"
) -> simcord.InteractionResult:
    """Open the panel of a rule."""
    panel = await o.slash(actor, "settings")
    await o.choose(actor, panel, "open_rule", rule_id)
    return panel


async def rule(o: Office, rule_id: str = "scam") -> Rule:
    found = (await o.policy()).rule(rule_id)
    assert found is not None
    return found


async def test_it_shows_what_holds_and_who_changed_it(tmp_path: Path) -> None:
    async with office(tmp_path, enabled=True) as o:
        panel = await o.slash(o.chief, "settings")
        assert panel.ephemeral
        assert "Moderation: on" in shown(panel)
        assert f"Log channel: <#{o.court.log.id}>" in shown(panel)
        assert "None yet." in shown(panel)
        await o.w.click(o.chief, panel, "Back to dry run")
        text = shown(panel)
        assert f"<@{o.chief.id}>: Dry run: off → on" in text
        assert len(components(panel.response)) <= 40


async def test_a_rule_is_changed_part_by_part(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        panel = await rule_panel(o, o.chief)
        assert shown(panel).startswith("## Scams and phishing\nFalse giveaways")
        await o.choose(o.chief, panel, "threshold", "85")
        await o.choose(o.chief, panel, "step_1", str(Step.DELETE.value))
        await o.choose(o.chief, panel, "step_3", str(Step.BAN.value))
        assert await rule(o) == Rule(threshold=0.85, ladder=(Step.DELETE, Step.DELETE, Step.BAN))
        assert "I only delete by myself" in shown(panel)
        await o.w.click(o.chief, panel, "Do not look for it")
        assert not (await rule(o)).enabled
        assert "This is **not looked for**." in shown(panel)
        await o.w.click(o.chief, panel, "All settings")
        described = control(panel, "open_rule")["options"]
        (scam,) = [option for option in described if option["value"] == "scam"]
        assert scam["description"] == "not looked for"
        assert "Scams and phishing: looked for: on → off" in shown(panel)


async def test_removing_people_without_a_human_is_an_administrator_s_to_allow(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as o:
        panel = await rule_panel(o, o.chief)
        await o.choose(o.chief, panel, "step_1", str(Step.TIME_OUT.value))
        refused = await o.w.click(o.chief, panel, "Allow removing people")
        assert "“Administrator”" in texts(refused.followups[0])
        assert not (await rule(o)).people_without_human

        panel = await rule_panel(o, o.admin)
        await o.w.click(o.admin, panel, "Allow removing people")
        assert not (await rule(o)).people_without_human
        assert shown(panel).startswith("## Remove people without a human?")
        assert "delete and time out" in shown(panel)
        await o.w.click(o.admin, panel, "Keep asking a human")
        assert not (await rule(o)).people_without_human
        await o.w.click(o.admin, panel, "Allow removing people")
        await o.w.click(o.admin, panel, "Allow it for this rule")
        assert (await rule(o)).people_without_human
        assert "**I may time out, kick or ban by myself**" in shown(panel)

        panel = await rule_panel(o, o.chief)
        await o.choose(o.chief, panel, "threshold", "90")
        assert (await rule(o)).people_without_human
        await o.choose(o.chief, panel, "step_1", str(Step.BAN.value))
        assert not (await rule(o)).people_without_human
        assert shown(panel).startswith("The rule became sharper, so a human is asked")


async def test_anybody_who_manages_may_have_a_human_asked_again(tmp_path: Path) -> None:
    people = Rule(ladder=(Step.BAN,), people_without_human=True)
    rules = {**Policy().rules, Category.SCAM: people}
    async with office(tmp_path, rules=rules) as o:
        panel = await rule_panel(o, o.chief)
        await o.w.click(o.chief, panel, "Ask a human about people")
        assert await rule(o) == replace(people, people_without_human=False)


async def test_a_rule_in_the_server_s_own_words(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        panel = await o.slash(o.chief, "settings")
        form = await o.w.click(o.chief, panel, "Add a rule of your own")
        (field,) = forms(form)
        assert (field["custom_id"], field["max_length"]) == ("text", 200)
        await filled(o.w, o.chief, form, text="no *screenshots* of private messages")
        assert shown(panel).startswith("Added. Choose what is done about it.")
        assert "## Own rule: no \\*screenshots\\* of private messages" in shown(panel)
        await o.choose(o.chief, panel, "step_1", str(Step.DELETE.value))
        assert (await rule(o, "custom:1")).ladder == (Step.DELETE,)

        form = await o.w.click(o.chief, panel, "Change the words of it")
        assert forms(form)[0]["value"] == "no *screenshots* of private messages"
        await filled(o.w, o.chief, form, text="no screenshots")
        assert (await o.policy()).custom_rules[0].text == "no screenshots"
        assert (await rule(o, "custom:1")).ladder == (Step.DELETE,)

        await o.w.click(o.chief, panel, "Remove the rule")
        assert shown(panel).startswith("## Remove this rule?")
        await o.w.click(o.chief, panel, "Keep the rule")
        assert (await o.policy()).custom_rules
        await o.w.click(o.chief, panel, "Remove the rule")
        await o.w.click(o.chief, panel, "Remove the rule")
        assert (await o.policy()).custom_rules == ()
        assert "## Moderation settings" in shown(panel)


async def test_a_panel_of_a_rule_that_is_gone_says_so(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        panel = await o.slash(o.chief, "settings")
        form = await o.w.click(o.chief, panel, "Add a rule of your own")
        await filled(o.w, o.chief, form, text="no cats")
        gone = replace(await o.policy(), custom_rules=())
        await o.policies.save(o.w.guild.id, gone, ())
        await o.choose(o.chief, panel, "threshold", "90")
        assert shown(panel).startswith("That rule is no longer there.\n## Moderation settings")


async def test_blocked_words_are_written_a_line_each(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        panel = await o.slash(o.chief, "settings")
        await o.w.click(o.chief, panel, "Blocked words")
        assert "There are none." in shown(panel)
        form = await o.w.click(o.chief, panel, "Change the words")
        await filled(o.w, o.chief, form, **{"words-1": "Free Nitro\n@everyone\n" + "x" * 61})
        assert (await o.policy()).blocked_words == ("free nitro", "@everyone")
        text = shown(panel)
        assert text.startswith("Kept, except these: xxxx")
        assert "```\nfree nitro\n@everyone\n```" in text
        form = await o.w.click(o.chief, panel, "Change the words")
        assert forms(form)[0]["value"] == "free nitro\n@everyone"
        await filled(o.w, o.chief, form, **{"words-1": ""})
        assert (await o.policy()).blocked_words == ()


async def test_people_and_times(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        panel = await o.slash(o.chief, "settings")
        await o.w.click(o.chief, panel, "People and times")
        await o.choose(o.chief, panel, "time_out", "86400")
        await o.choose(o.chief, panel, "repeat", "90")
        await o.choose(o.chief, panel, "raid", "900")
        for label in (
            "Tell nobody",
            "Look at staff too",
            "Leave bots alone",
            "Do not delete special cases",
        ):
            await o.w.click(o.chief, panel, label)
        policy = await o.policy()
        assert (policy.time_out_seconds, policy.repeat_window_days) == (86400, 90)
        assert policy.raid_window_seconds == 900
        assert not any(
            (policy.tell_person, policy.exempt_staff, policy.look_at_bots, policy.delete_special)
        )
        assert "Nobody gets a direct message, so nobody can appeal." in shown(panel)
        assert labels(panel) == [
            "Tell the person",
            "Leave staff alone",
            "Look at bots too",
            "Delete special cases",
            "All settings",
        ]


async def test_two_who_change_things_at_once_lose_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        first = await o.slash(o.chief, "settings")
        second = await o.slash(o.admin, "settings")
        await o.w.click(o.chief, first, "People and times")
        await o.w.click(o.admin, second, "Blocked words")
        form = await o.w.click(o.admin, second, "Change the words")
        await o.w.click(o.chief, first, "Tell nobody")
        await filled(o.w, o.admin, form, **{"words-1": "nitro"})
        policy = await o.policy()
        assert not policy.tell_person
        assert policy.blocked_words == ("nitro",)
        changes = await o.policies.changes(o.w.guild.id, 5)
        assert {(change.actor_id, change.what) for _, change in changes} == {
            (o.chief.id, "tell"),
            (o.admin.id, "words"),
        }


async def test_the_panels_are_heard_without_being_remembered(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        panel = await o.slash(o.chief, "settings")
        assert o.w.env.bot.persistent_views == []
        await o.w.click(o.chief, panel, "People and times")
        assert "## People and times" in shown(panel)
