"""Coverage-guided fuzzing of one reader: ``python -m tests.fuzz html --seconds 600 --corpus FOLDER``.

atheris (libFuzzer) changes bytes and keeps what reaches new lines of our modules. A file may be
refused; anything else that is raised, a text that cannot be stored, or offsets that do not lead back
end the run with exit 1, and the bytes that did it are kept in the corpus folder. The parsers are
called in this process: in the product they are in a worker with limits, which would hide a crash.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import atheris

from tests.rag.documents.test_mutated import FILES, PAGE

LONGEST = 16_384  # bytes tried
SECONDS_AN_INPUT, MEGABYTES = 25, 2048  # as much as a worker has, or more

with atheris.instrument_imports(include=["rag"]):
    from rag import folding, passages, sentences
    from rag.documents import encodings
    from rag.documents.formats import extractor
    from rag.documents.values import REASONS, Refusal
    from rag.types import Document


def loader(name: str) -> Callable[[bytes], None]:
    """What a file of this format becomes: texts that can be stored, or a reason."""
    format = FILES[name][0]
    with atheris.instrument_imports(include=["rag"]):
        read = extractor(format.extractor)
    options = dict(format.options)

    def once(content: bytes) -> None:
        try:
            found = read(content, **options)
        except Refusal as refusal:
            if refusal.reason not in REASONS:
                raise
            return
        except (MemoryError, RecursionError):  # a worker tells these as limits
            return
        for document in found.documents:
            document.text.encode()

    return once


def normaliser(content: bytes) -> None:
    """Bytes to folded text, sentences and passages, with every way back."""
    try:
        text = encodings.decode(content).text
    except Refusal:
        return
    folded = folding.fold_with_origins(text)
    assert folded.text == folding.fold(text) == folding.fold(folded.text)
    places = [folded.original_span(at, at + 1) for at in range(len(folded.text))]
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert places == sorted(places)
    found = sentences.split(text)
    assert "".join(text[one.start : one.end] for one in found) == text
    document = Document(id="f", text=text, sha256="", title="", source="f", language="ar")
    for passage in passages.cut(document):
        assert text[passage.start : passage.end] == passage.text


TARGETS = {**dict.fromkeys(FILES, loader), "text": lambda _: normaliser}


def main() -> None:
    """Parses, writes the seed and runs until the time is over."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=[*TARGETS])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--corpus", type=Path, default=Path(".fuzz"), help="kept between runs")
    options = parser.parse_args()
    folder = options.corpus / options.target
    folder.mkdir(parents=True, exist_ok=True)
    seed = PAGE.encode() if options.target == "text" else FILES[options.target][1]
    (folder / "seed").write_bytes(seed)
    given = [
        sys.argv[0],
        str(folder),
        f"-max_total_time={options.seconds}",
        f"-max_len={max(LONGEST, 2 * len(seed))}",
        f"-timeout={SECONDS_AN_INPUT}",
        f"-rss_limit_mb={MEGABYTES}",
        f"-artifact_prefix={options.corpus}/{options.target}-",
        "-print_final_stats=1",
    ]
    atheris.Setup(given, TARGETS[options.target](options.target))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
