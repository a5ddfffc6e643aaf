import json
import math
import os
import shutil
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import calibration
from rag.calibration import CalibratedReader, Calibration, Held, Line
from rag.doctor import examine
from rag.engine import Engine
from rag.errors import IndexDamaged
from rag.settings import Settings
from rag.types import Evidence, Passage, Span

QUESTION = "متى سيطرت روسيا على باخموت؟"


def fitted(engine=None, **change):
    held = Held(
        questions=40, answered=20, wrong=1, coverage=0.5, coverage_interval=(0.4, 0.6),
        error=0.05, error_interval=(0.0, 0.2),
    )  # fmt: skip
    values = {
        "threshold": 0.4,
        "lines": {"same": Line(slope=2, offset=-1), "cross": Line()},
        "error": 0.1,
        "questions": 40,
        "question_file_sha256": "0" * 64,
        "reader": engine.reader_fingerprint if engine else "r",
        "embedder": engine.embedder.fingerprint if engine else "e",
        "index": "i",
        "held_out": {"all": held},
    }
    return Calibration(**(values | change))


@pytest.fixture
def engine(own_index):
    return Engine(Settings(indexes=own_index))


def test_what_is_written_is_read(tmp_path):
    assert calibration.read(tmp_path) is None
    assert calibration.read(tmp_path / "none") is None
    calibration.write(tmp_path, fitted())
    assert calibration.read(tmp_path) == fitted()
    assert calibration.read(tmp_path).fingerprint == fitted().fingerprint
    assert fitted(threshold=0.5).fingerprint != fitted().fingerprint
    assert calibration.remove(tmp_path)
    assert not calibration.remove(tmp_path)
    assert calibration.read(tmp_path) is None


def resealed(content):
    """A file whose checksum is right and whose values are not."""
    content.pop("checksum", None)
    return json.dumps(content | {"checksum": calibration._hash(content)}).encode()


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": 1.5},
        {"lines": {"same": {"slope": 1, "offset": 0}}},
        {"lines": {"same": {"slope": -1, "offset": 0}, "cross": {"slope": 1, "offset": 0}}},
        {"lines": {"same": {"slope": 1e9, "offset": 0}, "cross": {"slope": 1, "offset": 0}}},
        {"format": 2},
        {"extra": 1},
        {"question_file_sha256": "x"},
    ],
)
def test_values_out_of_their_ranges_are_refused_even_with_a_right_checksum(tmp_path, change):
    calibration.write(tmp_path, fitted())
    path = tmp_path / calibration.NAME
    path.write_bytes(resealed(json.loads(path.read_bytes()) | change))
    with pytest.raises(IndexDamaged, match=r"calibration\.json: cannot be used") as told:
        calibration.read(tmp_path)
    assert "--reset" in told.value.hint


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000, b" " * 1_000_001, b'{"checksum": NaN}'],
)
def test_any_other_file_is_damaged(tmp_path, content):
    (tmp_path / calibration.NAME).write_bytes(content)
    with pytest.raises(IndexDamaged, match=r"calibration\.json: "):
        calibration.read(tmp_path)


@pytest.mark.parametrize("place", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_flipped_bit_is_noticed(tmp_path, place):
    calibration.write(tmp_path, fitted())
    path = tmp_path / calibration.NAME
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(IndexDamaged):
        calibration.read(tmp_path)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 100), st.floats(-100, 100))
def test_a_line_gives_probabilities_and_keeps_their_order(one, other, slope, offset):
    line = Line(slope=slope, offset=offset)
    assert 0 <= line(one) <= 1
    if one <= other:
        assert line(one) <= line(other)


@given(st.floats(0, 1))
def test_the_line_as_shipped_changes_nothing(probability):
    assert Line()(probability) == pytest.approx(probability, abs=1e-12)


def evidence(probability, passage="a"):
    span = Span(start=0, end=1)
    return Evidence(
        document_id="d",
        passage_id=passage,
        quote=span,
        answer=None,
        score=1,
        probability=probability,
    )


@pytest.mark.parametrize(("question", "relation"), [("من؟", "same"), ("Who?", "cross")])
def test_the_best_probability_is_mapped_and_the_others_keep_their_share(question, relation):
    lines = {"same": Line(slope=2, offset=0), "cross": Line(slope=1, offset=-1)}
    reader = SimpleNamespace(
        fingerprint="r", read=lambda *_: [evidence(0.8), evidence(0.4), evidence(0.0)]
    )
    passage = Passage(id="a", document_id="d", start=0, end=1, text="x", language="ar")
    calibrated = CalibratedReader(reader, fitted(lines=lines))
    found = calibrated.read(question, [passage], None)
    expected = {"same": 16 / 17, "cross": 1 / (1 + math.exp(1) / 4)}[relation]
    assert found[0].probability == pytest.approx(expected)
    assert found[1].probability == pytest.approx(expected / 2)
    assert found[2].probability == 0
    assert calibrated.fingerprint.startswith("r+")


def test_no_evidence_stays_none():
    reader = SimpleNamespace(fingerprint="r", read=lambda *_: [])
    assert CalibratedReader(reader, fitted()).read("Who?", [], None) == []


def test_answers_use_it_from_the_next_question_on_and_not_after_it_is_gone(engine):
    folder = engine.collection.folder
    before = engine.ask(QUESTION)
    assert (before.status, engine.calibration_fingerprint) == ("answered", None)
    line = Line(slope=1, offset=-1)
    kept = fitted(engine, lines={"same": line, "cross": Line()}, threshold=0.0)
    calibration.write(folder, kept)
    after = engine.ask(QUESTION)
    assert engine.calibration_fingerprint == kept.fingerprint
    assert after.confidence == pytest.approx(line(before.confidence), abs=2e-4)
    assert [one.quote for one in after.citations] == [one.quote for one in before.citations]
    calibration.write(folder, fitted(engine, threshold=1.0))
    assert engine.ask(QUESTION).status == "abstained"
    calibration.remove(folder)
    assert engine.ask(QUESTION).confidence == before.confidence


def test_a_threshold_that_is_set_stands_over_the_fitted_one(own_index):
    engine = Engine(Settings(indexes=own_index, threshold=0.0))
    calibration.write(engine.collection.folder, fitted(engine, threshold=1.0))
    assert engine.ask(QUESTION).status == "answered"


def test_one_fitted_with_other_models_or_set_aside_is_not_used(engine):
    calibration.write(engine.collection.folder, fitted(engine, reader="another", threshold=1.0))
    assert engine.ask(QUESTION).status == "answered"
    calibration.write(engine.collection.folder, fitted(engine, threshold=1.0))
    aside = Engine(engine.settings, calibrated=False)
    assert aside.ask(QUESTION).status == "answered"


def test_a_damaged_one_stops_answers(engine):
    (engine.collection.folder / calibration.NAME).write_bytes(b"{}")
    with pytest.raises(IndexDamaged):
        engine.ask(QUESTION)


def test_the_doctor_tells_of_it(engine, own_index):
    def told():
        return next(one for one in examine(engine.settings) if one.check == "calibration")

    folder = engine.collection.folder
    assert (told().state, "as shipped" in told().note) == ("ok", True)
    calibration.write(folder, fitted(engine))
    assert told().state == "ok"
    assert "held out it answered 50% and was wrong in 5%" in told().note
    calibration.write(folder, fitted(engine, embedder="another"))
    assert (told().state, "not used" in told().note) == ("warn", True)
    (folder / calibration.NAME).write_bytes(b"x")
    assert told().state == "bad"
    shutil.rmtree(own_index)
    assert told().state == "ok"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path):
    calibration.write(tmp_path, fitted())
    (tmp_path / calibration.NAME).chmod(0)
    with pytest.raises(IndexDamaged, match="Permission denied"):
        calibration.read(tmp_path)
