"""Ingest as a stream: what is named, how it is stored, pruned, watched, and the command around it."""
