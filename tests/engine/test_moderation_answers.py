"""What an engine may say when it is asked about an upload, over real HTTP, and what comes of it."""

from collections.abc import AsyncIterator

import pytest

from bot.domain.errors import EngineError, EngineUnavailable
from bot.domain.moderation.assessment import Assessment, Context, Outcome, Unanswered
from bot.domain.moderation.policy import Policy
from bot.domain.ports import Asker
from bot.services.moderation.assessing import Assessing
from bot.services.moderation.deciding import decide
from bot.vision.gate import Gate, Limits
from tests.services.fakes import FakeAnswers
from tests.services.moderation.eyes import WHITE, breaks, said, screened_of
from tests.vision.imitation.questions import engine
from tests.vision.imitation.server import (
    ImitationOllama,
    Reply,
    cuts,
    frame,
    refuses,
    refuses_nested,
    says,
)

POLICY = Policy(enabled=True)
CLEAN, SCAM = said(), said(breaks("scam"))
SORRY = "I'm sorry, but I can't help with that."


@pytest.fixture
async def server() -> AsyncIterator[ImitationOllama]:
    async with ImitationOllama() as running:
        yield running


async def assessed(server: ImitationOllama, *replies: Reply) -> Assessment:
    """Ask a real engine about an upload; the server gives these replies, in order."""
    server.chats.extend(replies)
    async with engine(server.host) as asked:
        gate = Gate(parallel=1, queue_limit=4, limits=Limits())
        return await Assessing(asked, gate, FakeAnswers()).assess(
            screened_of(WHITE),
            POLICY,
            before=Assessment(),
            text="look",
            age_restricted=False,
            asker=Asker(1, 1),
        )


async def test_the_engine_is_held_to_the_form(server: ImitationOllama) -> None:
    """No thoughts, no chance, and a grammar that knows the rules of the question alone."""
    found = await assessed(server, says(SCAM))
    assert [(finding.rule, finding.score) for finding in found.findings] == [("scam", 0.9)]
    (body,) = server.chat_bodies
    assert body["think"] is False
    assert body["options"]["temperature"] == 0.0
    rule = body["format"]["properties"]["findings"]["items"]["properties"]["rule"]
    assert "scam" in rule["enum"]
    assert "orders" not in rule["enum"]


@pytest.mark.parametrize(
    "unusable",
    [says(SORRY), says(SCAM[:-2], reason="length"), says(), says('{"findings": []}')],
    ids=["words", "cut", "silence", "another form"],
)
async def test_a_reply_that_is_no_judgement_is_asked_for_once_more(
    server: ImitationOllama, unusable: Reply
) -> None:
    found = await assessed(server, unusable, says(SCAM))
    assert found.unanswered is None
    assert [finding.rule for finding in found.findings] == ["scam"]
    assert len(server.chat_bodies) == 2


@pytest.mark.parametrize(
    ("replies", "why"),
    [
        ((says(SORRY), says(SORRY)), Unanswered.INVALID),
        ((says("The picture is safe."), says("{}")), Unanswered.INVALID),
        ((says(CLEAN[:-2], reason="length"),) * 2, Unanswered.INVALID),
        ((says(said(shown=SORRY)),), Unanswered.REFUSED),
        ((says(*['{"what_is_shown": "', *["a wall, "] * 800]),), Unanswered.LOOPED),
        ((refuses_nested(400, "Failed to load image or audio file"),), Unanswered.REJECTED),
        ((refuses(400, "no such thing"),), Unanswered.REJECTED),
        (
            (
                refuses_nested(
                    400,
                    "the request exceeds the available context size",
                    "exceed_context_size_error",
                    n_prompt_tokens=9000,
                    n_ctx=8192,
                ),
            ),
            Unanswered.REJECTED,
        ),
    ],
    ids=["words", "other forms", "cut", "refusal", "loop", "picture", "request", "context"],
)
async def test_what_is_no_answer_needs_a_human(
    server: ImitationOllama, replies: tuple[Reply, ...], why: Unanswered
) -> None:
    found = await assessed(server, *replies)
    assert found.unanswered is why
    assert decide(found, POLICY, Context()).outcome is Outcome.NEEDS_HUMAN
    assert server.chats == type(server.chats)()


@pytest.mark.parametrize(
    "reply",
    [
        refuses(503, "server busy, please try again"),
        refuses(404, "model 'seeing:1b' not found"),
        refuses(401, "unauthorized"),
        refuses(500, "model runner has unexpectedly stopped"),
        cuts(),
        cuts(frame('{"what_is_shown": ')),
    ],
    ids=["busy", "missing", "unauthorized", "crashed", "hung up", "interrupted"],
)
async def test_an_outage_is_nobodys_verdict(server: ImitationOllama, reply: Reply) -> None:
    with pytest.raises(EngineError):
        await assessed(server, *[reply] * 3)


async def test_nobody_there_is_an_outage(server: ImitationOllama) -> None:
    gate = Gate(parallel=1, queue_limit=4, limits=Limits())
    async with engine("http://127.0.0.1:9") as asked:
        with pytest.raises(EngineUnavailable):
            await Assessing(asked, gate, FakeAnswers()).assess(
                screened_of(WHITE),
                POLICY,
                before=Assessment(),
                text="",
                age_restricted=False,
                asker=Asker(1, 1),
            )
