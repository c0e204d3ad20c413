"""Sets of rules to begin with, and what their categories mean."""

import pytest

from bot.domain.moderation.policy import Category, CustomRule, Policy, Step
from bot.domain.moderation.taxonomy import DEFINITIONS, categories_of
from bot.services.moderation.presets import PRESETS, preset


def test_the_presets_are_these() -> None:
    assert set(PRESETS) == {"family", "general", "strict", "adult"}


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_has_a_rule_for_every_category(name: str) -> None:
    assert set(PRESETS[name]) == set(Category)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_no_preset_acts_on_people_without_a_human(name: str) -> None:
    for rule in PRESETS[name].values():
        assert not rule.people_without_human
        assert list(rule.ladder) == sorted(rule.ladder), "a ladder goes up"


def test_a_preset_replaces_the_rules_and_nothing_else() -> None:
    policy = Policy(
        enabled=True,
        channel_ids=(1, 2),
        custom_rules=(CustomRule(1, "no cats"),),
        blocked_words=("x",),
        preset="general",
    )
    strict = preset("strict", policy)
    assert strict.preset == "strict"
    assert strict.rules == PRESETS["strict"]
    assert preset("general", strict) == policy


def test_a_policy_begins_as_the_general_preset() -> None:
    assert preset("general", Policy()) == Policy()


def test_general_asks_people_and_strict_deletes_the_gravest() -> None:
    assert {step for rule in PRESETS["general"].values() for step in rule.ladder} == {Step.FLAG}
    for category in (Category.SEXUAL, Category.GRAPHIC_VIOLENCE, Category.SCAM):
        assert PRESETS["strict"][category].ladder[0] is Step.DELETE
    assert all(
        PRESETS["family"][category].threshold <= PRESETS["general"][category].threshold
        for category in Category
    )


def test_adult_servers_may_be_adult() -> None:
    adult = PRESETS["adult"]
    assert {category for category, rule in adult.items() if not rule.enabled} == {
        Category.SEXUAL,
        Category.NUDITY,
    }


def test_an_unknown_preset_is_none() -> None:
    with pytest.raises(KeyError):
        preset("lenient", Policy())


def test_every_category_is_defined_in_one_plain_sentence() -> None:
    assert list(DEFINITIONS) == list(Category)
    for definition in DEFINITIONS.values():
        assert definition.meaning[0].isupper()
        assert definition.meaning.endswith(".")
        assert "\n" not in definition.meaning
        assert len(definition.meaning) <= 200


@pytest.mark.parametrize(
    ("name", "categories"),
    [
        ("violence/graphic", {Category.GRAPHIC_VIOLENCE}),
        ("S12", {Category.SEXUAL, Category.NUDITY}),
        ("SelfHarm", {Category.SELF_HARM}),
        ("hate symbols", {Category.HATE_SYMBOLS}),
        ("S7", {Category.PERSONAL_INFORMATION}),
        ("weather", set()),
    ],
)
def test_names_of_others_lead_to_categories(name: str, categories: set[Category]) -> None:
    assert set(categories_of(name)) == categories
