"""/moderation blocklist: what is blocked, taken out, brought in and taken along."""

from dataclasses import replace
from pathlib import Path

import pytest
import simcord

from bot.domain.moderation.fingerprint import BankEntry, BankKind, Views
from bot.domain.moderation.policy import BLOCKED_PICTURE
from bot.ui.moderation import blocklist_buttons
from bot.ui.moderation.blocklist_file import MAX_BYTES, write_own
from tests.discord.forms import filled
from tests.discord.managing import Office, office
from tests.discord.world import components, labels, shown, texts

PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"


def entry(o: Office, number: int, *, label: str = "list.json") -> BankEntry:
    return BankEntry(
        0,
        o.w.guild.id,
        BankKind.BLOCKED,
        (BLOCKED_PICTURE,),
        f"{number:064x}",
        Views((number, number), (number, number)),
        added_by=o.court.mod.id,
        label=label,
    )


def beside(panel: simcord.InteractionResult) -> list[str]:
    """Return the labels of the buttons beside the entries."""
    sections = [item for item in components(panel.response) if item["type"] == 9]
    return [section["accessory"]["label"] for section in sections]


async def blocked(o: Office) -> int:
    count, _ = await o.bank.listed(o.w.guild.id, BankKind.BLOCKED)
    return count


async def brought(
    o: Office, panel: simcord.InteractionResult, data: bytes, name: str = "list.json"
) -> str:
    """Import a file; return what is said above the list."""
    form = await o.w.click(o.chief, panel, "Import")
    await filled(o.w, o.chief, form, file=[(name, data)])
    return shown(panel).partition("\n## ")[0]


async def test_what_is_blocked_is_listed_and_taken_out_after_a_question(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        await o.bank.add([entry(o, number, label=f"**{number}**") for number in range(1, 11)])
        other = replace(entry(o, 99), guild_id=o.w.guild.id + 1)
        await o.bank.add([other])
        panel = await o.slash(o.court.mod, "blocklist")
        assert panel.ephemeral
        assert "There are 10." in shown(panel)
        assert "**1.** \\*\\*10\\*\\*, <t:" in shown(panel)
        assert labels(panel)[-3:] == ["Older", "Import", "Export"]
        await o.w.click(o.court.mod, panel, "Older")
        assert beside(panel) == ["Remove 9", "Remove 10"]
        assert labels(panel) == ["Newer", "Import", "Export"]
        await o.w.click(o.court.mod, panel, "Remove 10")
        assert shown(panel).startswith("## Remove it from the blocked pictures?\n\\*\\*1\\*\\*,")
        await o.w.click(o.court.mod, panel, "Keep it")
        assert await blocked(o) == 10
        await o.w.click(o.court.mod, panel, "Remove 10")
        await o.w.click(o.court.mod, panel, "Remove it")
        assert await blocked(o) == 9
        assert shown(panel).startswith("Removed. Copies of it are looked at again.")


async def test_what_somebody_else_took_out_is_said_to_be_gone(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        await o.bank.add([entry(o, 1)])
        panel = await o.slash(o.court.mod, "blocklist")
        _, (known,) = await o.bank.listed(o.w.guild.id, BankKind.BLOCKED)
        await o.bank.remove(o.w.guild.id, [known.id])
        await o.w.click(o.court.mod, panel, "Remove 1")
        assert shown(panel).startswith("That picture is no longer blocked.")
        assert labels(panel) == ["Import"]


async def test_a_file_is_brought_in_and_its_lines_accounted_for(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        panel = await o.slash(o.chief, "blocklist")
        assert "There are 0." in shown(panel)
        said = await brought(o, panel, write_own([entry(o, 1), entry(o, 2)]))
        assert said == "Added: 2 pictures."
        said = await brought(o, panel, write_own([entry(o, 2), entry(o, 3)]))
        assert said == "Added: 1 picture.\n1 was blocked already."
        said = await brought(o, panel, f"{PDQ},100\nnonsense\n".encode(), "pdq.csv")
        assert said.splitlines()[:2] == [
            "Added: 1 picture.",
            "Not in the right form, line or entry 2",
        ]
        assert await blocked(o) == 4
        assert "pdq.csv, <t:" in shown(panel)


async def test_another_kind_of_file_changes_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        panel = await o.slash(o.chief, "blocklist")
        said = await brought(o, panel, b"\x89PNG", "cat.png")
        assert said.startswith("That file is no blocklist.")
        form = await o.w.click(o.chief, panel, "Import")
        large = await filled(o.w, o.chief, form, file=[("large.csv", b"\n" * (MAX_BYTES + 1))])
        assert "8 MB" in texts(large.followups[0])
        assert await blocked(o) == 0


async def test_a_server_blocks_no_more_than_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocklist_buttons, "MAX_BLOCKED", 2)
    async with office(tmp_path) as o:
        await o.bank.add([entry(o, 1)])
        panel = await o.slash(o.chief, "blocklist")
        said = await brought(o, panel, write_own([entry(o, 2), entry(o, 3)]))
        assert said.startswith("Nothing was added: 1 are blocked already, and 2 more")
        assert await blocked(o) == 1


async def test_only_who_manages_the_server_brings_a_file_in(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        panel = await o.slash(o.court.mod, "blocklist")
        refused = await o.w.click(o.court.mod, panel, "Import")
        assert refused.modal is None
        assert "“Manage Server”" in shown(refused)


async def test_what_is_blocked_is_taken_along(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        pdq = replace(entry(o, 2), sha256=None, views=Views(pdq=PDQ))
        await o.bank.add([entry(o, 1), pdq])
        panel = await o.slash(o.court.mod, "blocklist")
        handed = await o.w.click(o.court.mod, panel, "Export")
        assert handed.ephemeral
        assert handed.response is not None
        own, hashes = handed.response.message.attachments
        assert (await hashes.read()).decode() == f"{PDQ},100\n"
        data = await own.read()
        _, kept = await o.bank.listed(o.w.guild.id, BankKind.BLOCKED)
        await o.bank.remove(o.w.guild.id, [one.id for one in kept])
        again = await o.slash(o.chief, "blocklist")
        said = await brought(o, again, data)
        assert said.splitlines()[0] == "Added: 2 pictures."
        assert "pictures are not compared with it." in said
