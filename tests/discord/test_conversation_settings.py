"""/conversation settings: what a person chooses holds at once, and is said in words."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import simcord

from bot.domain.conversation import Retention
from tests.discord.kept import keeping, store_of, talk
from tests.discord.world import World, components, shown


def selects(result: simcord.InteractionResult) -> dict[str, dict[str, Any]]:
    """The choices by what they are about."""
    return {
        item["custom_id"].rpartition(":")[2]: item
        for item in components(result.response)
        if item["type"] == 3
    }


def held(select: dict[str, Any]) -> list[str]:
    return [option["label"] for option in select["options"] if option.get("default")]


async def choose(
    w: World, actor: simcord.MemberActor, panel: simcord.InteractionResult, what: str, label: str
) -> None:
    """Choose by what a person reads."""
    select = selects(panel)[what]
    (value,) = [option["value"] for option in select["options"] if option["label"] == label]
    assert panel.response is not None
    await actor.select(panel.response.message, [value], custom_id=select["custom_id"])


async def test_the_panel_shows_what_holds_and_offers_no_more_than_allowed(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        panel = await w.slash(w.ann, "conversation settings")
        assert panel.ephemeral
        most = w.lookout.conversations.retention_limits
        pictures, text = selects(panel)["pictures"], selects(panel)["text"]
        for select, limit in ((pictures, most.pictures), (text, most.text)):
            offered = [int(option["value"]) for option in select["options"]]
            assert offered == sorted(offered)
            assert offered[0] == 0
            assert offered[-1] == limit.total_seconds()
        assert held(pictures) == [f"{most.pictures.days} days"]
        assert [option["label"] for option in pictures["options"]][:4] == [
            "Not beyond the answer",
            "1 day",
            "7 days",
            "30 days",
        ]


async def test_a_choice_holds_at_once_and_is_explained(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        panel = await w.slash(w.ann, "conversation settings")
        await choose(w, w.ann, panel, "pictures", "1 day")
        await choose(w, w.ann, panel, "text", "7 days")
        assert await store_of(w).retention(w.ann.id) == Retention(
            timedelta(days=1), timedelta(days=7)
        )
        assert "Pictures: for 1 day." in shown(panel)
        assert "Questions and answers: for 7 days after your last question" in shown(panel)
        assert held(selects(panel)["pictures"]) == ["1 day"]
        assert held(selects(panel)["text"]) == ["7 days"]
        await choose(w, w.ann, panel, "pictures", "Not beyond the answer")
        assert "or go by what was said about them." in shown(panel)
        await choose(w, w.ann, panel, "text", "Not beyond the answer")
        assert "Nothing is kept beyond the answer, so you cannot ask a follow-up." in shown(panel)
        other = await w.slash(w.ben, "conversation settings")
        assert "Nothing is kept" not in shown(other)


async def test_pictures_are_not_said_to_outlive_the_words(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        panel = await w.slash(w.ann, "conversation settings")
        await choose(w, w.ann, panel, "text", "7 days")
        await choose(w, w.ann, panel, "pictures", "30 days")
        assert "Pictures: for 7 days." in shown(panel)


async def test_a_shorter_time_ends_what_is_kept_already(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        turn = await talk(w, w.ann.id, "Which colour?")
        before = await store_of(w).conversation(turn.conversation_id)
        panel = await w.slash(w.ann, "conversation settings")
        await choose(w, w.ann, panel, "text", "1 day")
        after = await store_of(w).conversation(turn.conversation_id)
        assert before is not None
        assert after is not None
        assert after.expires_at < before.expires_at
        assert after.expires_at - after.last_at <= timedelta(days=1)
