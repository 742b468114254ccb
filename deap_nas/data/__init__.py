"""The data sets a search runs on: Fashion-MNIST, a small draw of it, and the user's own .npz files.

``load_dataset`` returns one by its name or path. Nothing here imports TensorFlow or Keras, except a
download of Fashion-MNIST, which uses Keras's downloader and its cache. Every problem with the data
is a one-line ``DataError``; what is read in another way than it is stored is a ``DataWarning``.
"""

from deap_nas.data.dataset import DATASETS, DataError, Dataset, DataWarning, Images, Labels
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
    "load_dataset",
    "read_fashion_mnist",
]
