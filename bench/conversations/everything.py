"""What a follow-up would send if a conversation were resent as a whole, however long."""

import json
from dataclasses import dataclass

from bench.conversations import prefix
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


@dataclass(frozen=True, slots=True)
class Whole:
    """One prompt that leaves nothing out."""

    sent_bytes: int
    tokens: int


async def everything(lookout: Lookout, turn: Turn) -> Whole:
    """Write the prompt of ``turn`` with every turn and picture on the way to it."""
    store = lookout.conversations.store
    turns = await store.path(turn.id)
    pictures = {kept.number: kept for kept in await store.pictures(turn.id)}
    loaded = await store.load(list(pictures.values()))
    dialogue = Dialogue(turn.parameters, lines_of(turns, None, pictures, loaded))
    config = lookout.config.vision
    prompt = ASK.prompt(dialogue, _FACTS.family)
    request = chat_request(
        prompt,
        dialogue,
        _FACTS,
        num_ctx=config.num_ctx,
        keep_alive_seconds=config.keep_alive_seconds,
        answer_tokens=prompt.max_answer_tokens,
    )
    sent = json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()
    return Whole(len(sent), prefix.tokens(prefix.units(request["messages"])))
