"""A disk that remembers what a power loss would leave of what the store did to it.

It stands in for the operations of :mod:`rag.index.files`. Every file and name is really there; beside
it is kept what has been synced. Of what was not, a crash may keep anything: a name may be there or
not, a file may hold its old bytes, its new ones, half of them, or zeros. SQLite is taken at its word,
which for ``synchronous=FULL`` is that the last commit may be undone until its folder is synced.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rag.index import files

OPERATIONS = ("write_file", "sync_file", "sync_folder", "rename", "link", "unlink", "remove_tree")
MODES = ("killed", "lost", "torn")  # nothing lost; everything not synced; any part of it
ABSENT, FOLDER = "absent", "folder"
TRUTH = "truth.sqlite3"


@dataclass
class File:
    data: bytes
    synced: bytes | None = None

    def frozen(self):
        return (self.data, self.synced)


@dataclass(frozen=True)
class Point:
    """A moment: for each path what it may be after a crash, the synced state first."""

    label: str
    entries: dict[str, list]
    allowed: object

    def state(self, mode, chance):
        """The files and folders that one crash here leaves: path to bytes, or None for a folder."""
        found = {}
        for path in sorted(self.entries):
            parent = str(Path(path).parent)
            if parent != "." and found.get(parent, ABSENT) is not None:
                continue  # its folder is gone
            options = self.entries[path]
            if Path(path).name == TRUTH:
                options = options[-2:]
            entry = {"killed": options[-1], "lost": options[0]}.get(mode) or chance.choice(options)
            if entry == FOLDER:
                found[path] = None
            elif entry != ABSENT:
                found[path] = _bytes(*entry, mode, chance)
        return found


def _bytes(data, synced, mode, chance):
    if mode == "killed" or synced == data:
        return data
    old, half = synced or b"", data[: len(data) // 2]
    if mode == "lost":
        return old
    return chance.choice([old, data, half, half + bytes(len(data) - len(half))])


@dataclass
class Disk:
    """``root`` is watched; ``without`` names the syncs that are left out."""

    root: Path
    without: frozenset[str] = frozenset()
    points: list[Point] = field(default_factory=list)
    syncs: list[str] = field(default_factory=list)
    allowed: object = None

    def __post_init__(self):
        self._now = {}  # path → File or FOLDER, as a process sees it
        self._options = {}  # path → entries it may have after a crash
        self._last = "the start"
        self._scan()
        for path, entry in self._now.items():
            if entry is not FOLDER:
                entry.synced = entry.data
            self._options[path] = [entry]

    @contextmanager
    def watching(self, monkeypatch):
        with monkeypatch.context() as patch:
            for name in OPERATIONS:
                patch.setattr(files, name, self._watched(name, getattr(files, name)))
            yield self
            self.point("the end")

    def _watched(self, name, real):
        def operation(*arguments):
            role = f"{name} {self._role(arguments[0])}"
            if name.startswith("sync"):
                role += f" after {self._last}"
                self.syncs.append(role)
            self.point(role)
            if not name.startswith("sync"):
                real(*arguments)
            if name == "rename":
                self._renamed(*map(self._relative, arguments))
            if name == "link":
                path, to = map(self._relative, arguments)
                self._now[to] = self._now[path]  # one file with two names
                self._changed(to, self._now[to])
            self._scan()
            if role not in self.without:
                if name == "sync_file":
                    entry = self._now[self._relative(arguments[0])]
                    entry.synced = entry.data
                elif name == "sync_folder":
                    self._sync_names(arguments[0])
            if not name.startswith("sync"):
                self._last = name

        return operation

    def point(self, label):
        """Notes that the power may fail here."""
        self._scan()
        entries = {
            path: [one if isinstance(one, str) else one.frozen() for one in options]
            for path, options in self._options.items()
        }
        self.points.append(Point(label, entries, self.allowed))

    def _relative(self, path):
        return Path(path).relative_to(self.root).as_posix()

    def _role(self, path):
        name = re.sub(r"gen-[0-9-]+", "gen", self._relative(path))
        name = re.sub(r"manifest-[0-9]+", "manifest", name)
        return re.sub(r"[0-9a-f]{32}\.\w+", "segment", name)

    def _scan(self):
        """Takes note of what was done without the operations: by tantivy, by SQLite, by mkdir."""
        there = {self._relative(path): path for path in self.root.rglob("*")}
        for path in set(self._now) - set(there):
            del self._now[path]
            self._changed(path, ABSENT)
        for path, place in there.items():
            known = self._now.get(path)
            if place.is_dir():
                if known is None:
                    self._now[path] = FOLDER
                    self._changed(path, FOLDER)
                continue
            data = place.read_bytes()
            if known is not None and known.data == data:
                continue
            if place.name == TRUTH:
                known = File(data, synced=data)
            elif known is not None:
                known.data = data
                continue
            else:
                known = File(data)
            self._now[path] = known
            self._changed(path, known)

    def _changed(self, path, entry):
        self._options.setdefault(path, [ABSENT]).append(entry)

    def _renamed(self, path, to):
        self._now[to] = self._now.pop(path)
        self._changed(path, ABSENT)
        self._changed(to, self._now[to])

    def _sync_names(self, folder):
        inside = "." if folder == self.root else self._relative(folder)
        for path in list(self._options):
            if str(Path(path).parent) == inside:
                self._options[path] = [self._now.get(path, ABSENT)]
                if path not in self._now:
                    self._forget(path)

    def _forget(self, path):
        for below in [path, *(one for one in self._options if one.startswith(f"{path}/"))]:
            self._options.pop(below, None)
