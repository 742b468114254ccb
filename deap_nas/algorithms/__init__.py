"""Evolution loops in the shape of ``deap.algorithms``, for any DEAP toolbox; one table of them.

A fitness that is not a number (NaN) wins DEAP's comparisons. So our loops keep an individual that
has one, in any objective, out of hall of fame, Pareto front and statistics, and out of elite and
selection while anybody's is a number; among those that have none, parents are drawn evenly.

Names load on first use (``__init__.pyi`` lists them): the table alone costs nothing, the loops need
numpy.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
