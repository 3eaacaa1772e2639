"""Classical neural networks on Fashion-MNIST, with the evidence for their results."""

__version__ = "1.0.0"
