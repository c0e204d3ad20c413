"""The doctor and Discord: the token, the login, the application behind it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import discord
import pytest
from aiohttp import web

from bot.doctor.check import State
from bot.doctor.discord_findings import discord_checks, token_checks
from bot.doctor.discord_login import (
    PERMISSION_NAMES,
    PERMISSIONS,
    Application,
    LoginProblem,
    look_up,
)
from tests.app.checks import TOKEN, advised, states
from tests.vision.imitation.server import ImitationOllama, responds

APPLICATION = Application(
    id=1234,
    name="Lookout",
    guild_install_url="https://discord.com/oauth2/authorize?client_id=1234",
    user_install_url="https://discord.com/oauth2/authorize?client_id=1234&integration_type=1",
    user_install=True,
    message_content=False,
    public=True,
    needs_code_grant=False,
    has_interactions_endpoint=False,
)


@pytest.mark.parametrize(
    ("token", "state"),
    [
        ("", State.WARN),
        (TOKEN, State.OK),
        ("not a token", State.FAIL),
        (TOKEN.replace(".", ""), State.FAIL),
        (f"Bot {TOKEN}", State.FAIL),
    ],
)
def test_the_token_s_shape_is_judged_without_showing_it(token: str, state: State) -> None:
    (check,) = token_checks(token)
    assert check.state is state
    assert advised([check])
    assert not token or token not in check.sentence + check.advice


@pytest.mark.parametrize("problem", LoginProblem)
def test_a_failed_login_is_a_failure(problem: LoginProblem) -> None:
    checks = list(discord_checks(problem, message_content=False))
    assert states(checks) == [("discord", "fail")]
    assert advised(checks)


def test_an_application_in_order_shows_links_and_permissions() -> None:
    checks = list(discord_checks(APPLICATION, message_content=False))
    assert {check.state for check in checks} == {State.OK}
    told = " ".join(check.sentence for check in checks)
    assert APPLICATION.guild_install_url in told
    assert APPLICATION.user_install_url in told
    assert "Attach Files" in told
    assert "No privileged intent" in told


@pytest.mark.parametrize(
    ("change", "name", "state"),
    [
        ({"has_interactions_endpoint": True}, "interactions", State.FAIL),
        ({"needs_code_grant": True}, "install", State.FAIL),
        ({"user_install": False}, "user install", State.WARN),
        ({"public": False}, "public", State.WARN),
    ],
)
def test_what_is_wrong_with_an_application_is_told(
    change: dict[str, bool], name: str, state: State
) -> None:
    found = replace(APPLICATION, **change)  # type: ignore[arg-type]
    checks = list(discord_checks(found, message_content=False))
    assert (name, state.value) in states(checks)
    assert advised(checks)


@pytest.mark.parametrize(
    ("wanted", "granted", "state"),
    [
        (False, False, State.OK),
        (False, True, State.OK),
        (True, True, State.OK),
        (True, False, State.WARN),
    ],
)
def test_an_intent_that_is_asked_for_must_be_switched_on(
    wanted: bool, granted: bool, state: State
) -> None:
    found = replace(APPLICATION, message_content=granted)
    checks = list(discord_checks(found, message_content=wanted))
    assert ("intents", state.value) in states(checks)
    assert advised(checks)


def test_the_permissions_are_those_that_are_told() -> None:
    assert {name for name, granted in PERMISSIONS if granted} == {
        "read_messages" if name == "view_channel" else name for name in PERMISSION_NAMES
    }


def _user() -> dict[str, Any]:
    return {"id": "1234", "username": "lookout", "discriminator": "0", "avatar": None, "bot": True}


def _application(**more: Any) -> dict[str, Any]:
    return {
        "id": "1234",
        "name": "Lookout",
        "description": "",
        "icon": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0",
        "owner": _user(),
        "flags": 0,
        "integration_types_config": {"0": {}, "1": {}},
        **more,
    }


@asynccontextmanager
async def _discord(application: dict[str, Any]) -> AsyncIterator[str]:
    """Answer as Discord's API does; a wrong token gets 401."""

    async def reply(request: web.Request) -> web.Response:
        if request.headers["Authorization"] != f"Bot {TOKEN}":
            return web.json_response({"message": "no", "code": 0}, status=401)
        body = _user() if request.path.endswith("/users/@me") else application
        return web.Response(body=json.dumps(body).encode(), content_type="application/json")

    server = web.Application()
    server.router.add_route("GET", "/{path:.*}", reply)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_the_login_finds_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    async with _discord(_application()) as address:
        monkeypatch.setattr(discord.http.Route, "BASE", address)
        found = await look_up(TOKEN)
    assert isinstance(found, Application)
    assert (found.id, found.name, found.user_install) == (1234, "Lookout", True)
    assert not found.message_content
    query = parse_qs(urlsplit(found.guild_install_url).query)
    assert query["permissions"] == [str(PERMISSIONS.value)]
    assert set(query["scope"][0].split()) == {"bot", "applications.commands"}
    query = parse_qs(urlsplit(found.user_install_url).query)
    assert (query["integration_type"], query["scope"]) == (["1"], ["applications.commands"])


async def test_the_login_finds_what_is_set_up_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = _application(
        interactions_endpoint_url="https://example.org",
        bot_require_code_grant=True,
        bot_public=False,
        integration_types_config={"0": {}},
        flags=1 << 19,
    )
    async with _discord(wrong) as address:
        monkeypatch.setattr(discord.http.Route, "BASE", address)
        found = await look_up(TOKEN)
    assert isinstance(found, Application)
    assert found.has_interactions_endpoint
    assert found.needs_code_grant
    assert not found.public
    assert not found.user_install
    assert found.message_content


async def test_a_refused_token_is_told_apart_from_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with _discord(_application()) as address:
        monkeypatch.setattr(discord.http.Route, "BASE", address)
        assert await look_up(TOKEN.replace("G", "H")) is LoginProblem.REFUSED
    assert await look_up(TOKEN) is LoginProblem.UNREACHABLE


async def test_somebody_else_answering_in_discord_s_place_is_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with ImitationOllama() as server:
        server.overrides["/users/@me"] = responds(200, b"<html>Log in to this network</html>")
        monkeypatch.setattr(discord.http.Route, "BASE", server.host)
        assert await look_up(TOKEN) is LoginProblem.UNREACHABLE
