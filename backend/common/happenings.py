"""What happened, for whoever wants to know: signals between apps that must not import each other.

Send them inside the transaction that makes it true: what listeners write is kept or dropped with it. `facts` is what
JSON can hold, and is shown outside: ids, names, figures; never a password, token or key.
"""

from django.dispatch import Signal

run_finished = Signal()
"""A run ended. project_id: int; facts: run, number, status (done, failed, cancelled), reason."""

review_done = Signal()
"""A reviewer judged the last of their share of a run. project_id: int; facts: run, number, reviewer, judged."""

export_ready = Signal()
"""A file can be fetched. project_id: int; facts: export, kind, version, filename, size_bytes, sha256."""
