"""Fetching, against a real server on this machine that stands where Discord's hosts are."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from yarl import URL

from bot.domain.errors import (
    FetchFailed,
    HostRefused,
    LookoutError,
    NotAPicture,
    PictureGone,
    PictureTooLarge,
)
from bot.domain.picture import PictureRef, SourceKind
from bot.media.fetch import AiohttpTransport, DiscordFetcher, Renew, Response, TransportError
from tests.media.discord_host import (
    NOW,
    PICTURE,
    SECRET,
    MappingTransport,
    answer,
    broken_off,
    dripping,
    endless,
    ref,
    serving,
)


async def test_the_bytes_arrive_unchanged() -> None:
    async with serving(answer(content_type="application/octet-stream")) as (host, fetcher):
        assert await fetcher.fetch(ref()) == PICTURE
    (request,) = host.requests
    assert request.raw_path.endswith(f"&{SECRET}&")
    assert not {"Authorization", "Cookie", "Referer"} & set(request.headers)


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.discordapp.com/attachments/1/2/a.png",
        "https://cdn.discordapp.com.evil.example/a.png",
        "https://evil.example/cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com@evil.example/a.png",
        "https://evil.example\\@cdn.discordapp.com/a.png",
        "https://evil.example#@cdn.discordapp.com/a.png",
        "https://user:pass@cdn.discordapp.com/a.png",
        "https://@cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com:8443/a.png",
        "https://cdn.discordapp.com:99999/a.png",
        "https://cdn.discordapp.com./a.png",
        "https://sub.cdn.discordapp.com/a.png",
        "https://discordapp.com/a.png",
        "https://127.0.0.1/a.png",
        "https://[::1]/a.png",
        "https:///a.png",
        "//cdn.discordapp.com/a.png",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        " https://cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com/a.png\nHost: evil.example",
        "https://cdn.discordapp.com\t.evil.example/a.png",
        "https://cdn。discordapp.com/a.png",
        "",
    ],
)
async def test_any_other_address_is_refused_before_a_request(url: str) -> None:
    async with serving() as (host, fetcher):
        with pytest.raises(HostRefused):
            await fetcher.fetch(PictureRef(SourceKind.EMBED, url=url))
    assert host.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "https://media.discordapp.net/attachments/1/2/a.png?width=10",
        "https://images-ext-1.discordapp.net/external/x/https/example.org/a.png",
        "HTTPS://CDN.DiscordApp.com:443/stickers/1.png",
        "https://cdn.discordapp.com/attachments/1/2/私の 写真.png",
    ],
)
async def test_all_of_discords_hosts_are_known(url: str) -> None:
    async with serving() as (_, fetcher):
        assert await fetcher.fetch(PictureRef(SourceKind.EMBED, url=url)) == PICTURE


@given(url=st.text(max_size=80) | st.text(max_size=40).map("https://cdn.discordapp.com".__add__))
def test_no_link_makes_the_check_fail_in_another_way(url: str) -> None:
    opened: list[str] = []

    class Recording:
        def open(self, url: str) -> AbstractAsyncContextManager[Response]:
            opened.append(url)
            raise PictureGone

    fetcher = DiscordFetcher(Recording(), max_bytes=1, timeout_seconds=1)
    with pytest.raises((HostRefused, PictureGone)):
        asyncio.run(fetcher.fetch(PictureRef(SourceKind.EMBED, url=url)))
    for sent in opened:
        assert URL(sent).host == "cdn.discordapp.com"


async def test_a_redirect_is_not_followed() -> None:
    async with serving(answer(302, b"", Location="https://evil.example/")) as (host, fetcher):
        with pytest.raises(FetchFailed) as caught:
            await fetcher.fetch(ref())
    assert caught.value.status == 302
    assert len(host.requests) == 1


async def test_what_says_it_is_too_large_is_not_asked_for() -> None:
    async with serving(max_bytes=1000) as (host, fetcher):
        with pytest.raises(PictureTooLarge) as caught:
            await fetcher.fetch(ref(size_bytes=1001))
    assert (caught.value.max_bytes, caught.value.size_bytes) == (1000, 1001)
    assert host.requests == []


async def test_a_declared_length_over_the_cap_is_refused_by_its_header() -> None:
    async with serving(max_bytes=1000) as (_, fetcher):
        with pytest.raises(PictureTooLarge) as caught:
            await fetcher.fetch(ref(size_bytes=10))
    assert caught.value.size_bytes == len(PICTURE)


async def test_an_endless_body_is_cut_off_at_the_cap() -> None:
    async with serving(endless) as (host, fetcher):
        with pytest.raises(PictureTooLarge) as caught:
            await fetcher.fetch(ref())
    assert caught.value.size_bytes is None
    assert len(host.requests) == 1


async def test_a_body_of_exactly_the_cap_is_fine() -> None:
    async with serving(max_bytes=len(PICTURE)) as (_, fetcher):
        assert await fetcher.fetch(ref()) == PICTURE


async def test_a_slow_drip_is_given_up_after_its_time() -> None:
    host_answers: list[Callable[[web.Request], Awaitable[web.StreamResponse]]] = [answer()]
    async with serving(*host_answers, timeout_seconds=0.2) as (host, fetcher):
        host.answers[:] = [dripping(host)]
        with pytest.raises(FetchFailed) as caught:
            await fetcher.fetch(ref())
    assert caught.value.status is None
    assert len(host.requests) == 2


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("text/html; charset=utf-8", "web page"),
        ("Video/mp4", "video"),
        ("audio/ogg", "audio"),
        ("application/pdf", "document"),
    ],
)
async def test_what_declares_itself_something_else_is_refused(content_type: str, kind: str) -> None:
    async with serving(answer(content_type=content_type)) as (_, fetcher):
        with pytest.raises(NotAPicture) as caught:
            await fetcher.fetch(ref())
    assert caught.value.kind == kind


async def test_videos_are_fetched_for_those_who_look_at_them() -> None:
    async with serving(answer(content_type="video/mp4"), accept_videos=True) as (_, fetcher):
        assert await fetcher.fetch(ref()) == PICTURE
    async with serving(answer(content_type="audio/mp4"), accept_videos=True) as (_, fetcher):
        with pytest.raises(NotAPicture):
            await fetcher.fetch(ref())


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_busy_host_is_asked_once_more(status: int) -> None:
    async with serving(answer(status), answer()) as (host, fetcher):
        assert await fetcher.fetch(ref()) == PICTURE
    assert len(host.requests) == 2


async def test_a_host_that_stays_busy_fails_with_its_status() -> None:
    async with serving(answer(503)) as (host, fetcher):
        with pytest.raises(FetchFailed) as caught:
            await fetcher.fetch(ref())
    assert caught.value.status == 503
    assert len(host.requests) == 2


async def test_other_refusals_are_not_repeated() -> None:
    async with serving(answer(415)) as (host, fetcher):
        with pytest.raises(FetchFailed) as caught:
            await fetcher.fetch(ref())
    assert caught.value.status == 415
    assert len(host.requests) == 1


@pytest.mark.parametrize("length", [len(PICTURE), 10**9])
async def test_a_cut_connection_is_tried_again(length: int) -> None:
    cap = 2 * 10**9
    async with serving(broken_off(length), answer(), max_bytes=cap) as (host, fetcher):
        assert await fetcher.fetch(ref()) == PICTURE
    assert len(host.requests) == 2


async def test_a_body_shorter_than_declared_is_not_taken_for_the_whole() -> None:
    class Short:
        @asynccontextmanager
        async def open(self, url: str) -> AsyncIterator[Response]:
            async def chunks() -> AsyncIterator[bytes]:
                yield b"half"

            yield Response(status=200, chunks=chunks(), content_length=8)

    fetcher = DiscordFetcher(Short(), max_bytes=99, timeout_seconds=5, back_off_seconds=0.0)
    with pytest.raises(FetchFailed):
        await fetcher.fetch(ref())


async def test_nobody_listening_is_a_failure_of_ours() -> None:
    async with aiohttp.ClientSession() as session:
        transport = MappingTransport(session, 9)
        fetcher = DiscordFetcher(transport, max_bytes=10, timeout_seconds=2, back_off_seconds=0.0)
        with pytest.raises(FetchFailed) as caught:
            await fetcher.fetch(ref())
    assert caught.value.status is None


def renewing(fresh: PictureRef | None) -> tuple[Renew, list[PictureRef]]:
    asked: list[PictureRef] = []

    async def renew(stale: PictureRef) -> PictureRef | None:
        asked.append(stale)
        return fresh

    return renew, asked


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_a_dead_link_is_renewed_once(status: int) -> None:
    renew, asked = renewing(ref("fresh.png"))
    async with serving(answer(status), answer(), renew=renew) as (host, fetcher):
        assert await fetcher.fetch(ref("stale.png")) == PICTURE
    assert asked == [ref("stale.png")]
    assert [request.path.rpartition("/")[2] for request in host.requests] == [
        "stale.png",
        "fresh.png",
    ]


async def test_a_link_past_its_date_is_renewed_before_it_is_tried() -> None:
    renew, asked = renewing(ref("fresh.png"))
    async with serving(renew=renew) as (host, fetcher):
        assert await fetcher.fetch(ref("stale.png", ex=NOW - 1)) == PICTURE
    assert len(asked) == len(host.requests) == 1


async def test_a_link_past_its_date_that_cannot_be_renewed_is_tried_all_the_same() -> None:
    renew, asked = renewing(None)
    async with serving(answer(), answer(404), renew=renew) as (_, fetcher):
        assert await fetcher.fetch(ref(ex=NOW - 1)) == PICTURE
        with pytest.raises(PictureGone):
            await fetcher.fetch(ref(ex=NOW - 1))
    assert len(asked) == 2


@pytest.mark.parametrize("fresh", [None, ref("fresh.png")])
async def test_a_picture_that_is_gone_for_good_is_said_to_be(fresh: PictureRef | None) -> None:
    renew, asked = renewing(fresh)
    async with serving(answer(404), renew=renew) as (_, fetcher):
        with pytest.raises(PictureGone):
            await fetcher.fetch(ref())
    assert len(asked) == 1
    async with serving(answer(404)) as (_, fetcher):
        with pytest.raises(PictureGone):
            await fetcher.fetch(ref())


async def test_a_fresh_link_is_checked_like_any_other() -> None:
    renew, _ = renewing(replace(ref(), url="https://evil.example/a.png"))
    async with serving(answer(404), renew=renew) as (host, fetcher):
        with pytest.raises(HostRefused):
            await fetcher.fetch(ref())
    assert len(host.requests) == 1


@pytest.mark.parametrize("date", ["zz", "", "-", "f" * 40])
async def test_a_strange_date_is_no_reason_to_fail(date: str) -> None:
    renew, asked = renewing(None)
    url = f"https://cdn.discordapp.com/a.png?ex={date}"
    async with serving(renew=renew) as (_, fetcher):
        assert await fetcher.fetch(PictureRef(SourceKind.ATTACHMENT, url=url)) == PICTURE
    assert asked == []


def causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


async def test_links_are_in_no_log_and_no_exception() -> None:
    failures: list[LookoutError] = []
    with capture_logs() as logs:
        for reply in (answer(503), answer(302), answer(404), broken_off(9999)):
            async with serving(reply) as (_, fetcher):
                with pytest.raises(LookoutError) as caught:
                    await fetcher.fetch(ref())
                failures.append(caught.value)
        async with aiohttp.ClientSession() as session:
            with pytest.raises(TransportError) as lost:
                async with AiohttpTransport(session).open(f"http://127.0.0.1:9/?{SECRET}"):
                    pass
    for error in (*failures, lost.value):
        assert SECRET not in "".join(traceback.format_exception(error))
        for link in causes(error):
            assert SECRET not in str(link) + repr(link)
    assert logs
    assert SECRET not in str(logs)
