"""A layer of your own, squeeze and excitation (Hu et al. 2018), in twenty lines:

deap-nas run --layers examples/own_layer.py --space examples/own_layer.toml
deap-nas train "CR 8 3 relu;SE 2;SB 12 3 relu;GP" --layers examples/own_layer.py
"""

from deap_nas import Layer, register_layer


def build(ratio, shape):
    """Weights for the channels, learned from their means. ``shape``: height, width, channels."""
    import keras

    channels = shape[2]
    squeeze = keras.layers.Dense(max(1, channels // ratio), activation="relu")
    excite = keras.layers.Dense(channels, activation="sigmoid")

    def weigh(x):  # it branches, so it is a function from tensor to tensor
        weights = excite(squeeze(keras.layers.GlobalAveragePooling2D()(x)))
        return keras.layers.Multiply()([x, keras.layers.Reshape((1, 1, channels))(weights)])

    return [weigh]


register_layer(Layer("SE", {"ratio": (2, 4)}, build))
