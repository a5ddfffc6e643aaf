"""The collection on disk: SQLite truth, derived generations, and the views answers read from."""
