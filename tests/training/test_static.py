"""The training code on a tiny sample: it runs, it learns, and what it writes loads both ways."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.models

from rag.embedding.static import StaticEmbedder  # noqa: E402
from rag.late_interaction import best_matches, score  # noqa: E402
from rag.training import export, sources, static, units  # noqa: E402
from rag.training import tokenizer as pieces  # noqa: E402

PAIRS = [
    ("وقع الرئيس الاتفاقية", "the president signed the agreement"),
    ("زار الوزير مدينة القاهرة", "the minister visited the city of cairo"),
    ("افتتح المعرض يوم الاثنين", "the exhibition opened on monday"),
    ("ارتفعت أسعار القمح", "wheat prices rose"),
    ("أسقطت القوات سبع طائرات", "the forces shot down seven aircraft"),
    ("انخفضت درجات الحرارة ليلًا", "temperatures fell at night"),
]


@pytest.fixture(scope="module")
def tokenizer() -> object:
    texts = [arabic for arabic, _ in PAIRS] * 8
    arabic = pieces.train_arabic_pieces(texts, 400)
    words = sorted({word for _, english in PAIRS for word in english.split()})
    return pieces.build(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words], arabic)


def pairs_of(tokenizer: object) -> list[tuple[static.Ids, static.Ids]]:
    left = static.encode(tokenizer, [arabic for arabic, _ in PAIRS], 64)
    right = static.encode(tokenizer, [english for _, english in PAIRS], 64)
    return list(zip(left, right, strict=True))


def test_the_article_is_a_piece_of_its_own(tokenizer: object) -> None:
    words = ("القمح", "والقمح", "بالقمح", "قمح")
    assert {tokenizer.encode(word).tokens[-1] for word in words} == {"قمح"}


@pytest.mark.parametrize(
    ("one", "other"),
    [("الكِتَابُ", "الكتاب"), ("كتـــاب", "كتاب"), ("أحمد", "احمد"), ("مدرسة", "مدرسه"), ("١٢", "12")],
)
def test_spellings_that_fold_alike_have_the_same_pieces(
    tokenizer: object, one: str, other: str
) -> None:
    assert tokenizer.encode(one).ids == tokenizer.encode(other).ids


def test_both_stages_learn_the_translations(tokenizer: object, tmp_path: Path) -> None:
    torch.manual_seed(0)
    pairs = pairs_of(tokenizer)
    rows = torch.randn(tokenizer.get_vocab_size(), 32) * 0.1
    settings = static.AlignSettings(batch=8, steps=80, rate=3e-2)
    aligned = static.align(rows, pairs, pairs, settings, tmp_path / "aligned.npy")
    unit = static.Unit(
        sentences=tuple(arabic for arabic, _ in pairs),
        questions=(pairs[0][0], pairs[3][0]),
        answers=(0, 3),
        facts=("a", "b"),
    )
    other = static.Unit(
        sentences=tuple(english for _, english in pairs),
        questions=(pairs[0][1], pairs[3][1]),
        answers=(0, 3),
        facts=("a", "b"),
    )
    matched = static.match(
        aligned,
        [(unit, other)],
        pairs,
        pairs,
        pairs,
        static.MatchSettings(units=1, pairs=6, pooled=8, steps=60, rate=1e-2),
        tmp_path / "matched.npy",
    )
    found = static.late_interaction(matched, [a for a, _ in pairs], [e for _, e in pairs])
    assert found.argmax(dim=1).tolist() == list(range(len(pairs)))


def test_export_loads_without_torch_and_with_sentence_transformers(
    tokenizer: object, tmp_path: Path
) -> None:
    library = pytest.importorskip("sentence_transformers")
    rows = np.random.default_rng(0).normal(size=(tokenizer.get_vocab_size(), 32))
    folder = tmp_path / "model"
    export.export_static(rows.astype(np.float32), tokenizer, folder)
    ours = StaticEmbedder(folder)
    texts = [text for pair in PAIRS for text in pair]
    theirs = library.SentenceTransformer(str(folder), device="cpu").encode(texts)
    np.testing.assert_allclose(ours.embed_passages(texts), theirs, atol=1e-5)


def test_what_is_trained_is_what_runs(tokenizer: object, tmp_path: Path) -> None:
    rows = np.random.default_rng(1).normal(size=(tokenizer.get_vocab_size(), 32))
    folder = tmp_path / "model"
    export.export_static(rows.astype(np.float32), tokenizer, folder)
    running = StaticEmbedder(folder)
    (arabic, english), ids = PAIRS[4], pairs_of(tokenizer)[4]
    trained = static.late_interaction(
        torch.from_numpy(rows.astype(np.float32)), [ids[0]], [ids[1]]
    ).item()
    question = running.pieces(arabic)
    ran = score(question.weights, best_matches(question, running.pieces(english)))
    assert ran == pytest.approx(trained, abs=0.01)  # int8 rows against float32


def test_int8_rows_stay_near_their_origin() -> None:
    rows = np.random.default_rng(2).normal(size=(50, 64)).astype(np.float32)
    quantised, scales = export.quantise(rows)
    assert np.abs(quantised * scales[:, None] - rows).max() <= scales.max() / 2 + 1e-6


def test_data_that_may_not_be_shipped_is_refused(tmp_path: Path) -> None:
    source = sources.Source(path="x.tsv", licence="CC BY-NC 4.0", rows=1)
    with pytest.raises(ValueError, match=r"CC BY-NC 4\.0.*does not allow"):
        list(sources.lines(tmp_path, source))


def test_every_listed_source_may_be_shipped() -> None:
    listed = (*sources.PARALLEL, *sources.QUESTIONS, *sources.QUESTION_SENTENCES)
    assert all(source.licence in sources.REDISTRIBUTABLE for source in listed)


def test_the_answering_sentence_is_found_by_its_offsets() -> None:
    context = "وصل الوفد أمس. بدأت المحادثات اليوم! انتهت مساءً."
    start = context.index("اليوم")
    row = {"is_impossible": False, "answers": [{"text": "اليوم", "start": start}]}
    assert units.answer_sentence(units.split(context), row) == 1
