"""The benchmark runs end to end; how fast anything is, no test asserts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import run
from rag import catalogue

ROOT = Path(run.__file__).parent.parent


def _measured(out: Path, *arguments: str) -> dict:
    command = [sys.executable, "-m", "benchmarks.run", "--quick", "--json", str(out), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert "| measure | unit | Sanad |" in done.stdout
    return json.loads(out.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_quick_run_measures_sanad_on_seeds(tmp_path):
    result = _measured(tmp_path / "out.json", "--no-baseline")
    measures = {row["measure"] for row in result["rows"]}
    assert {"ingest", "cold start: first answer", "ask, first time, p95"} <= measures
    assert all(row["values"]["sanad"] > 0 for row in result["rows"])
    assert result["questions"] >= 40
    assert any("not run (no --news FILE)" in note for note in result["notes"])


@pytest.mark.slow
@pytest.mark.models
def test_plain_baseline_finds_a_passage(tmp_path):
    for name in ("sentence_transformers", "rank_bm25"):
        pytest.importorskip(name)
    # In a process of its own: what it loads warns, and a warning is an error here.
    script = """if True:
        import sys
        from pathlib import Path
        from benchmarks import baseline
        articles, model, folder = Path(sys.argv[1]), baseline.load_model(sys.argv[2]), Path(sys.argv[3])
        passages = baseline.read([articles])
        baseline.write(folder, passages, baseline.embed(model, passages))
        assert "1200" in baseline.Index(folder, model).search("كم عدد الأسرى؟")[0][0]
    """
    model = catalogue.MODELS / catalogue.PIECES
    command = [sys.executable, "-c", script, str(run.ARTICLES), str(model), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr


def test_news_pieces_are_whole_sentences_within_bounds(tmp_path):
    sentence = "قال الوزير إن الاجتماع سيعقد في تونس يوم الخميس المقبل بحضور الوفود المشاركة كلها."
    news = tmp_path / "news.txt"
    news.write_text(f"{' '.join([sentence] * 6)}\n{sentence}\n{sentence}\n", encoding="utf-8")
    found = list(run.pieces(news))
    assert len(found) == len(set(found)) == 3
    assert all(run.SHORTEST <= len(piece) <= run.LONGEST for piece in found)
    assert all(piece.endswith(".") for piece in found)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95)])
def test_percentile_is_the_nearest_rank(share, expected):
    assert run.percentile(list(range(100, 0, -1)), share) == expected


def test_ratio_over_one_means_sanad_is_better():
    values = {"sanad": 2.0, "minilm": 8.0}
    slower = run.Row(corpus="seeds", measure="cold start", unit="ms", values=values)
    rate = run.Row(corpus="seeds", measure="ingest", unit="1/s", values=values, more_is_better=True)
    assert (slower.ratios, rate.ratios) == ({"minilm": 4.0}, {"minilm": 0.25})


def test_results_fill_only_the_marked_block(tmp_path, monkeypatch):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{run.MARKS[0]}\nold\n{run.MARKS[1]}\nafter\n", encoding="utf-8")
    monkeypatch.setattr(run, "README", readme)
    run.fill_readme("new")
    content = readme.read_text(encoding="utf-8")
    assert content == f"before\n{run.MARKS[0]}\n\nnew\n\n{run.MARKS[1]}\nafter\n"
