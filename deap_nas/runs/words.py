"""Numbers in sentences."""

from __future__ import annotations


def counted(n: int, what: str) -> str:
    """A number and what it counts: "1 epoch", "3 epochs"."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"
