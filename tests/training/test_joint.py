"""Stage 2 on a tiny corpus: what it draws is right, what it computes is right, and it learns."""

from __future__ import annotations

import json
import lzma
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.models

from rag.catalogue import MODELS, PIECES  # noqa: E402
from rag.embedding.static import StaticEmbedder  # noqa: E402
from rag.training import __main__ as command  # noqa: E402
from rag.training import contextual, joint, sources, static  # noqa: E402
from tests.training import tiny  # noqa: E402

PLACES = (
    ("Cairo", "القاهرة"),
    ("Rabat", "الرباط"),
    ("Tunis", "تونس"),
    ("Amman", "عمان"),
    ("Muscat", "مسقط"),
    ("Doha", "الدوحة"),
    ("Basra", "البصرة"),
    ("Homs", "حمص"),
    ("Aden", "عدن"),
    ("Giza", "الجيزة"),
)


def unit(number, place, arabic):
    """Four sanad_qa rows: a question with an answer and one without, in both languages."""
    year, ships = str(1960 + number), str(20 + 3 * number)
    written = {
        "en": (
            f"The port of {place} opened in {year}. It serves {ships} ships a day. "
            "The old quay was closed by a storm. Fishing boats remain there.",
            f"When did the port of {place} open?",
            f"Who designed the port of {place}?",
        ),
        "ar": (
            f"افتُتح ميناء {arabic} عام {year}. يخدم {ships} سفينة في اليوم. "
            "أغلقت عاصفة الرصيف القديم. وبقيت قوارب الصيد هناك.",
            f"متى افتُتح ميناء {arabic}؟",
            f"من صمّم ميناء {arabic}؟",
        ),
    }
    rows = []
    for language, (context, asked, impossible) in written.items():
        other = "ar" if language == "en" else "en"
        for place_, question in enumerate((asked, impossible)):
            answer = {"text": year, "start": context.index(year)}
            rows.append(
                {
                    "id": f"u{number}-{place_}-{language}",
                    "twin": f"u{number}-{place_}-{other}",
                    "unit": f"u{number}",
                    "lang": language,
                    "title": place,
                    "context": context,
                    "question": question,
                    "is_impossible": place_ == 1,
                    "answers": [answer] if place_ == 0 else [],
                }
            )
    return rows


TWINS = [row for n, (place, arabic) in enumerate(PLACES) for row in unit(n, place, arabic)]
SENTENCES = [
    ("Which crop grows here?", "Wheat grows on the northern plain."),
    ("Where is the library?", "The library stands beside the school."),
    ("Who signed it?", "The president signed the agreement in May."),
]
TEXTS = tuple(dict.fromkeys([r["context"] for r in TWINS] + [r["question"] for r in TWINS]))


def single(id, context, question, answer):
    """A row of a one-language question file; without an answer it is impossible."""
    return {
        "id": id,
        "title": id.split(":", maxsplit=1)[0],
        "lang": "en",
        "context": context,
        "question": question,
        "is_impossible": answer is None,
        "answers": [] if answer is None else [{"text": answer, "start": context.index(answer)}],
    }


ROWS = [
    single("a:1:1:0", "Wheat grows on the plain. Rain falls in May.", "What grows?", "Wheat"),
    single("a:1:1:1", "Barley grows in the hills.", "Where does barley grow?", "the hills"),
    single("a:1:1:2", "Nothing grows in the desert.", "Who owns the desert?", None),
    single("b:1:1:0", "القمح في السهل. والشعير في الجبل.", "أين الشعير؟", "الجبل"),
]


@pytest.fixture(scope="module")
def tokenizer():
    texts = [*TEXTS, *(f"{row['context']} {row['question']}" for row in ROWS)]
    return tiny.tokenizer((*texts, *(f"{a} {b}" for a, b in SENTENCES)))


@pytest.fixture(scope="module")
def corpus(tokenizer):
    made = joint.Corpus(tokenizer)
    made.add_twins("sanad", TWINS)
    made.add("arcd", ROWS, lambda row: f"arcd {row['title']}")
    made.add("qamr", ROWS, lambda row: row["title"])
    made.add_sentences("squad", SENTENCES * 4)
    return made


def written(corpus, number):
    """The characters of a text."""
    return next(text for text, known in corpus._known.items() if known == number)


def told(corpus, number, span):
    """The characters of a piece range, by the pieces' offsets."""
    offsets = corpus.texts[number].offsets
    return written(corpus, number)[offsets[span[0], 0] : offsets[span[1] - 1, 1]]


def test_twins_are_answered_in_both_texts(corpus):
    asked = corpus.asked["sanad"]
    assert len(asked) == len(TWINS)
    by_id = {row["id"]: row for row in TWINS}
    for one, row in zip(asked, TWINS, strict=True):
        over = sorted((row, by_id[row["twin"]]), key=lambda known: known["lang"])  # Arabic first
        assert [written(corpus, n) for n in one.texts] == [r["context"] for r in over]
        for number, spans, other in zip(one.texts, one.answers, over, strict=True):
            assert [told(corpus, number, s) for s in spans] == [a["text"] for a in other["answers"]]


def test_a_question_whose_twin_has_no_answer_is_left_out(tokenizer):
    rows = [dict(row) for row in TWINS[:4]]
    rows[2]["answers"] = []
    made = joint.Corpus(tokenizer)
    made.add_twins("sanad", rows)
    assert [len(one.answers[0]) for one in made.asked["sanad"]] == [0, 0]


def test_answers_become_their_pieces(corpus):
    for one, row in zip(corpus.asked["arcd"], ROWS, strict=True):
        assert [told(corpus, one.texts[0], span) for span in one.answers[0]] == [
            answer["text"] for answer in row["answers"]
        ]
    assert [one.group for one in corpus.asked["arcd"]] == ["arcd a"] * 3 + ["arcd b"]


@pytest.mark.parametrize(
    ("text", "answer", "pieces"),
    [
        ("قال إنّ الكِتَابُ هنا.", "الكِتَابُ", "الكِتَابُ"),
        ("سافر والوزير معه.", "الوزير", "والوزير"),  # the article's piece begins at its و
        ("It cost $1,200 (about 10%).", "$1,200", "$1,200"),
        ("Opened in 1999.", "1999", "1999"),
        ("صلى الله عليه وسلم ﷺ هنا", "ﷺ", "ﷺ"),
    ],
)
def test_pieces_hold_the_answer_and_no_word_more(tokenizer, text, answer, pieces):
    made = joint.Corpus(tokenizer)
    number = made.text(text, "g")
    spans = made.spans(number, [{"text": answer, "start": text.index(answer)}])
    assert len(spans) == 1
    assert told(made, number, spans[0]).rstrip("\u064f") == pieces.rstrip("\u064f")


def test_an_answer_listed_twice_counts_once(corpus):
    number = corpus.asked["arcd"][0].texts[0]
    assert corpus.spans(number, ROWS[0]["answers"] * 2) == corpus.asked["arcd"][0].answers[0]


def test_a_sentence_without_a_span_counts_whole(corpus):
    asked = corpus.asked["squad"]
    assert [one.answers for one in asked] == [(((0, -1),),)] * 12
    assert [written(corpus, one.texts[0]) for one in asked[:3]] == [s for _, s in SENTENCES]
    assert [one.group for one in asked] == ["squad-0"] * 8 + ["squad-1"] * 4


def test_a_text_is_read_once_and_its_sentences_cover_it(corpus):
    assert len(set(corpus._known.values())) == len(corpus.texts)
    for text in corpus.texts:
        assert text.sentences[0][0] == 0
        assert text.sentences[-1][1] == len(text.ids)
        assert all(a[1] == b[0] for a, b in pairwise(text.sentences))


@st.composite
def cut_texts(draw, longest=120):
    """A text of random sentences, and answers anywhere in it."""
    sizes = draw(st.lists(st.integers(1, longest), min_size=1, max_size=12))
    marks = np.cumsum([0, *sizes]).tolist()
    text = joint.Text(
        ids=np.arange(marks[-1], dtype=np.int32),
        offsets=np.stack([np.arange(marks[-1]), np.arange(marks[-1]) + 1], 1).astype(np.int32),
        sentences=tuple(pairwise(marks)),
        lengths=tuple(4 * size for size in sizes),
    )
    answers = set()
    for _ in range(draw(st.integers(0, 4))):
        first = draw(st.integers(0, marks[-1] - 1))
        answers.add((first, min(marks[-1], first + draw(st.integers(1, 30)))))
    return text, tuple(sorted(answers))


@settings(max_examples=300, deadline=None)
@given(cut_texts(), st.integers(0, 1000), st.sampled_from([60, 200, joint.WINDOW_PIECES]))
def test_a_window_holds_an_answer_in_whole_sentences(made, seed, longest):
    text, answers = made
    begin, end = joint.window(text, answers, np.random.default_rng(seed), longest)
    assert 0 <= begin < end <= len(text.ids)
    assert end - begin <= longest
    if answers:
        assert any(begin <= a and b <= end for a, b in answers)
    if end - begin < longest:
        assert begin in {first for first, _ in text.sentences}
        assert end in {last for _, last in text.sentences}


@settings(max_examples=300, deadline=None)
@given(cut_texts(), st.integers(0, 1000))
def test_a_remainder_is_the_window_without_what_answers(made, seed):
    text, answers = made
    begin, end = joint.window(text, answers, np.random.default_rng(seed), joint.WINDOW_PIECES)
    left = joint.remainder(text, answers, begin, end)
    pieces = [n for first, last in left for n in range(first, last)]
    assert pieces == sorted(set(pieces))
    held = [one for one in text.sentences if begin <= one[0] < one[1] <= end]
    answering = [(a, b) for a, b in held if any(s < b and a < e for s, e in answers)]
    assert sorted([*left, *answering]) == held


@settings(max_examples=300, deadline=None)
@given(cut_texts(), st.integers(0, 1000))
def test_a_run_without_the_answer_touches_none(made, seed):
    text, answers = made
    found = joint.without(text, answers, np.random.default_rng(seed))
    touched = [any(a < end and begin < b for a, b in answers) for begin, end in text.sentences]
    if found is None:
        assert all(touched)
        return
    begin, end = found
    assert begin < end <= begin + joint.WINDOW_PIECES
    assert not any(a < end and begin < b for a, b in answers)
    assert begin in {first for first, _ in text.sentences}
    if end - begin < joint.WINDOW_PIECES:
        assert end in {last for _, last in text.sentences}


def reading(corpus, seed=0, **shares):
    made = joint.JointSettings(
        reading=tuple(shares.items()), mark_dropped=0, piece_dropped=0, piece_masked=0
    )
    return joint.Reading(corpus, made, contextual.ends_of(corpus.tokenizer), seed)


def parts(example, ends):
    """(question, passage, where the passage begins) of an example."""
    first = example.ids.index(ends[1])
    assert example.ids[0] == ends[0]
    assert example.ids[-1] == ends[1]
    assert example.types == [0] * (first + 1) + [1] * (len(example.ids) - first - 1)
    return example.ids[1:first], example.ids[first + 1 : -1], first + 1


def answers_by_question(tokenizer, rows):
    """The pieces that answer each question, by the question's pieces."""

    def pieces(text):
        return tuple(tokenizer.encode(text, add_special_tokens=False).ids)

    by_id = {row["id"]: row for row in rows}
    found = {}
    for row in rows:
        both = [row, by_id[row["twin"]]] if "twin" in row else [row]
        texts = {pieces(answer["text"]) for one in both for answer in one["answers"]}
        found[pieces(row["question"])] = texts
    return found


@pytest.mark.parametrize(("source", "rows"), [("sanad", TWINS), ("arcd", ROWS), ("qamr", ROWS)])
def test_examples_point_to_the_answer_or_to_nothing(corpus, source, rows):
    drawn = reading(corpus, **{source: 1.0})
    right = answers_by_question(corpus.tokenizer, rows)
    answered = Counter()
    for _ in range(400):
        example = drawn.draw()
        question, passage, ahead = parts(example, drawn.ends)
        wanted = right[tuple(question)]
        if example.starts == [0] or example.ends == [0]:
            assert example.starts == example.ends == [0]
            held = [
                tuple(passage[n : n + len(answer)]) == answer
                for answer in wanted
                for n in range(len(passage))
            ]
            assert not any(held)
        else:
            assert min(example.starts) >= ahead
            told_ = {
                tuple(example.ids[a : b + 1])
                for a, b in zip(example.starts, example.ends, strict=True)
            }
            assert told_ <= wanted
        answered[example.starts != [0]] += 1
    assert answered[True] > 60
    assert answered[False] > 60


def test_every_piece_of_a_sentence_counts_where_the_span_is_unknown(corpus):
    drawn = reading(corpus, squad=1.0)
    pieces = {
        tuple(corpus.texts[one.texts[0]].ids.tolist()): tuple(one.ids.tolist())
        for one in corpus.asked["squad"]
    }
    for _ in range(100):
        example = drawn.draw()
        question, _, _ = parts(example, drawn.ends)
        assert example.starts == example.ends
        if example.starts != [0]:
            sentence = tuple(example.ids[n] for n in example.starts)
            assert pieces[sentence] == tuple(question)


def sentences_of(corpus, passage):
    """The twin texts' sentences that make up a passage, each with its language's number."""
    known = {}
    for one in corpus.asked["sanad"]:
        for side, number in enumerate(one.texts):
            text = corpus.texts[number]
            for place, (begin, end) in enumerate(text.sentences):
                known[tuple(text.ids[begin:end].tolist())] = (place, side)
    found = []
    while passage:
        size = next(n for n in range(1, len(passage) + 1) if tuple(passage[:n]) in known)
        found.append(known[tuple(passage[:size])])
        passage = passage[size:]
    return found


def test_an_aligned_text_is_read_with_each_sentence_in_a_language_of_its_own(corpus):
    made = joint.JointSettings(reading=(("sanad", 1.0),), mixed=1.0, piece_masked=0)
    drawn = joint.Reading(corpus, made, contextual.ends_of(corpus.tokenizer), 0)
    kinds = Counter()
    for _ in range(200):
        _, passage, _ = parts(drawn.draw(), drawn.ends)
        found = sentences_of(corpus, passage)
        places = [place for place, _ in found]
        assert places == list(range(places[0], places[0] + len(places)))
        kinds[len({side for _, side in found})] += 1
    assert kinds[2] > 40


def test_a_question_loses_its_mark_or_a_piece_and_never_everything(corpus):
    made = joint.JointSettings(
        reading=(("sanad", 1.0),), mark_dropped=0.5, piece_dropped=0.2, mixed=0
    )
    drawn = joint.Reading(corpus, made, contextual.ends_of(corpus.tokenizer), 0)
    full = [one.ids.tolist() for one in corpus.asked["sanad"]]
    changed = 0
    for _ in range(200):
        question, _, _ = parts(drawn.draw(), drawn.ends)
        assert question
        changed += question not in full
    assert changed > 100
    one = np.array([drawn._mark])
    assert drawn._typed(one).tolist() == one.tolist()


def test_pieces_of_a_passage_are_masked_and_its_answers_stay_where_they_were(corpus):
    made = joint.JointSettings(
        reading=(("sanad", 1.0),), mark_dropped=0, piece_dropped=0, piece_masked=0.25
    )
    drawn = joint.Reading(corpus, made, contextual.ends_of(corpus.tokenizer), 0)
    part = np.full(joint.WINDOW_PIECES, 7, np.int32)
    hidden = 0
    for _ in range(20):
        question, passage, ahead = parts(
            example := drawn._example(part[:4], [part], [(10, 12)]), drawn.ends
        )
        assert question == [7] * 4  # only the passage is masked
        assert set(passage) == {7, drawn._mask}
        assert (example.starts, example.ends) == ([ahead + 10], [ahead + 11])
        hidden += passage.count(drawn._mask)
    assert hidden / (20 * len(part)) == pytest.approx(0.25, abs=0.02)


def test_dropout_is_of_hidden_values_and_leaves_attention_whole():
    model = tiny.fresh(100)
    joint.set_dropout(model, 0.3)
    set_to = {name: part.p for name, part in model.named_modules() if hasattr(part, "p")}
    attention = {name for name in set_to if name.endswith("attention.self.dropout")}
    assert len(attention) == 2  # one a layer
    assert {set_to[name] for name in attention} == {0.0}
    assert {value for name, value in set_to.items() if name not in attention} == {0.3}


def test_sources_are_drawn_in_their_shares(corpus):
    drawn = reading(corpus, sanad=0.6, arcd=0.3, squad=0.1, covidqa=0.5)
    assert drawn.names == ["sanad", "arcd", "squad"]  # nothing is known of the last
    of = {tuple(one.ids.tolist()): name for name in drawn.names for one in corpus.asked[name]}
    counts = Counter(of[tuple(parts(drawn.draw(), drawn.ends)[0])] for _ in range(2000))
    assert counts["sanad"] / 2000 == pytest.approx(0.6, abs=0.04)
    assert counts["arcd"] / 2000 == pytest.approx(0.3, abs=0.04)
    assert counts["squad"] / 2000 == pytest.approx(0.1, abs=0.03)


def test_a_source_is_gone_through_in_rounds(corpus):
    drawn = reading(corpus, sanad=1.0)
    seen = Counter(tuple(parts(drawn.draw(), drawn.ends)[0]) for _ in range(2 * len(TWINS)))
    assert set(seen.values()) == {2}


def test_a_seed_draws_the_same_examples(corpus):
    one, other, third = (reading(corpus, seed, sanad=0.5, qamr=0.5) for seed in (1, 1, 2))
    first = [one.draw() for _ in range(30)]
    assert first == [other.draw() for _ in range(30)]
    assert first != [third.draw() for _ in range(30)]


def test_a_long_passage_is_cut_and_an_answer_beyond_it_is_none(corpus):
    drawn = reading(corpus, sanad=1.0)
    part = np.full(joint.WINDOW_PIECES, 7, np.int32)
    example = drawn._example(part[:4], [part, part], [(10, 12), (355, 362)])
    assert len(example.ids) == joint.WINDOW_PIECES + 7
    assert (example.starts, example.ends) == ([16], [17])
    beyond = drawn._example(part[:4], [part, part], [(400, 402)])
    assert (beyond.starts, beyond.ends) == ([0], [0])


def test_retrieval_draws_texts_that_answer_and_negatives_that_do_not(corpus):
    drawn = joint.Retrieval(corpus, [row["context"] for row in TWINS], 0)
    years = {
        tuple(one.ids.tolist()): told(corpus, one.texts[0], one.answers[0][0])
        for one in corpus.asked["sanad"]
        if one.answers[0]
    }
    tokens = {
        year: corpus.tokenizer.encode(year, add_special_tokens=False).ids[0]
        for year in years.values()
    }
    for _ in range(40):
        asked, texts = drawn._questions(drawn.twins, 600)
        assert 1 < len(asked) <= len(texts)
        wanted = [tokens[years[tuple(question.tolist())]] for question in asked]
        assert len(set(wanted)) == len(wanted)  # one question a unit
        assert all(year in text for year, text in zip(wanted, texts, strict=False))
        assert not any(set(tokens.values()) & set(text.tolist()) for text in texts[len(asked) :])
        for one in drawn.draw(600):
            assert all(len(row) for row in one)


def shares(logits, places):
    values = np.exp(logits[places] - logits[places].max())
    return dict(zip(places, values / values.sum(), strict=True))


def test_span_loss_is_what_a_hand_computes():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2, 7, 2)) * 3
    # [CLS] q [SEP] p p p [SEP] with two right places; [CLS] q [SEP] p [SEP] and padding, no answer
    types = np.array([[0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 0, 0]])
    mask = np.array([[1] * 7, [1] * 5 + [0] * 2])
    starts, ends = np.zeros((2, 7), bool), np.zeros((2, 7), bool)
    starts[0, [3, 5]] = ends[0, [4, 5]] = starts[1, 0] = ends[1, 0] = True
    first = shares(logits[0, :, 0], [0, 3, 4, 5, 6])
    last = shares(logits[0, :, 1], [0, 3, 4, 5, 6])
    none = [shares(logits[1, :, side], [0, 3, 4])[0] for side in (0, 1)]
    rows = [
        -(np.log(first[3] + first[5]) + np.log(last[4] + last[5])) / 2,
        -np.log(none).mean(),
    ]
    given_ = [torch.from_numpy(part) for part in (logits, mask, types, starts, ends)]
    assert float(joint.span_loss(*given_)) == pytest.approx(np.mean(rows), abs=1e-5)
    given_[0][:, 1:3] += 50  # the question
    given_[0][1, 5:] += 50  # the padding
    assert float(joint.span_loss(*given_)) == pytest.approx(np.mean(rows), abs=1e-5)


def test_padding_keeps_each_example(corpus):
    drawn = reading(corpus, sanad=1.0)
    examples = [drawn.draw() for _ in range(6)]
    ids, mask, types, starts, ends = joint.padded(examples, torch.device("cpu"))
    for row, one in enumerate(examples):
        length = len(one.ids)
        assert ids[row, :length].tolist() == one.ids
        assert types[row, :length].tolist() == one.types
        assert mask[row].tolist() == [1] * length + [0] * (ids.shape[1] - length)
        assert starts[row].nonzero()[:, 0].tolist() == one.starts
        assert ends[row].nonzero()[:, 0].tolist() == one.ends


@pytest.mark.parametrize("count", [1, 2, 5])
def test_vectors_of_rows_of_different_lengths_keep_their_order(tokenizer, count):
    model = tiny.network(tokenizer.get_vocab_size()).bert
    ends = contextual.ends_of(tokenizer)
    rows = static.encode(tokenizer, TEXTS[:count], 200)[::-1]
    with torch.no_grad():
        found = joint.sorted_vectors(model, rows, ends, torch.device("cpu"))
        alone = [contextual.text_vectors(model, *contextual.batch_of([row], *ends)) for row in rows]
    torch.testing.assert_close(found, torch.cat(alone), atol=1e-5, rtol=0)


def layers(given, aligned, mask):
    parts_ = [torch.from_numpy(np.array(part, np.float32)) for part in (given, aligned)]
    return joint.Layers(given=parts_[0], aligned=parts_[1], last=parts_[1], mask=mask)


def test_words_are_brought_to_their_translations():
    """A row of [CLS] a b c [SEP]; its translation has the words in the opposite order."""
    units = np.eye(6)
    mask = torch.ones((1, 5), dtype=torch.int64)
    left = layers([units[[0, 1, 2, 3, 5]]], [units[[0, 1, 2, 3, 5]]], mask)
    right = layers([units[[0, 3, 2, 1, 5]]], [units[[0, 3, 2, 1, 5]]], mask)
    found = float(joint.words_loss(left, right))
    assert found == pytest.approx(np.log(1 + 2 * np.exp(-10)), abs=1e-6)  # among three words
    aside = units.copy()
    aside[1] = 0.8 * units[1] + 0.6 * units[2]
    turned = layers([units[[0, 1, 2, 3, 5]]], [aside[[0, 1, 2, 3, 5]]], mask)
    assert float(joint.words_loss(turned, right)) > found
    nothing = layers([-units[[0, 4, 4, 4, 5]]], [-units[[0, 4, 4, 4, 5]]], mask)
    assert float(joint.words_loss(nothing, right)) == 0  # nothing is alike enough
    padding = torch.tensor([[1, 1, 1, 0, 0]])
    assert joint.inner(padding).tolist() == [[False, True, False, False, False]]


def test_the_translation_stays_where_it_is():
    mask = torch.ones((1, 4), dtype=torch.int64)
    vectors = [torch.randn(1, 4, 8, requires_grad=True) for _ in range(2)]
    left, right = (joint.Layers(given=one, aligned=one, last=one, mask=mask) for one in vectors)
    joint.words_loss(left, right).backward()
    assert vectors[1].grad is None


def reading_loss(model, corpus):
    """The span loss on the same examples each time."""
    drawn = reading(corpus, seed=99, sanad=1.0)
    batch = joint.padded([drawn.draw() for _ in range(60)], torch.device("cpu"))
    ids, mask, types, starts, ends = batch
    model.eval()
    with torch.no_grad():
        out = model(ids, attention_mask=mask, token_type_ids=types)
    logits = torch.stack([out.start_logits, out.end_logits], -1)
    return float(joint.span_loss(logits, mask, types, starts, ends))


def trained(corpus, folder, steps, **changes):
    """A fresh model after ``steps``; the folder's checkpoint is taken up where there is one."""
    size = corpus.tokenizer.get_vocab_size()
    model = tiny.fresh(size)
    pairs = static.encode(corpus.tokenizer, TEXTS, 60)
    told_ = {"examples": 10, "batch_tokens": 500, "embedding_rate": 2e-2, "layer_rate": 5e-3}
    joint.train(
        model,
        tiny.teacher(size),
        corpus,
        [row["context"] for row in TWINS],
        list(zip(pairs, pairs, strict=True)),
        pairs,
        contextual.ends_of(corpus.tokenizer),
        joint.JointSettings(steps=steps, **(told_ | changes)),
        folder,
    )
    return model


def progress(folder):
    return json.loads((folder / "progress.json").read_text(encoding="utf-8"))["step"]


def test_training_lowers_the_reading_loss(corpus, tmp_path):
    before = reading_loss(tiny.fresh(corpus.tokenizer.get_vocab_size()), corpus)
    model = trained(corpus, tmp_path, 60)
    after = reading_loss(model, corpus)
    assert after < 0.6 * before
    kept = tiny.BertForQuestionAnswering.from_pretrained(tmp_path)
    assert reading_loss(kept, corpus) == pytest.approx(after, abs=1e-6)
    assert progress(tmp_path) == 60


def test_a_reading_step_follows_the_gradient_of_its_examples(corpus, tmp_path):
    """In parts, in bfloat16 and by the rows in use, it is the gradient of one plain batch."""
    model = trained(corpus, tmp_path, 1, tasks=(1.0, 0.0, 0.0), dropout=0.0)
    fresh = tiny.fresh(corpus.tokenizer.get_vocab_size())
    ends = contextual.ends_of(corpus.tokenizer)
    drawn = joint.Reading(corpus, joint.JointSettings(), ends, 1)
    batch = joint.padded([drawn.draw() for _ in range(10)], torch.device("cpu"))
    ids, mask, types, starts, stops = batch
    out = fresh(ids, attention_mask=mask, token_type_ids=types)
    logits = torch.stack([out.start_logits, out.end_logits], -1)
    joint.span_loss(logits, mask, types, starts, stops).backward()
    torch.nn.utils.clip_grad_norm_(fresh.parameters(), 1.0)
    words = fresh.bert.embeddings.word_embeddings.weight
    plain = [words.grad, *(p.grad for p in fresh.parameters() if p is not words)]
    kept = torch.load(tmp_path / "state.pt", weights_only=True)["optimiser"]["state"]
    for number, gradient in enumerate(plain):
        taken = kept[number]["exp_avg"] / 0.1  # Adam's first mean is a tenth of the gradient
        assert (taken - gradient).norm() < 0.05 * max(gradient.norm(), 0.02)
    rows = model.bert.embeddings.word_embeddings.weight
    unused = sorted(set(range(len(rows))) - set(ids.flatten().tolist()))
    assert torch.equal(rows[unused], words[unused])


def test_a_run_goes_on_from_its_checkpoint(corpus, tmp_path):
    first = trained(corpus, tmp_path, 6)
    same = trained(corpus, tmp_path, 6)  # already there: nothing is done
    assert all(map(torch.equal, first.parameters(), same.parameters()))
    assert progress(tmp_path) == 6
    second = trained(corpus, tmp_path, 9)
    assert progress(tmp_path) == 9
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert state["step"] == 9
    assert max(int(one["step"]) for one in state["optimiser"]["state"].values()) == 9
    assert not all(map(torch.equal, first.parameters(), second.parameters()))


def test_the_same_seed_trains_the_same_model(corpus, tmp_path):
    one, other, third = (
        trained(corpus, tmp_path / name, 8, seed=seed, tasks=(0.4, 0.3, 0.3))
        for name, seed in (("one", 0), ("other", 0), ("third", 5))
    )
    assert all(map(torch.equal, one.parameters(), other.parameters()))
    assert not all(map(torch.equal, one.parameters(), third.parameters()))


def test_time_ends_a_run_without_steps(corpus, tmp_path):
    trained(corpus, tmp_path, None, minutes=0.002)
    assert progress(tmp_path) >= 1


@pytest.mark.parametrize(
    ("settings_", "step", "minutes", "share"),
    [({"minutes": 4.0}, 900, 1.0, 0.25), ({"minutes": 4.0, "steps": 10}, 5, 9.0, 0.5)],
)
def test_steps_take_the_place_of_time(settings_, step, minutes, share):
    assert joint.JointSettings(**settings_).share(step, minutes) == share


TRANSLATIONS = [
    (
        "وقع الرئيس المصري الاتفاقية في القاهرة يوم الأحد",
        "The Egyptian president signed the agreement in Cairo on Sunday",
    ),
    ("نعم", "yes"),  # too short to ask about
]


@pytest.fixture
def data(tmp_path):
    """The question files ``joint`` reads, a few rows each."""
    (tmp_path / "qa").mkdir()
    (tmp_path / "parallel").mkdir()
    contents = {sources.QUESTION_SENTENCES[0]: ["\t".join(row) for row in SENTENCES]}
    for source in sources.QUESTIONS:
        rows = TWINS if "sanad_qa" in source.path else ROWS
        contents[source] = [json.dumps(row, ensure_ascii=False) for row in rows]
    for source in sources.PARALLEL:
        contents[source] = ["\t".join(pair) for pair in TRANSLATIONS]
    for source, lines in contents.items():
        path = tmp_path / source.path
        text = "".join(f"{line}\n" for line in lines).encode()
        path.write_bytes(lzma.compress(text) if path.suffix == ".xz" else text)
    return tmp_path


def test_every_question_file_is_read(data, tokenizer):
    made = command.reading_corpus(data, MODELS, tokenizer)
    counts = {name: len(asked) for name, asked in made.asked.items()}
    glossed = {name: counts.pop(name) for name in list(counts) if name.endswith("gloss")}
    written = {name: counts.pop(name) for name in ("news", "written", "terse")}
    assert min(written.values()) > 100
    assert 0 < glossed["qamr gloss"] <= 4
    assert 0 < glossed["text gloss"] <= 12
    assert glossed["squad gloss"] == 3
    assert counts == {
        "sanad": len(TWINS),
        "arcd": 4,
        "qamr": 4,
        "fairytaleqa": 4,
        "covidqa": 4,
        "squad": 3,
        "cloze": 2 * len(command.in_text_order()),
    }
    assert set(made.asked) == {name for name, _ in joint.JointSettings().reading}
    assert [one.group for one in made.asked["qamr"]] == ["a:1:1"] * 3 + ["b:1:1"]


def test_written_questions_are_answered_by_their_texts():
    """Our own questions: the answers stand where the rows say, and twins answer alike."""
    folder = Path(command.__file__).parent
    rows = [json.loads(line) for line in sources.lines(folder, sources.WRITTEN)]
    by_id = {row["id"]: row for row in rows}
    assert len(by_id) == len(rows)
    for row in rows:
        assert bool(row["answers"]) != row["is_impossible"]
        for one in row["answers"]:
            assert row["context"][one["start"] : one["start"] + len(one["text"])] == one["text"]
        if "twin" in row:
            other = by_id[row["twin"]]
            assert other["twin"] == row["id"]
            assert other["lang"] != row["lang"]
            assert other["is_impossible"] == row["is_impossible"]
    assert {row["lang"] for row in rows} == {"ar", "en"}


def test_a_masked_word_is_found_in_the_translation(tokenizer):
    made = joint.Corpus(tokenizer)
    words = StaticEmbedder(MODELS / PIECES)
    made.add_cloze("cloze", TRANSLATIONS, words, 0)
    forward, back = made.asked["cloze"]
    mask = tokenizer.token_to_id("[MASK]")
    for asked, (written, told) in ((forward, TRANSLATIONS[0]), (back, TRANSLATIONS[0][::-1])):
        assert asked.ids.tolist().count(mask) == 1
        assert len(asked.ids) <= joint.QUESTION_PIECES
        text = made.texts[asked.texts[0]]
        ((first, last),) = asked.answers[0]
        start, end = text.offsets[first, 0], text.offsets[last - 1, 1]
        assert told[start:end].strip()
        assert len(told[start:end]) < len(told) / 2
        kept = tokenizer.encode(written, add_special_tokens=False).ids
        assert len(asked.ids) <= len(kept)
        assert set(asked.ids.tolist()) - {mask} < set(kept)


def test_a_question_file_that_may_not_be_shipped_is_refused(data, tokenizer, monkeypatch):
    closed = sources.Source(path=sources.QUESTIONS[1].path, licence="CC BY-NC 4.0", rows=1)
    monkeypatch.setattr(sources, "QUESTIONS", (sources.QUESTIONS[0], closed))
    with pytest.raises(ValueError, match=r"arcd.*CC BY-NC 4\.0.*does not allow"):
        command.reading_corpus(data, MODELS, tokenizer)


def test_the_command_explains_itself(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["rag.training", "joint", "--help"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert all(option in out for option in ("--data", "--work", "--out", "--minutes", "--seed"))


@pytest.mark.parametrize("step", ["static", "distil", "joint", "evidence", "measure"])
def test_steps_that_read_data_ask_for_it(step, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["rag.training", step])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
    assert "--data" in capsys.readouterr().err
