from __future__ import annotations

from typing import Any

import pytest
from small_searches import Inline

from deap_nas.training import evaluator


@pytest.fixture
def inline(stub: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stub training in this process: quick, and in one order."""
    monkeypatch.setattr(evaluator, "Workers", Inline)
    monkeypatch.setattr(Inline, "order", None)
    return stub
