"""People who post pictures in bursts."""

import asyncio
import random
from dataclasses import dataclass, field

from bench.moderation.discord import Discord
from bench.moderation.pictures import picture
from bench.moderation.place import FIRST_MEMBER, WATCHED

_PEOPLE = 60
_TWO_IN_A_MESSAGE, _POSTED_BEFORE = 0.15, 0.15
_RECENT = 30
_MOST_IN_A_BURST = 12
_LONGEST_PAUSE_SECONDS = 0.8


@dataclass(slots=True)
class Posting:
    """Posts ``left`` pictures in all, now and then one that somebody posted a moment ago."""

    discord: Discord
    chance: random.Random
    left: int
    _numbers: int = 0
    _posted: list[int] = field(default_factory=list)

    async def post(self, uploads: int) -> None:
        """Post so many pictures, as far as there are any left, in bursts with pauses."""
        uploads = min(uploads, self.left)
        self.left -= uploads
        while uploads:
            burst = min(uploads, self.chance.randint(1, _MOST_IN_A_BURST))
            uploads -= burst
            while burst:
                two = burst > 1 and self.chance.random() < _TWO_IN_A_MESSAGE
                await self._message(2 if two else 1)
                burst -= 2 if two else 1
            await asyncio.sleep(self.chance.uniform(0, _LONGEST_PAUSE_SECONDS))

    async def _message(self, pictures: int) -> None:
        numbers = [self._number() for _ in range(pictures)]
        self._posted += numbers
        data = [(number, await asyncio.to_thread(self._picture, number)) for number in numbers]
        person_id = FIRST_MEMBER + self.chance.randrange(_PEOPLE)
        await self.discord.post(person_id, self.chance.choice(WATCHED), data)

    def _number(self) -> int:
        if self._posted and self.chance.random() < _POSTED_BEFORE:
            return self.chance.choice(self._posted[-_RECENT:])
        self._numbers += 1
        return self._numbers

    def _picture(self, number: int) -> bytes:
        """Return a picture, compressed anew each time."""
        return picture(number, quality=self.chance.randint(75, 95))
