import gzip
import json
import lzma

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.engine import Engine
from rag.errors import InvalidParameter
from rag.evaluation.corpus import check
from rag.evaluation.importing import InvalidImport, Options, import_files, locate
from rag.settings import Settings

ARABIC = "سقطت مدينة باخموت 🕊 في أيّار ٢٠٢٣، وسقطت قبلها مدينة أخرى."
ENGLISH = "The city of Bakhmut fell in May 2023, and another city fell before."


def squad(*questions, context=ENGLISH, title="Bakhmut"):
    return {
        "data": [{"title": title, "paragraphs": [{"context": context, "qas": list(questions)}]}]
    }


def asked(id, question, text=None, start=None, context=ENGLISH, **more):
    answers = [] if text is None else [
        {"text": text, "answer_start": context.index(text) if start is None else start}
    ]  # fmt: skip
    return {"id": id, "question": question, "answers": answers, **more}


def write(folder, name, content):
    path = folder / name
    path.write_text(
        content if isinstance(content, str) else json.dumps(content, ensure_ascii=False),
        encoding="utf-8",
    )
    return path


def imported(format, *paths, **options):
    return import_files(format, paths, Options(**options))


def spans(found):
    texts = {f"articles.jsonl#{article.key}": article.text for article in found.articles}
    for question in found.questions:
        for gold in question.gold:
            if gold.span is not None:
                assert texts[gold.document][gold.start : gold.end] == gold.quote
                yield gold.quote


def test_squad_gives_questions_spans_and_the_article_once(tmp_path):
    data = squad(
        asked("q1", "When did it fall?", "May 2023"),
        asked("q2", "Which city fell?", "Bakhmut"),
        asked("q3", "Who?", is_impossible=True, plausible_answers=[]),
    )
    found = imported("squad", write(tmp_path, "s.json", data))
    assert [one.id for one in found.questions] == ["q1", "q2", "q3"]
    assert [one.unanswerable for one in found.questions] == [False, False, True]
    assert list(spans(found)) == ["May 2023", "Bakhmut"]
    (article,) = found.articles
    assert (article.text, article.title) == (ENGLISH, "Bakhmut")


def row(id, question, context, answers, **more):
    return {"id": id, "question": question, "context": context, "answers": answers, **more}


ROWS = [
    row("r-ar", "متى سقطت؟", ARABIC, [{"text": "أيّار ٢٠٢٣", "start": 22}], lang="ar", twin="r-en"),
    row("r-en", "When did it fall?", ENGLISH,
        {"text": ["May 2023"], "answer_start": [28]}, lang="en", twin="r-ar", title="Bakhmut"),
    row("n-en", "Who fled?", ENGLISH, [], lang="en", is_impossible=True),
    row("h-en", "Who?", ENGLISH, {"text": [], "answer_start": []}),
]  # fmt: skip


def test_rows_give_questions_and_each_context_once(tmp_path):
    content = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in ROWS)
    (tmp_path / "rows.jsonl.xz").write_bytes(lzma.compress(content.encode()))
    found = imported("rows", tmp_path / "rows.jsonl.xz")
    assert [one.id for one in found.questions] == ["r-ar", "r-en", "n-en", "h-en"]
    assert [one.unanswerable for one in found.questions] == [False, False, True, True]
    assert [one.language for one in found.questions] == ["ar", "en", "en", "en"]
    assert [article.text for article in found.articles] == [ARABIC, ENGLISH]
    one, two = found.questions[:2]
    assert one.pair == two.pair == "r-ar"
    assert set(one.answers) == {"أيّار ٢٠٢٣", "May 2023"}
    assert list(spans(found)) == ["أيّار ٢٠٢٣", "May 2023", "May 2023", "أيّار ٢٠٢٣"]


@pytest.mark.parametrize(
    "line", ['{"id": "a"}', "[]", '{"id": 1, "question": "q", "context": "c", "answers": [3]}', "x"]
)
def test_a_line_that_is_no_row_is_told_with_its_number(tmp_path, line):
    with pytest.raises(InvalidImport, match=r"line 2|not JSON lines"):
        imported("rows", write(tmp_path, "r.jsonl", json.dumps(ROWS[3]) + "\n" + line))


def test_lines_given_as_squad_are_told_to_be_rows(tmp_path):
    lines = "\n".join(json.dumps(one) for one in ROWS)
    with pytest.raises(InvalidImport, match="not SQuAD's JSON") as told:
        imported("squad", write(tmp_path, "r.jsonl", lines))
    assert "facts import rows" in str(told.value.hint)


def test_a_broken_archive_is_told(tmp_path):
    (tmp_path / "r.jsonl.xz").write_bytes(b"\xfd7zXZ\x00 no")
    with pytest.raises(InvalidImport, match="not JSON lines"):
        imported("rows", tmp_path / "r.jsonl.xz")


def test_offsets_count_code_points_behind_an_emoji(tmp_path):
    data = squad(asked("q", "متى سقطت؟", "أيّار ٢٠٢٣", context=ARABIC), context=ARABIC)
    found = imported("arcd", write(tmp_path, "s.json", data))
    assert list(spans(found)) == ["أيّار ٢٠٢٣"]
    assert found.questions[0].language == "ar"


def test_a_place_that_is_a_little_off_is_mended_and_a_lost_one_counted(tmp_path):
    data = squad(
        asked("q1", "Which?", "city", start=45),  # stands at 4 and 50
        asked("q2", "Which?", " Bakhmut ", start=0),
        asked("q3", "Which?", "Avdiivka", start=3),
    )
    found = imported("squad", write(tmp_path, "s.json", data))
    assert list(spans(found)) == ["city", "Bakhmut"]
    assert found.questions[0].gold[0].start == ENGLISH.rindex("city")
    assert found.left_out["answers that are not where they are said to be"] == 1
    assert found.left_out["questions without an answer in the text"] == 1


def test_parallel_files_become_pairs_that_share_their_places(tmp_path):
    first = squad(asked("x", "When did it fall?", "May 2023"))
    second = squad(asked("x", "متى سقطت؟", "أيّار ٢٠٢٣", context=ARABIC), context=ARABIC)
    found = imported("xquad", write(tmp_path, "en", first), write(tmp_path, "ar", second))
    assert [(one.id, one.pair) for one in found.questions] == [("x-en", "x"), ("x-ar", "x")]
    assert found.questions[0].gold == found.questions[1].gold
    assert set(spans(found)) == {"May 2023", "أيّار ٢٠٢٣"}
    assert found.questions[0].answers == ("May 2023", "أيّار ٢٠٢٣")


def test_an_id_that_occurs_again_gets_a_number(tmp_path):
    data = squad(asked("x", "When?", "May 2023"), asked("x", "Which?", "Bakhmut"))
    found = imported("squad", write(tmp_path, "s", data))
    assert [one.id for one in found.questions] == ["x", "x-2"]


def test_tydi_counts_bytes(tmp_path):
    start = len(ARABIC[: ARABIC.index("أيّار")].encode())
    end = start + len("أيّار ٢٠٢٣".encode())
    note = {
        "minimal_answer": {"plaintext_start_byte": start, "plaintext_end_byte": end},
        "passage_answer": {"candidate_index": 0},
        "yes_no_answer": "NONE",
    }
    none = {
        "minimal_answer": {"plaintext_start_byte": -1, "plaintext_end_byte": -1},
        "passage_answer": {"candidate_index": -1},
        "yes_no_answer": "NONE",
    }
    passage = none | {"passage_answer": {"candidate_index": 3}}
    common = {"document_plaintext": ARABIC, "document_title": "ب", "question_text": "متى سقطت؟"}
    lines = [
        common | {"example_id": 1, "language": "arabic", "annotations": [note, none]},
        common | {"example_id": -2, "language": "arabic", "annotations": [none]},
        common | {"example_id": 3, "language": "arabic", "annotations": [passage]},
        common | {"example_id": 4, "language": "finnish", "annotations": [note]},
    ]
    path = write(tmp_path, "t.jsonl", "\n".join(json.dumps(line) for line in lines))
    found = imported("tydi", path)
    assert [(one.id, one.unanswerable) for one in found.questions] == [
        ("tydi-1", False),
        ("tydi--2", True),
    ]
    assert list(spans(found)) == ["أيّار ٢٠٢٣"]
    assert found.left_out["languages other than Arabic and English"] == 1
    assert found.left_out["questions answered by a passage or by yes and no"] == 1


def test_the_gold_passages_of_tydi_are_squad(tmp_path):
    data = squad(asked("arabic-1", "متى سقطت؟", "باخموت", context=ARABIC), context=ARABIC)
    found = imported("tydi", write(tmp_path, "t.json", json.dumps(data)))
    assert list(spans(found)) == ["باخموت"]


def test_beir_is_read_from_its_folder(tmp_path):
    (tmp_path / "qrels").mkdir()
    write(
        tmp_path,
        "queries.jsonl",
        '{"_id": "1", "text": "fall of Bakhmut"}\n{"_id": "2", "text": "x y"}',
    )
    write(
        tmp_path,
        "corpus.jsonl",
        "\n".join(
            json.dumps({"_id": f"d{n}", "title": "T", "text": f"{ENGLISH} {n}"}) for n in range(3)
        ),
    )
    write(
        tmp_path, "qrels/test.tsv", "query-id\tcorpus-id\tscore\n1\td0\t2\n1\td1\t0\n1\tgone\t1\n"
    )
    found = imported("beir", tmp_path)
    (question,) = found.questions
    assert [(gold.document, gold.relevance, gold.span) for gold in question.gold] == [
        ("articles.jsonl#d0", 2, None),
        ("gone", 1, None),
    ]
    assert len(found.articles) == 3
    assert found.left_out["queries without a relevant document"] == 1


def test_miracl_is_read_from_topics_qrels_and_packed_documents(tmp_path):
    topics = write(tmp_path, "topics.miracl-v1.0-ar-dev.tsv", "7\tمتى سقطت باخموت؟\r\n")
    qrels = write(tmp_path, "qrels.miracl-v1.0-ar-dev.tsv", "7 Q0 12#0 1\n7 Q0 13#0 0\n")
    corpus = tmp_path / "docs-0.jsonl.gz"
    corpus.write_bytes(
        gzip.compress(json.dumps({"docid": "12#0", "title": "ب", "text": ARABIC}).encode())
    )
    found = imported("miracl", topics, qrels, corpus)
    (question,) = found.questions
    assert (question.question, question.language) == ("متى سقطت باخموت؟", "ar")
    assert [gold.document for gold in question.gold] == ["articles.jsonl#12#0"]


def test_a_table_finds_its_quotes_in_the_collection(seed_engine, tmp_path):
    rows = (
        "id;question;answers;document;quote;tags;pair;unanswerable\n"
        '1;"متى سيطرت روسيا على باخموت؟";مايو 2023|أيار 2023;000_bf9d928c021a1d38.txt;مايو 2023;date, war;p;\n'
        "2;Who won?;;;;;;yes\n"
        "3;Who is it?;x;gone.txt;nobody;;;\n"
    )
    path = write(tmp_path, "t.csv", "\ufeff" + rows)
    found = import_files("csv", [path], Options(library=seed_engine))
    first, second, third = found.questions
    assert first.gold[0].quote == "مايو 2023"
    assert first.answers == ("مايو 2023", "أيار 2023")
    assert (first.tags, first.pair, first.language) == (("date", "war"), "p", "ar")
    assert check([first], seed_engine).problems == ()
    assert second.unanswerable
    assert third.gold[0].span is None
    assert found.left_out["quotes of documents that are not in the collection"] == 1


def test_articles_are_ingested_as_they_were_counted(tmp_path, embedder):
    data = squad(
        asked("q", "متى سقطت؟", "أيّار ٢٠٢٣", context=ARABIC), context=ARABIC, title="<b> & باخموت"
    )
    found = imported("squad", write(tmp_path, "s", data))
    articles = write(
        tmp_path, "articles.jsonl", "".join(f"{article.line()}\n" for article in found.articles)
    )
    engine = Engine(Settings(indexes=tmp_path / "indexes"))
    engine.ingest([articles])
    assert check(found.questions, engine).problems == ()


@pytest.mark.parametrize(
    ("format", "content", "told"),
    [
        ("squad", "[]", "not SQuAD's JSON"),
        ("squad", "{", "not SQuAD's JSON"),
        ("squad", '{"data": [{"paragraphs": [{}]}]}', "not SQuAD's JSON"),
        ("squad", '{"data": []}', "no question in"),
        ("tydi", '{"document_plaintext": 1}\n{', "not TyDi's JSON"),
        ("csv", "a,b\n1,2\n", "no column 'question'"),
        ("csv", 'question\n"x', "unexpected end"),
        ("csv", "question,document,start\nWho?,x,first", "start is 'first'"),
        ("beir", "x", "no file of queries"),
    ],
)
def test_what_is_not_in_its_format_is_told(tmp_path, format, content, told):
    with pytest.raises(InvalidImport, match=told):
        imported(format, write(tmp_path, "f", content))


def test_files_that_cannot_be_read_are_told(tmp_path):
    with pytest.raises(InvalidImport, match="No such file"):
        imported("squad", tmp_path / "none")
    (tmp_path / "bad").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InvalidImport, match="cannot be read"):
        imported("squad", tmp_path / "bad")
    (tmp_path / "bad.gz").write_bytes(b"no gzip")
    with pytest.raises(InvalidImport, match="cannot be read"):
        imported("squad", tmp_path / "bad.gz")
    with pytest.raises(InvalidParameter, match="format is 'frob'"):
        imported("frob")


@example(text="0", quote="0", near=-1)
@given(text=st.text(max_size=30), quote=st.text(max_size=4), near=st.integers(-3, 40))
def test_a_quote_is_found_where_it_stands_or_not_at_all(text, quote, near):
    place = locate(text, quote, near)
    if place is None:
        assert not quote.strip() or quote not in text
    else:
        assert text[place : place + len(quote)] == quote
