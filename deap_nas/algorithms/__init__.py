"""Evolution loops in the shape of ``deap.algorithms``, for any DEAP toolbox; one table of them.

Names load on first use (``__init__.pyi`` lists them): the table alone costs nothing, the loops need
numpy.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
