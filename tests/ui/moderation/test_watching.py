"""Which pictures of a message are looked at, by every policy."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.domain.moderation.policy import AgeRestricted, Policy, Watch
from bot.domain.moderation.upload import Author, NewUpload
from bot.ui.moderation.watching import (
    REPORT_PRIORITY,
    Place,
    Poster,
    exempts,
    missing_intents,
    place_of,
    poster_of,
    reported_uploads,
    uploads_of,
    watches,
)
from tests.ui.moderation.messages import NOW, OWN_ID, Channel, Member, Message, thread
from tests.ui.test_resolver import attachment, embed, sticker

ON = Policy(enabled=True)
PROXY = "https://images-ext-1.discordapp.net/external/sign/https/site.example/"


def found(
    message: Message, policy: Policy = ON, member: Member | None = None
) -> tuple[NewUpload, ...]:
    return uploads_of(
        cast("discord.Message", message),
        policy,
        now=NOW,
        own_id=OWN_ID,
        member=cast("discord.Member | None", member),
    )


def picture(**more: Any) -> Message:
    return Message(attachments=[attachment(1)], **more)


ONLY = replace(ON, watch=Watch.ONLY, channel_ids=(20, 50))
EXCEPT = replace(ON, watch=Watch.ALL_EXCEPT, channel_ids=(20, 50))


@pytest.mark.parametrize(
    ("policy", "ids", "watched"),
    [
        (ON, {20}, True),
        (EXCEPT, {20}, False),
        (EXCEPT, {21}, True),
        (EXCEPT, {21, 50}, False),
        (EXCEPT, {31, 20}, False),
        (ONLY, {20}, True),
        (ONLY, {21}, False),
        (ONLY, {21, 50}, True),
        (ONLY, {31, 20, 51}, True),
    ],
)
def test_channels_threads_and_categories_are_listed_or_not(
    policy: Policy, ids: set[int], watched: bool
) -> None:
    assert watches(policy, Place(frozenset(ids))) is watched


@pytest.mark.parametrize(
    ("rule", "watched"),
    [
        (AgeRestricted.SAME, True),
        (AgeRestricted.ADULT_ALLOWED, True),
        (AgeRestricted.NOT_LOOKED_AT, False),
    ],
)
def test_age_restricted_places_are_left_out_only_by_wish(
    rule: AgeRestricted, watched: bool
) -> None:
    policy = replace(ON, age_restricted=rule)
    assert watches(policy, Place(frozenset({1}), age_restricted=True)) is watched
    assert watches(policy, Place(frozenset({1})))


PEOPLE, ROBOTS = replace(ON, exempt_role_ids=(3,)), replace(ON, look_at_bots=False)
NOBODY_EXEMPT = replace(ON, exempt_staff=False)


@pytest.mark.parametrize(
    ("policy", "poster", "exempt"),
    [
        (ON, Poster(Author.MEMBER), False),
        (ON, Poster(Author.MEMBER, staff=True), True),
        (NOBODY_EXEMPT, Poster(Author.MEMBER, staff=True), False),
        (PEOPLE, Poster(Author.MEMBER, frozenset({2, 3})), True),
        (PEOPLE, Poster(Author.MEMBER, frozenset({2})), False),
        (PEOPLE, Poster(Author.BOT, frozenset({3})), True),
        (ON, Poster(Author.BOT), False),
        (ROBOTS, Poster(Author.BOT), True),
        (ROBOTS, Poster(Author.WEBHOOK), True),
        (ROBOTS, Poster(Author.MEMBER), False),
    ],
)
def test_people_and_bots_are_exempt_or_not(policy: Policy, poster: Poster, exempt: bool) -> None:
    assert exempts(policy, poster) is exempt


@pytest.mark.parametrize(
    ("channel", "ids", "restricted"),
    [
        (Channel(20), {20}, False),
        (Channel(20, category_id=50, nsfw=True), {20, 50}, True),
        (thread(Channel(20, category_id=50)), {30, 20, 50}, False),
        (thread(Channel(20, nsfw=True)), {30, 20}, True),
        (thread(None), {30, 20}, False),
        (SimpleNamespace(id=40), {40}, False),
    ],
)
def test_a_place_is_its_channel_and_category(
    channel: object, ids: set[int], restricted: bool
) -> None:
    assert place_of(channel) == Place(frozenset(ids), restricted)


@pytest.mark.parametrize(
    ("member", "channel", "staff"),
    [
        (Member(), Channel(), False),
        (Member(id=7, owner_id=7), Channel(), True),
        (Member(), Channel(staff_ids=(7,)), True),
        (Member(), thread(Channel(staff_ids=(7,))), True),
        (Member(), thread(None), False),
        (Member(everywhere=discord.Permissions(administrator=True)), thread(None), True),
        (Member(everywhere=discord.Permissions(manage_messages=True)), Channel(), False),
    ],
)
def test_staff_is_who_may_manage_messages_there(
    member: Member, channel: Channel, staff: bool
) -> None:
    message = cast("discord.Message", Message(channel=channel))
    assert poster_of(message, cast("discord.Member", member)).staff is staff


@pytest.mark.parametrize(
    ("bot", "webhook_id", "application_id", "author"),
    [
        (False, None, None, Author.MEMBER),
        (True, None, None, Author.BOT),
        (True, 5, None, Author.WEBHOOK),
        (True, 5, 6, Author.WEBHOOK),
        (True, 6, 6, Author.BOT),
    ],
)
def test_bots_and_webhooks_are_told_apart(
    bot: bool, webhook_id: int | None, application_id: int | None, author: Author
) -> None:
    message = Message(
        author=SimpleNamespace(id=7, bot=bot),
        webhook_id=webhook_id,
        application_id=application_id,
    )
    assert poster_of(cast("discord.Message", message)) == Poster(author)


def test_somebody_without_known_roles_is_looked_at() -> None:
    policy = replace(ON, exempt_role_ids=(3,))
    assert len(found(picture(), policy)) == 1
    assert found(picture(), policy, Member(role_ids=(3,))) == ()


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        (discord.MessageType.default, 1),
        (discord.MessageType.reply, 1),
        (discord.MessageType.chat_input_command, 1),
        (discord.MessageType.context_menu_command, 1),
        (discord.MessageType.new_member, 0),
        (discord.MessageType.pins_add, 0),
        (discord.MessageType.auto_moderation_action, 0),
        (discord.MessageType.thread_starter_message, 0),
        (discord.MessageType.poll_result, 0),
    ],
)
def test_discords_own_messages_are_not_looked_at(kind: discord.MessageType, count: int) -> None:
    assert len(found(picture(type=kind))) == count


def test_direct_messages_and_our_own_are_not_looked_at() -> None:
    assert found(picture(guild=None)) == ()
    assert found(picture(author=SimpleNamespace(id=OWN_ID, bot=True))) == ()


def test_what_nobody_else_sees_is_not_looked_at() -> None:
    assert found(picture(flags=discord.MessageFlags(ephemeral=True))) == ()


@pytest.mark.parametrize("name", ["picture-1.png", "SPOILER_picture-12.jpg"])
def test_pictures_that_a_command_was_given_are_looked_at_in_our_answers(name: str) -> None:
    ours = SimpleNamespace(id=OWN_ID, bot=True)
    files = [attachment(1, filename=name), attachment(2, filename="SPOILER_case-7.jpg")]
    for policy in (ON, replace(ON, look_at_bots=False)):
        (new,) = found(Message(attachments=files, author=ours), policy)
        assert (new.key, new.author) == ("m:10:a:1", Author.BOT)
    message = cast("discord.Message", Message(attachments=files, author=ours))
    (reported,) = reported_uploads(message, own_id=OWN_ID)
    assert reported.key == "r:m:10:a:1"


def test_everything_that_a_message_shows_has_a_key_of_its_own() -> None:
    image = {"url": "https://site.example/a.png", "proxy_url": f"{PROXY}a.png?width=3"}
    video = {"url": "https://site.example/v.mp4", "proxy_url": f"{PROXY}v.mp4"}
    small = {"url": "https://site.example/s.png", "proxy_url": f"{PROXY}s.png"}
    snapshot = SimpleNamespace(
        content="", attachments=[attachment(2)], embeds=[], stickers=[], components=[]
    )
    message = Message(
        attachments=[attachment(1), attachment(3, "video/mp4"), attachment(4, "audio/ogg")],
        message_snapshots=[snapshot],
        embeds=[embed(image=image, thumbnail=small), embed(type="gifv", video=video)],
        stickers=[
            sticker(5, discord.StickerFormatType.apng),
            sticker(6, discord.StickerFormatType.lottie),
        ],
    )
    uploads = found(message)
    assert [new.key.rpartition(":")[0] for new in uploads] == [
        "m:10:a", "m:10:a", "m:10:e", "m:10:e", "m:10:e", "m:10:s", "m:10:f",
    ]  # fmt: skip
    assert len({new.key for new in uploads}) == len(uploads)
    assert all(new.previewed for new in uploads)
    assert {new.posted_at for new in uploads} == {NOW}


def test_an_embeds_key_is_its_proxied_address_without_host_and_query() -> None:
    def key(address: str, *, before: int = 0) -> str:
        fillers = [embed(title="words")] * before
        media = {"url": "https://site.example/", "proxy_url": address}
        (new,) = found(Message(embeds=[*fillers, embed(image=media)]))
        return new.key

    first = key(f"{PROXY}a.png?width=10")
    assert key(f"{PROXY}a.png", before=2).replace("ext-2", "ext-1") == first
    assert key(f"{PROXY}a.png".replace("ext-1", "ext-2")) == first
    assert key(f"{PROXY}b.png") != first


def test_the_same_picture_in_two_embeds_is_one_upload() -> None:
    media = {"url": "https://site.example/", "proxy_url": f"{PROXY}a.png"}
    assert len(found(Message(embeds=[embed(image=media), embed(thumbnail=media)]))) == 1


def test_pictures_in_a_bots_layout_are_found_and_attached_ones_once() -> None:
    def media(number: int, attachment_id: int | None) -> Any:
        data: Any = {
            "url": "https://site.example/",
            "proxy_url": f"{PROXY}{number}.png",
            "content_type": "image/png",
            "attachment_id": attachment_id,
        }
        return discord.UnfurledMediaItem._from_data(data, None)

    items = [SimpleNamespace(media=media(1, 1)), SimpleNamespace(media=media(2, None))]
    gallery = SimpleNamespace(items=items)
    message = Message(attachments=[attachment(1)], components=[SimpleNamespace(children=[gallery])])
    assert [new.ref.url for new in found(message)][1:] == [f"{PROXY}2.png"]


@pytest.mark.parametrize(
    ("content_type", "size", "previewed"),
    [
        ("image/png", None, True),
        ("video/quicktime", None, True),
        ("image/heic", None, False),
        ("image/heic", 100, True),
        ("application/octet-stream", None, False),
        (None, None, False),
    ],
)
def test_what_discord_shows_in_place_is_known(
    content_type: str | None, size: int | None, previewed: bool
) -> None:
    item = attachment(1, content_type, width=size, height=size)
    (new,) = found(Message(attachments=[item]))
    assert new.previewed is previewed


def test_a_report_is_a_fresh_look_whoever_posted_it_and_wherever() -> None:
    message = picture(
        author=SimpleNamespace(id=7, bot=True), channel=Channel(nsfw=True), content="so funny"
    )
    (new,) = reported_uploads(cast("discord.Message", message), own_id=OWN_ID)
    assert new.key == "r:m:10:a:1"
    assert new.priority == REPORT_PRIORITY
    assert new.author is Author.BOT
    assert new.age_restricted
    assert new.text == "so funny"
    direct = cast("discord.Message", picture(guild=None))
    assert reported_uploads(direct, own_id=OWN_ID) == ()


def test_missing_intents_are_named() -> None:
    assert missing_intents(discord.Intents.all()) == ()
    assert missing_intents(discord.Intents.default()) == ("message_content",)
    assert "guild_messages" in missing_intents(discord.Intents.none())
