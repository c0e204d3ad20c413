"""Whether uploads were lost, judged twice, or acted on twice."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.moderation.deeds import Deed, Deeds, Done
from bench.moderation.discord import Upload
from bench.moderation.fates import Fate, fate_of
from bench.moderation.records import Records
from bot.domain.moderation.assessment import Outcome

_EXPECTED: Mapping[Fate, Outcome] = {
    Fate.CLEAN: Outcome.CLEAN,
    Fate.FLAGGED: Outcome.FLAGGED,
    Fate.DELETED: Outcome.ACTED,
    Fate.TIMED_OUT: Outcome.ACTED,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run went."""

    lost: list[str] = field(default_factory=list)
    """Uploads without the verdict they should have, and what should have been done and was not."""
    verdicts_twice: list[str] = field(default_factory=list)
    actions_twice: list[Done] = field(default_factory=list)
    wrong: list[Done] = field(default_factory=list)
    """What was done and should not have been."""

    @property
    def passed(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.lost or self.verdicts_twice or self.actions_twice or self.wrong)


def verdict_on(uploads: Collection[Upload], records: Records, deeds: Deeds) -> Verdict:
    """Hold what was posted against what the database and Discord hold in the end."""
    removed = {upload.message_id for upload in uploads if fate_of(upload.number).removes}
    wanted: list[Done] = [(Deed.DELETE, message_id, 0) for message_id in sorted(removed)]
    lost = [*_lost(uploads, removed, records), *records.undone]
    missing = dict.fromkeys(deeds.missing([*wanted, *records.done]))
    lost += [f"{deed} {subject} (case {case}) was not done" for deed, subject, case in missing]
    return Verdict(
        lost=lost,
        verdicts_twice=_judged_twice(records),
        actions_twice=deeds.twice(),
        wrong=[done for done in deeds.done if done[0] is Deed.DELETE and done[1] not in removed],
    )


def _lost(uploads: Collection[Upload], removed: Collection[int], records: Records) -> Iterator[str]:
    shared = _with_others(uploads)
    for upload in uploads:
        found = records.outcomes.get(upload.key, [])
        wanted = {_EXPECTED[fate_of(upload.number)]}
        if upload.message_id in removed and upload.message_id in shared:
            wanted.add(Outcome.GONE)  # its message went because of another picture
        if not wanted & set(found):
            yield f"{upload.key} is {found}, not {sorted(wanted)}"


def _with_others(uploads: Collection[Upload]) -> set[int]:
    """Return the messages with several pictures."""
    once: set[int] = set()
    more: set[int] = set()
    for upload in uploads:
        (more if upload.message_id in once else once).add(upload.message_id)
    return more


def _judged_twice(records: Records) -> list[str]:
    rows: Sequence[str] = [key for key, found in records.outcomes.items() if len(found) > 1]
    cases = [f"upload {number}" for number, count in records.sighted.items() if count > 1]
    ended = [outcome for found in records.outcomes.values() for outcome in found if outcome]
    counted = sum(records.counted.values())
    return [*rows, *cases, *["counted once more"] * max(0, counted - len(ended))]
