"""What ``sanad doctor`` looks at; each finding says what to do where something is wrong."""

from __future__ import annotations

import locale
import shutil
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rag.errors import ConfigurationError, NoIndex, RagError
from rag.settings import Settings

_LEAST_FREE = 200 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at: ``bad`` stops answers, ``warn`` is worth knowing."""

    check: str
    state: Literal["ok", "warn", "bad"]
    note: str


def examine(settings: Settings) -> list[Finding]:
    """All findings, in the order a person would look."""
    checks: list[tuple[str, Callable[[Settings], Finding]]] = [
        ("python", _python),
        ("sqlite", _sqlite),
        ("text", _encoding),
        ("disk", _disk),
        ("models", _models),
        ("embedder", _embedder),
        ("parsers", _parsers),
        ("index", _index),
        ("calibration", _calibration),
    ]
    findings = []
    for name, check in checks:
        try:
            findings.append(check(settings))
        except RagError as error:
            findings.append(Finding(check=name, state="bad", note=_on_a_line(error)))
    return findings


def _on_a_line(error: RagError) -> str:
    return " ".join(str(error).split())


def _python(_: Settings) -> Finding:
    return Finding(check="python", state="ok", note=sys.version.split()[0])


def _sqlite(_: Settings) -> Finding:
    note = f"{sqlite3.sqlite_version}, rollback journal"
    return Finding(check="sqlite", state="ok", note=note)


def _encoding(_: Settings) -> Finding:
    found = locale.getpreferredencoding(do_setlocale=False)
    if found.lower().replace("-", "") == "utf8":
        return Finding(check="text", state="ok", note=found)
    note = f"the locale says {found}; Arabic may not show: set LANG=C.UTF-8"
    return Finding(check="text", state="warn", note=note)


def _disk(settings: Settings) -> Finding:
    folder = settings.indexes.resolve()
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise ConfigurationError(
            f"{str(folder)!r} is not a folder", hint="name another with --indexes"
        )
    free = shutil.disk_usage(folder).free
    state: Literal["ok", "warn"] = "ok" if free >= _LEAST_FREE else "warn"
    return Finding(check="disk", state=state, note=f"{free // 2**20} MiB free for indexes")


def _models(_: Settings) -> Finding:
    from rag import catalogue
    from rag.reading.evidence import EvidenceWeights

    network, pieces = catalogue.contextual_model(), catalogue.piece_embedder()
    EvidenceWeights.load(catalogue.EVIDENCE)
    note = f"{network.fingerprint}, {network.dim} dimensions, {network.workers} workers; {pieces.fingerprint}"
    return Finding(check="models", state="ok", note=note)


def _embedder(settings: Settings) -> Finding:
    from rag import catalogue

    embedder = catalogue.embedder(settings)
    return Finding(check="embedder", state="ok", note=embedder.fingerprint)


def _parsers(_: Settings) -> Finding:
    from rag.documents.sandbox import GUARDS, shared
    from rag.documents.values import Refusal

    try:
        missing = GUARDS - shared().guards()
    except Refusal as refusal:
        return Finding(check="parsers", state="bad", note=refusal.message)
    if missing:
        note = (
            f"this system sets no limits on: {', '.join(sorted(missing))}; ingest files you trust"
        )
        return Finding(check="parsers", state="warn", note=note)
    note = "files are parsed with limits on memory, time and output and without network"
    return Finding(check="parsers", state="ok", note=note)


def _index(settings: Settings) -> Finding:
    from rag.catalogue import embedder
    from rag.index.collection import Collection

    collection = Collection(settings.indexes / settings.collection)
    try:
        described = collection.verify(embedder(settings))
    except NoIndex as error:
        return Finding(check="index", state="warn", note=_on_a_line(error))
    note = (
        f"{described.generation}: {described.documents} documents, {described.passages} passages, "
        "all files and stored documents match their checksums"
    )
    if collection.pending():
        note += "; an ingest was interrupted before it was published: run it again"
        return Finding(check="index", state="warn", note=note)
    return Finding(check="index", state="ok", note=note)


def _calibration(settings: Settings) -> Finding:
    from rag import calibration, catalogue

    found = calibration.read(settings.indexes / settings.collection)
    if found is None:
        note = "as shipped; sanad calibrate FACTS fits it to this collection"
        return Finding(check="calibration", state="ok", note=note)
    held = found.held_out["all"]
    note = (
        f"{found.fingerprint}: answers from {found.threshold:.2f} on, fitted to {found.error:.0%} "
        f"wrong on {found.questions} questions; held out it answered {held.coverage:.0%}"
        + ("" if held.error is None else f" and was wrong in {held.error:.0%} of them")
    )
    reader, embedder = catalogue.reader(settings), catalogue.embedder(settings)
    if not found.fits(reader.fingerprint, embedder.fingerprint):
        note += "; not used, it was fitted with other models: run sanad calibrate again"
        return Finding(check="calibration", state="warn", note=note)
    if settings.threshold is not None:
        note += f"; its threshold is overridden by the setting {settings.threshold:.2f}"
    return Finding(check="calibration", state="ok", note=note)
