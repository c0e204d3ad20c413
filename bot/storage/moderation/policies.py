"""Every server's policy and who changed it, in SQL."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, get_type_hints

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select

from bot.domain.clock import utc_now
from bot.domain.moderation.policy import Category, CustomRule, Policy, PolicyChange, Rule
from bot.storage.database import Database
from bot.storage.moderation_tables import PolicyChangeRow, PolicyRow
from bot.storage.seal import Seal

_log = structlog.get_logger(__name__)

BODY_VERSION = 1
"""Raise it when a setting changes its meaning, and translate older bodies in ``policy_from``."""

_settings = {name: TypeAdapter(hint) for name, hint in get_type_hints(Policy).items()}
_change = TypeAdapter(PolicyChange)
_rule = TypeAdapter(Rule)
_custom_rule = TypeAdapter(CustomRule)


class SqlPolicyStore:
    """Keeps policies. ``clock`` gives UTC times. Raises StorageFailed."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def get(self, guild_id: int) -> Policy:
        """Return a server's policy, the default where it has none or no key opens it."""
        async with self._database.reading() as session:
            row = await session.get(PolicyRow, guild_id)
        if row is None:
            return Policy()
        return opened_policy(self._database.seal, row) or Policy()

    async def enabled(self) -> dict[int, Policy]:
        """Return the policies that are switched on, by server."""
        async with self._database.reading() as session:
            rows = (await session.scalars(select(PolicyRow).where(PolicyRow.enabled))).all()
        policies = {row.guild_id: opened_policy(self._database.seal, row) for row in rows}
        return {guild_id: policy for guild_id, policy in policies.items() if policy is not None}

    async def save(self, guild_id: int, policy: Policy, changes: Sequence[PolicyChange]) -> None:
        """Replace it, and keep who changed what."""
        seal, now = self._database.seal, self._clock()
        values = {
            "enabled": policy.enabled,
            "body": seal.seal_json({"version": BODY_VERSION, **policy_body(policy)}),
            "changed_at": now,
            "absent_since": None,
        }
        insert = self._database.insert(PolicyRow).values(guild_id=guild_id, **values)
        async with self._database.writing() as session:
            await session.execute(
                insert.on_conflict_do_update(index_elements=[PolicyRow.guild_id], set_=values)
            )
            session.add_all(
                PolicyChangeRow(
                    guild_id=guild_id,
                    actor_id=change.actor_id,
                    at=now,
                    body=seal.seal_json(asdict(change)),
                )
                for change in changes
            )

    async def changes(self, guild_id: int, limit: int) -> Sequence[tuple[datetime, PolicyChange]]:
        """Return the newest changes, newest first; those that no key opens are left out."""
        newest = (
            select(PolicyChangeRow)
            .where(PolicyChangeRow.guild_id == guild_id)
            .order_by(PolicyChangeRow.id.desc())
            .limit(limit)
        )
        async with self._database.reading() as session:
            rows = (await session.scalars(newest)).all()
        found = []
        for row in rows:
            body = self._database.seal.open_json(row.body)
            if body is None:
                self._database.seal.unreadable("policy_change", row.id)
            else:
                found.append((row.at, _change.validate_python(body)))
        return found


def opened_policy(seal: Seal, row: PolicyRow) -> Policy | None:
    """Return the policy in a row; None when no key opens it."""
    body = seal.open_json(row.body)
    if body is None:
        seal.unreadable("policy", row.guild_id)
        return None
    # The column decides: it is what ``enabled`` is asked by.
    return replace(policy_from(body), enabled=row.enabled)


def policy_body(policy: Policy) -> dict[str, Any]:
    """Return a policy as JSON can hold it."""
    return asdict(replace(policy, rules=dict(policy.rules)))


def policy_from(body: Mapping[str, Any]) -> Policy:
    """Read a policy that another version may have written.

    A setting that is missing or means nothing here is as it is by default, which does the least;
    what is not known here is passed over.
    """
    readers: dict[str, Callable[[Any], Any]] = {
        **{name: adapter.validate_python for name, adapter in _settings.items()},
        "rules": _rules,
        "custom_rules": _custom_rules,
    }
    read: dict[str, Any] = {}
    for name in body.keys() & readers.keys():
        try:
            read[name] = readers[name](body[name])
        except (ValidationError, TypeError, AttributeError):
            _log.warning("policy_setting_unreadable", setting=name)
    policy = Policy(**read)
    numbers = (custom.number + 1 for custom in policy.custom_rules)
    return replace(policy, next_custom_number=max((policy.next_custom_number, *numbers)))


def _rules(body: Mapping[str, Any]) -> Mapping[Category, Rule]:
    rules = dict(Policy().rules)
    for category in Category:
        if category in body:
            rule = _read_or_none(_rule, body[category])
            rules[category] = rules[category] if rule is None else rule
    return MappingProxyType(rules)


def _custom_rules(bodies: Sequence[Any]) -> tuple[CustomRule, ...]:
    read = (_read_or_none(_custom_rule, body) for body in bodies)
    return tuple(custom for custom in read if custom is not None)


def _read_or_none(adapter: TypeAdapter[Any], body: Any) -> Any:
    try:
        return adapter.validate_python(body)
    except ValidationError:
        _log.warning("policy_rule_unreadable")
        return None
