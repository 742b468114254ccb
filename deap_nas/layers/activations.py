"""The activations that a layer may have, by the names that Keras knows them by."""

REPORT_ACTIVATIONS = ("relu", "sigmoid", "tanh", "swish", "gelu")
"""The report's five (section II)."""

ACTIVATIONS = (*REPORT_ACTIVATIONS, "relu6", "hard_swish")
"""Those and two more, which microcontrollers compute in whole numbers."""
