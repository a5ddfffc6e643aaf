import shutil

import pytest

from rag import catalogue, doctor
from rag.documents import sandbox
from rag.documents.values import Refusal
from rag.errors import ModelDamaged
from rag.settings import Settings


def states(settings):
    return {finding.check: finding.state for finding in doctor.examine(settings)}


def notes(settings):
    return {finding.check: finding.note for finding in doctor.examine(settings)}


def test_a_sound_installation_is_all_ok(seed_index):
    assert set(states(Settings(indexes=seed_index)).values()) == {"ok"}
    assert "2 documents" in notes(Settings(indexes=seed_index))["index"]


@pytest.mark.parametrize(
    ("guards", "state"),
    [({"memory", "cpu", "files", "network"}, "ok"), ({"memory", "cpu"}, "warn")],
)
def test_limits_that_the_system_lacks_are_told(tmp_path, monkeypatch, guards, state):
    monkeypatch.setattr(sandbox.Sandbox, "guards", lambda self: frozenset(guards))
    settings = Settings(indexes=tmp_path)
    assert states(settings)["parsers"] == state
    assert ("files, network" in notes(settings)["parsers"]) == (state == "warn")


def test_parsers_that_cannot_start_are_bad(tmp_path, monkeypatch):
    def refuse(self):
        raise Refusal("unavailable", "no process to parse it in: no room", hint="")

    monkeypatch.setattr(sandbox.Sandbox, "guards", refuse)
    assert states(Settings(indexes=tmp_path))["parsers"] == "bad"


def test_no_index_yet_is_a_warning_that_names_the_command(tmp_path):
    settings = Settings(indexes=tmp_path / "deep" / "none")
    assert states(settings)["index"] == "warn"
    assert notes(settings)["index"].endswith("sanad ingest PATH")
    assert not (tmp_path / "deep").exists()


def test_a_damaged_index_is_bad_and_names_the_command(own_index):
    next((own_index / "default").glob("gen-*/vectors/*.faiss")).write_bytes(b"")
    settings = Settings(indexes=own_index)
    assert states(settings)["index"] == "bad"
    assert "sanad rebuild" in notes(settings)["index"]


def test_a_file_in_place_of_the_folder_is_bad(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    assert states(Settings(indexes=tmp_path / "file"))["disk"] == "bad"


def test_a_full_disk_and_a_poor_locale_are_warnings(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(2, 1, 1))
    monkeypatch.setattr(doctor.locale, "getpreferredencoding", lambda do_setlocale: "ISO-8859-1")
    found = states(Settings(indexes=tmp_path))
    assert (found["disk"], found["text"]) == ("warn", "warn")


def test_one_bad_finding_does_not_hide_the_others(seed_index, monkeypatch):
    def damaged():
        raise ModelDamaged("model.onnx: too short", hint="reinstall\nsanad")

    monkeypatch.setattr(catalogue, "contextual_model", damaged)
    found = states(Settings(indexes=seed_index))
    assert [name for name, state in found.items() if state == "bad"] == [
        "models",
        "embedder",
        "index",
    ]
    assert (
        notes(Settings(indexes=seed_index))["models"] == "model.onnx: too short → reinstall sanad"
    )


@pytest.mark.models
def test_an_embedder_that_is_not_there_is_bad(seed_index):
    found = states(Settings(indexes=seed_index, embedder="no/such-model"))
    assert (found["models"], found["embedder"]) == ("ok", "bad")
