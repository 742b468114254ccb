"""How the page tells numbers, and where it reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ALPHA = 0.01
TITLES = {
    "table": "our table, accuracy / ln(parameters)",
    "table_timed": "our table, the same / seconds",
    "macro": "NAS-Bench-Macro, accuracy / ln(parameters)",
}


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv")


def markdown(table: pd.DataFrame) -> str:
    head = "| " + " | ".join(map(str, table.columns)) + " |\n|" + "---|" * len(table.columns)
    rows = ["| " + " | ".join(map(str, row)) + " |" for row in table.itertuples(index=False)]
    return "\n".join([head, *rows]) + "\n"


def interval(row: Any) -> str:
    return f"{row.mean_regret:.4f} ({row.low:.4f} to {row.high:.4f})"


def small(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"


def count(evaluations: float) -> str:
    return f"{evaluations:g}" if np.isfinite(evaluations) else "more than it had"


def ran(told: dict[str, Any]) -> str:
    command = " ".join(Path(part).name if "/" in part else part for part in told["command"])
    return f"`{command}`, commit {told['commit']}, {told['machine']['processor']}"
