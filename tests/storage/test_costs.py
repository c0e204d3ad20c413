"""What models cost is learned: one contract for every store."""

import pytest

from bot.domain.conversation_ports import Costs, CostStore
from bot.storage.costs import SqlCostStore
from tests.services.conversation_fakes import MemoryCostStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def costs(request: pytest.FixtureRequest) -> CostStore:
    if request.param == "memory":
        return MemoryCostStore()
    return SqlCostStore(request.getfixturevalue(request.param))


async def test_costs_are_learned_for_each_model(costs: CostStore) -> None:
    assert await costs.costs("a") == Costs()

    await costs.learn("a", Costs(0.25, {(64, 48): 100, (640, 480): 300}))
    await costs.learn("a", Costs(pictures={(64, 48): 90}))
    await costs.learn("b", Costs(0.5))
    await costs.learn("b", Costs())

    assert await costs.costs("a") == Costs(0.25, {(64, 48): 90, (640, 480): 300})
    assert await costs.costs("b") == Costs(0.5)
