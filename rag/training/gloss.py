"""English reading examples in Arabic words, by a lexicon counted from translations.

Most public questions with marked answers are English. Put word for word into Arabic they teach a
network to read Arabic words where an answer is asked for; such dictionary code-switching is known
to carry a task over to a language without examples of its own (Qin et al. 2020, CoSDA-ML). The
grammar is not Arabic, so glosses stand beside real Arabic examples, never in their place.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from rag.protocols import PieceEmbedder
from rag.types import Pieces

ALIKE = 0.55  # cosine of static vectors from which two words are taken for each other's translation
_KEPT = 6  # translations a word
_WORD = re.compile(r"(?<!\w)[A-Za-z]{2,}(?!\w)(?:['’]s\b)?|(?<!\w)[aA](?!\w)")
_ARABIC = re.compile(r"^[\u0621-\u0652]+$")
_DROPPED = frozenset(
    ("a an of is are be been do does did its his her their our my your would").split()
)
# Counting finds no good translation of these: Arabic says them with letters joined to words.
_SMALL: Mapping[str, tuple[str, ...]] = {
    "to": ("إلى", "أن"), "that": ("أن", "الذي", "التي"), "this": ("هذا", "هذه"), "these": ("هذه",),
    "he": ("هو",), "she": ("هي",), "it": ("هو", "هي"), "they": ("هم",), "we": ("نحن",),
    "you": ("أنت",), "him": ("إياه",), "them": ("إياهم",), "by": ("من قبل", "بواسطة"),
    "for": ("من أجل", "لمدة"), "with": ("مع",), "from": ("من",), "at": ("في", "عند"),
    "on": ("على", "في"), "in": ("في",), "as": ("كما", "بصفته"), "has": ("لديه", "قد"),
    "have": ("لديهم", "قد"), "had": ("كان قد", "كان لديه"), "not": ("لا", "لم", "ليس"),
    "but": ("لكن",), "or": ("أو",), "who": ("الذي", "التي"), "which": ("الذي", "التي"),
    "when": ("عندما",), "where": ("حيث",), "while": ("بينما",), "there": ("هناك",),
    "so": ("لذلك",), "because": ("لأن",), "after": ("بعد",), "before": ("قبل",), "into": ("إلى",),
    "than": ("من",), "if": ("إذا",), "can": ("يمكن",), "will": ("سوف",), "no": ("لا",),
    "some": ("بعض",), "other": ("آخر",), "about": ("حول", "عن"), "between": ("بين",),
    "was": ("كان", "كانت"), "were": ("كانوا", "كانت"), "up": (), "out": (),
}  # fmt: skip
_JOINED: Mapping[str, str] = {"the": "ال", "and": "و"}  # written in one with the next word
_ASKED: Mapping[str, tuple[str, ...]] = {
    "who": ("من", "من هو", "من الذي"),
    "whom": ("من",),
    "whose": ("لمن",),
    "what": ("ما", "ماذا", "ما هو", "ما هي"),
    "which": ("أي", "ما"),
    "when": ("متى",),
    "where": ("أين",),
    "why": ("لماذا", "لم"),
    "how": ("كيف",),
    "how many": ("كم", "كم عدد"),
    "how much": ("كم",),
    "how long": ("كم", "منذ متى"),
}

Lexicon = Mapping[str, tuple[tuple[str, ...], tuple[float, ...]]]


def counterparts(left: Pieces, right: Pieces) -> list[tuple[int, int]]:
    """Numbers of the words, one of each text, that are each other's nearest and alike enough.

    Neither text is without words.
    """
    cosines = left.word_vectors @ right.word_vectors.T
    nearest, back = cosines.argmax(axis=1), cosines.argmax(axis=0)
    return [
        (n, m) for n, m in enumerate(nearest.tolist()) if back[m] == n and cosines[n, m] > ALIKE
    ]


def count(
    pairs: Iterable[tuple[str, str]], words: PieceEmbedder, counted: dict[str, Counter[str]]
) -> None:
    """Adds the words of (Arabic, English) sentences that are each other's nearest."""
    for arabic, english in pairs:
        left, right = words.pieces(arabic), words.pieces(english)
        if not len(left.word_weights) or not len(right.word_weights):
            continue
        for n, m in counterparts(left, right):
            told = english[slice(*right.word_spans[m].tolist())].lower()
            written = arabic[slice(*left.word_spans[n].tolist())]
            if _WORD.fullmatch(told) and _ARABIC.match(written):
                counted[told][written] += 1


def lexicon(
    prose: Iterable[tuple[str, str]], entries: Iterable[tuple[str, str]], words: PieceEmbedder
) -> Lexicon:
    """English word → its Arabic words and their shares.

    ``prose`` are sentences, ``entries`` a dictionary's lines; of these only single words are used,
    and only where the sentences know no translation.
    """
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    count(prose, words, counted)
    found = {}
    for word, known in counted.items():
        most = known.most_common(1)[0][1]
        if most > 1:  # a rare neighbour of a common translation is a wrong alignment
            found[word] = {w: n for w, n in known.most_common(_KEPT) if n >= most / 10}
    listed: dict[str, Counter[str]] = defaultdict(Counter)
    for arabic, english in entries:
        if _WORD.fullmatch(english) and _ARABIC.match(arabic):
            listed[english.lower()][arabic] += 1
    for word, known in listed.items():
        found.setdefault(word, dict(known.most_common(_KEPT)))
    return {
        word: (tuple(known), tuple(n / sum(known.values()) for n in known.values()))
        for word, known in found.items()
    }


def gloss(
    written: str, marks: Sequence[int], known: Lexicon, share: float, rng: np.random.Generator
) -> tuple[str, list[int]]:
    """The English text with about ``share`` of its words in Arabic, and where ``marks`` went.

    ``marks`` are code points of ``written``; one inside a word goes to the beginning of what
    stands for the word, one at its end to the end.
    """
    asked = written.rstrip().endswith("?")
    parts: list[str] = []
    moved: list[tuple[int, int]] = [(0, 0)]  # (place in written, place in the gloss)
    size = at = 0

    def put(until: int, told: str) -> None:
        nonlocal size, at
        parts.append(told)
        size += len(told)
        at = until
        moved.append((at, size))

    def base(found: re.Match[str] | None) -> str:
        return re.sub("['’]s$", "", found.group().lower()) if found else ""

    for found in _WORD.finditer(written):
        if found.start() < at:
            continue
        put(found.start(), written[at : found.start()])
        word, end = base(found), found.end()
        following = _WORD.match(written, end + 1)
        after = base(following)
        if asked and f"{word} {after}" in _ASKED:
            word, end = f"{word} {after}", following.end() if following else end
        if rng.random() >= share:
            put(end, written[at:end])
        elif word in _JOINED:
            joined = after in known and after not in _SMALL and after not in _DROPPED
            put(end + joined, _JOINED[word] if joined or word == "and" else "")
        elif asked and word in _ASKED:
            put(end, str(rng.choice(_ASKED[word])))
        elif word in _DROPPED:
            put(end, "")
        elif word in _SMALL:
            put(end, str(rng.choice(_SMALL[word])) if _SMALL[word] else "")
        elif word in known:
            told, shares = known[word]
            put(end, told[int(rng.choice(len(told), p=shares))])
        else:
            put(end, written[at:end])
    put(len(written), written[at:])
    places = np.array(moved)
    text = "".join(parts)
    order = np.searchsorted(places[:, 0], list(marks), side="right") - 1
    inside = [
        int(places[n, 1] + (0 if _WORD.match(written, places[n, 0]) else mark - places[n, 0]))
        for n, mark in zip(order.tolist(), marks, strict=True)
    ]
    return text, inside


def rows(told: Sequence[dict[str, Any]], known: Lexicon, seed: int) -> list[dict[str, Any]]:
    """Question rows over glossed contexts, questions, or both; answers marked anew.

    A row whose answer is lost, an article alone for instance, is left out.
    """
    rng = np.random.default_rng(seed)
    by_context: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in told:
        by_context[row["context"]].append(row)
    made = []
    for context, group in by_context.items():
        marks = sorted({place for row in group for span in _spans(row) for place in span})
        share = 1.0 if rng.random() < 0.7 else float(rng.uniform(0.3, 0.9))
        text, moved = gloss(context, marks, known, share, rng)
        to = dict(zip(marks, moved, strict=True))
        for row in group:
            which = rng.random()
            changed = dict(row)
            if which < 0.75:
                changed["question"] = gloss(row["question"], (), known, 1.0, rng)[0]
            if which < 0.5 or which >= 0.75:
                answers = []
                for start, end in _spans(row):
                    answer = text[to[start] : to[end]]
                    lead = len(answer) - len(answer.lstrip())
                    if answer.strip():
                        answers.append({"text": answer.strip(), "start": to[start] + lead})
                changed |= {"context": text, "answers": answers}
            if changed["answers"] or row["is_impossible"]:
                made.append(changed)
    return made


def _spans(row: dict[str, Any]) -> list[tuple[int, int]]:
    return [(one["start"], one["start"] + len(one["text"])) for one in row["answers"]]


def pairs(told: Sequence[Sequence[str]], known: Lexicon, seed: int) -> list[tuple[str, str]]:
    """(question, sentence) lines, one of the two or both glossed."""
    rng = np.random.default_rng(seed)
    made = []
    for question, sentence, *_ in told:
        which = rng.random()
        asked = gloss(question, (), known, 1.0, rng)[0] if which < 0.75 else question
        found = which < 0.5 or which >= 0.75
        made.append((asked, gloss(sentence, (), known, 1.0, rng)[0] if found else sentence))
    return made
