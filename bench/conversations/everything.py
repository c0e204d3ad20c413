"""What follow-ups would cost without windows: sent as a whole, or cut to fit at every turn."""

import json
from dataclasses import dataclass, field
from typing import Any

from bench.conversations import prefix
from bench.conversations.reader import ANSWER_UNITS
from bench.engine import MODEL
from bot.app import Lookout
from bot.domain.conversation import Turn
from bot.domain.task import Dialogue
from bot.services.dialogue import lines_of
from bot.tasks import ASK
from bot.vision.ollama_facts import ModelFacts
from bot.vision.ollama_request import chat_request

_FACTS = ModelFacts(
    model=MODEL,
    family="qwen3vl",
    projector="",
    sees=True,
    thinks=False,
    context_tokens=262_144,
    engine_version="0.33.0",
)


@dataclass(slots=True)
class Others:
    """Two other ways of going on with a conversation, added up over its turns."""

    lookout: Lookout
    whole_bytes: int = 0
    """Everything is sent with every turn, however long it has become."""
    whole_tokens: int = 0
    sliding_tokens: int = 0
    """The oldest turns are left out one by one, as many as must be; what a server that remembers
    its last prompt has to work through then."""
    _first: int = 0
    _remembered: list[prefix.Unit] = field(default_factory=list)

    async def add(self, turn: Turn) -> None:
        """Go on to ``turn``."""
        store = self.lookout.conversations.store
        turns = await store.path(turn.id)
        pictures = {kept.number: kept for kept in await store.pictures(turn.id)}
        loaded = await store.load(list(pictures.values()))

        def request(first: int) -> dict[str, Any]:
            return self._request(
                Dialogue(turn.parameters, lines_of(turns[first:], None, pictures, loaded))
            )

        whole = request(0)
        sent = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
        self.whole_bytes += len(sent)
        self.whole_tokens += prefix.tokens(prefix.units(whole["messages"]))
        room = self.lookout.config.vision.num_ctx - whole["options"]["num_predict"]
        cut = prefix.units(request(self._first)["messages"])
        while prefix.tokens(cut) > room:
            self._first += 1
            cut = prefix.units(request(self._first)["messages"])
        self.sliding_tokens += prefix.evaluated(cut, self._remembered)
        self._remembered = cut + ANSWER_UNITS

    def _request(self, dialogue: Dialogue) -> dict[str, Any]:
        prompt = ASK.prompt(dialogue, _FACTS.family)
        vision = self.lookout.config.vision
        return chat_request(
            prompt,
            dialogue,
            _FACTS,
            num_ctx=vision.num_ctx,
            keep_alive_seconds=vision.keep_alive_seconds,
            answer_tokens=prompt.max_answer_tokens,
        )
