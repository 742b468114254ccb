"""The training graph: what Keras's layers, loss and optimizers compute, arranged for one core.

TensorFlow's automatic gradient spends most of a step on a few slow kernels (strided convolutions,
few channels, gelu). Here each layer is a forward pass that returns its own backward pass, with the
same sums in a better order; results equal Keras's up to float rounding, and the trained weights go
back into a plain Keras model.
"""

from deap_nas.training.graph.epoch import EpochGraph
from deap_nas.training.graph.network import plan_of

__all__ = ["EpochGraph", "plan_of"]
