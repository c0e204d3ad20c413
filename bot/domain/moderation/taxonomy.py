"""What each category means, in one plain sentence, and what others call it.

The sentence is what the model is asked; people read shorter words. The names are those of OpenAI's
omni-moderation, MLCommons' AILuminate hazards (as Llama Guard numbers them), Azure AI Content
Safety and Amazon Rekognition's moderation labels (version 7), each as its public guide has them.
Their categories for sexual content with minors have none here: that is no rule with a threshold,
but the special path (docs/moderation.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.domain.moderation.policy import Category


@dataclass(frozen=True, slots=True)
class Definition:
    """A category in words; the names of others are empty where they have none that fits."""

    meaning: str
    openai: tuple[str, ...] = ()
    mlcommons: tuple[str, ...] = ()
    azure: tuple[str, ...] = ()
    rekognition: tuple[str, ...] = ()


DEFINITIONS: Mapping[Category, Definition] = MappingProxyType(
    {
        Category.SEXUAL: Definition(
            "Sexual acts, genitals shown to arouse, or pornography, whether photographed, drawn "
            "or generated.",
            openai=("sexual",),
            mlcommons=("S12", "S3"),
            azure=("Sexual",),
            rekognition=("Explicit",),
        ),
        Category.NUDITY: Definition(
            "Bare breasts, buttocks or genitals without a sexual act; not art in a museum, "
            "medicine, breastfeeding or swimwear.",
            openai=("sexual",),
            mlcommons=("S12",),
            azure=("Sexual",),
            rekognition=("Non-Explicit Nudity of Intimate parts and Kissing",),
        ),
        Category.GRAPHIC_VIOLENCE: Definition(
            "Blood, open wounds, torture, corpses or killing, of people or animals, that look "
            "real; not the mild violence of games and cartoons.",
            openai=("violence", "violence/graphic"),
            mlcommons=("S1",),
            azure=("Violence",),
            rekognition=("Violence", "Visually Disturbing"),
        ),
        Category.SELF_HARM: Definition(
            "Suicide or self-injury shown, praised, planned or taught, or a person saying that "
            "they want to hurt themselves.",
            openai=("self-harm", "self-harm/intent", "self-harm/instructions"),
            mlcommons=("S11",),
            azure=("SelfHarm",),
            rekognition=("Self-Harm",),
        ),
        Category.HATE_SYMBOLS: Definition(
            "Symbols, slurs, salutes or memes that attack people for their origin, religion, sex, "
            "orientation or disability; not history lessons or news that condemn them.",
            openai=("hate", "hate/threatening"),
            mlcommons=("S10",),
            azure=("Hate",),
            rekognition=("Hate Symbols",),
        ),
        Category.HARASSMENT: Definition(
            "A picture made or shown to mock, threaten, expose or humiliate a particular person "
            "who is not a public figure in that role.",
            openai=("harassment", "harassment/threatening"),
            mlcommons=("S5",),
            azure=("Hate",),
            rekognition=("Rude Gestures",),
        ),
        Category.WEAPONS: Definition(
            "Real weapons, ammunition or explosives offered for sale, shown as a threat, or "
            "explained how to make; not games, films, museums or sport.",
            openai=("illicit/violent",),
            mlcommons=("S9", "S2"),
            azure=("Violence",),
            rekognition=("Weapons",),
        ),
        Category.DRUGS: Definition(
            "Illegal drugs or their use shown, praised or offered for sale; not ordinary "
            "medicine, coffee, alcohol or tobacco.",
            openai=("illicit",),
            mlcommons=("S2",),
            rekognition=("Drugs & Tobacco",),
        ),
        Category.SCAM: Definition(
            "Anything that tries to get money, accounts, passwords or wallet words by deceit: "
            "fake giveaways, casinos that pay out, fake support, login codes, too-good offers.",
            openai=("illicit",),
            mlcommons=("S2",),
        ),
        Category.PERSONAL_INFORMATION: Definition(
            "A private person's address, phone number, documents, bank card, passwords or private "
            "messages, readable and apparently not meant for everybody.",
            mlcommons=("S7",),
        ),
        Category.SPAM: Definition(
            "Advertising that nobody asked for: invitations to other servers, shops, follow-me "
            "pictures, chain messages.",
        ),
    }
)


def categories_of(name: str) -> tuple[Category, ...]:
    """Return the categories that another system's name stands for, in any of the mapped ones."""
    wanted = name.strip().casefold()
    return tuple(
        category
        for category, definition in DEFINITIONS.items()
        if wanted
        in {
            other.casefold()
            for other in (
                *definition.openai,
                *definition.mlcommons,
                *definition.azure,
                *definition.rekognition,
            )
        }
    )
