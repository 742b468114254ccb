"""Sentences that a person wrote into a page of results, each with what the results must say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Claims = dict[str, Callable[[Any], Any]]  # words of the page: whether results support them


def missing(claims: Claims, page: str) -> list[str]:
    """Claims whose words are not on the page, however its lines are broken."""
    text = " ".join(page.split())
    return [words for words in claims if words not in text]


def unsupported(claims: Claims, results: Any) -> list[str]:
    """Claims that the results do not bear out: the page's template needs other words."""
    return [words for words, holds in claims.items() if not holds(results)]


def never_false(claims: Claims, others: Iterable[Any]) -> list[str]:
    """Claims that hold whatever the results, so that their check checks nothing."""
    failing = {words for results in others for words in unsupported(claims, results)}
    return [words for words in claims if words not in failing]
