"""Takes turns back: what was asked is forgotten, and an answer under way ends."""

import asyncio

from bot.domain.conversation import Turn, TurnState
from bot.ui.house import House
from bot.ui.running import Stop

_TURNS_OF_ONE_MESSAGE = 20
"""An answer may have been tried again in its place so often, at most; the rest expires."""


async def withdraw(house: House, turn_id: int) -> None:
    """Forget a turn, and stop its answer if that is under way. Raises StorageFailed.

    In this order: whoever waits for its end in order to follow it up finds it forgotten.
    """
    await house.conversations.store.forget_turn(turn_id)
    run = house.running.of_turn(turn_id)
    if run is not None and run.task is not None:
        house.running.stop(run, Stop.WITHDRAWN)
        await asyncio.wait([run.task])


async def withdraw_message(house: House, message_id: int) -> tuple[Turn, ...]:
    """Withdraw all that a message asked or answers, the newest first; return what it was.

    An answer that was tried again stands in the place of those before it: they go with it.
    Raises StorageFailed.
    """
    withdrawn: list[Turn] = []
    while len(withdrawn) < _TURNS_OF_ONE_MESSAGE:
        turn = await house.conversations.store.turn_of_message(message_id)
        if turn is None or turn.state is TurnState.FORGOTTEN:
            break
        await withdraw(house, turn.id)
        withdrawn.append(turn)
    return tuple(withdrawn)
