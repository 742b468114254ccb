"""What is wrong with a layer."""


class LayerError(ValueError):
    """A layer that is none, or that cannot be built; one line with the remedy."""
