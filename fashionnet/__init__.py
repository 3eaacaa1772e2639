"""Classical neural networks on Fashion-MNIST, with the evidence for their results."""

__version__ = "1.0.0"


class FashionnetError(Exception):
    """An expected failure; the message names the cause and the cure."""
