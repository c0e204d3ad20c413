"""Carrying out actions, and what else changes a case without deciding it."""

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.moderation.case import (
    MAX_APPEAL_CHARACTERS,
    Action,
    ActionState,
    Appeal,
    EventKind,
)
from bot.storage.moderation.case_rows import action_of, lock_guild, redraw
from bot.storage.moderation.finding import CasePart, posted_by
from bot.storage.moderation_tables import ActionRow, AppealRow, CaseEventRow, CaseRow

_HAPPENED = (ActionState.DONE, ActionState.ALREADY)


class Acting(CasePart):
    """Keeps what happens to cases besides decisions. Raises StorageFailed."""

    async def begin_action(self, action_id: int) -> Action | None:
        """Count that an action is begun and return it; None when it has ended or is unknown."""
        begun = (
            update(ActionRow)
            .where(ActionRow.id == action_id, ActionRow.state == ActionState.PENDING)
            .values(begun=ActionRow.begun + 1)
            .returning(ActionRow)
        )
        async with self._database.writing() as session:
            row = await session.scalar(begun)
            if row is None:
                return None
            number = select(CaseRow.number).where(CaseRow.id == row.case_id)
            return action_of(row, (await session.scalars(number)).one())

    async def end_action(self, action_id: int, state: ActionState) -> None:
        """Keep how an action ended, and redraw the card; one that has happened stays so."""
        of_action = select(ActionRow.case_id).where(ActionRow.id == action_id)
        ended = (
            update(ActionRow)
            .where(
                ActionRow.id == action_id,
                ActionRow.state.not_in(_HAPPENED),
                ActionRow.state != state,
            )
            .values(state=state, ended_at=self._clock())
            .returning(ActionRow.id)
        )
        async with self._database.writing() as session:
            case_id = await session.scalar(of_action)
            row = None if case_id is None else await locked_case(session, case_id)
            if row is None or await session.scalar(ended) is None:
                return
            await redraw(session, self._database, row, self._clock())
        self._woken()

    async def card_drawn(
        self, case_id: int, version: int, channel_id: int | None, message_id: int | None
    ) -> None:
        """Keep where a case's card is and which version it shows; an older one changes nothing."""
        async with self._database.writing() as session:
            await session.execute(
                update(CaseRow)
                .where(CaseRow.id == case_id, CaseRow.card_version <= version)
                .values(
                    card_version=version, card_channel_id=channel_id, card_message_id=message_id
                )
            )

    async def appeal(self, case_id: int, appeal: Appeal) -> bool:
        """Keep an appeal and redraw the card; False when the person appealed before or may not.

        Those may who posted the picture as members. That somebody appealed stays in the case's
        history also where the words are forgotten.
        """
        concerned = select(posted_by(case_id, appeal.person_id))
        before = select(
            exists().where(
                CaseEventRow.case_id == case_id,
                CaseEventRow.kind == EventKind.APPEALED,
                CaseEventRow.actor_id == appeal.person_id,
            )
        )
        async with self._database.writing() as session:
            row = await locked_case(session, case_id)
            if row is None or not await session.scalar(concerned) or await session.scalar(before):
                return False
            session.add(
                AppealRow(
                    case_id=case_id,
                    person_id=appeal.person_id,
                    at=appeal.at,
                    text=self._database.seal.seal_text(appeal.text[:MAX_APPEAL_CHARACTERS]),
                )
            )
            session.add(
                CaseEventRow(
                    case_id=case_id,
                    kind=EventKind.APPEALED,
                    at=appeal.at,
                    actor_id=appeal.person_id,
                )
            )
            await redraw(session, self._database, row, self._clock())
        self._woken()
        return True

    async def revealed(self, case_id: int, moderator_id: int) -> None:
        """Note that a moderator looked at the picture itself; an unknown case is fine."""
        async with self._database.writing() as session:
            if await locked_case(session, case_id) is not None:
                session.add(
                    CaseEventRow(
                        case_id=case_id,
                        kind=EventKind.REVEALED,
                        at=self._clock(),
                        actor_id=moderator_id,
                    )
                )


async def locked_case(session: AsyncSession, case_id: int) -> CaseRow | None:
    """Lock the server of a case and return the case as it is now; None when there is none."""
    guild_id = await session.scalar(select(CaseRow.guild_id).where(CaseRow.id == case_id))
    if guild_id is None:
        return None
    await lock_guild(session, guild_id)
    return await session.get(CaseRow, case_id)
