"""The order in which people are let in: fair between people, interactive before background.

No clock, no event loop: requests go in, the next one comes out.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator, Sized
from typing import Generic, Protocol, TypeVar

from bot.domain.ports import Priority

BACKGROUND_TURN = 4
"""While both kinds wait, every fourth request let in is a background one."""


class Request(Protocol):
    """What waits: told apart by identity."""

    @property
    def person_id(self) -> int:
        """Whose turn it takes."""
        ...

    @property
    def priority(self) -> Priority:
        """Which line it stands in."""
        ...


RequestT = TypeVar("RequestT", bound=Request)


class _Line(Generic[RequestT]):
    """Requests of one priority: people in rotation, each with their own requests in order."""

    def __init__(self) -> None:
        self._people: OrderedDict[int, deque[RequestT]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __contains__(self, person_id: int) -> bool:
        return person_id in self._people

    def __iter__(self) -> Iterator[RequestT]:
        rotation = deque(iter(requests) for requests in self._people.values())
        while rotation:
            requests = rotation.popleft()
            if (request := next(requests, None)) is not None:
                yield request
                rotation.append(requests)

    def add(self, request: RequestT) -> None:
        self._people.setdefault(request.person_id, deque()).append(request)
        self._length += 1

    def take(self) -> RequestT:
        """Remove and return the next one; its person goes to the end of the rotation."""
        person_id, requests = self._people.popitem(last=False)
        request = requests.popleft()
        if requests:
            self._people[person_id] = requests
        self._length -= 1
        return request

    def remove(self, request: RequestT) -> None:
        requests = self._people[request.person_id]
        requests.remove(request)
        if not requests:
            del self._people[request.person_id]
        self._length -= 1


class FairQueue(Generic[RequestT]):
    """Who waits, in the order ``take`` lets them out when nobody comes or leaves meanwhile."""

    def __init__(self) -> None:
        self._interactive: _Line[RequestT] = _Line()
        self._background: _Line[RequestT] = _Line()
        self._passed_over = 0

    def __len__(self) -> int:
        return len(self._interactive) + len(self._background)

    def __iter__(self) -> Iterator[RequestT]:
        interactive, background = deque(self._interactive), deque(self._background)
        passed_over = self._passed_over
        while interactive or background:
            priority, passed_over = _turn(interactive, background, passed_over)
            yield (interactive if priority is Priority.INTERACTIVE else background).popleft()

    def holds(self, person_id: int) -> bool:
        """Say whether ``person_id`` has anything waiting."""
        return person_id in self._interactive or person_id in self._background

    def add(self, request: RequestT) -> None:
        """Put ``request`` last among its person's own of its priority."""
        self._line(request.priority).add(request)

    def take(self) -> RequestT:
        """Remove and return the next one; there must be one."""
        priority, self._passed_over = _turn(self._interactive, self._background, self._passed_over)
        return self._line(priority).take()

    def remove(self, request: RequestT) -> None:
        """Take ``request`` out of the line it stands in."""
        self._line(request.priority).remove(request)

    def _line(self, priority: Priority) -> _Line[RequestT]:
        return self._interactive if priority is Priority.INTERACTIVE else self._background


def _turn(interactive: Sized, background: Sized, passed_over: int) -> tuple[Priority, int]:
    """Choose who is next, given how often background was passed over; return the new count too."""
    if not background:
        return Priority.INTERACTIVE, 0
    if not interactive or passed_over >= BACKGROUND_TURN - 1:
        return Priority.BACKGROUND, 0
    return Priority.INTERACTIVE, passed_over + 1
