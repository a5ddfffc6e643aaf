"""Real files with bytes changed, cut and repeated: each ends with a text or a reason.

Coverage-guided fuzzing needs instrumented parsers; this only shows that small damage in any place of
a real file is survived and told.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.documents.encodings import decode
from rag.documents.formats import CSV, EPUB, FEED, HTML, JSON, JSON_LINES, PDF, WORD
from rag.documents.values import REASONS, Refusal
from rag.folding import fold
from tests.files import ARTICLE, arabic_pdf, chapter, epub, outcome, paragraph, word

PAGE = (
    "<html lang=ar><head><title>عنوان</title><style>.h{display:none}</style></head><body><article>"
    + "".join(f"<p>{line}</p>" for line in ARTICLE)
    + "<p class=h>hidden</p><table><tr><td>1<td>2</table></article></body></html>"
)
ROW = f'{{"id": "1", "title": "عنوان", "date": "2025-11-02", "text": "{ARTICLE[0]}"}}'
FILES = {
    "html": (HTML, PAGE.encode()),
    "windows-1256": (HTML, PAGE.encode("cp1256")),
    "word": (WORD, word("".join(map(paragraph, ARTICLE)), title="عنوان")),
    "pdf": (PDF, arabic_pdf(list(ARTICLE))),
    "epub": (EPUB, epub({"a.xhtml": chapter(*ARTICLE), "b.xhtml": chapter(*ARTICLE)})),
    "feed": (FEED, f"<rss><channel><item><title>عنوان</title><description>{ARTICLE[0]}</description></item></channel></rss>".encode()),
    "json": (JSON, f"[{ROW}, {ROW}]".encode()),
    "lines": (JSON_LINES, f"{ROW}\n{ROW}\n".encode()),
    "csv": (CSV, f'title,text\nعنوان,"{ARTICLE[0]}"\nb,"{ARTICLE[1]}"\n'.encode()),
}  # fmt: skip
EXAMPLES, FOR_A_NIGHT = 50, 3000

edits = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),  # where in the file
        st.sampled_from(["put", "cut", "repeat", "insert"]),
        st.one_of(
            st.binary(min_size=1, max_size=4),
            st.sampled_from([b"<", b">", b'"', b"\x00", b"\xff" * 4, b"99999999999", b"-1", b"%n", b"]]>"]),
        ),
    ),
    min_size=1,
    max_size=8,
)  # fmt: skip


def edited(content, changes):
    out = bytearray(content)
    for place, kind, piece in changes:
        at = int(place * max(1, len(out)))
        if kind == "put":
            out[at : at + len(piece)] = piece
        elif kind == "insert":
            out[at:at] = piece
        elif kind == "cut":
            del out[at : at + 37 * len(piece)]
        else:
            out[at:at] = out[at : at + 61 * len(piece)] * len(piece)
    return bytes(out)


def survives(name, changes):
    loader, content = FILES[name]
    found = outcome(loader.extract, edited(content, changes))
    if isinstance(found, Refusal):
        assert found.reason in REASONS
        assert found.reason not in ("crashed", "unavailable"), found.message
        assert found.hint
        return
    assert found.documents or found.failures
    for document in found.documents:
        document.text.encode()  # whole characters only: it is stored as UTF-8
        fold(document.text)


@pytest.mark.parametrize("name", FILES)
def test_the_files_are_read_as_they_are(name):
    loader, content = FILES[name]
    assert "كييف" in loader.extract(content).documents[0].text


@pytest.mark.parametrize("name", FILES)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(changes=edits)
def test_small_damage_anywhere_is_survived(name, changes):
    survives(name, changes)


@pytest.mark.soak
@pytest.mark.parametrize("name", FILES)
@settings(
    max_examples=FOR_A_NIGHT,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(changes=edits)
def test_small_damage_anywhere_is_survived_for_long(name, changes):
    survives(name, changes)


@given(st.binary(max_size=400))
def test_any_bytes_are_decoded_or_refused(content):
    found = outcome(decode, content)
    if isinstance(found, Refusal):
        assert found.reason in REASONS
    else:
        found.text.encode()
