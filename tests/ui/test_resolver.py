"""Where pictures are found, and what is refused before anything is fetched."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.domain.errors import NotAPicture
from bot.domain.picture import PictureRef, SourceKind
from bot.ui.links import expired
from bot.ui.resolver import (
    Found,
    everything_in,
    find_again,
    from_message,
    from_options,
    needs_reading,
)

STATE = cast("Any", SimpleNamespace(http=None))


def attachment(number: int = 1, content_type: str | None = "image/png", **more: Any) -> Any:
    data: dict[str, Any] = {
        "id": str(number),
        "filename": f"file-{number}",
        "size": 1000,
        "url": f"https://cdn.discordapp.com/attachments/1/{number}/a?ex=ffffffff",
        "proxy_url": f"https://media.discordapp.net/attachments/1/{number}/a",
        "spoiler": False,
        **more,
    }
    if content_type is not None:
        data["content_type"] = content_type
    return discord.Attachment(data=cast("Any", data), state=STATE)


def sticker(number: int, kind: discord.StickerFormatType) -> discord.StickerItem:
    data = {"id": str(number), "name": "wave", "format_type": kind.value}
    return discord.StickerItem(state=STATE, data=cast("Any", data))


def embed(**parts: Any) -> discord.Embed:
    return discord.Embed.from_dict(cast("Any", parts))


@dataclass
class Message:
    """As much of a discord.Message as a resolver looks at."""

    id: int = 10
    attachments: list[Any] = field(default_factory=list)
    embeds: list[discord.Embed] = field(default_factory=list)
    stickers: list[discord.StickerItem] = field(default_factory=list)
    components: list[Any] = field(default_factory=list)
    message_snapshots: list[Any] = field(default_factory=list)
    reference: Any = None
    channel: Any = field(default_factory=lambda: SimpleNamespace(id=20))


async def found(message: Message, limit: int = 10) -> tuple[Found, ...]:
    return await from_message(cast("discord.Message", message), limit=limit)


def kinds(items: tuple[Found, ...]) -> list[str]:
    return [i.kind if isinstance(i, PictureRef) else type(i).__name__ for i in items]


async def test_everything_that_shows_a_picture_is_found_in_order() -> None:
    snapshot = SimpleNamespace(attachments=[attachment(2)], embeds=[], stickers=[])
    proxied = {"url": "https://site.example/a.png", "proxy_url": "https://images-ext-1.x/a"}
    message = Message(
        attachments=[attachment(1)],
        message_snapshots=[snapshot],
        embeds=[embed(image=proxied), embed(thumbnail=proxied), embed(title="no picture")],
        stickers=[sticker(3, discord.StickerFormatType.png)],
    )
    items = await found(message)
    assert kinds(items) == ["attachment", "forward", "embed", "embed", "sticker"]
    assert all(isinstance(i, PictureRef) and i.channel_id == 20 for i in items)


async def test_an_embeds_own_site_is_never_the_address() -> None:
    unproxied = embed(image={"url": "https://site.example/a.png"})
    assert kinds(await found(Message(embeds=[unproxied]))) == []


async def test_a_lottie_sticker_is_refused_by_name() -> None:
    items = await found(Message(stickers=[sticker(3, discord.StickerFormatType.lottie)]))
    (refused,) = items
    assert isinstance(refused, NotAPicture)
    assert refused.kind == "lottie"


async def test_other_files_beside_a_picture_are_passed_over() -> None:
    message = Message(attachments=[attachment(1, "application/pdf"), attachment(2, "image/png")])
    assert kinds(await found(message)) == ["attachment"]


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ("video/mp4", "video"),
        ("audio/ogg", "audio"),
        ("text/plain; charset=utf-8", "text"),
        ("application/pdf", "document"),
        ("application/zip", "archive"),
    ],
)
def test_what_cannot_be_a_picture_keeps_its_place_with_the_reason(declared: str, kind: str) -> None:
    first, second = from_options((attachment(1, declared), None, attachment(2, "image/png")))
    assert isinstance(first, NotAPicture)
    assert first.kind == kind
    assert isinstance(second, PictureRef)
    assert second.kind is SourceKind.OPTION


@pytest.mark.parametrize("declared", ["image/png", "application/octet-stream", None])
def test_what_may_be_a_picture_is_left_to_its_content(declared: str | None) -> None:
    (item,) = from_options((attachment(1, declared),))
    assert isinstance(item, PictureRef)


def test_a_spoiler_stays_a_spoiler() -> None:
    (item,) = from_options((attachment(1, filename="SPOILER_a.png"),))
    assert isinstance(item, PictureRef)
    assert item.spoiler


async def test_no_more_than_the_limit_is_taken() -> None:
    message = Message(attachments=[attachment(n) for n in range(1, 9)])
    assert len(await found(message, limit=3)) == 3


async def test_a_reply_that_discord_did_not_send_along_is_read() -> None:
    replied = Message(id=5, attachments=[attachment(1)])

    async def fetch_message(message_id: int) -> Message:
        assert message_id == 5
        return replied

    reference = SimpleNamespace(
        type=discord.MessageReferenceType.reply, resolved=None, message_id=5
    )
    channel = SimpleNamespace(id=20, fetch_message=fetch_message)
    message = Message(reference=reference, channel=channel)
    assert needs_reading(cast("discord.Message", message))
    (item,) = await found(message)
    assert isinstance(item, PictureRef)
    assert item.url.endswith("ex=ffffffff")


def test_a_picture_is_found_again_by_its_id_only() -> None:
    fresh = Message(attachments=[attachment(1), attachment(2)])
    old = PictureRef(
        SourceKind.ATTACHMENT, url="https://old", channel_id=20, message_id=10, item_id=2
    )
    again = find_again(cast("discord.Message", fresh), old)
    assert again is not None
    assert "/2/" in again.url
    gone = PictureRef(SourceKind.ATTACHMENT, url="", channel_id=20, message_id=10, item_id=9)
    assert find_again(cast("discord.Message", fresh), gone) is None


@pytest.mark.parametrize(
    ("query", "now", "over"),
    [
        ("?ex=65a0&is=1&hm=x", 0x65A0, True),
        ("?ex=65a0", 0x659F, False),
        ("", 1e12, False),
        ("?ex=zz&x=1", 1e12, False),
    ],
)
def test_a_links_own_date_says_when_it_dies(query: str, now: float, over: bool) -> None:
    assert expired(f"https://cdn.discordapp.com/a{query}", lambda: now) is over


def test_what_only_moderation_looks_at_is_found_again_too() -> None:
    proxied = {"url": "https://site.example/", "proxy_url": "https://images-ext-1.x/"}
    image, small, video = ({**proxied, "proxy_url": f"https://images-ext-1.x/{n}"} for n in "abc")
    message = cast(
        "discord.Message",
        Message(
            attachments=[attachment(1, "video/mp4")],
            embeds=[embed(image=image, thumbnail=small, video=video)],
        ),
    )
    refs = everything_in(message)
    assert [ref.url[-1] for ref in refs[1:]] == ["a", "b", "c"]
    assert [find_again(message, ref) for ref in refs] == list(refs)


async def test_a_members_question_still_takes_one_picture_of_an_embed_and_no_video() -> None:
    image = {"url": "https://site.example/", "proxy_url": "https://images-ext-1.x/a"}
    message = Message(
        attachments=[attachment(1, "video/mp4")], embeds=[embed(image=image, thumbnail=image)]
    )
    assert kinds(await found(message)) == ["embed"]
