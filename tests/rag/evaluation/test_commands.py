"""The commands over the real seed collection."""

import json

import pytest

from rag import calibration
from rag.engine import Engine
from rag.evaluation import calibrate, commands
from rag.evaluation.questions import load
from rag.settings import Settings
from tests.api.fakes import served, until_ready
from tests.conftest import SEEDS

pytestmark = pytest.mark.usefixtures("own_folder")

FACTS = SEEDS / "facts.jsonl"
FEW = ("ar-001", "ar-002", "en-001", "en-002")


@pytest.fixture
def few(tmp_path):
    lines = FACTS.read_text(encoding="utf-8").splitlines()
    kept = [next(line for line in lines if f'"id": "{id}"' in line) for id in FEW]
    path = tmp_path / "few.jsonl"
    path.write_text("\n".join(kept), encoding="utf-8")
    return path


def test_a_run_is_saved_with_all_that_decides_it_and_compared_with_another(sanad, few, tmp_path):
    code, _, err = sanad("evaluate", few, "--save", "a.json", "--html", "a.html")
    assert (code, err) == (0, "")
    saved = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    manifest = saved["manifest"]
    assert manifest["question_file"]["sha256"]
    assert manifest["question_file"]["questions"] == 4
    assert manifest["settings"]["k"] == 8
    assert manifest["index"]["fingerprint"] == saved["index"]["fingerprint"]
    assert manifest["target"]["reader"].startswith("evidence@")
    assert "evidence.json" in manifest["target"]["weights"]
    assert manifest["target"]["calibration"] is None
    assert str(tmp_path) not in json.dumps(manifest)
    assert "</html>" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert not (tmp_path / "a.json.partial").exists()
    code, out, err = sanad("evaluate", "--compare", "a.json", "a.json")
    assert (code, err) == (0, "")
    assert "4 questions in both" in out
    assert (
        json.loads(sanad("evaluate", "--compare", "a.json", "a.json", "--json")[1])["worse"] == []
    )


def test_an_interrupted_run_goes_on_where_it_stopped(sanad, few, tmp_path, monkeypatch):
    asked = []
    ask = Engine.ask

    def counted(self, question, *given, **named):
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(question)
        return ask(self, question, *given, **named)

    monkeypatch.setattr(Engine, "ask", counted)
    code, out, err = sanad("evaluate", few, "--save", "a.json")
    assert (code, out) == (130, "")
    assert "the same command goes on from there" in err
    assert not (tmp_path / "a.json").exists()
    monkeypatch.setattr(Engine, "ask", ask)
    code, _, err = sanad("evaluate", few, "--save", "a.json", "--json")
    assert code == 0
    assert "2 questions were asked before" in err
    rows = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["rows"]
    assert [row["id"] for row in rows] == list(FEW)
    assert not (tmp_path / "a.json.partial").exists()


def test_a_baseline_is_written_kept_and_missed(sanad, few, tmp_path):
    code, _, err = sanad("evaluate", few, "--baseline", "b.json")
    assert code == 65
    assert "--update-baseline" in err
    assert sanad("evaluate", few, "--baseline", "b.json", "--update-baseline")[0] == 0
    code, out, err = sanad("evaluate", few, "--baseline", "b.json", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["baseline"]["questions"] == 4
    kept = json.loads((tmp_path / "b.json").read_text(encoding="utf-8"))
    row = kept["rows"]["ar-001"]
    # A baseline of many such questions that all had more than any run can have.
    kept["rows"] = {id: {**row, "cluster": id} for id in FEW}
    (tmp_path / "b.json").write_text(json.dumps(kept), encoding="utf-8")
    assert (
        "the baseline has 3 questions that were not asked"
        in sanad("evaluate", few, "--baseline", "b.json")[2]
    )
    code, _, err = sanad("evaluate", few, "--update-baseline")
    assert (code, "--baseline FILE" in err) == (2, True)


def test_a_service_is_measured_like_the_collection_it_serves(sanad, few, seed_index):
    with served(Engine(Settings(indexes=seed_index))) as address:
        until_ready(address)
        over = json.loads(sanad("evaluate", few, "--target", address, "--json")[1])
    here = json.loads(sanad("evaluate", few, "--json")[1])
    for name, figures in here["slices"].items():
        for metric, value in figures.items():
            if not metric.startswith("latency"):
                assert over["slices"][name][metric] == value, (name, metric)
    assert over["index"] == here["index"]


def test_another_collection_of_a_service_is_measured_by_name(sanad, few, seed_index, tmp_path):
    with served(Engine(Settings(indexes=seed_index))) as address:
        until_ready(address)
        code, out, _ = sanad(
            "evaluate", few, "--target", address, "--collection", "default", "--json"
        )
        assert code == 0
        target = json.loads(out)["manifest"]["target"]
        assert target == {"kind": "sanad", "address": address, "collection": "default"}
        code, _, err = sanad("evaluate", few, "--target", address, "--collection", "none")
        assert code != 0
        assert "none" in err
        code, _, err = sanad("evaluate", few, "--target", f"{address}/v1")
        assert (code, "is not a Sanad service" in err) == (69, True)


def test_what_is_missing_for_a_target_is_told(sanad, few):
    code, _, err = sanad("evaluate", few, "--target", "openai:http://127.0.0.1:9/v1")
    assert (code, "--model NAME" in err) == (2, True)
    code, _, err = sanad("evaluate", few, "--target", "http://127.0.0.1:9")
    assert (code, "error[unavailable]" in err) == (69, True)
    assert sanad("evaluate")[0] == 2


def test_stages_stand_on_each_other(sanad, few):
    code, out, err = sanad("evaluate", few, "--stages", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)["stages"]
    assert [stage["over"] for stage in found] == [
        None, None, "BM25 only", "hybrid", "+ rescoring", "+ reading passages",
    ]  # fmt: skip
    assert found[4]["figures"]["all"]["hit_at_1"] == 1
    assert set(found[0]["figures"]) == {"all", "ar", "en"}
    lines = sanad("evaluate", few, "--stages")[1].splitlines()
    assert len(lines) == 8
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["evaluate", FACTS, "--stages", "--save", "x.json", "--bar", "hit_at_1>=0"], "--bar, --save"),
        (["evaluate", FACTS, "--stages", "--update-baseline"], "--update-baseline"),
        (["evaluate", "--compare", "a.json", "b.json", "--html", "c.html"], "with --html"),
        (["evaluate", "f.jsonl", "--compare", "a.json", "b.json"], "with f.jsonl"),
        (["evaluate", FACTS, "--refusal", "لا أعلم"], "--refusal is about a chat endpoint, and there is no --target"),
        (["evaluate", FACTS, "--model", "m", "--target", "http://127.0.0.1:9"], "--target is 'http://127.0.0.1:9'"),
        (["evaluate", FACTS, "--key-variable", "KEY"], "there is none"),
        (["evaluate", FACTS, "--target", "http://127.0.0.1:9", "--threshold", "0"], "--threshold changes nothing"),
        (["facts", "draft", "--limit", "0"], "--limit is 0"),
        (["calibrate", FACTS, "--reset"], "cannot be joined with"),
    ],
)  # fmt: skip
def test_what_would_be_left_undone_is_refused(sanad, arguments, told):
    code, out, err = sanad(*arguments)
    assert (code, out) == (2, "")
    assert told in err


def test_facts_are_imported_ingested_and_checked(sanad, tmp_path):
    text = "سقطت مدينة باخموت في أيّار ٢٠٢٣، وسقطت قبلها مدينة أخرى في الشرق."
    answer = {"text": "أيّار ٢٠٢٣", "answer_start": text.index("أيّار")}
    asked = {"id": "q", "question": "متى سقطت باخموت؟", "answers": [answer]}
    data = {"data": [{"title": "ب", "paragraphs": [{"context": text, "qas": [asked]}]}]}
    (tmp_path / "s.json").write_text(json.dumps(data), encoding="utf-8")
    own = tmp_path / "own"
    code, out, err = sanad(
        "facts", "import", "arcd", "s.json", "--articles", "a.jsonl", "--output", "q.jsonl",
        indexes=own,
    )  # fmt: skip
    assert (code, out) == (0, "")
    assert "1 questions, 1 articles" in err
    code, _, err = sanad("facts", "check", "q.jsonl", indexes=own)
    assert (code, "there is no collection" in err) == (0, True)
    assert sanad("ingest", "a.jsonl", indexes=own)[0] == 0
    code, out, err = sanad("facts", "check", "q.jsonl", indexes=own)
    assert (code, out) == (0, "")
    assert (
        json.loads(sanad("evaluate", "q.jsonl", "--json", indexes=own)[1])["slices"]["ar"][
            "hit_at_1"
        ]
        == 1
    )
    # To standard output, where no file is named.
    code, out, err = sanad("facts", "import", "arcd", "s.json", indexes=own)
    assert json.loads(out)["id"] == "q"
    assert "write them with --articles" in err


def test_mistakes_are_told_with_lines_and_mended(sanad, few, tmp_path):
    lines = [json.loads(line) for line in few.read_text(encoding="utf-8").splitlines()]
    gold = lines[0]["gold"][1]
    gold["start"], gold["end"], gold["quote"] = 470, 478, "وتمثل بو"
    lines[1]["language"] = "en"
    path = tmp_path / "bad.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    code, out, err = sanad("facts", "check", path, "--fix", "good.jsonl")
    assert code == 65
    assert f"{path}:1: ar-001: error:" in out
    assert f"{path}:2: ar-002: warning: language is 'en', the question is in 'ar'" in out
    assert "4 questions (0 drafts), 1 error, 3 warnings" in err
    code, out, _ = sanad("facts", "check", "good.jsonl", "--json")
    assert not [one for one in json.loads(out)["findings"] if one["severity"] == "error"]
    assert load(tmp_path / "good.jsonl")[0].gold[1].start == 472


@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff"])
def test_a_file_without_a_question_is_an_error(sanad, tmp_path, content):
    path = tmp_path / "empty.jsonl"
    path.write_text(content, encoding="utf-8")
    for command in (["facts", "check"], ["evaluate"], ["calibrate"]):
        code, out, err = sanad(*command, path)
        assert (code, out) == (65, "")
        assert "holds no question" in err
        assert '"answers"' in err  # what a line looks like


def test_another_format_is_told_from_a_mistake(sanad, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("question,answers\nمتى سقطت باخموت؟,أيار 2023\n", encoding="utf-8")
    code, out, err = sanad("facts", "check", path)
    assert code == 65
    assert f"{path}:2: error: not JSON: expected value, column 1" in out
    assert "sanad facts import FORMAT FILE" in err
    code, _, err = sanad("evaluate", path)
    assert (code, "sanad facts import FORMAT FILE" in err) == (65, True)
    path.write_text('{"id": "a b", "question": "Who?", "language": "en", "answers": ["x"]}')
    code, out, err = sanad("facts", "check", path)
    assert "id: 'a b' holds white space" in out
    assert "fields: id, question" in err


@pytest.mark.parametrize("option", ["--save", "--html", "--baseline"])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_asked(
    sanad, few, tmp_path, monkeypatch, option
):
    monkeypatch.setattr(Engine, "ask", lambda *_: pytest.fail("asked"))
    update = ["--update-baseline"] if option == "--baseline" else []
    for path, told in (("none/x", "there is no folder 'none'"), (str(tmp_path), "is a folder")):
        code, out, err = sanad("evaluate", few, option, path, *update)
        assert (code, out, told in err) == (78, "", True)


def test_lines_that_cannot_be_read_are_not_lost_silently(sanad, few, tmp_path):
    content = few.read_text(encoding="utf-8") + "\n{oops\n"
    few.write_text(content, encoding="utf-8")
    code, _, err = sanad("facts", "check", few, "--fix", few)
    assert (code, "they would be lost" in err) == (2, True)
    assert few.read_text(encoding="utf-8") == content
    code, _, err = sanad("facts", "check", few, "--fix", "other.jsonl")
    assert (code, "lines that cannot be read are not in other.jsonl: 5" in err) == (65, True)


def test_drafts_are_not_asked_until_they_are_accepted(sanad, tmp_path):
    code, out, err = sanad("facts", "draft", "articles/000_bf9d928c021a1d38.txt", "--limit", "2")
    assert code == 0
    drafts = [json.loads(line) for line in out.splitlines()]
    assert {draft["language"] for draft in drafts} == {"ar", "en"}
    assert all(draft["draft"] for draft in drafts)
    (tmp_path / "d.jsonl").write_text(out, encoding="utf-8")
    assert "all of its 4 questions are drafts" in sanad("evaluate", "d.jsonl")[2]
    accepted = "\n".join(json.dumps({**d, "draft": False}) for d in drafts[:2])
    (tmp_path / "d.jsonl").write_text(f"{accepted}\n{json.dumps(drafts[2])}", encoding="utf-8")
    code, _, err = sanad("evaluate", "d.jsonl")
    assert (code, "1 drafts are left out" in err) == (0, True)
    assert sanad("facts", "check", "d.jsonl")[0] == 0
    kept = tmp_path / "drafts.jsonl"
    kept.write_text("سؤال راجعته\n", encoding="utf-8")
    code, _, err = sanad("facts", "draft", "--limit", "1", "--output", str(kept))
    assert (code, "is there already" in err) == (2, True)
    assert kept.read_text(encoding="utf-8") == "سؤال راجعته\n"
    assert sanad("facts", "draft", "gone.txt")[0] == 2
    assert sanad("facts", "draft", indexes=tmp_path / "none")[0] == 65


def test_a_collection_is_calibrated_used_and_reset(sanad, own_index, few, tmp_path, monkeypatch):
    lines = FACTS.read_text(encoding="utf-8").splitlines()
    chosen = [*lines[:11], *[line for line in lines if '"unanswerable": true' in line][:9]]
    (tmp_path / "f.jsonl").write_text("\n".join(chosen), encoding="utf-8")
    folder = own_index / "default"
    run = ("calibrate", "f.jsonl", "--error", "0.3")
    code, out, err = sanad(*run, "--json", indexes=own_index)
    assert code == 0, err
    told = json.loads(out)
    assert (told["stored"], told["questions"]) == (True, 20)
    kept = calibration.read(folder)
    assert (kept.error, kept.fingerprint) == (0.3, told["fingerprint"])
    assert kept.held_out["all"].questions == 20
    other = kept.model_copy(update={"threshold": 0.9})
    monkeypatch.setattr(calibrate, "calibrate", lambda *given, **named: other)
    code, out, _ = sanad(*run, "--dry-run", indexes=own_index)
    assert (code, out.splitlines()[0]) == (0, "answers from 0.9000 on, for at most 30% wrong")
    assert calibration.read(folder) == kept
    assert f"calibration: {kept.fingerprint}" in sanad("doctor", indexes=own_index)[1]
    report = json.loads(sanad("evaluate", few, "--json", indexes=own_index)[1])
    assert report["manifest"]["target"]["calibration"] == kept.fingerprint
    answered = [row for row in report["rows"] if row["status"] == "answered"]
    assert answered
    assert all(row["confidence"] >= kept.threshold for row in answered)
    code, out, _ = sanad("calibrate", "--reset", indexes=own_index)
    assert (code, out) == (0, "took the calibration away\n")
    assert sanad("calibrate", "--reset", indexes=own_index)[1] == "there was no calibration\n"
    assert calibration.read(folder) is None


def test_what_cannot_be_calibrated_is_told(sanad, few, tmp_path):
    code, _, err = sanad("calibrate", few)
    assert (code, "4 questions are too few" in err) == (2, True)
    assert sanad("calibrate")[0] == 2
    assert sanad("calibrate", FACTS, "--error", "1")[0] == 2
    assert sanad("calibrate", FACTS, indexes=tmp_path)[0] == 65


def test_a_collection_that_is_not_there_is_told(sanad, tmp_path):
    line = {"id": "1", "question": "who?", "language": "en", "unanswerable": True}
    (tmp_path / "f.jsonl").write_text(json.dumps(line), encoding="utf-8")
    _, _, err = sanad("evaluate", "f.jsonl", "--collection", "none")
    assert "there is no collection" in err
    assert "sanad ingest PATH" in err


def test_drafts_of_no_place_are_refused(sanad):
    for limit in (0, -3):
        code, out, err = sanad("facts", "draft", "--limit", limit)
        assert (code, out) == (2, "")
        assert f"--limit is {limit}, expected 1 or more" in err


def test_settings_that_decide_hold_no_place_of_this_machine(tmp_path):
    import argparse

    settings = Settings(embedder=str(tmp_path / "model"))
    decisive = commands._decisive(settings, argparse.Namespace(concurrency=1))
    assert decisive["embedder"] == "model"
    assert "indexes" not in decisive


@pytest.mark.parametrize(
    "options",
    [
        ("--save", "few.jsonl"),
        ("--html", "few.jsonl"),
        ("--baseline", "few.jsonl", "--update-baseline"),
        ("--save", "one", "--html", "one"),
        ("--save", "one", "--baseline", "one", "--update-baseline"),
    ],
)
def test_no_report_is_written_over_the_questions_or_another(sanad, few, tmp_path, options):
    before = few.read_bytes()
    code, out, err = sanad("evaluate", few, *options)
    assert (code, out) == (2, "")
    assert "would be written over" in err
    assert few.read_bytes() == before
    assert not (tmp_path / "one").exists()


@pytest.mark.parametrize(
    "options",
    [("--output", "t.csv"), ("--articles", "t.csv"), ("--output", "x", "--articles", "x")],
)
def test_no_import_is_written_over_what_it_reads(sanad, tmp_path, options):
    table = tmp_path / "t.csv"
    table.write_text("question,answers\nWho?,Ann\n", encoding="utf-8")
    code, out, err = sanad("facts", "import", "csv", table, *options)
    assert (code, out) == (2, "")
    assert "would be written over" in err
    assert table.read_text(encoding="utf-8").startswith("question,answers")
    folder = tmp_path / "beir"
    folder.mkdir()
    (folder / "queries.jsonl").write_text('{"_id": "1", "text": "Who?"}', encoding="utf-8")
    code, _, err = sanad("facts", "import", "beir", folder, "--output", folder / "queries.jsonl")
    assert code == 2
    assert "would be written over" in err


def test_a_file_of_another_format_is_told_how_to_come_in(sanad, tmp_path):
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"version": "2.0", "data": []}), encoding="utf-8")
    code, _, err = sanad("evaluate", path)
    assert code == 65
    assert "sanad facts import FORMAT FILE" in err
