"""Where the engine ``keras`` trains: on the CPU, or on a graphics card that its workers share."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from deap_nas.evaluation.workers import Task, Workers
from deap_nas.layers import own_layers
from deap_nas.layers.from_keras import check_installed
from deap_nas.training.cards import ACCELERATORS, LEAST, VISIBLE, Card
from deap_nas.training.engines import engine_of
from deap_nas.training.trainer import ENVIRONMENT, INHERITED

# A worker that has more MiB between two genomes is replaced; CUDA's libraries alone take much.
RECYCLE = 8192


class Seen(NamedTuple):
    """The cards that TensorFlow sees and that have room, or why there is none."""

    cards: tuple[Card, ...]
    why: str = ""


def choose_card(engine: str, accelerator: str) -> Card | None:
    """The card that networks are trained on; None for the CPU.

    TensorFlow is asked, in a process of its own, only where the engine ``keras`` may have work.

    Args:
        engine: that is asked for.
        accelerator: "cpu", "gpu", or "auto" for a card where there is one.

    Raises:
        ValueError: for an unknown name, and for ``gpu`` where there is no card with room.
        ImportError: where there is no TensorFlow to ask.
    """
    if accelerator not in ACCELERATORS:
        raise ValueError(f"accelerator {accelerator!r}, allowed {', '.join(ACCELERATORS)}")
    if accelerator == "cpu" or not _keras_trains(engine_on(accelerator, engine)):
        return None
    seen = look()
    if not seen.cards and accelerator == "gpu":
        raise ValueError(f"accelerator gpu: {seen.why}; use cpu, or auto")
    return seen.cards[0] if seen.cards else None


def engine_on(accelerator: str, engine: str) -> str:
    """The engine that trains: a card that is asked for by name leaves ``keras`` of ``auto``."""
    return "keras" if (accelerator, engine) == ("gpu", "auto") else engine


def check_accelerator(accelerator: str, engine: str, card: Card | None) -> str:
    """What is to be said of an accelerator and the engine that is asked for; often nothing.

    Args:
        accelerator: that is asked for.
        engine: that is asked for.
        card: of ``choose_card``.
    """
    if accelerator == "gpu" and engine == "native":
        return "accelerator gpu changes nothing with engine native, which trains on the CPU"
    if accelerator == "gpu" and engine == "auto" and card:
        return f"accelerator gpu: the engine keras trains all networks, on {card.kind}"
    return ""


def kind_of(card: Card | None) -> str:
    """What results depend on: the CPU, or a card of a name."""
    return card.kind if card else "cpu"


def with_cards(environment: Mapping[str, str], inherit: Iterable[str]) -> dict[str, Any]:
    """What ``Workers`` are told, so that TensorFlow sees the cards that the user's own does.

    Args:
        environment: of workers that see none.
        inherit: the same of them.
    """
    others = {name: value for name, value in environment.items() if name != VISIBLE}
    return {"environment": others, "inherit": (*inherit, VISIBLE), "recycle_memory": RECYCLE}


@functools.cache
def look() -> Seen:
    """Ask TensorFlow, once: it takes seconds.

    Raises:
        ImportError: where there is no TensorFlow.
    """
    check_installed()
    settings = with_cards(ENVIRONMENT, INHERITED)
    with Workers("deap_nas.training.keras_engine.card:Probe", **settings) as workers:
        ((_, outcome),) = workers.run([Task(None, "look", (), limited=False)])
    if outcome.status != "ok":
        return Seen((), f"looking for a card ended with {outcome.status}, {outcome.reason}")
    found, why = outcome.value
    cards = [Card(name, memory) for name, memory in found]
    if cards and not any(card.holds for card in cards):
        free = ", ".join(f"{card.name} has {card.memory:,} MiB free" for card in cards)
        return Seen((), f"{free}, and a worker needs {LEAST:,}")
    return Seen(tuple(card for card in cards if card.holds), why)


def _keras_trains(engine: str) -> bool:
    """Whether any genome may be trained by ``keras``."""
    without = any(not layer.operations for layer in own_layers())
    return engine_of("", engine) == "keras" or (engine == "auto" and without)
