"""The data sets a search runs on: a few by name, and the user's own folders and .npz files.

``load_dataset`` returns one by its name or path. Nothing here imports TensorFlow or Keras, except
to download (Fashion-MNIST, MNIST, CIFAR-10), by Keras and into its cache. Every problem with the
data is a one-line ``DataError``; what is read in another way than it is stored is a
``DataWarning``.
"""

from deap_nas.data.dataset import DATASETS, DataError, Dataset, DataWarning, Images, Labels
from deap_nas.data.decode import Tell, untold
from deap_nas.data.fashion import DATA_VARIABLE, FASHION_CLASSES, read_fashion_mnist
from deap_nas.data.load import MINI_PATH, load_dataset

__all__ = [
    "DATASETS",
    "DATA_VARIABLE",
    "FASHION_CLASSES",
    "MINI_PATH",
    "DataError",
    "DataWarning",
    "Dataset",
    "Images",
    "Labels",
    "Tell",
    "load_dataset",
    "read_fashion_mnist",
    "untold",
]
