"""What models were measured to cost, over restarts."""

from sqlalchemy import select

from bot.domain.conversation_ports import Costs
from bot.storage.conversation_tables import TokenCostRow
from bot.storage.database import Database

_TEXT = (0, 0)
"""The size under which the cost of a byte of text is kept."""


class SqlCostStore:
    """Keeps the newest measurement of every model and size. Raises StorageFailed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def costs(self, model: str) -> Costs:
        """Return what is known of a model."""
        question = select(TokenCostRow).where(TokenCostRow.model == model)
        async with self._database.reading() as session:
            rows = (await session.scalars(question)).all()
        known = {(row.width, row.height): row.tokens for row in rows}
        per_byte = known.pop(_TEXT, None)
        return Costs(per_byte, {size: round(tokens) for size, tokens in known.items()} or None)

    async def learn(self, model: str, costs: Costs) -> None:
        """Keep what was measured; sizes already known are replaced."""
        measured = {size: float(tokens) for size, tokens in (costs.pictures or {}).items()}
        if costs.tokens_per_byte is not None:
            measured[_TEXT] = costs.tokens_per_byte
        async with self._database.writing() as session:
            for (width, height), tokens in sorted(measured.items()):
                row = self._database.insert(TokenCostRow).values(
                    model=model, width=width, height=height, tokens=tokens
                )
                key = [TokenCostRow.model, TokenCostRow.width, TokenCostRow.height]
                await session.execute(
                    row.on_conflict_do_update(index_elements=key, set_={"tokens": tokens})
                )
