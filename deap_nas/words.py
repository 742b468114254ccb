"""Counts as a person says them: "1 epoch", "3 epochs"."""

from __future__ import annotations


def noun(number: float, one: str, many: str = "") -> str:
    """The word that follows a number.

    Args:
        number: that it follows.
        one: the word behind 1.
        many: behind any other; with an s unless given.
    """
    return one if number == 1 else many or f"{one}s"


def counted(number: float, one: str, many: str = "", form: str = "") -> str:
    """A number and its word.

    Args:
        number: how many there are.
        one: the word behind 1.
        many: behind any other; with an s unless given.
        form: the number's format, as ``","``.
    """
    return f"{number:{form}} {noun(number, one, many)}"
