"""What a training runs on: versions, Keras' backend and precision, threads."""

import os
import platform
from importlib import metadata

PACKAGES = ("keras", "tensorflow", "numpy", "scikit-learn", "scipy", "matplotlib")
USUAL = {"backend": "tensorflow", "precision": "float32"}


def versions():
    """Return the versions of Python and of the packages a result depends on."""
    packages = {name: metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **packages}


def describe_engine():
    """Return what else the last digits depend on.

    That is Keras' backend and the precision that it computes with, and the number of
    threads that TensorFlow has for one operation.
    """
    # Here, because reading a run needs neither.
    import keras
    import tensorflow as tf

    threads = tf.config.threading.get_intra_op_parallelism_threads()
    return {
        "backend": keras.config.backend(),
        "precision": keras.config.dtype_policy().name,
        "threads": threads or os.cpu_count(),
    }


def find_unusual_engine():
    """Return Keras' backend and precision where they are not the usual ones."""
    used = describe_engine()
    return {name: used[name] for name in USUAL if used[name] != USUAL[name]}
