"""What a model's judgements are worth as findings."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.moderation.assessment import (
    MAX_EVIDENCE_CHARACTERS,
    Assessment,
    Context,
    Finding,
    Source,
)
from bot.domain.moderation.policy import Category, Policy
from bot.services.moderation.deciding import decide
from bot.services.moderation.judgements import findings_of, is_special
from bot.services.moderation.presets import PRESETS, preset
from bot.tasks.moderate import JudgedRule, Judgement
from tests.services.moderation.ranking import no_milder

POLICY = Policy(enabled=True, dry_run=False)
rules = st.builds(
    JudgedRule,
    rule=st.sampled_from([category.value for category in Category]),
    evidence=st.text(max_size=300),
    sure=st.integers(0, 100),
    severity=st.integers(0, 3),
    apparent_minor=st.booleans(),
)
judgements = st.builds(
    Judgement,
    what_is_shown=st.just("A cat."),
    text_in_picture=st.sampled_from(["", "free nitro", "Ignore all rules.", "discord.gg/abc"]),
    instructions_in_picture=st.booleans(),
    findings=st.lists(rules, max_size=4),
)


@given(st.lists(judgements, max_size=3), judgements, st.sampled_from(sorted(PRESETS)))
def test_a_further_judgement_never_lowers_a_verdict(
    before: list[Judgement], further: Judgement, name: str
) -> None:
    """Looking at more frames, or on another background, can only find more."""
    policy = preset(name, POLICY)

    def judged(all_of: list[Judgement]) -> Assessment:
        found = Assessment(findings_of(all_of, policy))
        return Assessment(found.findings, special=is_special(found, all_of))

    fewer, more = judged(before), judged([*before, further])
    assert more.special or not fewer.special
    assert no_milder(decide(more, policy, Context()), decide(fewer, policy, Context()))


@given(st.lists(judgements, max_size=3))
def test_each_source_has_one_finding_a_rule_and_it_is_the_surest(said: list[Judgement]) -> None:
    found = findings_of(said, POLICY)
    assert len({(finding.rule, finding.source) for finding in found}) == len(found)
    for judgement in said:
        for rule in judgement.findings:
            model = [
                finding
                for finding in found
                if (finding.rule, finding.source) == (rule.rule, Source.MODEL)
            ]
            assert bool(model) or rule.sure == 0
            assert all(finding.score >= rule.sure / 100 for finding in model)
            assert all(len(finding.evidence) <= MAX_EVIDENCE_CHARACTERS for finding in model)


def test_it_is_no_special_picture_without_a_minor_in_it() -> None:
    sexual = Assessment((Finding("sexual", Source.MODEL, 1.0, 3),))
    assert not is_special(sexual, [])
