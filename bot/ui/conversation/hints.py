"""What is said to a message that cannot be answered as it is, and how often."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import discord

from bot.ui.conversation.messages import Act
from bot.ui.conversation.reading import Reading
from bot.ui.i18n import Words

_REMEMBERED = 1000


@dataclass(slots=True)
class Seldom:
    """Lets the same thing happen only so often."""

    now: Callable[[], float] = time.monotonic
    _until: dict[object, float] = field(default_factory=dict)

    def may(self, what: object, seconds: float) -> bool:
        """Say whether ``what`` may happen now; then not again for ``seconds``."""
        now = self.now()
        if self._until.get(what, now) > now:
            return False
        if len(self._until) >= _REMEMBERED:
            self._until = {key: end for key, end in self._until.items() if end > now}
        if len(self._until) < _REMEMBERED:
            self._until[what] = now + seconds
        return True


def hint(act: Act, reading: Reading, say: Words, me: discord.ClientUser | None) -> str:
    """Say how a message could be answered; ``act`` is one of those that say something."""
    match act:
        case Act.SAY_WHAT:
            text = say.say("What would you like to know? Please write it in your reply.")
        case Act.SAY_GONE:
            text = say.say(
                "I no longer keep what that answer belongs to. Please ask again with the picture."
            )
        case Act.SAY_UNREAD_PICTURE:
            text = say.say(
                "Discord does not let me see that message. Press and hold it, or right-click it, "
                "and choose Apps, then “Ask about picture”."
            )
        case Act.SAY_UNREAD_REPLY:
            text = say.say(
                "Discord does not show me replies to this answer unless they mention me. Please "
                "write {mention} and your question.",
                mention=me.mention if me is not None else "",
            )
            if reading.replied.turn is not None:
                text += " " + say.say("Or press “Ask a follow-up” under the answer.")
            else:
                text += " " + say.say("Or press “Ask” under the answer.")
        case _ if reading.heard.direct:
            text = say.say(
                "Send me a picture, with a question if you like. Reply to my answer to ask more."
            )
        case _:
            text = say.say(
                "Mention me together with a picture, or in reply to a message with one, and write "
                "your question."
            )
    return text
