"""The engine ``keras``: any Keras layers, with TensorFlow's gradients, an epoch as one graph."""
