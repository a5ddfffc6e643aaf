"""The measuring of passage sizes, on a few articles and with the embedded models."""

from __future__ import annotations

import json
import lzma
from contextlib import closing

import pytest

from rag.errors import ConfigurationError
from rag.evaluation.passage_sizes import (
    FIGURES,
    SHIPPED,
    HeadedIndex,
    Parts,
    Store,
    Way,
    difference,
    figure,
    headed,
    main,
    measure,
    ways,
)
from rag.evaluation.passage_trials import trials
from rag.passages import CUTTING, Cutting, cut
from rag.terms import index_terms
from tests.strategies import document

SMALL = Way(cutting=Cutting(target=60, longest=110))
TOWNS = (
    ("Dorvale", "درفال", "a paper mill", "مصنع ورق", 7),
    ("Ashby", "أشبي", "a salt works", "مملحة", 12),
    ("Kellmer", "كلمر", "a glass furnace", "فرن زجاج", 31),
    ("Ostrau", "أوسترو", "a brick kiln", "مصنع طوب", 45),
    ("Varna", "فارنا", "a steel bridge", "جسر فولاذي", 58),
)


def rows():
    """Five units of sanad_qa's shape, one question with an answer and one without each."""
    for number, (town, arabic, thing, what, workers) in enumerate(TOWNS):
        told = {
            "ar": (
                arabic,
                f"تقع {arabic} عند مصب النهر. وفيها {what} قديم. يعمل في المكان {workers} عاملًا.",
                f"كم عاملًا يعمل في {arabic}؟",
                f"من حكم {arabic}؟",
            ),
            "en": (
                town,
                f"{town} lies at the river mouth. It has {thing}. The place employs {workers} workers.",
                f"How many workers are employed in {town}?",
                f"Who ruled {town}?",
            ),
        }
        for language, (title, context, asked, unanswered) in told.items():
            other = {"ar": "en", "en": "ar"}[language]
            common = {"unit": f"A{number:03}", "lang": language, "title": title, "context": context}
            start = context.index(str(workers))
            yield {
                **common,
                "id": f"A{number:03}-1-{language}",
                "twin": f"A{number:03}-1-{other}",
                "question": asked,
                "answers": [{"text": str(workers), "start": start}],
            }
            yield {
                **common,
                "id": f"A{number:03}-2-{language}",
                "twin": f"A{number:03}-2-{other}",
                "question": unanswered,
                "answers": [],
            }


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for name in ("qa", "eval"):
        (folder / name).mkdir()
    lines = [json.dumps(row, ensure_ascii=False) for row in rows()]
    (folder / "qa" / "sanad_qa.dev.jsonl").write_text("\n".join(lines), encoding="utf-8")
    stories = [
        json.dumps({**row, "title": row["unit"][:2]}) for row in rows() if row["lang"] == "en"
    ]
    with lzma.open(folder / "qa" / "fairytaleqa.dev.en.jsonl.xz", "wt", encoding="utf-8") as file:
        file.write("\n".join(stories))
    return folder


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    with closing(Store(tmp_path_factory.mktemp("cache") / "kept.sqlite")) as store:
        yield Parts.shipped(store)


def test_articles_are_made_of_paragraphs_and_every_gold_span_is_in_them(data):
    made = trials(data, 100)
    assert [trial.name for trial in made] == [
        "sanad_qa ar→ar",
        "sanad_qa en→ar",
        "sanad_qa ar→en",
        "sanad_qa en→en",
        "FairytaleQA en→en",
    ]
    for trial in made:
        texts = {one.id: one.text for one in trial.documents}
        assert len(trial.asked) == 10
        assert sum(bool(asked.gold) for asked in trial.asked) == 5
        for asked in trial.asked:
            spans = [texts[asked.document][gold.start : gold.end] for gold in asked.gold]
            assert tuple(spans) == asked.accepted
    four, one = made[0].documents
    assert [line for line in four.text.split("\n") if line and "." not in line] == [
        arabic for _, arabic, *_ in TOWNS[:4]
    ]
    assert one.text.startswith(f"{TOWNS[4][1]}\n")
    (story,) = made[-1].documents
    assert story.text.count("\n\n") == 4


def test_a_smaller_sample_is_the_beginning_of_a_larger_one(data):
    for small, large in zip(trials(data, 3), trials(data, 8), strict=True):
        assert small.asked == large.asked[:3]


def test_what_was_asked_before_is_not_asked_again(data, parts, monkeypatch):
    trial = trials(data, 4)[3]
    first = measure(trial, SMALL, parts)
    assert first.passages > first.articles == 2
    assert len(first.rows) == 4
    assert figure([first], "hit@5") == 1.0
    assert all(len(row) == len(FIGURES) for row in first.rows)
    assert [row[-1] is None for row in first.rows] == [bool(one.gold) for one in trial.asked]
    monkeypatch.setattr("rag.evaluation.passage_sizes._ask", None)
    assert measure(trial, SMALL, parts) == first
    with pytest.raises(TypeError):  # another way is another matter
        measure(trial, Way(cutting=SMALL.cutting, headed=True), parts)


def test_a_difference_is_that_of_the_same_questions(data, parts):
    trial = trials(data, 4)[3]
    one, other = measure(trial, SMALL, parts), measure(trial, SHIPPED, parts)
    change = difference([one], [other], "cited")
    assert change.questions == sum(bool(asked.gold) for asked in trial.asked)
    assert change.change == pytest.approx(figure([other], "cited") - figure([one], "cited"))


def test_a_passage_below_a_heading_is_found_by_it_and_shown_without(parts):
    text = "الميناء\n\n" + "جملة عن البحر والسفن القادمة. " * 8
    article = document(text)
    passages = cut(article, SMALL.cutting)
    texts = headed(article, passages)
    assert texts[0] == passages[0].text
    assert texts[1:] == [f"الميناء\n{passage.text}" for passage in passages[1:]]
    index = HeadedIndex([article], parts.embedder, cutting=SMALL.cutting)
    assert {index.document_frequency(term) for term in index_terms("الميناء")} == {len(passages)}
    for passage in index.passages([passage.id for passage in passages]):
        assert text[passage.start : passage.end] == passage.text


def test_the_shipped_way_comes_first_and_none_twice():
    compared = ways((500, 250), (0, 1), headed=True)
    assert compared[0] == SHIPPED
    assert len(compared) == len(set(compared)) == 5
    assert compared[-1] == Way(cutting=CUTTING, headed=True)


def test_the_command_prints_figures_and_differences(data, tmp_path, capsys):
    arguments = ["--data", str(data), "--questions", "1", "--targets", "60", "--overlaps", "1"]
    assert main([*arguments, "--cache", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "60/108/1" in told
    assert f"less {SHIPPED}" in told
    assert "sanad_qa en→ar" in told


def test_a_folder_without_the_questions_is_told(tmp_path, capsys):
    with pytest.raises(ConfigurationError, match=r"sanad_qa\.dev\.jsonl"):
        trials(tmp_path, 1)
    assert main(["--data", str(tmp_path)]) == 78
    assert "sanad_qa.dev.jsonl" in capsys.readouterr().err
    assert main(["--data", str(tmp_path), "--targets", "0"]) == 2
