"""Your own operators and loops beside ours, on problems of which much is known.

    from deap_nas.benchmark import compare

    print(compare("mine.py", seeds=50).table)

``mine.py`` names its functions as ours are named: ``cx_*`` crossovers, ``mut_*`` mutations,
``sel_*`` selections, ``ea_*`` loops. Names load on first use (``__init__.pyi`` lists them); what a
search's packages bring is needed, but TensorFlow.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
