"""Any extractive question-answering model of transformers, by hub name or folder (extra: models).

Such a model reads question and text together and gives each piece two logits: how well an answer
starts and how well it ends there. Those at the classification piece stand for "no answer here", as
in Devlin et al. 2019; what is above them is the margin the reader orders sentences by.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.contextual import ScoredWindow, merged
from rag.errors import ConfigurationError, MissingExtra
from rag.model_files import encodable
from rag.protocols import PassageIndex, SpanModel
from rag.reading.places import Place, in_document, sentences_of
from rag.reading.spans import best_span
from rag.sentences import trim
from rag.types import Evidence, Passage, SpanScores

WINDOW = 384  # pieces of question and text read together, as these models are usually trained
OVERLAP = 128  # pieces that neighbouring windows share, at most half of their text
# RoBERTa and its kin count places from 2, so two of those in their configuration are never used.
_UNUSED_PLACES = 2
# A margin is the sum of two, at the start and at the end: halved it is their mean.
TEMPERATURE = 2.0
_MOST_ODDS = 30.0  # beyond, exp overflows and nothing changes


class TransformersSpanModel:
    """Wraps one model; calls are serialised, since fast tokenizers may not be shared mid-call.

    Weights must be safetensors, no code of the model is run, and nothing is downloaded unless
    ``allow_download``. Windows are run one by one, so scores do not depend on neighbours.
    """

    def __init__(self, model: str, *, allow_download: bool = False) -> None:
        try:
            import torch
            from transformers import AutoModelForQuestionAnswering, AutoTokenizer
        except ImportError as error:
            raise MissingExtra(
                f"the reader {model!r} needs transformers, which is not installed",
                hint="pip install torch==2.13.0 && pip install 'sanad[models]'",
            ) from error
        given = {"trust_remote_code": False, "local_files_only": not allow_download}
        self._torch: Any = torch
        self._lock = Lock()
        self.name = model
        try:
            _require_folder(model)
            weights: Any = AutoModelForQuestionAnswering
            self._model, report = weights.from_pretrained(
                model, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **given
            )
            self._model.eval()
            pieces: Any = AutoTokenizer
            # "[SEP]" in a text is text, and windows go from left to right.
            self._tokenizer = pieces.from_pretrained(
                model, split_special_tokens=True, truncation_side="right", **given
            )
            self._require_reader(report["missing_keys"])
            self._limit = self._most_pieces()
            self.fingerprint = f"{Path(model).name}@{self._digest()}"
            _require_numbers(self.score("?", ["."])[0])  # pieces and inputs of another model fail
        # The library raises OSError, ValueError and its own kinds for a missing or broken model.
        except Exception as error:
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise ConfigurationError(
                f"the reader {model!r} could not be loaded: {reason}",
                hint="name a folder with an extractive question-answering model of transformers, "
                "or one already in the hub cache (SANAD_ALLOW_DOWNLOAD=1 fetches it)",
                parameter="reader",
            ) from error

    def _require_reader(self, missing: set[str]) -> None:
        """Raises ValueError for a model that cannot point at spans, or was not taught to."""
        if missing:  # the library would make them up
            raise ValueError(f"its weights lack {', '.join(sorted(missing)[:3])}")
        if not self._tokenizer.is_fast:
            raise ValueError("it has no fast tokenizer, which alone knows where pieces stand")
        if self._tokenizer.cls_token_id is None:
            raise ValueError("its tokenizer has no classification piece, which means no answer")

    def _most_pieces(self) -> int:
        """How many pieces are read at once."""
        places = getattr(self._model.config, "max_position_embeddings", None) or 0
        known = places - _UNUSED_PLACES if places > _UNUSED_PLACES else WINDOW
        return int(min(WINDOW, self._tokenizer.model_max_length, known))

    def _digest(self) -> str:
        """Changes with the parameters, the tokenizer and the length of windows."""
        digest = hashlib.sha256(f"{self._limit} {OVERLAP}".encode())
        digest.update(self._tokenizer.backend_tokenizer.to_str().encode())
        for name, tensor in sorted(self._model.state_dict().items()):
            digest.update(f"{name}{tuple(tensor.shape)}".encode())
            digest.update(tensor.reshape(-1).numpy())
        return digest.hexdigest()[:12]

    def score(self, question: str, texts: Sequence[str]) -> list[SpanScores]:
        """How well an answer to the question starts and ends at each piece of each text."""
        with self._lock, self._torch.inference_mode():
            asked, room = self._ask(encodable(question))
            return [merged(self._windows(asked, room, encodable(text))) for text in texts]

    def _ask(self, question: str) -> tuple[str, int]:
        """The question, cut to half of a window, and how many pieces of text fit beside it."""
        most = self._limit // 2
        alone = {"add_special_tokens": False, "return_offsets_mapping": True}
        found = self._tokenizer(question, truncation=True, max_length=most, **alone)
        if len(found["offset_mapping"]) == most:
            question = question[: found["offset_mapping"][-1][1]]
        count = len(self._tokenizer(question, **alone)["input_ids"])
        return question, self._limit - count - self._tokenizer.num_special_tokens_to_add(pair=True)

    def _windows(self, question: str, room: int, text: str) -> list[ScoredWindow]:
        overlap = min(OVERLAP, room // 2)
        rows = self._tokenizer(
            question,
            text,
            truncation="only_second",
            max_length=self._limit,
            stride=overlap,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        found: list[ScoredWindow] = []
        for number, offsets in enumerate(rows["offset_mapping"]):
            parts = rows.sequence_ids(number)  # 0 the question, 1 the text, None neither
            inside = [place for place, part in enumerate(parts) if part == 1]
            # Some tokenizers count the space before a word as part of it.
            spans = [trim(text, *offsets[place]) for place in inside]
            found.append(
                ScoredWindow(
                    first=found[-1].first + len(found[-1].spans) - overlap if found else 0,
                    spans=np.array([(s.start, s.end) for s in spans], np.int32).reshape(-1, 2),
                    margins=self._margins(rows, number, parts)[inside],
                )
            )
        return found

    def _margins(
        self, rows: Mapping[str, Any], number: int, parts: Sequence[int | None]
    ) -> NDArray[np.float32]:
        """(places, 2), less the logits at the classification piece, wherever the model has it."""
        ids = rows["input_ids"][number]
        nothing = next(
            place
            for place, part in enumerate(parts)
            if part is None and ids[place] == self._tokenizer.cls_token_id
        )
        given = {
            name: self._torch.tensor([rows[name][number]])
            for name in self._tokenizer.model_input_names
            if name in rows
        }
        out = self._model(**given)
        logits = self._torch.stack([out.start_logits[0], out.end_logits[0]], dim=1).numpy()
        margins: NDArray[np.float32] = logits - logits[nothing]
        return margins


class ExtractiveReader:
    """Ranks sentences by the best answer span in each; safe to share where its model is.

    ``probability`` is a sigmoid of the margin at a fixed temperature. Nothing is fitted to a named
    model, so its probabilities keep the order but are not calibrated: set the threshold by hand.
    """

    def __init__(self, spans: SpanModel, *, name: str) -> None:
        self._spans = spans
        self.name = name
        self.fingerprint = f"extractive@{spans.fingerprint}"

    def read(
        self,
        question: str,
        passages: Sequence[Passage],
        index: PassageIndex,  # noqa: ARG002 - the seam's; a model reads question and text only
    ) -> list[Evidence]:
        """Evidence over all passages, best first; one entry a sentence."""
        scores = self._spans.score(question, [passage.text for passage in passages])
        found = [
            _evidence(passage, place, scored)
            for passage, scored in zip(passages, scores, strict=True)
            for place in sentences_of(passage)
        ]
        return sorted(found, key=lambda item: (-item.score, item.document_id, item.quote.start))


def _evidence(passage: Passage, place: Place, scores: SpanScores) -> Evidence:
    answer, margin = best_span(scores, passage.text, place.local)
    odds = max(-_MOST_ODDS, min(_MOST_ODDS, margin / TEMPERATURE))
    return Evidence(
        document_id=passage.document_id,
        passage_id=passage.id,
        quote=place.span,
        answer=None if answer is None else in_document(passage, answer),
        score=margin,
        probability=1 / (1 + math.exp(-odds)),
    )


def _require_folder(model: str) -> None:
    """Raises ValueError for a path to nothing, which the library would take for a hub name."""
    path = Path(model)
    if not path.is_dir() and (path.is_absolute() or model.startswith(".") or len(path.parts) > 2):
        raise ValueError("there is no such folder")


def _require_numbers(scores: SpanScores) -> None:
    """Raises ValueError where a model gives no scores or no numbers."""
    if not len(scores.starts) or not np.isfinite([scores.starts, scores.ends]).all():
        raise ValueError("what it gives for a short text is no score a piece")
