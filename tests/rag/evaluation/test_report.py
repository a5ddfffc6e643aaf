import json
from dataclasses import replace

import pytest

from rag.evaluation.bars import check_bars, parse_bar
from rag.evaluation.report import InvalidReport, failures, load_report, table, to_dict
from rag.evaluation.run import evaluate


@pytest.fixture
def report(engine, questions):
    return evaluate(engine, questions, 8)


def test_the_report_survives_json(report):
    data = to_dict(report, check_bars(report, [parse_bar("mrr>=0.9")]))
    assert json.loads(json.dumps(data, ensure_ascii=False, allow_nan=False)) == data
    assert data["slices"]["en"]["exact_match"] == 1
    assert data["slices"]["en"]["abstention_precision"] is None
    assert data["rows"][0]["answer"] == "١٢٠٠ أسير"
    assert data["index"] == {"generation": "gen-000001", "fingerprint": "f1"}
    assert data["failed_bars"] == [
        {"bar": "all.mrr>=0.9", "actual": pytest.approx((1 + 1 / 2 + 1 / 4 + 1 / 3) / 4)}
    ]


def test_the_table_has_a_line_for_each_metric_and_a_column_for_each_language(report):
    lines = table(report).splitlines()
    assert lines[0].split() == ["Arabic", "English", "all", "95%", "of", "all"]
    width = len("citation precision, ALCE")
    cells = {line[:width].strip(): line[width:].split()[:3] for line in lines[2:-2]}
    assert cells["hit@8"] == ["1.000", "1.000", "1.000"]
    assert cells["exact match"] == ["0.000", "1.000", "0.500"]
    assert cells["abstention precision"] == ["0.500", "-", "0.500"]
    assert cells["quotes unverified"] == ["0", "0", "0"]
    assert len(cells["latency p95 (ms)"]) == 3
    assert {"MRR", "token F1", "citation precision", "fact cited"} <= set(cells)
    assert lines[-1] == "index f1  embedder e1"


def test_the_table_is_aligned_and_ascii(report):
    for part in table(report).split("\n\n")[:-1]:
        head, rule, *rows = part.splitlines()
        assert {len(line) for line in (head, rule, *rows)} == {len(head)}
    assert table(report).isascii()


def test_failures_name_the_question_and_what_was_answered(report):
    assert failures(report).splitlines() == [
        "ar-2: abstained (not_in_sources) (confidence 0.10, gold passage at rank 2)",
        "  question: متى سقطت باخموت؟",
        "  accepted: مايو 2023 | أيار 2023",
        "en-2: cites another place (confidence 0.90, gold passage at rank 3)",
        "  question: How many prisoners?",
        "  accepted: 1200",
        "  answered: ١٢٠٠",
        "un-2: answered, but the articles do not say (confidence 0.90)",
        "  question: Who won the cup?",
        "  answered: Friday",
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"quotes_unverified": 1}, "1 quotes not in the document"),
        ({"citation_recall": 0.0, "fact_cited": 0.0}, "cites something else"),
        ({"token_f1": 0.0}, "another answer"),
        ({"rank": None, "token_f1": 0.0}, "gold passage at rank -"),
    ],
)
def test_each_way_to_fail_has_its_reason(report, change, reason):
    row = replace(report.rows[0], **change)
    assert reason in failures(replace(report, rows=(row,)))


def test_no_failures_are_no_text(report):
    assert failures(replace(report, rows=report.rows[:1])) == ""


def test_direction_and_control_characters_are_shown(report):
    row = replace(report.rows[-1], answer="a\u202eb\n\x1b[31mc")
    assert "  answered: a\\u202eb \\u001b[31mc" in failures(replace(report, rows=(row,)))


def test_language_pairs_have_a_table_of_their_own(report):
    pairs = table(report).split("\n\n")[1].splitlines()
    assert pairs[0].split()[:3] == ["question", "to", "text"]
    assert [line.split("  ")[0] for line in pairs[2:]] == ["Arabic to Arabic", "English to English"]


def test_a_saved_report_is_read_back_whole(report, tmp_path):
    path = tmp_path / "r.json"
    path.write_text(json.dumps(to_dict(report), ensure_ascii=False), encoding="utf-8")
    read = load_report(path)
    assert read.rows == report.rows
    assert read.slices == report.slices
    assert read.intervals == report.intervals


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not a report"),
        (b"[]", "not a report"),
        (b'{"intervals": {}}', "not a report"),
        (b"\xff", "not a report"),
        (b"[" * 100_000, "not a report"),
    ],
)
def test_another_file_is_no_report(tmp_path, content, told):
    path = tmp_path / "r.json"
    path.write_bytes(content)
    with pytest.raises(InvalidReport, match=told):
        load_report(path)


def test_a_report_with_other_values_is_refused(report, tmp_path):
    path = tmp_path / "r.json"
    content = to_dict(report)
    content["rows"][0]["status"] = "frob"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InvalidReport, match=r"rows\.0\.status"):
        load_report(path)
