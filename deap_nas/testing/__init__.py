"""The contract of operators, as checks that any DEAP project can run on its own.

    from deap_nas.testing import check_crossover, check_mutation, check_selection

    check_crossover(cx_mine, space)
    check_mutation(partial(mutate_mine, indpb=0.5), space, sample=toolbox.individual)
    check_selection(partial(tools.selTournament, tournsize=3))

Each passes, or raises a ``ContractError`` whose message says which rule is broken, on which
individuals, and how to have the same call again. They need no pytest, and neither TensorFlow nor
pandas. An operator is called the way its signature asks for:

* ``op(ind1, ind2, space=..., rng=...)`` where it names ``space`` or ``rng``, also behind
  ``functools.partial`` or ``toolbox.register``, even where these have bound them already;
* ``op(ind1, ind2)``, DEAP's own way, where it does not; then the ``random`` module is seeded.
  (What hides behind ``**settings`` is not seen: name it with a partial.)

The rules:

* raises: nothing is raised on legal individuals
* arity: a tuple of the individuals (two, or one); selection: a new list of ``k``
* in place: the individuals given are the ones returned, in their order; selection: every result is
  an individual of the population, which is left as it was
* closure: children are legal
* provenance: a gene of a child is a gene of a parent, or (mutation) one that the space offers there
* attributes: a child keeps its class and attributes, and as ``fitness`` the very object, which may
  lose its values but is given none
* aliasing: children share no mutable gene or attribute, with each other or with earlier children,
  nor is one at two places of a child; one individual given twice stays legal
* randomness: equal seeds give equal children; an operator that takes ``rng`` draws from it alone,
  any other from the ``random`` module, none from numpy's global rng
"""

from deap_nas.testing.contract import ContractError
from deap_nas.testing.selection import check_selection
from deap_nas.testing.variation import check_crossover, check_mutation

__all__ = ["ContractError", "check_crossover", "check_mutation", "check_selection"]
