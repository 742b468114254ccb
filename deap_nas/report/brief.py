"""A run in a notebook's cell: the best network, the front as a table and as a figure."""

from __future__ import annotations

import base64
import io

from deap_nas.report import charts
from deap_nas.report.chosen import baseline_of, test_accuracy
from deap_nas.report.front import knee, pareto_front
from deap_nas.report.sheet import filled
from deap_nas.runs.record import Record

COLUMNS = ("genome", "accuracy", "n_params", "fitness", "train_seconds")


def brief(record: Record) -> str:
    """HTML that stands alone."""
    front, genome = pareto_front(record.table), record.best()
    figure = ""
    if len(front):
        drawn = charts.front_figure(
            record.table, front, knee(front), baseline_of(record), record.split
        )
        png = io.BytesIO()
        drawn.canvas.savefig(png, format="png", dpi=110, metadata={"Software": None})
        figure = base64.b64encode(png.getvalue()).decode()
    return filled(
        "brief.html.j2",
        record=record,
        genome=genome,
        evaluation=record.network(genome)[0] if genome else None,
        tested=test_accuracy(record, genome) if genome else None,
        front=front.to_dict("records"),
        knee=knee(front),
        labels=front.index.tolist(),
        figure=figure,
    )
