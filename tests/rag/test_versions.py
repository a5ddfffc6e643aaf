"""What a collection keeps by its version changes only together with that version.

Collections are told apart by these versions alone; a change of the rules without a new version would
mix passages or terms of two kinds in one collection. Where a test here fails and the change is meant,
raise the version and write its new digest here.
"""

from __future__ import annotations

import hashlib
import json

from rag.folding import FOLDING_VERSION, fold
from rag.passages import PASSAGES_VERSION, cut
from rag.sentences import split
from rag.terms import TERMS_VERSION, index_terms
from tests.conftest import ARTICLES, ROOT
from tests.strategies import document

CUT = {"2/3/500/900/0": "fb880298432ba886"}
FOLDED = {"1": "2f8e822d8021ffbe"}
TERMS = {"1": "99e0f46bda6071da"}

# Of each: what the rules look at, in both languages.
SHORT = (
    "قال زيلينسكي:\n«سنعود». وأضاف د. أحمد في 3.5 ثانية؟ نعم! اقرأ أيضًا: عنوان آخر\n\nعنوان\n\nنص.",
    "Dr. Smith paid $3.5m on Jan. 5, 2023. Was it e.g. 7%? Yes!\n\nRead also: Another story\n\nEnd.",
    "# Heading\n\n- one\n- two\n\n1. three; four\n" + "word, " * 300 + "end.\n" + "كلمة، " * 300,
)


def texts():
    files = [path.read_text(encoding="utf-8") for path in sorted(ARTICLES.glob("*.txt"))]
    lines = (ROOT / "tests/quality/articles.jsonl").read_text(encoding="utf-8").splitlines()
    return [*files, *(json.loads(line)["text"] for line in lines), *SHORT]


def digest(value):
    content = json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()[:16]


def test_passages_are_cut_as_their_version_says():
    cuts = [
        (
            [(one.start, one.end, one.language) for one in cut(document(text, "x"))],
            [(one.start, one.end, one.kind) for one in split(text)],
        )
        for text in texts()
    ]
    assert {PASSAGES_VERSION: digest(cuts)} == {PASSAGES_VERSION: CUT.get(PASSAGES_VERSION)}


def test_text_is_folded_as_its_version_says():
    version = FOLDING_VERSION.partition("/")[0]  # behind it stands the version of Unicode's tables
    blocks = ((0x20, 0x250), (0x600, 0x700), (0x750, 0x780), (0xFB50, 0xFDFE), (0xFE70, 0xFEFD))
    folded = [fold(chr(code)) for start, end in blocks for code in range(start, end)]
    assert {version: digest(folded)} == {version: FOLDED.get(version)}


def test_terms_are_taken_as_their_version_says():
    taken = [sorted(index_terms(text)) for text in texts()]
    assert {TERMS_VERSION: digest(taken)} == {TERMS_VERSION: TERMS.get(TERMS_VERSION)}
