"""What is wrong with a layer."""

import re


class LayerError(ValueError):
    """A layer that is none, or that cannot be built; one line with the remedy."""


def one_line(error: BaseException) -> str:
    """An error in at most 300 characters, without the bold type of Keras's."""
    text = re.sub(r"\x1b\[\d*m", "", f"{type(error).__name__}: {error}")
    return " ".join(text.split())[:300]
