"""Trains the three-layer network of fashion_mnist: `python -m services.fashion_mnist.training --help`."""
