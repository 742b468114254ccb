"""Class by class: precision, recall, F1, and what is taken for what (the report's figure 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from deap_nas.evaluation.fitness import accuracy_of
from deap_nas.runs.guess import wilson

Confusion = np.ndarray[Any, Any]


def class_report(confusion: Confusion, names: Sequence[str]) -> pd.DataFrame:
    """scikit-learn's classification report: ``class precision recall f1 support``.

    Args:
        confusion: counts, [true class][predicted class], shape (n, n).
        names: of the classes, in their order.

    A class that is never predicted has precision 0. The last three rows are the accuracy (in
    ``f1``, as scikit-learn prints it) and the averages.
    """
    from sklearn.metrics import classification_report  # seconds to load: only for a report

    labels = np.arange(len(confusion))
    true = np.repeat(labels, confusion.sum(axis=1))
    predicted = np.concatenate([np.repeat(labels, row) for row in confusion])
    found = classification_report(true, predicted, labels=labels, output_dict=True, zero_division=0)
    rows = [{"class": name, **_scores(found[str(i)])} for i, name in zip(labels, names)]
    accuracy = accuracy_of(confusion)
    nan, total = float("nan"), int(confusion.sum())
    rows.append(
        {"class": "accuracy", "precision": nan, "recall": nan, "f1": accuracy, "support": total}
    )
    for average in ("macro avg", "weighted avg"):
        rows.append({"class": average, **_scores(found[average])})
    return pd.DataFrame(rows)


def _scores(found: dict[str, float]) -> dict[str, Any]:
    return {
        "precision": found["precision"],
        "recall": found["recall"],
        "f1": found["f1-score"],
        "support": int(found["support"]),
    }


def weakest(report: pd.DataFrame, confusion: Confusion, n: int = 3) -> pd.DataFrame:
    """The classes of the lowest F1: ``class f1 taken_for times predicted``.

    ``taken_for`` is the class that it is most often mistaken for, so many ``times``; ``predicted``
    counts how often the class was predicted at all, rightly or not. The index are the labels.
    """
    names = report["class"].tolist()
    rows = []
    weak = report.head(len(confusion)).sort_values("f1", kind="stable").index[:n]
    for i in weak:
        wrong = confusion[i].copy()
        wrong[i] = 0
        j = int(wrong.argmax())
        rows.append(
            {
                "class": names[i],
                "f1": report["f1"][i],
                "taken_for": names[j] if wrong[j] else "",
                "times": int(wrong[j]),
                "predicted": int(confusion[:, i].sum()),
            }
        )
    return pd.DataFrame(rows, index=list(weak))


def confusion_table(confusion: Confusion, names: Sequence[str]) -> pd.DataFrame:
    """The counts with a header: one row a true class."""
    table = pd.DataFrame(confusion, columns=list(names))
    table.insert(0, "true class", list(names), allow_duplicates=True)
    return table


def difference_interval(
    a: float, n_a: int, b: float, n_b: int, z: float = 1.96
) -> tuple[float, float]:
    """95 % interval of a - b, two shares of ``n_a`` and ``n_b`` images, as if drawn independently.

    Both networks see the same images, which makes the truth narrower: this is the careful side.

    Source: Newcombe 1998, method 10 (Wilson's intervals, squared and added).
    """
    (low_a, high_a), (low_b, high_b) = wilson(a, n_a, z), wilson(b, n_b, z)
    down = np.sqrt((a - low_a) ** 2 + (high_b - b) ** 2)
    up = np.sqrt((high_a - a) ** 2 + (b - low_b) ** 2)
    return float(a - b - down), float(a - b + up)
