"""The loops by name, and what differs between them as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Algorithm:
    """A loop, and what a search must know to run it.

    Args:
        name: the loop is ``ea_NAME``, in the module of that name.
        settings: names of the settings that it looks at and not every loop does, each with the
            loop's argument that takes its value; "" where the toolbox or the evaluator takes it.
        one_objective: it can breed by one.
        several_objectives: it can breed by more; then ``sel_crowded_tournament`` selects.
        by_generation: ``toolbox.select`` draws from the generation before, and from all of it.
        exhaustible: it ends early where it breeds nothing new.
        streams: it breeds while others are in training, so that a limit shows in the generations
            before the last, too.
    """

    name: str
    settings: Mapping[str, str]
    one_objective: bool = True
    several_objectives: bool = False
    by_generation: bool = False
    exhaustible: bool = False
    streams: bool = False

    @property
    def loop(self) -> Callable[..., tuple[list[Any], Any]]:
        """Imported when asked for: the table alone costs nothing, the loops need numpy."""
        module = import_module(f"deap_nas.algorithms.{self.name}")
        return getattr(module, f"ea_{self.name}")  # type: ignore[no-any-return]

    @property
    def selects(self) -> bool:
        """Whether parents are selected at all."""
        return not self.one_objective or "selection" in self.settings

    @property
    def preselects(self) -> bool:
        """Whether most children are candidates only, never to be trained."""
        return "candidates" in self.settings

    def births(self, population: int, children: int) -> int:
        """Individuals that are asked for in a generation; ``children`` 0: as many as live."""
        return (children if "children" in self.settings else 0) or population

    def run(
        self,
        population: list[Any],
        toolbox: Any,
        ngen: int,
        values: Mapping[str, Any],
        **common: Any,
    ) -> tuple[list[Any], Any]:
        """Run the loop for ``ngen`` generations.

        Args:
            population: where it begins.
            toolbox: with what the loop asks for.
            ngen: generations bred after the initial one.
            values: of the settings, by their names; ``children`` and ``sample`` may be 0: the
                population's size, and the loop's own choice.
            common: ``stop stats halloffame observe rng``, as every loop takes them.

        Returns:
            The last population and a ``deap.tools.Logbook``.
        """
        given = {to: values[name] for name, to in self.settings.items() if to}
        if "children" in self.settings:
            mu = len(population)
            given |= {"mu": mu, "lambda_": self.births(mu, values["children"])}
        if "sample" in self.settings:
            given |= {"sample": values["sample"] or None}
        if not self.one_objective:
            given |= {"select": toolbox.select}
        return self.loop(population, toolbox, ngen=ngen, **given, **common)


_OPERATORS = {"crossover": "", "mutation": "", "selection": ""}
_RATES = {"cxpb": "cxpb", "mutpb": "mutpb"}

_ALL = (
    Algorithm(
        "preselected",
        {**_OPERATORS, **_RATES, "children": "lambda_"}
        | {"candidates": "candidates", "optimism": "optimism", "learns": ""},
        several_objectives=True,
        by_generation=True,
        exhaustible=True,
    ),
    Algorithm("generational", {**_OPERATORS, **_RATES, "elitism": "elitism"}, by_generation=True),
    Algorithm(
        "mu_plus_lambda", {**_OPERATORS, **_RATES, "children": "lambda_"}, by_generation=True
    ),
    Algorithm("regularized", {"mutation": "", "sample": "sample", "slots": "batch"}),
    Algorithm("local_search", {"mutation": "", "restart_after": "patience", "slots": "batch"}),
    Algorithm("steady_state", {**_OPERATORS, **_RATES, "slots": ""}, streams=True),
    Algorithm(
        "nsga2",
        {"crossover": "", "mutation": "", **_RATES},
        one_objective=False,
        several_objectives=True,
    ),
)
ALGORITHMS = {each.name: each for each in _ALL}
