import json
import re

import pytest

from rag.evaluation.questions import InvalidQuestionFile, load, read, slices_of

GOLD = {
    "document": "articles/x.txt",
    "document_sha256": "0" * 64,
    "start": 3,
    "end": 7,
    "quote": "١٢٠٠",
}
LINE = {
    "id": "ar-1",
    "question": "كم عدد الأسرى؟",
    "language": "ar",
    "unanswerable": False,
    "answers": ["1200"],
    "gold": [GOLD],
    "tags": ["number"],
}


def write(tmp_path, *lines):
    path = tmp_path / "facts.jsonl"
    path.write_text(
        "\n".join(
            line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)
            for line in lines
        ),
        encoding="utf-8",
    )
    return path


def test_a_file_gives_its_questions_in_order(tmp_path):
    unanswerable = LINE | {
        "id": "un-1",
        "unanswerable": True,
        "answers": [],
        "gold": [],
        "tags": [],
    }
    questions = load(write(tmp_path, LINE, "", unanswerable, ""))
    assert [question.id for question in questions] == ["ar-1", "un-1"]
    assert questions[0].gold[0].quote == "١٢٠٠"
    assert slices_of(questions) == (
        "all", "ar", "en", "ar-ar", "ar-en", "en-ar", "en-en", "tag:number"
    )  # fmt: skip


def test_a_line_separator_inside_a_question_is_not_a_line_end(tmp_path):
    (question,) = load(
        write(tmp_path, "\ufeff" + json.dumps(LINE | {"question": "a\u2028b"}, ensure_ascii=False))
    )
    assert question.question == "a\u2028b"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"extra": 1}, "extra: is not a known field"),
        ({"language": "fr"}, "language: is 'fr', expected 'ar' or 'en'"),
        ({"question": "  "}, "question: "),
        ({"answers": [], "gold": []}, "an answerable question needs at least one of answers"),
        (
            {"gold": [{"document": "x", "start": 3}]},
            "gold.0: start, end and quote go together, end",
        ),
        ({"gold": [GOLD | {"relevance": 0}]}, "gold.0.relevance: is 0, expected at least 1"),
        ({"pair": "two words"}, "pair: "),
        ({"unanswerable": True}, "answers: an unanswerable question has none"),
        ({"unanswerable": True, "answers": []}, "gold: an unanswerable question has none"),
        ({"unanswerable": "no"}, "unanswerable: is 'no', expected true or false"),
        ({"answers": ["؟"]}, "answers.0: '؟' holds no letter or digit"),
        ({"gold": [GOLD | {"end": 3}]}, "gold.0: end is 3, expected more than start (3)"),
        ({"gold": [GOLD | {"end": 8}]}, "gold.0: quote has 4 characters, start and end span 5"),
        ({"gold": [GOLD | {"start": -1}]}, "gold.0.start: is -1, expected at least 0"),
        ({"gold": [GOLD | {"start": "3"}]}, "gold.0.start: is '3', expected a whole number"),
        ({"gold": [GOLD | {"document_sha256": "ab"}]}, "gold.0.document_sha256: "),
        ({"tags": ["two words"]}, "tags.0: "),
    ],
)
def test_a_faulty_line_is_refused_with_file_line_field_and_reason(tmp_path, change, reason):
    path = write(tmp_path, LINE | {"id": "other"}, LINE | change)
    with pytest.raises(InvalidQuestionFile, match=re.escape(f"{path}:2: {reason}")):
        load(path)


def test_a_line_that_is_no_json_is_refused(tmp_path):
    with pytest.raises(InvalidQuestionFile, match=r"facts\.jsonl:1: not JSON"):
        load(write(tmp_path, "{"))


def test_a_missing_field_is_named(tmp_path):
    line = {key: value for key, value in LINE.items() if key != "language"}
    with pytest.raises(InvalidQuestionFile, match=r"facts\.jsonl:1: language: is missing"):
        load(write(tmp_path, line))


def test_a_repeated_id_is_refused_with_both_lines(tmp_path):
    with pytest.raises(InvalidQuestionFile, match=r":3: id: 'ar-1' is also on line 1"):
        load(write(tmp_path, LINE, "", LINE))


def test_at_most_five_faults_are_listed(tmp_path):
    with pytest.raises(InvalidQuestionFile, match=r":5: .*\n\(2 more\)") as caught:
        load(write(tmp_path, *["{}"] * 7))
    assert (caught.value.code, caught.value.exit_code) == ("invalid_question_file", 65)
    assert ":6:" not in str(caught.value)


def test_files_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(InvalidQuestionFile, match="cannot be read: No such file"):
        load(tmp_path / "none.jsonl")
    path = tmp_path / "facts.jsonl"
    path.write_bytes(b'{"id": "\xe3"}')
    with pytest.raises(InvalidQuestionFile, match="not UTF-8 at byte 8"):
        load(path)
    with pytest.raises(InvalidQuestionFile, match="holds no question"):
        load(write(tmp_path, "", " "))


def test_only_id_question_and_language_are_needed_of_an_unanswerable_one(tmp_path):
    line = {"id": "1", "question": "Who?", "language": "en", "unanswerable": True}
    (question,) = load(write(tmp_path, line))
    assert (question.tags, question.pair, question.draft) == ((), None, False)
    assert json.loads(question.line()) == line


def test_a_whole_document_can_be_gold(tmp_path):
    (question,) = load(write(tmp_path, LINE | {"answers": [], "gold": [{"document": "d"}]}))
    assert question.gold[0].span is None


def test_drafts_are_not_asked(tmp_path):
    path = write(tmp_path, LINE, LINE | {"id": "d", "draft": True})
    assert [question.id for question in load(path)] == ["ar-1"]
    assert [line for line, _ in read(path).questions] == [1, 2]
    with pytest.raises(InvalidQuestionFile, match="all of its 1 questions are drafts"):
        load(write(tmp_path, LINE | {"draft": True}))


def test_a_question_survives_its_line(tmp_path):
    (question,) = load(write(tmp_path, LINE | {"pair": "p"}))
    assert load(write(tmp_path, question.line())) == (question,)
