"""Sanad over HTTP."""
