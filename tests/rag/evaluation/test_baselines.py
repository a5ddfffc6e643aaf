"""The table of baselines, over tiny sets with the real models."""

import json
import os
import subprocess
import sys

import pytest

from rag.evaluation import baselines
from rag.evaluation.questions import FactQuestion
from tests.conftest import ROOT, SEEDS

WORDS = {
    "ar": [("يقع جسر تيسين على نهر لورن، وقد بُني عام 1931.", "متى بُني جسر تيسين؟", "1931"),
           ("تبيع سوق هالدن الخضار يوم الخميس فقط.", "في أي يوم تبيع سوق هالدن الخضار؟", "الخميس")],
    "en": [("The Tessin bridge crosses the river Lorne and was built in 1931.",
            "When was the Tessin bridge built?", "1931"),
           ("The Halden market sells vegetables on Thursdays only.",
            "On which day does the Halden market sell vegetables?", "Thursdays")],
}  # fmt: skip


def rows(languages):
    for language in languages:
        other = "en" if language == "ar" else "ar"
        for number, (text, question, answer) in enumerate(WORDS[language]):
            yield {
                "id": f"{number}-{language}",
                "lang": language,
                "title": "",
                "context": text,
                "question": question,
                "answers": [{"text": answer, "start": text.index(answer)}],
                "is_impossible": False,
            } | ({"twin": f"{number}-{other}"} if len(languages) == 2 else {})


@pytest.fixture
def data(tmp_path):
    for name, languages in [
        ("qa/sanad_qa.dev.jsonl", ["ar", "en"]),
        ("arcd.test.ar.jsonl", ["ar"]),
    ]:
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(one, ensure_ascii=False) for one in rows(languages)]
        path.write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "data"


def test_the_table_has_every_set_and_every_stage(data, tmp_path, capsys):
    code = baselines.main([str(data), "--seeds", str(SEEDS), "--sample", "3", "--output", str(tmp_path / "t.md")])  # fmt: skip
    assert code == 0
    text = (tmp_path / "t.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1
    stages = [line.split("|")[1].strip() for line in lines[2:]]
    assert [one for one in stages if not one.startswith("**")] == 4 * [
        "dense only, static model", "dense only, contextual model", "BM25 only", "hybrid",
        "+ rescoring", "+ reading passages", "+ answer, its citations",
    ]  # fmt: skip
    titles = [one for one in stages if one.startswith("**")]
    assert [one.split("**")[1] for one in titles] == [
        "seed facts",
        "sanad_qa dev, question and text in one language",
        "sanad_qa dev, question and text in two languages",
        "ARCD test",
    ]
    # Two articles in each language, each asked in both; the question's twin is in the other block.
    assert "4 questions, 4 articles" in titles[1]
    assert "4 questions, 4 articles" in titles[2]
    assert "2 questions, 2 articles" in titles[3]
    assert "drawn from" in titles[0]
    first, second = (line.split("|") for line in lines[3:5])
    gain = float(second[2]) - float(first[2])
    assert float(second[8]) == pytest.approx(gain, abs=0.0011)
    assert first[8].strip() == ""
    assert "mlqa.dev.ar.jsonl" in text.rsplit("Not measured", 1)[1]
    assert "fitted on this set" in text
    assert "seed facts: " in capsys.readouterr().err


def test_the_same_seed_draws_the_same_questions_and_keeps_pairs_together():
    asked = [
        FactQuestion(id=f"{n}-{language}", question="q?", language=language, answers=("1",), pair=str(n))
        for n in range(40) for language in ("ar", "en")
    ]  # fmt: skip
    drawn = baselines._drawn(asked, 11, 20)
    again = baselines._drawn(list(reversed(asked)), 11, 20)
    assert {one.id for one in drawn} == {one.id for one in again}
    assert len(drawn) == 12
    assert {one.pair for one in drawn if one.language == "ar"} == {
        one.pair for one in drawn if one.language == "en"
    }
    assert {one.id for one in drawn} != {one.id for one in baselines._drawn(asked, 11, 21)}
    assert len(baselines._drawn(asked, 1000, 20)) == 80


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nowhere"], 2, "'nowhere' is no folder"),
        (["."], 2, "none of the sets is there"),
        ([".", "--sample", "0"], 2, "--sample is 0"),
        ([".", "-k", "0"], 2, "k is 0"),
        ([".", "--output", "no/t.md"], 78, "its folder does not exist"),
    ],
)
def test_wrong_input_is_told(arguments, code, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert baselines.main(arguments) == code
    assert told in capsys.readouterr().err


def test_a_file_of_another_form_is_told(data, capsys):
    (data / "arcd.test.ar.jsonl").write_text('{"data": []}', encoding="utf-8")
    assert baselines.main([str(data), "--seeds", "nowhere"]) == 65
    assert "line 1: no row with id, question, context, answers" in capsys.readouterr().err


def test_it_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "rag.evaluation.baselines", "--help"],
        cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "mlqa.dev.ar.jsonl" in done.stdout
