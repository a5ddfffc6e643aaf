"""Embedders: the embedded static model, and any sentence-transformers model by name or path."""
