"""What reaches Discord when people's questions and a model's answers attack it.

What pictures are called, and the lists, forms and threads that show words again, are looked at in
``tests.ui.test_attacks``: Discord itself lets few characters into the name of a file.
"""

from pathlib import Path
from typing import Any

import simcord

from tests.discord.engines import HandEngine
from tests.discord.pictures import png
from tests.discord.world import World, components, world
from tests.tasks.attacks import ATTACKS, Attack
from tests.ui.markup import hidden, live


def parts(result: simcord.InteractionResult) -> list[str]:
    """Return the texts of an answer: what stands above it, the answer itself, what is below."""
    return [item["content"] for item in components(result.response) if item["type"] == 10]


async def attacked(
    w: World, engine: HandEngine, attack: Attack, picture: str
) -> simcord.InteractionResult:
    """Let Ann ask in an attack's words; they are the answer, too."""
    engine.said = attack.text
    return await w.slash(w.ann, "ask", question=attack.text[:1000], picture=(picture, png()))


def check_nobody_is_called(w: World) -> None:
    """Look through everything that was ever sent: nothing may ping, whatever it says."""
    bodies: list[dict[str, Any]] = [entry.json or {} for entry in w.env.http_requests]
    sent = [body for body in bodies if "components" in body]
    assert sent
    for body in sent:
        allowed = body["allowed_mentions"]
        assert not allowed.get("parse")
        assert not any(allowed.get(whom) for whom in ("users", "roles", "replied_user"))
    for message in w.channel.history():
        assert {person.id for person in message.mentions} <= {w.ann.id}, "named above her question"
        assert message.role_mentions == []
        assert not message.mention_everyone


async def test_attacks_stay_words(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine, limits={"person_per_minute": 1000}) as w:
        for attack in ATTACKS:
            result = await attacked(w, engine, attack, "a.png")
            above, body = parts(result)
            maker, asker, *question = above.split("\n")
            assert maker == "-# AI answer by qwen3-vl:8b"
            assert asker == f"<@{w.ann.id}> asked:"
            assert question, attack.name
            for line in question:
                assert line.startswith("> "), attack.name
                assert live(line.removeprefix("> ")) == [], attack.name
            assert live(body) == [], attack.name
        check_nobody_is_called(w)


async def test_attacks_do_not_get_out_of_a_spoiler(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine, limits={"person_per_minute": 1000}) as w:
        for attack in ATTACKS:
            result = await attacked(w, engine, attack, "SPOILER_a.png")
            above, body = parts(result)
            assert hidden(above.split("\n", 2)[2]), attack.name
            assert hidden(body), attack.name
        check_nobody_is_called(w)
