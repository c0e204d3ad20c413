"""A server's policy comes back as it was saved, whoever wrote it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from structlog.testing import capture_logs

from bot.domain.moderation.policy import (
    MAX_LADDER_STEPS,
    AgeRestricted,
    Category,
    CustomRule,
    Policy,
    PolicyChange,
    Rule,
    Step,
    Watch,
)
from bot.storage.database import Database
from bot.storage.moderation.policies import SqlPolicyStore, policy_body, policy_from
from bot.storage.moderation_tables import PolicyRow
from tests.storage.conftest import new_key
from tests.storage.fakes import HandClock

GUILD = 2**63 - 1

ids = st.integers(1, 2**63 - 1)
rules = st.builds(
    Rule,
    enabled=st.booleans(),
    threshold=st.floats(0.01, 1),
    ladder=st.lists(st.sampled_from(Step), min_size=1, max_size=MAX_LADDER_STEPS).map(tuple),
    people_without_human=st.booleans(),
)
policies = st.builds(
    Policy,
    enabled=st.booleans(),
    dry_run=st.booleans(),
    log_channel_id=st.none() | ids,
    watch=st.sampled_from(Watch),
    channel_ids=st.lists(ids, max_size=3).map(tuple),
    exempt_role_ids=st.lists(ids, max_size=3).map(tuple),
    exempt_staff=st.booleans(),
    look_at_bots=st.booleans(),
    age_restricted=st.sampled_from(AgeRestricted),
    rules=st.fixed_dictionaries(dict.fromkeys(Category, rules)).map(MappingProxyType),
    custom_rules=st.lists(
        st.builds(CustomRule, number=st.integers(1, 99), text=st.text(max_size=20), rule=rules),
        max_size=3,
    ).map(tuple),
    blocked_words=st.lists(st.text(max_size=9), max_size=3).map(tuple),
    time_out_seconds=st.integers(60, 2_419_200),
    repeat_window_days=st.integers(1, 365),
    raid_window_seconds=st.integers(1, 86400),
    tell_person=st.booleans(),
    delete_special=st.booleans(),
    preset=st.text(max_size=9),
    next_custom_number=st.integers(100, 200),
)

SETTINGS = sorted(policy_body(Policy()))

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=4,
)


@given(policies)
def test_every_policy_survives_json(policy: Policy) -> None:
    assert policy_from(json.loads(json.dumps(policy_body(policy)))) == policy


@given(policies, st.dictionaries(st.sampled_from(SETTINGS), anything, max_size=4))
def test_settings_that_mean_nothing_are_as_by_default_and_the_others_stay(
    policy: Policy, broken: dict[str, Any]
) -> None:
    body = json.loads(json.dumps(policy_body(policy)))

    with capture_logs():
        read = policy_body(policy_from({**body, **broken}))

    for name in body.keys() - broken.keys() - {"next_custom_number"}:
        assert json.loads(json.dumps(read[name])) == body[name]


def test_what_an_older_version_did_not_know_is_as_by_default() -> None:
    assert policy_from({}) == Policy()
    read = policy_from({"dry_run": False, "rules": {"scam": {"ladder": [3]}}, "of_old": 1})
    assert read.dry_run is False
    assert read.rules[Category.SCAM] == Rule(ladder=(Step.DELETE,))
    assert read.rules.keys() == set(Category)


def test_one_rule_that_cannot_be_read_does_not_take_the_others_along() -> None:
    body = {
        "rules": {"scam": {"threshold": 7}, "spam": {"threshold": 0.5}, "of_the_future": {}},
        "custom_rules": [{"number": 4, "text": "no cats"}, {"number": "x"}],
    }
    with capture_logs() as logs:
        read = policy_from(body)

    assert read.rules[Category.SCAM] == Rule()
    assert read.rules[Category.SPAM].threshold == 0.5
    assert [custom.id for custom in read.custom_rules] == ["custom:4"]
    assert {log["event"] for log in logs} == {"policy_rule_unreadable"}
    assert read.next_custom_number == 5, "a number is not used again"


async def test_a_server_without_a_policy_has_the_default(database: Database) -> None:
    store = SqlPolicyStore(database)
    assert await store.get(GUILD) == Policy()
    assert await store.enabled() == {}
    assert await store.changes(GUILD, 10) == []


async def test_the_newest_policy_counts_and_its_changes_are_kept(database: Database) -> None:
    clock = HandClock()
    store = SqlPolicyStore(database, clock=clock)
    first = Policy(enabled=True, blocked_words=("猫", "\ud800"), channel_ids=(2**63 - 1,))
    await store.save(GUILD, first, [PolicyChange(1, "enabled", "no", "yes")])
    clock.advance(hours=1)
    rules = (CustomRule(1, "no dogs"),)
    second = replace(first, dry_run=False, custom_rules=rules, next_custom_number=2)
    changes = [PolicyChange(2, "dry_run", "yes", "no"), PolicyChange(2, "rule", "", "no dogs")]
    await store.save(GUILD, second, changes)
    await store.save(7, Policy(), [])

    assert await store.get(GUILD) == second
    assert await store.enabled() == {GUILD: second}
    later = datetime(2026, 1, 1, 13, tzinfo=UTC)
    assert await store.changes(GUILD, 2) == [(later, changes[1]), (later, changes[0])]
    assert len(await store.changes(GUILD, 10)) == 3


async def test_a_policy_that_no_key_opens_looks_at_nothing(sealed_sqlite: Database) -> None:
    store = SqlPolicyStore(sealed_sqlite)
    await store.save(GUILD, Policy(enabled=True), [PolicyChange(1, "enabled", "no", "yes")])
    other = Database(f"sqlite:///{sealed_sqlite.path}", encryption_keys=[new_key()])
    with capture_logs() as logs:
        async with other:
            assert await SqlPolicyStore(other).get(GUILD) == Policy()
            assert await SqlPolicyStore(other).enabled() == {}
            assert await SqlPolicyStore(other).changes(GUILD, 9) == []
    assert {log["event"] for log in logs} == {"sealed_unreadable"}


@pytest.mark.parametrize("enabled", [False, True])
async def test_the_column_says_whether_it_is_switched_on(database: Database, enabled: bool) -> None:
    store = SqlPolicyStore(database)
    await store.save(GUILD, Policy(enabled=not enabled), [])
    async with database.writing() as session:
        await session.execute(update(PolicyRow).values(enabled=enabled))
    assert (await store.get(GUILD)).enabled is enabled
    assert (GUILD in await store.enabled()) is enabled


async def test_words_are_not_on_the_disk_when_there_is_a_key(sealed_sqlite: Database) -> None:
    store = SqlPolicyStore(sealed_sqlite)
    await store.save(GUILD, Policy(blocked_words=("wretched",)), [])
    async with sealed_sqlite.reading() as session:
        body: Any = await session.scalar(select(PolicyRow.body))
    assert b"wretched" not in body
