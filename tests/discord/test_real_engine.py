"""From a member's command to the colour that a real vision model saw."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.discord.world import components, labels, restarted, shown, texts, world
from tests.engine import pictures
from tests.engine.fixtures import FrontProcess, VisionServer


def vision(server: VisionServer, **more: object) -> dict[str, object]:
    return {"host": server.host, "model": server.model, "num_ctx": 2048, **more}


SEEN: list[tuple[str, str, Callable[[], bytes], str]] = [
    ("red", "red.png", lambda: pictures.still("red"), "red"),
    ("green", "green.png", lambda: pictures.still("lime"), "green"),
    ("turned by EXIF", "turned.jpg", lambda: pictures.turned("blue"), "blue"),
    ("transparent over hidden red", "hidden.png", lambda: pictures.hidden("red"), "white"),
    ("animated", "moving.gif", lambda: pictures.animation(("blue", "#0000f0")), "blue"),
]


@pytest.mark.parametrize(
    ("file_name", "make", "colour"),
    [(name, make, colour) for _, name, make, colour in SEEN],
    ids=[case for case, *_ in SEEN],
)
async def test_a_member_reads_the_colour_of_the_picture(
    tmp_path: Path,
    vision_server: VisionServer,
    file_name: str,
    make: Callable[[], bytes],
    colour: str,
) -> None:
    async with world(tmp_path, vision=vision(vision_server)) as w:
        result = await w.slash(w.ann, "describe", picture=(file_name, make()))
        assert f"The picture is mostly {colour}." in shown(result)


async def test_alt_text_and_tables_come_in_their_own_form(
    tmp_path: Path, vision_server: VisionServer
) -> None:
    async with world(tmp_path, vision=vision(vision_server)) as w:
        picture = ("red.png", pictures.still("red"))
        alt = await w.slash(w.ann, "alt", picture=picture)
        assert "“red”. red" in shown(alt).lower().splitlines()
        table = await w.slash(w.ann, "ocr", picture=picture, layout="table")
        assert "| red |" in shown(table)
        assert table.response is not None
        names = [attachment.filename for attachment in table.response.attachments]
        assert "table-1.csv" in names


async def test_several_people_each_get_their_own_picture(
    tmp_path: Path, vision_server: VisionServer
) -> None:
    colours = {"red": "red", "lime": "green", "blue": "blue", "black": "black"}
    async with world(tmp_path, vision=vision(vision_server, parallel=2)) as w:
        asked = {}
        for paint in colours:
            actor = w.guild.add_member(w.env.create_user(paint))
            asked[paint] = await actor.slash(
                w.channel, "describe", picture=(f"{paint}.png", pictures.still(paint))
            )
        await w.lookout.running.idle()
        for paint, colour in colours.items():
            assert f"mostly {colour}." in shown(asked[paint])


async def test_a_messages_pictures_are_seen_in_order(
    tmp_path: Path, vision_server: VisionServer
) -> None:
    async with world(tmp_path, vision=vision(vision_server)) as w:
        files = [(f"{c}.png", pictures.still(c)) for c in ("blue", "red", "lime")]
        message = await w.ben.send(w.channel, "three", attachments=files)
        text = shown(await w.menu(w.ann, "Describe picture", message))
        found = [text.index(f"mostly {colour}.") for colour in ("blue", "red", "green")]
        assert found == sorted(found)


async def test_a_model_that_repeats_itself_is_stopped_in_words(
    tmp_path: Path, vision_server: VisionServer
) -> None:
    settings = vision(vision_server, model=vision_server.endless_model)
    async with world(tmp_path, vision=settings) as w:
        result = await w.slash(w.ann, "ocr", picture=("red.png", pictures.still("red")))
        assert "repeat itself" in shown(result)
        assert labels(result) == ["Delete"]
        assert w.lookout.gate.state().running == 0


async def test_a_model_that_cannot_see_is_named_with_a_way_out(
    tmp_path: Path, vision_server: VisionServer
) -> None:
    settings = vision(vision_server, model=vision_server.blind_model)
    async with world(tmp_path, vision=settings) as w:
        result = await w.slash(w.ann, "describe", picture=("red.png", pictures.still("red")))
        assert "cannot see pictures" in shown(result)


async def test_an_outage_is_said_and_over_when_the_engine_is_back(
    tmp_path: Path, front_process: FrontProcess
) -> None:
    server = VisionServer(front_process.host, real=False)
    async with world(tmp_path, vision=vision(server, fallback=False)) as w:
        front_process.stop()
        down = await w.slash(w.ann, "describe", picture=("red.png", pictures.still("red")))
        assert "Reference: " in shown(down)
        front_process.start()
        up = await w.slash(w.ann, "describe", picture=("red.png", pictures.still("red")))
        assert "The picture is mostly red." in shown(up)
        status = shown(await w.ann.slash(w.channel, "status"))
        assert "ast outage" in status


async def test_buttons_ask_the_model_again_after_a_restart(
    tmp_path: Path, vision_server: VisionServer
) -> None:
    async with world(tmp_path, vision=vision(vision_server)) as w:
        result = await w.slash(w.ann, "describe", picture=("red.png", pictures.still("red")))
        async with restarted(w) as again:
            await again.click(again.ann, result, "Shorter")
            assert "The picture is mostly red." in shown(result)
            assert labels(result)[0] == "More detail"
            gallery = [c for c in components(result.response) if c["type"] == 12]
            assert gallery[0]["items"][0]["description"] == "The picture is mostly red."
            read = await again.click(again.ben, result, "Read text")
            assert "mostly red" in texts(read.response)
