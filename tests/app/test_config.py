"""Settings: defaults, file, environment, and every way to get one wrong."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.config import Config, example_toml, load_config
from bot.config.model import settings
from bot.domain.errors import ConfigError
from bot.domain.task import TaskName

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _problems(path: Path | None = None, **env: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_config(path, env)
    return caught.value.problems


def _file(text: str, name: str = "config.toml") -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def test_without_file_and_environment_everything_has_its_default() -> None:
    assert load_config(env={}) == Config()


def test_constructing_the_defaults_reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKOUT_VISION__HOST", "http://elsewhere:1")
    monkeypatch.setenv("DISCORD_TOKEN", "from-the-environment")
    assert Config().vision.host == "http://127.0.0.1:11434"
    assert Config().discord.token.get_secret_value() == ""


def test_the_process_environment_is_read_when_none_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOOKOUT_LIMITS__QUEUE", "7")
    assert load_config().limits.queue == 7


def test_the_file_in_the_current_directory_is_read() -> None:
    _file("[vision]\nparallel = 3\n")
    assert load_config(env={}).vision.parallel == 3


def test_lookout_config_names_another_file() -> None:
    _file("[vision]\nparallel = 3\n")
    _file("[vision]\nparallel = 4\n", "other.toml")
    assert load_config(env={"LOOKOUT_CONFIG": "other.toml"}).vision.parallel == 4


def test_a_given_path_wins_over_lookout_config() -> None:
    given_path = _file("[vision]\nparallel = 5\n", "given.toml")
    assert load_config(given_path, {"LOOKOUT_CONFIG": "missing.toml"}).vision.parallel == 5


def test_the_environment_wins_over_the_file() -> None:
    _file("[vision]\nparallel = 3\nmodel = 'kept'\n")
    config = load_config(env={"LOOKOUT_VISION__PARALLEL": "2"})
    assert (config.vision.parallel, config.vision.model) == (2, "kept")


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load_config(env={"DISCORD_TOKEN": "", "LOOKOUT_VISION__HOST": ""}) == Config()


def test_other_programs_variables_are_left_alone() -> None:
    env = {"PATH": "/bin", "LOOKOUT_TEST_OLLAMA": "http://127.0.0.1:1", "lookout_vision": "x"}
    assert load_config(env=env) == Config()


def test_a_byte_order_mark_does_not_hurt() -> None:
    Path("config.toml").write_bytes(b"\xef\xbb\xbf[limits]\nqueue = 9\n")
    assert load_config(env={}).limits.queue == 9


@pytest.mark.parametrize("variable", ["DISCORD_TOKEN", "LOOKOUT_DISCORD__TOKEN"])
def test_the_token_comes_from_the_environment_without_its_white_space(variable: str) -> None:
    config = load_config(env={variable: " abc.def.ghi\n"})
    assert config.discord.token.get_secret_value() == "abc.def.ghi"


def test_lists_and_tables_can_come_from_the_environment() -> None:
    config = load_config(
        env={
            "LOOKOUT_PICTURES__EXTRA_HOSTS": "a.example, B.example",
            "LOOKOUT_VISION__MODELS__OCR": "glm-ocr",
            "LOOKOUT_STORAGE__BACKUP": "false",
        }
    )
    assert config.pictures.extra_hosts == ("a.example", "b.example")
    assert config.vision.models == {TaskName.OCR: "glm-ocr"}
    assert config.storage.backup is False


def test_a_list_may_be_written_as_json() -> None:
    env = {"LOOKOUT_PICTURES__EXTRA_HOSTS": '["a.example"]'}
    assert load_config(env=env).pictures.extra_hosts == ("a.example",)


def test_a_table_may_be_written_as_json() -> None:
    _file("[vision.models]\nalt = 'gemma4'\n")
    env = {"LOOKOUT_VISION__MODELS": '{"ocr": "glm-ocr"}'}
    assert load_config(env=env).vision.models == {TaskName.OCR: "glm-ocr"}

    env["LOOKOUT_VISION__MODELS__ALT"] = "qwen3-vl:8b"
    assert load_config(env=env).vision.models == {
        TaskName.OCR: "glm-ocr",
        TaskName.ALT: "qwen3-vl:8b",
    }


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ('{"orc": "x"}', ".orc (LOOKOUT_VISION__MODELS): input should be 'describe', 'alt', 'oc"),
        ('{"ocr": 5}', ".ocr (LOOKOUT_VISION__MODELS): input should be a valid string"),
        ('{"ocr": hunter2}', " (LOOKOUT_VISION__MODELS): must be a table"),
        ("hunter2", " (LOOKOUT_VISION__MODELS): must be a table"),
    ],
)
def test_a_wrong_table_in_the_environment_is_refused(value: str, problem: str) -> None:
    (found,) = _problems(LOOKOUT_VISION__MODELS=value)
    assert found.startswith(f"vision.models{problem}")
    assert "hunter2" not in found


@pytest.mark.parametrize(
    ("given_host", "host"),
    [
        ("localhost:11434", "http://localhost:11434"),
        ("https://gpu.example.org/", "https://gpu.example.org"),
        ("http://[::1]:11434", "http://[::1]:11434"),
        ("http://box/ollama/", "http://box/ollama"),
    ],
)
def test_the_engine_address_is_brought_into_one_form(given_host: str, host: str) -> None:
    assert load_config(env={"LOOKOUT_VISION__HOST": given_host}).vision.host == host


def test_every_problem_is_told_at_once_by_key_and_reason() -> None:
    _file("[limits]\nqueue = 0\n[vision]\nengine = 'magic'\n[log]\nlevel = 'loud'\n")
    problems = _problems(LOOKOUT_VISION__PARALLEL="many")
    assert [problem.split(":")[0] for problem in problems] == [
        "vision.engine",
        "vision.parallel (LOOKOUT_VISION__PARALLEL)",
        "limits.queue",
        "log.level",
    ]
    assert "limits.queue: input should be greater than or equal to 1" in problems


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[vision]\nhots = 'x'", "vision.hots: unknown setting; did you mean vision.host?"),
        ("[vison]\nhost = 'x'", "vison: unknown setting; did you mean vision?"),
        ("[vision]\nqueue = 5", "vision.queue: unknown setting; did you mean limits.queue?"),
        ("token = 'x'", "token: unknown setting; did you mean discord.token?"),
        ("[zzz]\nqqq = 5", "zzz: unknown setting"),
        ("vision = 5", "vision: is a section: settings go inside it"),
        (
            "[vision.models]\norc = 'x'",
            "vision.models.orc: input should be 'describe', 'alt', 'ocr', 'ask' or 'moderate'",
        ),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest_known_one(text: str, problem: str) -> None:
    _file(text)
    assert _problems() == (problem,)


def test_a_wrong_name_in_the_environment_names_its_variable() -> None:
    (problem,) = _problems(LOOKOUT_VISION__HOTS="x")
    assert problem == (
        "vision.hots (LOOKOUT_VISION__HOTS): unknown setting; did you mean vision.host?"
    )


def test_a_wrong_section_in_the_environment_names_its_variables() -> None:
    (problem,) = _problems(LOOKOUT_VISON__HOST="x")
    assert problem == "vison (LOOKOUT_VISON__HOST): unknown setting; did you mean vision?"

    (problem,) = _problems(LOOKOUT_VISON__HOST="x", LOOKOUT_VISON__MODEL="y")
    assert problem.startswith("vison (LOOKOUT_VISON__HOST, LOOKOUT_VISON__MODEL): ")


def test_a_variable_that_names_a_whole_section_is_refused() -> None:
    problems = _problems(LOOKOUT_VISION="x", LOOKOUT_VISION__HOST="http://box")
    assert problems == ("vision (LOOKOUT_VISION): is a section: settings go inside it",)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LOOKOUT_VISION__HOST", "ftp://box"),
        ("LOOKOUT_VISION__HOST", "http://user:hunter2@box"),
        ("LOOKOUT_VISION__HOST", "http://box:99999"),
        ("LOOKOUT_VISION__HOST", "http://"),
        ("LOOKOUT_VISION__HOST", "http://[hunter2"),
        ("LOOKOUT_VISION__MODEL", "   "),
        ("LOOKOUT_VISION__NUM_CTX", "1e99"),
        ("LOOKOUT_STORAGE__DATABASE", "hunter2"),
        ("LOOKOUT_STORAGE__DATABASE", "mysql://user:hunter2@box/name"),
        ("LOOKOUT_STORAGE__DATABASE", "sqlite:///"),
        ("LOOKOUT_STORAGE__DATABASE", "sqlite://data/lookout.sqlite3"),
        ("LOOKOUT_PICTURES__EXTRA_HOSTS", "*.example.org"),
        ("LOOKOUT_PICTURES__EXTRA_HOSTS", "https://media.example.org"),
        ("LOOKOUT_PICTURES__EXTRA_HOSTS", "[hunter2"),
        ("LOOKOUT_PLAYGROUND__PORT", "70000"),
        ("LOOKOUT_REPLIES__EDIT_INTERVAL_SECONDS", "nan"),
    ],
)
def test_a_wrong_value_is_refused_and_not_repeated(variable: str, value: str) -> None:
    (problem,) = _problems(None, **{variable: value})
    assert variable in problem
    assert "hunter2" not in problem


def test_secrets_are_never_shown() -> None:
    config = load_config(
        env={
            "DISCORD_TOKEN": "hunter2",
            "LOOKOUT_STORAGE__DATABASE": "postgresql://lookout:hunter2@db.example/lookout",
        }
    )
    assert "hunter2" not in f"{config} {config!r} {config.storage!r} {config.discord!r}"


def test_a_secret_of_the_wrong_type_is_not_shown() -> None:
    _file("[discord]\ntoken = ['hunter2']\n")
    assert _problems() == ("discord.token: input should be a valid string",)


def test_settings_cannot_be_changed_afterwards() -> None:
    config = Config()
    with pytest.raises(ValidationError):
        config.vision.host = "http://elsewhere"  # type: ignore[misc]


def test_a_named_file_that_is_missing_is_a_problem() -> None:
    assert _problems(Path("absent.toml")) == ("absent.toml: does not exist",)
    assert _problems(LOOKOUT_CONFIG="absent.toml") == ("absent.toml: does not exist",)


def test_a_file_that_is_not_toml_says_where_and_not_what() -> None:
    _file("[discord]\ntoken = hunter2\n")
    (problem,) = _problems()
    assert problem.startswith("config.toml: is not valid TOML: ")
    assert "line 2" in problem
    assert "hunter2" not in problem


def test_a_file_that_is_not_text_is_a_problem() -> None:
    Path("config.toml").write_bytes(b"\xff\xfe\x00")
    assert _problems() == ("config.toml: is not UTF-8 text",)


def test_a_directory_in_place_of_the_file_is_a_problem() -> None:
    Path("config.toml").mkdir()
    (problem,) = _problems()
    assert problem.startswith("config.toml: cannot be read (")


@given(
    st.dictionaries(
        st.sampled_from(["LOOKOUT_A", "LOOKOUT_VISION__", "LOOKOUT___", "LOOKOUT_VISION__HOST__X"]),
        st.text(min_size=1, max_size=20),
        min_size=1,
    )
)
def test_any_odd_variable_is_a_config_error_and_nothing_else(env: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        load_config(env=env)


def test_the_example_file_is_the_one_the_model_writes() -> None:
    written = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    assert written == example_toml(), "run `make example`"


def test_the_example_holds_every_setting_with_its_default() -> None:
    lines = example_toml().splitlines()
    uncommented = [
        line[1:] if line.startswith("#") and not line.startswith("# ") else line for line in lines
    ]
    data = tomllib.loads("\n".join(uncommented))
    named = {(section, name) for section, group in data.items() for name in group}
    assert named == {(section, name) for section, name, _ in settings()}
    assert Config.model_validate(data) == Config()


def test_the_example_as_it_stands_changes_nothing() -> None:
    path = _file(example_toml())
    assert load_config(path, {}) == Config()


def test_every_setting_says_what_it_means() -> None:
    for section, name, field in settings():
        assert field.description, f"{section}.{name}"
        assert field.description.endswith("."), f"{section}.{name}"
