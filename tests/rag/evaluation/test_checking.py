import json

import pytest

from rag.evaluation.checking import check_file, mended
from rag.evaluation.corpus import check
from rag.evaluation.questions import read


@pytest.fixture
def found(engine, questions, tmp_path):
    """Writes questions and gives the findings on them, and the file."""

    def run(*lines, library=engine):
        path = tmp_path / "q.jsonl"
        path.write_text(
            "\n".join(one if isinstance(one, str) else one.line() for one in lines),
            encoding="utf-8",
        )
        file = read(path)
        return file, check_file(file, library)

    return run


def changed(question, **gold):
    return question.model_copy(
        update={"gold": (question.gold[0].model_copy(update=gold), *question.gold[1:])}
    )


def codes(findings):
    return [(one.line, one.code, one.severity) for one in findings]


def test_good_questions_have_no_finding(found, questions):
    assert found(*questions)[1] == []


def test_what_a_question_quotes_may_be_in_the_other_language(found, questions):
    english = next(one for one in questions if one.language == "en" and not one.unanswerable)
    quoting = english.model_copy(
        update={"question": "Which name is missing here: “قال ____ من كييف إن المفاوضات بدأت أمس”?"}
    )
    assert [one.code for one in found(quoting)[1] if one.code == "wrong_language"] == []


def test_lines_that_cannot_be_read_are_errors(found, questions):
    first = questions[0].line()
    _, findings = found(first, "{", first, json.dumps({"id": "x"}))
    assert codes(findings) == [
        (2, "invalid", "error"),
        (3, "duplicate_id", "error"),
        (3, "duplicate_question", "warning"),
        (4, "invalid", "error"),
    ]
    assert "on line 1" in findings[1].message


def test_a_quote_that_moved_is_mended(found, questions, engine):
    question = questions[1]
    moved = changed(question, start=question.gold[0].start - 3, end=question.gold[0].end - 3)
    file, findings = found(moved)
    assert codes(findings) == [(1, "quote_moved", "error")]
    assert "it stands at" in findings[0].fix
    assert mended(file, findings) == [question]
    assert check(mended(file, findings), engine).problems == ()


def test_a_quote_that_stands_twice_is_not_moved_by_guessing(
    make_engine, make_document, make_fact, found
):
    stored = make_document("d.txt", "Seven here. And seven men; seven more.", "en")
    question = changed(
        make_fact("1", "How many?", "en", stored, "seven", ["seven"]), start=0, end=5
    )
    file, findings = found(question, library=make_engine([stored]))
    assert "nearest of 2" in findings[0].fix
    assert mended(file, findings) == [question]


def test_a_quote_in_another_spelling_is_mended(found, questions):
    question = questions[1]
    spelt = "ايار 2023"
    start = question.gold[0].start
    file, findings = found(changed(question, quote=spelt, end=start + len(spelt)))
    assert codes(findings) == [(1, "quote_spelt_otherwise", "error")]
    assert mended(file, findings) == [question]


def test_a_quote_that_is_nowhere_is_told(found, questions):
    file, findings = found(changed(questions[0], quote="٩٩٩٩"))
    assert (1, "quote_missing", "error") in codes(findings)
    assert mended(file, findings) == [changed(questions[0], quote="٩٩٩٩")]


def test_a_document_that_is_missing_is_found_by_a_long_quote(
    make_document, make_fact, questions, found
):
    other = make_document(
        "old/name.txt", questions[0].question + " تسعى كييف إلى إطلاق سراح ١٢٠٠ أسير.", "ar"
    )
    quote = "تسعى كييف إلى إطلاق سراح ١٢٠٠ أسير."
    question = make_fact("1", "ماذا تريد كييف؟", "ar", other, quote, [quote])
    file, findings = found(question)
    assert codes(findings) == [(1, "document_missing", "error")]
    (mend,) = mended(file, findings)
    assert (mend.gold[0].document, mend.gold[0].start) == ("ar.txt", 0)
    short = make_fact("1", "كم؟", "ar", other, "١٢٠٠", ["1200"])
    file, findings = found(short)
    assert "ingest it" in findings[0].fix
    assert mended(file, findings) == [short]


def test_a_changed_document_with_the_quote_in_place_is_a_warning(found, questions):
    file, findings = found(changed(questions[0], document_sha256="0" * 64))
    assert codes(findings) == [(1, "hash_changed", "warning")]
    assert mended(file, findings) == [questions[0]]


def test_an_answer_that_its_place_does_not_state_is_a_warning(found, questions):
    odd = questions[3].model_copy(update={"answers": ("nobody",)})
    assert codes(found(odd)[1]) == [(1, "answer_not_in_span", "warning")]
    # An answer in the other language cannot be compared by its words.
    other = questions[3].model_copy(update={"answers": ("سبعة",)})
    assert found(other)[1] == []


def test_the_wrong_language_is_mended(found, questions):
    file, findings = found(questions[0].model_copy(update={"language": "en"}))
    assert codes(findings) == [(1, "wrong_language", "warning")]
    assert mended(file, findings) == [questions[0]]


def test_the_same_question_in_other_spelling_is_told(found, questions):
    again = questions[0].model_copy(update={"id": "x", "question": "كم  اسيرا؟"})
    assert codes(found(questions[0], again)[1]) == [(2, "duplicate_question", "warning")]
    odd = questions[2].model_copy(update={"id": "y", "question": questions[0].question})
    assert codes(found(questions[0], odd)[1]) == [(2, "duplicate_question", "error")]


def test_a_pair_needs_both_languages(found, questions):
    one, two = (questions[n].model_copy(update={"pair": "p"}) for n in (0, 1))
    assert codes(found(one, two)[1]) == [(1, "pair_in_one_language", "warning")]
    assert found(one, questions[4].model_copy(update={"pair": "p"}))[1] == []


def test_without_a_collection_the_lines_are_checked_all_the_same(found, questions):
    moved = changed(questions[0], start=0, end=4)
    assert found(moved, library=None)[1] == []


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ("99 ألف", True),
        ("12 ألف", False),
        ("اثنا عشر ألفًا", False),
        ("12,000", False),
        ("ألف", True),
    ],
)
def test_an_answer_with_another_value_than_its_place_is_a_warning(
    answer, wrong, found, make_engine, make_document, make_fact
):
    stored = make_document("stairs.txt", "يصعد درجها كل عام نحو 12 ألف زائر.", "ar")
    question = make_fact("1", "كم زائرًا يصعد الدرج؟", "ar", stored, "12 ألف", [answer])
    assert codes(found(question, library=make_engine([stored], {}))[1]) == (
        [(1, "answer_differs", "warning")] if wrong else []
    )
