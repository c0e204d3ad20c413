"""Links to Discord's files: when they die, and how a dead one is renewed."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.domain.errors import PictureGone
from bot.domain.picture import PictureRef, SourceKind
from bot.ui.links import LinkRenewer, expired

DEAD = "https://cdn.discordapp.com/attachments/20/2/a.png"
FRESH = f"{DEAD}?ex=ffffffff&is=1&hm=2"
REF = PictureRef(SourceKind.ATTACHMENT, url=DEAD, channel_id=20, message_id=10, item_id=2)


def refusal(kind: type[discord.HTTPException], status: int) -> discord.HTTPException:
    return kind(cast("Any", SimpleNamespace(status=status, reason="no")), "no")


@dataclass
class Client:
    """As much of a client as a renewer uses; answers are data or errors."""

    message: Any
    links: Any = None
    asked: list[Any] = field(default_factory=list)

    @property
    def http(self) -> Any:
        async def request(route: Any, **body: Any) -> Any:
            self.asked.append((route.path, body["json"]))
            if isinstance(self.links, Exception):
                raise self.links
            return self.links

        return SimpleNamespace(request=request)

    def get_partial_messageable(self, channel_id: int) -> Any:
        async def fetch_message(message_id: int) -> Any:
            assert (channel_id, message_id) == (20, 10)
            if isinstance(self.message, Exception):
                raise self.message
            return self.message

        return SimpleNamespace(fetch_message=fetch_message)


CENSORED = SimpleNamespace(
    id=10, attachments=[], embeds=[], stickers=[], components=[], message_snapshots=[], channel=None
)


async def renew(client: Client, *, asks_discord: bool = True) -> PictureRef | None:
    renewer = LinkRenewer(asks_discord=asks_discord)
    renewer.use(cast("Any", client))
    return await renewer.renew(REF)


async def test_where_the_message_hides_its_pictures_the_link_itself_is_renewed() -> None:
    client = Client(CENSORED, {"refreshed_urls": [{"original": DEAD, "refreshed": FRESH}]})
    found = await renew(client)
    assert found is not None
    assert found.url == FRESH
    assert client.asked == [("/attachments/refresh-urls", {"attachment_urls": [DEAD]})]


async def test_the_picture_of_a_deleted_message_stays_gone() -> None:
    client = Client(refusal(discord.NotFound, 404), {"refreshed_urls": [{"refreshed": FRESH}]})
    with pytest.raises(PictureGone):
        await renew(client)
    assert client.asked == []


async def test_a_message_that_may_not_be_read_leaves_the_link() -> None:
    client = Client(refusal(discord.Forbidden, 403), {"refreshed_urls": [{"refreshed": FRESH}]})
    found = await renew(client)
    assert found is not None
    assert found.url == FRESH


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"refreshed_urls": []},
        {"refreshed_urls": [{"refreshed": None}]},
        {"refreshed_urls": [{"refreshed": DEAD}]},
        refusal(discord.HTTPException, 400),
        ConnectionRefusedError(),
        RuntimeError("Session is closed"),
    ],
)
async def test_no_fresh_link_is_no_error(answer: object) -> None:
    assert await renew(Client(CENSORED, answer)) is None


async def test_a_simulated_discord_is_not_asked() -> None:
    client = Client(CENSORED, {"refreshed_urls": [{"refreshed": FRESH}]})
    assert await renew(client, asks_discord=False) is None
    assert client.asked == []


async def test_without_a_client_nothing_can_be_renewed() -> None:
    assert await LinkRenewer().renew(REF) is None


def test_an_attachment_without_a_signature_is_dead_and_other_links_are_not() -> None:
    assert expired(DEAD)
    assert not expired(FRESH)
    assert not expired("https://images-ext-1.discordapp.net/external/x/https/a.png")
    assert not expired("https://cdn.discordapp.com/stickers/1.png")
