"""What is said to be readable is read."""

import subprocess
import sys

import pytest

from bot.media.capability import readable_formats
from bot.media.sniff import PICTURE_FORMATS
from tests.media.conftest import Prepare
from tests.media.crafting import saved, scene


@pytest.mark.parametrize("name", [name for name in readable_formats() if name != "HEIC"])
def test_every_named_format_is_read(prepare: Prepare, name: str) -> None:
    assert prepare(saved(scene(), name)).facts.format == name.upper()


def test_every_decoder_has_a_name_for_people() -> None:
    names = {name.upper().replace("HEIC", "HEIF") for name in readable_formats()}
    assert names <= set(PICTURE_FORMATS)
    assert set(PICTURE_FORMATS) - names <= {"AVIF", "HEIF"}


def test_the_bots_own_process_loads_no_decoder() -> None:
    script = (
        "import sys, bot.media.capability as c, bot.media.fetch, bot.media.preparer\n"
        "c.readable_formats()\n"
        "sys.exit('PIL.Image' in sys.modules or 'pillow_heif' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
