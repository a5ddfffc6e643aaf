"""What many tests share: the real embedded models, the seed articles, a guard against the network."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag import catalogue, cli
from rag.contextual import ContextualModel
from rag.embedding.static import StaticEmbedder
from rag.engine import Engine
from rag.protocols import Embedder
from rag.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"
ARTICLES = SEEDS / "articles"


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connecting anywhere but this machine is an error in every test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0] if isinstance(address, tuple) else address
            if host not in ("127.0.0.1", "::1", "localhost"):
                raise AssertionError(f"a test tried to connect to {host!r}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No sanad.toml and no SANAD_* of the machine the tests run on."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


_UNPICKLED: list[str] = []
sys.addaudithook(
    lambda event, about: _UNPICKLED.append(f"{about}") if event == "pickle.find_class" else None
)


@pytest.fixture(autouse=True)
def unpickled(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Reading a pickle is an error in every test of what people run."""
    _UNPICKLED.clear()
    yield _UNPICKLED
    if "training" not in request.path.parts and not request.node.get_closest_marker("models"):
        assert _UNPICKLED == []


@pytest.fixture(scope="session")
def pieces() -> StaticEmbedder:
    """The embedded vectors of pieces."""
    return catalogue.piece_embedder()


@pytest.fixture(scope="session")
def network() -> ContextualModel:
    """The embedded bilingual network."""
    return catalogue.contextual_model()


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The embedder of the default settings, on the network."""
    return catalogue.embedder(Settings())


@pytest.fixture(scope="session")
def seed_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of indexes with the two seed articles ingested; copy it before changing it."""
    folder = tmp_path_factory.mktemp("indexes")
    Engine(Settings(indexes=folder)).ingest([SEEDS])
    return folder


@pytest.fixture(scope="session")
def seed_engine(seed_index: Path) -> Engine:
    """An engine over the seed articles, for reading only."""
    engine = Engine(Settings(indexes=seed_index))
    engine.warm()
    return engine


@pytest.fixture
def own_index(seed_index: Path, tmp_path: Path) -> Path:
    """A copy of the seed indexes that a test may change."""
    folder = tmp_path / "indexes"
    shutil.copytree(seed_index, folder)
    return folder


@pytest.fixture
def sanad(
    seed_index: Path, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs a command, over the seed index if no other is named: exit code, stdout, stderr."""

    def run(*arguments: object, indexes: Path | None = seed_index) -> tuple[int, str, str]:
        named = ("--indexes", str(indexes)) if indexes else ()
        code = cli.main([*map(str, arguments), *named])
        found = capfd.readouterr()
        assert "Traceback" not in found.err
        return code, found.out, found.err

    return run
