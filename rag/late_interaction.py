"""Late interaction: each piece of a question takes its best match in a text.

After ColBERT's MaxSim (Khattab and Zaharia 2020), with squared cosines weighted by piece, on the
static vectors. In this vector space it finds the right passage far more often than one mean vector
per text does (the model card has the figures).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rag.protocols import Pieces


def best_matches(question: Pieces, text: Pieces) -> NDArray[np.float32]:
    """Each question piece's highest cosine with a piece of the text, at least 0; shape (pieces,)."""
    if not len(question.weights):
        return np.zeros(0, dtype=np.float32)
    if not len(text.weights):
        return np.zeros(len(question.weights), dtype=np.float32)
    cosines = question.vectors @ text.vectors.T  # (question pieces, text pieces)
    return np.maximum(cosines.max(axis=1), 0.0)


def score(weights: NDArray[np.float32], best: NDArray[np.float32]) -> float:
    """Weighted mean of the squared best cosines, in [0, 1]; 0 for a question without pieces."""
    total = float(weights.sum())
    return float(weights @ best**2) / total if total > 0 else 0.0
