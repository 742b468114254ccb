"""What a trained network is on a device: quantised to int8, and scored by the kernels there."""
