from pathlib import Path

import pytest
from pydantic import ValidationError

from rag.errors import ConfigurationError, InvalidParameter
from rag.settings import Settings, load


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(text, name="sanad.toml"):
    Path(name).write_text(text, encoding="utf-8")
    return Path(name)


def test_defaults_need_nothing():
    assert load(environment={}) == Settings()
    assert Settings().host == "127.0.0.1"
    assert not Settings().allow_download


def test_flags_win_over_variables_over_the_file_over_defaults():
    write("k = 2\nport = 2\nworkers = 2")
    loaded = load({"k": 4, "port": None}, environment={"SANAD_K": "3", "SANAD_PORT": "3"})
    assert (loaded.k, loaded.port, loaded.workers, loaded.queue) == (4, 3, 2, 64)


def test_citations_by_key_are_a_table_or_pairs():
    write('[citations_by_key]\nlibrechat = "markdown"\n')
    assert load(environment={}).citations_by_key == {"librechat": "markdown"}
    told = {"SANAD_CITATIONS_BY_KEY": "a=b=none, webui = openwebui,"}
    assert load(environment=told).citations_by_key == {"a=b": "none", "webui": "openwebui"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("markdown", "expected keys and styles such as librechat=markdown"),
        ("=none", "expected keys and styles such as librechat=markdown"),
        ("a=html", "expected 'annotations', 'markdown', 'openwebui' or 'none'"),
    ],
)
def test_citations_by_key_that_cannot_be_are_refused(given, told):
    with pytest.raises(ConfigurationError, match=told):
        load(environment={"SANAD_CITATIONS_BY_KEY": given})


def test_another_file_replaces_the_usual_one():
    write("k = 2")
    assert load(environment={}, file=write("k = 3", "other.toml")).k == 3


def test_variables_of_others_are_left_alone():
    assert load(environment={"PATH": "x", "SANADX": "y", "K": "5"}) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("k", "50", 50),
        ("threshold", "0", 0.0),
        ("allow_download", "1", True),
        ("indexes", "ف", Path("ف")),
    ],
)
def test_variables_are_read_as_their_type(name, value, expected):
    assert getattr(load(environment={f"SANAD_{name.upper()}": value}), name) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("k", "0"),
        ("k", "51"),
        ("k", "8.5"),
        ("k", ""),
        ("threshold", "1.5"),
        ("threshold", "nan"),
        ("port", "-1"),
        ("port", "65536"),
        ("workers", "0"),
        ("queue", "-1"),
        ("allow_download", "perhaps"),
        ("embedder", ""),
        ("reader", ""),
        ("collection", ""),
        ("collection", ".."),
        ("collection", "a/b"),
        ("collection", "a" * 65),
        ("collection", "a\n"),
    ],
)
def test_a_bad_variable_is_named_with_its_value(name, value):
    with pytest.raises(ConfigurationError) as caught:
        load(environment={f"SANAD_{name.upper()}": value})
    assert f"setting {name!r} is {value!r} (from SANAD_{name.upper()}): " in str(caught.value)
    assert caught.value.hint.startswith(f"{name}: {Settings.model_fields[name].description}")
    assert caught.value.parameter == name


@pytest.mark.parametrize(
    ("flag", "value", "shown"),
    [("k", 0, "-k"), ("threshold", 2.0, "--threshold"), ("collection", "../x", "--collection")],
)
def test_a_bad_flag_is_wrong_usage(flag, value, shown):
    with pytest.raises(InvalidParameter, match=rf"setting '{flag}' is .* \(from {shown}\)"):
        load({flag: value}, environment={})


def test_a_good_flag_hides_a_bad_variable():
    assert load({"k": 3}, environment={"SANAD_K": "many"}).k == 3


@pytest.mark.parametrize(
    ("environment", "text", "source"),
    [({"SANAD_FROB": "1"}, "", "SANAD_FROB"), ({}, "frob = 1", "sanad.toml")],
)
def test_an_unknown_setting_is_refused_and_the_known_are_listed(environment, text, source):
    write(text)
    with pytest.raises(
        ConfigurationError, match=f"unknown setting 'frob' \\(from {source}\\)"
    ) as error:
        load(environment=environment)
    assert all(name in error.value.hint for name in Settings.model_fields)


@pytest.mark.parametrize("content", [b"k = ", b"\xff", b"k = 1\nk = 2", b"k = " + b"[" * 100_000])
def test_a_file_that_is_no_toml_is_named(content):
    Path("sanad.toml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"^sanad\.toml is not TOML in UTF-8: ") as error:
        load(environment={})
    assert "such as k = 8" in error.value.hint


def test_a_missing_file_is_an_error_only_where_it_was_named():
    with pytest.raises(ConfigurationError, match=r"no settings file 'none\.toml'"):
        load(environment={}, file=Path("none.toml"))


def test_settings_do_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().k = 3


def test_every_setting_says_what_it_is():
    assert all(field.description for field in Settings.model_fields.values())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"k": 0}, "setting 'k' is 0 (from -k): expected at least 1"),
        ({"port": 70000}, "expected at most 65535"),
        (
            {"collection": "أخبار/قديمة"},
            "is 'أخبار/قديمة' (from --collection): expected 1 to 64 letters and digits",
        ),
    ],
)
def test_what_was_expected_is_told_in_words(given, told):
    with pytest.raises(InvalidParameter) as refused:
        load(given)
    assert told in str(refused.value)
