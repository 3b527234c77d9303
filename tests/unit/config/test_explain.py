"""Wrong settings, in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from g6.config import load
from g6.config.keys import allowed, nearest, paths, variable
from g6.errors import BadConfig


def complaint(environ: dict[str, str] | None = None, **overrides: Any) -> str:
    with pytest.raises(BadConfig) as caught:
        load(
            "", {path.replace("__", "."): value for path, value in overrides.items()}, environ or {}
        )
    return str(caught.value)


def test_an_unknown_key_is_named_with_its_value_its_place_what_is_allowed_and_the_nearest() -> None:
    said = complaint(quality__max_quote_aeg=3)
    assert said.startswith(
        "quality.max_quote_aeg = 3 (command line) is no setting; quality takes max_quote_age, max_trade_age"
    )
    assert "did you mean quality.max_quote_age" in said


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("interval", "abc", "should be a valid integer"),
        ("greeks.iv_max", -1, "should be greater than 0"),
        ("log.format", "xml", "should be 'auto', 'human' or 'json'"),
        ("market.speed", "fast", "or be 'max'"),
        ("market.start", "2026-11-18T10:00:00", "should name its time zone"),
        (
            "index_params.NIFTY.expiries",
            ["someday"],
            "should be one of this_week, next_week, this_month, next_month, a date",
        ),
        ("quality", 3, "should be an object with max_quote_age"),
        ("namespace", "Shadow Run", "should match pattern"),
    ],
)
def test_a_wrong_value_is_shown_with_what_is_allowed(path: str, value: object, said: str) -> None:
    assert said in complaint(**{path: value})


def test_a_wrong_value_of_the_environment_names_its_variable() -> None:
    assert "interval = 'soon' (env G6_INTERVAL)" in complaint({"G6_INTERVAL": "soon"})


def test_a_variable_that_sets_nothing_is_refused_with_the_nearest_one() -> None:
    assert "did you mean G6_GREEKS__ENABLED" in complaint({"G6_GREEKS_ENABLED": "0"})


def test_a_key_in_the_wrong_place_is_found_where_it_belongs() -> None:
    assert "did you mean quality.max_quote_age?" in complaint(max_quote_age=3)


def test_a_key_of_the_system_before_gets_its_successor() -> None:
    assert "indices is gone since 0.1.0: say index_params.<INDEX>.enabled" in complaint(
        indices=["NIFTY"]
    )
    assert "loop_max_cycles is gone since 0.1.0: say g6 run --cycles N" in complaint(
        {"G6_LOOP_MAX_CYCLES": "3"}
    )


def test_an_index_that_nobody_lists_is_refused_with_the_nearest() -> None:
    assert "did you mean index_params.SENSEX" in complaint(**{"index_params.SENSX.enabled": True})


def test_all_mistakes_are_told_at_once() -> None:
    said = complaint(interval="abc", log__level="LOUD")
    assert "interval = 'abc'" in said
    assert "log.level = 'LOUD'" in said


def test_a_password_is_not_repeated_in_a_complaint() -> None:
    assert "hunter2" not in complaint(redis="redis://:hunter2@host/0")


@pytest.mark.parametrize(
    ("path", "environ"),
    [
        ("serve.token", {}),  # too short
        ("provider.api_secrt", {}),
        ("", {"G6_SERVE__TOKEN_": "hunter2"}),
        ("", {"G6_PROVIDER__API_SECRT": "hunter2"}),
        ("provider", {}),  # a value where a section is due
    ],
)
def test_a_secret_that_is_refused_or_misspelt_is_not_quoted_back(
    path: str, environ: dict[str, str]
) -> None:
    given = {"api_secret": "hunter2", "nonsense": 1} if path == "provider" else "hunter2"
    said = complaint(environ, **{path: given} if path else {})
    assert "hunter2" not in said


LETTERS = "abcdefghijklmnopqrstuvwxyz_"


@st.composite
def misspelt(draw: st.DrawFn, word: str) -> str:
    at = draw(st.integers(0, len(word) - 1))
    letter = draw(st.sampled_from(LETTERS))
    changes = [
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at + 1 :],
        word[:at] + letter + word[at:],
    ]
    if at:
        changes.append(word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :])
    return draw(st.sampled_from(changes))


@settings(max_examples=15, deadline=None)  # each example misspells every key of the model
@given(st.data())
def test_every_key_misspelt_by_one_letter_gets_itself_suggested(data: st.DataObject) -> None:
    for path in paths():
        above, _, last = path.rpartition(".")
        names = tuple(above.split(".")) if above else ()
        wrong = data.draw(misspelt(last))
        if wrong not in allowed(names):
            assert path in nearest((*names, wrong))


def test_a_misspelt_variable_of_any_key_gets_itself_suggested() -> None:
    for path in paths():
        if not allowed(path.split(".")):
            name = variable(path)
            assert name in complaint({name[:-1] + "QQ": "1"})


@pytest.mark.parametrize(
    ("path", "percent", "fraction"),
    [
        ("greeks.risk_free_rate", "5.5", "5.5 % is 0.055"),
        ("greeks.fallback_iv", "18", "18 % is 0.18"),
        ("quality.max_spread_fraction", "10", "10 % is 0.1"),
    ],
)
def test_who_writes_percent_for_a_fraction_is_told_what_it_is(
    path: str, percent: str, fraction: str
) -> None:
    assert f"it is a fraction: {fraction}" in complaint(**{path.replace(".", "__"): percent})


def test_what_is_no_percentage_of_it_either_is_told_the_bound_alone() -> None:
    assert "fraction" not in complaint(greeks__risk_free_rate="400").partition("fix:")[0]
    assert "fraction" not in complaint(interval="100000")


def test_a_short_secret_is_told_its_length_and_a_command_that_makes_one() -> None:
    said = complaint(serve__token="geheim")
    assert "serve.token = *** (command line) needs at least 16 characters" in said
    assert "export G6_SERVE__TOKEN=$(python3 -c 'import secrets" in said
    assert "geheim" not in said


def test_several_near_keys_are_one_question_with_one_mark() -> None:
    said = complaint(quality__max_quote_aeg=3, interval="soon")
    assert "?;" not in said
    assert "did you mean" in said


def test_a_key_in_a_section_that_there_is_not_is_found_by_its_own_name() -> None:
    assert "did you mean provider.api_key?" in complaint(kite__api_key="k")


@pytest.mark.parametrize("path", ["kite", "kite__x", "oi"])
def test_a_key_that_is_like_none_is_not_guessed(path: str) -> None:
    assert "did you mean" not in complaint(**{path: 1})
