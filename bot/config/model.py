"""Every setting: its type, default, bounds, unit and meaning."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic.fields import FieldInfo

from bot.config.values import (
    DatabaseAddress,
    HostNames,
    ModelName,
    WebAddress,
    listed,
    stripped,
    upper,
)
from bot.domain.task import TaskName


class Section(BaseModel):
    """Shared by every section: frozen, unknown names refused, values kept out of errors."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True
    )


class DiscordSettings(Section):
    """How Lookout appears in Discord."""

    token: Annotated[SecretStr, BeforeValidator(stripped)] = Field(
        SecretStr(""),
        description="The bot's token. A secret: better given as DISCORD_TOKEN in the environment.",
    )
    sync_commands: bool = Field(
        True, description="Register the commands with Discord at every start."
    )
    message_content: bool = Field(
        False,
        description="Ask Discord for the privileged intent of that name: threads and replies then "
        "need no mention, and the picture of a message replied to is found.",
    )
    answer_mentions: bool = Field(
        True,
        description="Answer mentions and direct messages. Replies to answers and threads of ours "
        "are heard either way.",
    )
    development_guild_id: int = Field(
        0,
        ge=0,
        lt=2**63,
        description="Register the commands in this one server only, where they change at once. "
        "0 = everywhere.",
    )


class VisionSettings(Section):
    """Which engine looks at pictures, and how long it may take."""

    engine: Literal["ollama", "builtin"] = Field(
        "ollama",
        description="What looks at pictures: ollama (a vision model) or builtin (reads text "
        "offline and measures, nothing more).",
    )
    host: WebAddress = Field("http://127.0.0.1:11434", description="Where Ollama answers.")
    model: ModelName = Field(
        "qwen3-vl:8b", description="The vision model, as `ollama list` names it."
    )
    models: Mapping[TaskName, ModelName] = Field(
        default_factory=dict,
        description='Another model for single tasks, such as {ocr = "glm-ocr"}.',
    )
    parallel: int = Field(
        1, ge=1, le=64, description="Pictures looked at at once; match OLLAMA_NUM_PARALLEL."
    )
    num_ctx: int = Field(
        8192, ge=2048, le=262_144, description="The model's context in tokens; costs memory."
    )
    keep_alive_seconds: int = Field(
        1800, ge=0, le=604_800, description="Seconds the model stays in memory after an answer."
    )
    connect_timeout_seconds: float = Field(
        5, gt=0, le=60, description="Seconds to wait for Ollama to accept a connection."
    )
    first_word_timeout_seconds: float = Field(
        300,
        gt=0,
        le=3600,
        description="Seconds to wait for the first word, model loading included.",
    )
    next_word_timeout_seconds: float = Field(
        60, gt=0, le=600, description="Seconds to wait between two words."
    )
    fallback: bool = Field(
        True,
        description="While Ollama is down, answer text reading and alt text with the built-in "
        "reader.",
    )

    @property
    def all_models(self) -> tuple[str, ...]:
        """Every model these settings ask for, each once, the general one first."""
        return tuple(dict.fromkeys((self.model, *self.models.values())))


class LimitSettings(Section):
    """How much people may ask."""

    queue: int = Field(100, ge=1, le=10_000, description="Pictures that may wait at once.")
    person_per_minute: int = Field(
        12, ge=1, le=10_000, description="Pictures one person may ask about in a minute."
    )
    person_per_hour: int = Field(
        120, ge=1, le=100_000, description="Pictures one person may ask about in an hour."
    )
    guild_per_minute: int = Field(
        60, ge=1, le=100_000, description="Pictures one server may ask about in a minute."
    )
    pictures_per_request: int = Field(
        10, ge=1, le=40, description="Pictures answered in one request."
    )


class PictureSettings(Section):
    """What pictures are accepted, and what decoding one may cost."""

    max_bytes: int = Field(
        26_214_400, ge=65_536, le=536_870_912, description="Largest file, in bytes."
    )
    fetch_timeout_seconds: float = Field(
        30, gt=0, le=300, description="Seconds a download from Discord may take."
    )
    max_pixels_jpeg: int = Field(
        50_000_000, ge=1_000_000, le=500_000_000, description="Most pixels of a baseline JPEG."
    )
    max_pixels: int = Field(
        25_000_000, ge=1_000_000, le=500_000_000, description="Most pixels of any other picture."
    )
    max_frames: int = Field(
        4, ge=1, le=4, description="Frames of an animation that the model is shown."
    )
    workers: int = Field(2, ge=1, le=32, description="Processes that decode pictures.")
    worker_memory_bytes: int = Field(
        1_073_741_824,
        ge=268_435_456,
        le=17_179_869_184,
        description="Memory a decoding process may use, in bytes.",
    )
    decode_timeout_seconds: float = Field(
        10, gt=0, le=120, description="Seconds decoding one picture may take."
    )
    extra_hosts: HostNames = Field(
        (), description="Hosts besides Discord's own that pictures may be fetched from."
    )


class BuiltinSettings(Section):
    """The built-in reader."""

    workers: int = Field(1, ge=1, le=32, description="Processes that read text.")
    timeout_seconds: float = Field(
        60, gt=0, le=600, description="Seconds reading one picture may take."
    )
    memory_bytes: int = Field(
        3_221_225_472,
        ge=1_073_741_824,
        le=34_359_738_368,
        description="Address space a reading process may use, in bytes.",
    )


class StorageSettings(Section):
    """What is kept, where and for how long."""

    database: DatabaseAddress = Field(
        "sqlite:///data/lookout.sqlite3",
        repr=False,
        description="sqlite:///path (relative to where Lookout is started) or "
        "postgresql://user:password@host/name.",
    )
    answer_retention_hours: int = Field(
        168,
        ge=1,
        le=8760,
        description="Hours an answer is kept, so that it need not be made again.",
    )
    button_retention_days: int = Field(
        30, ge=1, le=365, description="Days the buttons under an answer work."
    )
    conversation_retention_days: int = Field(
        30,
        ge=0,
        le=365,
        description="Most days the words of a conversation are kept after its last turn; people "
        "may choose less. 0 = nothing is kept beyond the answer.",
    )
    picture_retention_days: int = Field(
        7,
        ge=0,
        le=365,
        description="Most days the pictures of a conversation are kept; people may choose less.",
    )
    picture_store_max_bytes: int = Field(
        2_147_483_648,
        ge=1_048_576,
        le=1_099_511_627_776,
        description="Space all kept pictures may take, in bytes; those used longest ago go first.",
    )
    encryption_keys: Annotated[tuple[SecretStr, ...], BeforeValidator(listed)] = Field(
        (),
        repr=False,
        description="Keys that what is kept is sealed with: the first seals, every one opens. "
        "Secrets: better given as LOOKOUT_STORAGE__ENCRYPTION_KEYS in the environment.",
    )
    backup: bool = Field(
        True, description="Copy the SQLite file before its structure is changed by an update."
    )

    @property
    def revealed_keys(self) -> tuple[str, ...]:
        """The keys themselves."""
        return tuple(key.get_secret_value() for key in self.encryption_keys)


class ModerationSettings(Section):
    """How uploads are looked at where a server switched moderation on (`/moderation setup`)."""

    judge_here: bool = Field(
        True,
        description="Let this process ask the model. false leaves that to processes started with "
        "`python -m bot worker`, which needs PostgreSQL.",
    )
    screen_parallel: int = Field(
        4, ge=1, le=64, description="Uploads fetched and prepared at once, before the model."
    )
    attempts: int = Field(
        5,
        ge=1,
        le=20,
        description="How often something is tried that fails for reasons of its own (an outage is "
        "none), before people are called.",
    )
    lease_seconds: float = Field(
        60,
        ge=10,
        le=3600,
        description="Seconds after which the work of a process that died is taken over by others.",
    )
    max_age_hours: int = Field(
        48,
        ge=1,
        le=720,
        description="Hours an upload may wait, such as for the model, before it ends as expired.",
    )
    catch_up_hours: int = Field(
        24,
        ge=0,
        le=336,
        description="How far back Lookout catches up on what was posted while it was away, in "
        "hours. 0 = not at all.",
    )
    catch_up_messages_per_channel: int = Field(
        500,
        ge=100,
        le=10_000,
        description="Messages read in one channel to catch up, before the next one has its turn.",
    )
    case_retention_days: int = Field(
        180, ge=1, le=3650, description="Days a case is kept after it was last changed."
    )
    upload_retention_days: int = Field(
        30,
        ge=1,
        le=365,
        description="Days it is remembered that an upload was looked at and how that ended; the "
        "picture, its link and its words are gone with the verdict. Where there is a case, at "
        "least until it is decided.",
    )
    spool_max_bytes: int = Field(
        2_147_483_648,
        ge=16_777_216,
        le=1_099_511_627_776,
        description="Space that pictures waiting for the model may take, in bytes.",
    )
    read_text: bool = Field(
        True,
        description="Read the text in pictures with the built-in reader while the model looks at "
        "them: finds blocked words and scams for sure, and costs processor time. Needs the extra "
        "builtin; without it nothing is read.",
    )
    classifier_model: str = Field(
        "",
        max_length=4096,
        description="Path of an ONNX model that scores nudity, asked before the vision model. "
        "Empty = none.",
    )
    reports_per_person_per_hour: int = Field(
        10, ge=1, le=1000, description="Messages one person may report in an hour."
    )


class ReplySettings(Section):
    """How answers appear."""

    edit_interval_seconds: float = Field(
        1.2, ge=0.5, le=10, description="Seconds between two edits while an answer is written."
    )


class LogSettings(Section):
    """What Lookout says about itself."""

    level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(upper)] = Field(
        "INFO", description="Least severe level that is written: DEBUG, INFO, WARNING or ERROR."
    )
    format: Literal["auto", "console", "json"] = Field(
        "auto", description="console, json, or auto: console in a terminal, json elsewhere."
    )


class PlaygroundSettings(Section):
    """The simulated Discord in the browser."""

    port: int = Field(0, ge=0, le=65_535, description="Port on 127.0.0.1; 0 = any free one.")
    database: DatabaseAddress = Field(
        "sqlite:///data/playground.sqlite3",
        repr=False,
        description="The playground's own database, as under [storage].",
    )


class Config(Section):
    """All settings. ``Config()`` is the defaults."""

    discord: DiscordSettings = DiscordSettings()
    vision: VisionSettings = VisionSettings()
    limits: LimitSettings = LimitSettings()
    pictures: PictureSettings = PictureSettings()
    builtin: BuiltinSettings = BuiltinSettings()
    storage: StorageSettings = StorageSettings()
    moderation: ModerationSettings = ModerationSettings()
    replies: ReplySettings = ReplySettings()
    log: LogSettings = LogSettings()
    playground: PlaygroundSettings = PlaygroundSettings()


def settings() -> Iterator[tuple[str, str, FieldInfo]]:
    """Yield section name, setting name and field of every setting, in the file's order."""
    for section, field in Config.model_fields.items():
        kind = field.annotation
        assert isinstance(kind, type)
        assert issubclass(kind, BaseModel)
        for name, setting in kind.model_fields.items():
            yield section, name, setting
