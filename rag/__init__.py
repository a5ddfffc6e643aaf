"""Questions in Arabic or English, answered from articles with citations that are verified.

``Engine(Settings())`` is the whole system; ``answering.py`` is the page to read first. Importing
``rag`` loads no model and no heavy library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Answer", "Citation", "Document", "Engine", "Passage", "RagError", "Settings"]

if TYPE_CHECKING:
    from rag.engine import Engine
    from rag.errors import RagError
    from rag.settings import Settings
    from rag.types import Answer, Citation, Document, Passage

_HOMES = {
    "Answer": "rag.types",
    "Citation": "rag.types",
    "Document": "rag.types",
    "Passage": "rag.types",
    "Engine": "rag.engine",
    "RagError": "rag.errors",
    "Settings": "rag.settings",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562: whatever the module holds
    """Loads a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rag' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
