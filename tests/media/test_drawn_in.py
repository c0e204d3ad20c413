"""Nothing gets past as a copy of an allowed picture by being added to it."""

from PIL import Image, ImageDraw, ImageFont

from bot.domain.moderation.fingerprint import BankEntry, BankKind
from bot.domain.moderation.policy import Category
from bot.domain.moderation.ports import Examined
from bot.media.bank_index import BankIndex
from tests.media.conftest import Eyes
from tests.media.crafting import saved
from tests.media.lookalikes import photo, recompressed

ALLOWED = photo(3)
WORDS = "get out of here"


def kinds(examined: Examined, *remembered: Examined, eyes: Eyes) -> list[BankKind]:
    """As what an upload is recognised where others are allowed, and have a case, by their looks."""
    bank = BankIndex()
    for number, one in enumerate(remembered):
        views = eyes.views(*one.frames, *one.dark)
        entries = [
            BankEntry(2 * number + place, 1, kind, (Category.HARASSMENT,), None, views)
            for place, kind in enumerate((BankKind.ALLOWED, BankKind.SEEN))
        ]
        bank.apply(entries, ())
    return [match.kind for match in bank.match(examined.fingerprint)]


def lettered(image: Image.Image, place: tuple[int, int], fill: str) -> Image.Image:
    draw = ImageDraw.Draw(image)
    draw.text(place, WORDS, font=ImageFont.load_default(24), fill=fill)
    return image


def test_a_copy_is_known(eyes: Eyes) -> None:
    allowed = eyes.examine(saved(ALLOWED, "PNG"))
    copy = eyes.examine(saved(recompressed(60)(ALLOWED), "PNG"))
    assert kinds(copy, allowed, eyes=eyes) == [BankKind.ALLOWED, BankKind.SEEN]


def test_words_beside_it_that_show_on_dark_alone_make_another_picture(eyes: Eyes) -> None:
    wide = Image.new("RGBA", (ALLOWED.width, ALLOWED.height + 80), (0, 0, 0, 0))
    wide.paste(ALLOWED, (0, 0))
    lettered(wide, (20, ALLOWED.height + 25), "white")
    examined = eyes.examine(saved(wide, "PNG"))
    assert examined.dark
    assert kinds(examined, eyes.examine(saved(ALLOWED, "PNG")), eyes=eyes) == []
    # … which is recognised when it is allowed itself.
    assert kinds(examined, examined, eyes=eyes) == [BankKind.ALLOWED, BankKind.SEEN]


def test_a_further_frame_with_a_line_of_words_makes_another_picture(eyes: Eyes) -> None:
    blank = Image.new("RGB", ALLOWED.size, "white")
    line = lettered(blank.copy(), (20, 100), "black")
    allowed = eyes.examine(saved(ALLOWED, "PNG"))

    def played(*frames: Image.Image) -> Examined:
        first, *others = frames
        return eyes.examine(saved(first, "PNG", save_all=True, append_images=others, duration=500))

    assert kinds(played(ALLOWED, line), allowed, eyes=eyes) == []
    assert kinds(played(ALLOWED, blank), allowed, eyes=eyes) != []
