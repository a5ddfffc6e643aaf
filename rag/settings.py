"""Settings: command-line flags over ``SANAD_*`` over ``sanad.toml`` over defaults.

Plain pydantic and tomllib: importing pydantic-settings costs 0.4 s, more than a whole cold answer
may spend on imports. Only the command line and ``create_app`` read the environment.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from rag import naming
from rag.errors import ConfigurationError, InvalidParameter, RagError
from rag.validation import expected, shown

PREFIX = "SANAD_"
FILE = "sanad.toml"
# What the patterns below mean.
_FORMS = {
    "collection": naming.FORM,
    "public_url": "an address such as https://example.org/sanad",
    "citations_by_key": "keys and styles such as librechat=markdown,webui=openwebui",
}
CitationStyle = Literal["annotations", "markdown", "openwebui", "none"]


def _named(name: str) -> str:
    if (kept := naming.normalised(name)) is None:
        raise ValueError(naming.FORM)
    return kept


def _pairs(given: object) -> object:
    """``key=style,key=style`` of a variable as the table it means; anything else as it is."""
    if not isinstance(given, str):
        return given
    pairs = [pair.strip().rpartition("=") for pair in given.split(",") if pair.strip()]
    if not all(key.strip() and style for key, _, style in pairs):
        raise ValueError(_FORMS["citations_by_key"])
    return {key.strip(): style.strip() for key, _, style in pairs}


class Settings(BaseModel):
    """Everything that can be set; frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    indexes: Path = Field(Path("indexes"), description="Folder that holds the collections.")
    collection: Annotated[str, AfterValidator(_named)] = Field(
        "default", description="Name of the collection to read and write, in any script."
    )
    embedder: str = Field(
        "sanad-bilingual-v1",
        min_length=1,
        description="The embedded network, the faster sanad-static-v1, or a sentence-transformers "
        "model by name or folder.",
    )
    reader: str = Field(
        "sanad-bilingual-v1",
        min_length=1,
        description="The embedded reader, or an extractive question-answering model of "
        "transformers by name or folder.",
    )
    query_prefix: str | None = Field(
        None, description="What the named embedder wants before a query; presets for known models."
    )
    passage_prefix: str | None = Field(
        None, description="What the named embedder wants before a passage."
    )
    allow_download: bool = Field(
        False, description="Whether a named model may be fetched from a hub."
    )
    k: int = Field(8, ge=1, le=50, description="Passages read for one answer.")
    threshold: float | None = Field(
        None, ge=0, le=1, description="Least confidence to answer; the model's own if not set."
    )
    citations: CitationStyle = Field(
        "annotations",
        description="How chat replies carry citations where a request does not say: annotations, "
        "markdown (links in the text), openwebui (its source events) or none.",
    )
    citations_by_key: Annotated[dict[str, CitationStyle], BeforeValidator(_pairs)] = Field(
        {},
        description="The same for chat clients by the API key they send; a key is a name here and "
        "protects nothing.",
    )
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s?#]+$",
        description="Address under which readers reach the service, for links in chat replies; the "
        "address of the request where it is not set.",
    )
    host: str = Field("127.0.0.1", description="Address to serve on.")
    port: int = Field(8765, ge=0, le=65535, description="Port to serve on; 0 picks a free one.")
    workers: int = Field(2, ge=1, le=64, description="Questions answered at the same time.")
    queue: int = Field(64, ge=0, le=10_000, description="Questions that may wait for a worker.")


def load(
    flags: Mapping[str, Any] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> Settings:
    """The settings in force; errors name the key, its value and its source.

    Raises InvalidParameter for a flag, ConfigurationError for a variable or the file.
    """
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    path = file or Path(FILE)
    if file is not None and not path.is_file():
        raise ConfigurationError(
            f"no settings file {str(path)!r}",
            hint="check --config; without it sanad.toml of this folder is read, where there is one",
        )
    if path.is_file():
        try:
            stored = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigurationError(
                f"{path}: cannot be read: {error.strerror or error}", hint="check its permissions"
            ) from error
        except (ValueError, RecursionError) as error:  # of UTF-8 or of TOML
            raise ConfigurationError(
                f"{path} is not TOML in UTF-8: {error}",
                hint="mend that line, such as k = 8; the README has the keys",
            ) from error
        for key, value in stored.items():
            values[key], sources[key] = value, str(path)
    for name, value in (os.environ if environment is None else environment).items():
        if name.startswith(PREFIX):
            key = name.removeprefix(PREFIX).lower()
            values[key], sources[key] = value, name
    for key, value in (flags or {}).items():
        if value is not None:
            values[key], sources[key] = value, _flag(key)
    try:
        return Settings(**values)
    except ValidationError as error:
        raise _explained(error, values, sources) from error


def _flag(key: str) -> str:
    return f"-{key}" if len(key) == 1 else f"--{key.replace('_', '-')}"


def _explained(
    error: ValidationError, values: Mapping[str, Any], sources: Mapping[str, str]
) -> RagError:
    first = error.errors()[0]
    key = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        known = ", ".join(Settings.model_fields)
        return ConfigurationError(
            f"unknown setting {key!r} (from {sources[key]})", hint=f"known settings: {known}"
        )
    kind = InvalidParameter if sources[key] == _flag(key) else ConfigurationError
    field = Settings.model_fields[key]
    unfit = first["type"] in ("string_pattern_mismatch", "value_error")
    form = _FORMS.get(key) if unfit else None
    default = "" if field.default is None else f" Default: {str(field.default).lower()}"
    return kind(
        f"setting {key!r} is {shown(values[key])} (from {sources[key]}): "
        f"{f'expected {form}' if form else expected(first)}",
        hint=f"{key}: {field.description}{default}",
        parameter=key,
    )
