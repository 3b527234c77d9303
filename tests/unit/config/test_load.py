"""Where settings come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from g6.config import changed, environment, instance_name, load, values
from g6.errors import BadConfig


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(path: Path, **content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def test_without_anything_the_defaults_hold(here: Path) -> None:
    assert changed(load(environ={})) == {}


def test_the_file_of_the_working_directory_is_read(here: Path) -> None:
    written(here / "config/g6_config.json", interval=30)
    settings = load(environ={})
    assert (settings.interval, settings.origin("interval")) == (30, "config/g6_config.json")


def test_the_command_line_wins_over_the_environment_that_over_the_file_that_over_defaults(
    here: Path,
) -> None:
    file = written(
        here / "mine.json",
        interval=30,
        greeks={"risk_free_rate": 0.06, "iv_max": 4},
        market={"seed": 3},
    )
    settings = load(
        file, {"interval": 10}, {"G6_INTERVAL": "20", "G6_GREEKS__RISK_FREE_RATE": "0.05"}
    )
    found = {path: (value, settings.origin(path)) for path, value in changed(settings).items()}
    assert found == {
        "interval": (10, "command line"),
        "greeks.risk_free_rate": (0.05, "env G6_GREEKS__RISK_FREE_RATE"),
        "greeks.iv_max": (4.0, str(file)),
        "market.seed": (3, str(file)),
    }
    assert settings.origin("greeks.iv_min") == "default"


def test_an_option_that_was_not_given_overrides_nothing(here: Path) -> None:
    assert load(None, {"interval": None}, {"G6_INTERVAL": "20"}).interval == 20


def test_g6_config_names_the_file_and_empty_means_none(here: Path) -> None:
    written(here / "config/g6_config.json", interval=30)
    other = written(here / "other.json", interval=15)
    assert load(environ={"G6_CONFIG": str(other)}).interval == 15
    assert load(environ={"G6_CONFIG": ""}).interval == 60


def test_naming_one_index_keeps_the_others(here: Path) -> None:
    settings = load(
        environ={
            "G6_INDEX_PARAMS__NIFTY__STRIKES_ITM": "20",
            "G6_INDEX_PARAMS__BANKEX__ENABLED": "false",
        }
    )
    assert settings.indices == ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX")
    assert settings.index_params["NIFTY"].strikes_itm == 20


def test_a_list_may_be_words_between_commas_or_json(here: Path) -> None:
    for text in ("this_week, nth:3", '["this_week", "nth_3"]'):
        settings = load(environ={"G6_INDEX_PARAMS__NIFTY__EXPIRIES": text})
        assert settings.index_params["NIFTY"].expiries == ("this_week", "nth_3")


def test_the_older_variable_moves_the_csv_files(here: Path) -> None:
    settings = load(environ={"G6_CSV_BASE_DIR": "/elsewhere"})
    assert settings.csv_dir == Path("/elsewhere")
    assert settings.origin("storage.csv.base_dir") == "env G6_CSV_BASE_DIR"


@pytest.mark.parametrize(
    ("environ", "colour"),
    [
        ({"NO_COLOR": "1"}, "never"),
        ({"G6_COLOR": "1"}, "always"),
        ({"G6_COLOR": "0"}, "never"),
        ({"NO_COLOR": ""}, "auto"),
    ],
)
def test_the_usual_colour_variables_are_heard(
    here: Path, environ: dict[str, str], colour: str
) -> None:
    assert load(environ=environ).console.colour == colour


def test_a_child_process_gets_the_very_same_settings(here: Path) -> None:
    file = written(
        here / "config/g6_config.json", interval=30, index_params={"NIFTYNXT50": {"strikes_otm": 3}}
    )
    overrides = {
        "interval": 60,
        "market.speed": 12.0,
        "index_params.NIFTY.expiries": ["this_week"],
        "log.format": "json",
    }
    environ = {
        "G6_INTERVAL": "20",
        "G6_CSV_BASE_DIR": "/elsewhere",
        "G6_REDIS__BROKER_URL": "redis://:pw@host/0",
        "PATH": "/bin",
    }
    parent = load(file, overrides, environ)
    child = load(environ=environ | environment(parent))
    assert values(child) == values(parent)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "holds list, not an object"),
        ('{"interval": "often"}', "interval = 'often'"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(here: Path, content: str, said: str) -> None:
    (here / "bad.json").write_text(content)
    with pytest.raises(BadConfig, match=r"bad\.json") as caught:
        load(here / "bad.json", environ={})
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_an_error_only_when_it_was_named(here: Path) -> None:
    with pytest.raises(BadConfig, match=r"gone\.json cannot be read"):
        load("gone.json", environ={})


def test_a_change_of_the_environment_after_loading_changes_nothing(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load()
    monkeypatch.setenv("G6_INTERVAL", "5")
    assert settings.interval == 60


@pytest.mark.parametrize(
    "written",
    [
        "g6.collect=DEBUG, kombu=INFO",
        '["g6.collect=DEBUG", "kombu=INFO"]',
        ["g6.collect=DEBUG", "kombu=INFO"],
    ],
)
def test_levels_by_module_are_read_as_text_and_as_a_list(written: object) -> None:
    settings = load(None, {"log.levels": written}, {})
    assert settings.log.levels == ("g6.collect=DEBUG", "kombu=INFO")
    assert changed(settings) == {"log.levels": ["g6.collect=DEBUG", "kombu=INFO"]}


@pytest.mark.parametrize("written", ["g6.collect", "g6.collect=LOUD", "a b=INFO"])
def test_a_level_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(BadConfig, match="levels"):
        load(None, {"log.levels": written}, {})


def test_dotenv_beside_the_configuration_is_read_below_the_environment_and_above_the_file(
    here: Path,
) -> None:
    file = written(here / "mine/g6.json", interval=10, market={"seed": 3, "skew": 2.0})
    (here / ".env").write_text("G6_INTERVAL=15\n")
    (here / "mine/.env").write_text(
        "# comment\nexport G6_INTERVAL=20\nG6_MARKET__SEED='4'\nOTHER=1\nKITE_API_KEY=k$ey\n"
    )
    settings = load(file, None, {"G6_INTERVAL": "30"})
    shown = {path: settings.origin(path) for path in changed(settings)}
    assert (settings.interval, settings.market.seed, settings.market.skew) == (30, 4, 2.0)
    assert shown == {
        "interval": "env G6_INTERVAL",
        "market.seed": f"env G6_MARKET__SEED in {here / 'mine/.env'}",
        "market.skew": str(file),
        "provider.api_key": f"env KITE_API_KEY in {here / 'mine/.env'}",
    }
    assert settings.provider.api_key is not None
    assert settings.provider.api_key.get_secret_value() == "k$ey"
    assert settings.config_file == file


def test_dotenv_of_the_working_directory_is_read_where_none_lies_beside_the_file(
    here: Path,
) -> None:
    written(here / "config/g6_config.json", interval=30)
    written(here / "other.json", interval=20)
    (here / ".env").write_text("G6_CONFIG=other.json\nG6_MARKET__SEED=5\n")
    settings = load(environ={})
    assert (settings.interval, settings.origin("market.seed")) == (
        20,
        "env G6_MARKET__SEED in .env",
    )
    assert load(environ={"G6_CONFIG": "config/g6_config.json"}).interval == 30
    assert load(environ={"G6_CONFIG": ""}).market.seed == 7


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("G6_INTERVALL=20", "G6_INTERVALL='20' (.env) sets nothing"),
        ("KITE_API_KEY='unclosed", "line 2 is no NAME=value"),
        ("G6_INTERVAL=soon", "interval = 'soon' (env G6_INTERVAL in .env) should be"),
    ],
)
def test_a_wrong_line_of_dotenv_is_named_without_a_secret(here: Path, line: str, said: str) -> None:
    (here / ".env").write_text(f"G6_MARKET__SEED=5\n{line}\n")
    with pytest.raises(BadConfig) as refused:
        load(environ={})
    assert said in str(refused.value)
    assert "unclosed" not in str(refused.value)


def test_a_child_reads_no_dotenv_of_its_own(here: Path) -> None:
    (here / ".env").write_text("G6_MARKET__SEED=5\n")
    settings = load(None, {"interval": 20}, {})
    variables = environment(settings)
    (here / ".env").write_text("G6_MARKET__SEED=6\nG6_MARKET__SKEW=2\n")
    assert values(load(environ=variables)) == values(settings)


def test_files_of_a_directory_of_secrets_are_read_as_variables_below_the_environment(
    here: Path,
) -> None:
    written(here / "config/g6_config.json", interval=30)
    (here / ".env").write_text("G6_INTERVAL=20\nG6_SERVE__TOKEN=of-the-dotenv-file\n")
    secrets = here / "secrets"
    secrets.mkdir()
    (secrets / "G6_SERVE__TOKEN").write_text("of-the-directory-1\n")
    (secrets / "KITE_API_KEY").write_text("key")
    (secrets / "ca.pem").write_text("no variable")
    where = {"G6_SECRETS_DIR": "secrets"}
    settings = load(environ=where)
    assert settings.serve.token is not None
    assert settings.serve.token.get_secret_value() == "of-the-directory-1"
    assert settings.origin("serve.token") == "env G6_SERVE__TOKEN in secrets"
    assert (settings.interval, settings.provider.api_key) != (30, None)
    stronger = load(environ=where | {"G6_SERVE__TOKEN": "of-the-environment"})
    assert stronger.serve.token is not None
    assert stronger.serve.token.get_secret_value() == "of-the-environment"
    assert load("", environ=where).serve.token is None


def test_the_name_of_one_of_several_processes_is_no_setting(here: Path) -> None:
    assert changed(load(environ={"G6_INSTANCE": "2"})) == {}
    assert (instance_name({}), instance_name({"G6_INSTANCE": "2"})) == ("", "2")
    for wrong in ("a b", "x" * 33, "2@host", "beat-2"):
        with pytest.raises(BadConfig, match="G6_INSTANCE") as caught:
            instance_name({"G6_INSTANCE": wrong})
        assert "G6_INSTANCE=1" in caught.value.fix


def test_secrets_that_cannot_be_read_are_named_without_their_content(here: Path) -> None:
    secrets = here / "secrets"
    with pytest.raises(BadConfig, match=r"secrets in .* cannot be read: No such file") as caught:
        load(environ={"G6_SECRETS_DIR": str(secrets)})
    assert "G6_SECRETS_DIR" in caught.value.fix
    secrets.mkdir()
    (secrets / "G6_SERVE__TOKEN").write_bytes(b"\xff\xfesecret")
    with pytest.raises(BadConfig, match="it is no text") as caught:
        load(environ={"G6_SECRETS_DIR": str(secrets)})
    assert "secret\\" not in str(caught.value)
    (secrets / "G6_SERVE__TOKEN").unlink()
    (secrets / "G6_SERVE__TOCKEN").write_text("canary-of-a-typo")
    with pytest.raises(BadConfig, match="TOCKEN") as caught:
        load(environ={"G6_SECRETS_DIR": str(secrets)})
    assert "canary" not in str(caught.value) + caught.value.fix
