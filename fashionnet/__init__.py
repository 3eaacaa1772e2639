"""Classical neural networks on Fashion-MNIST, with the evidence for their results."""

import json
import os
from importlib.util import find_spec
from pathlib import Path

__version__ = "1.0.0"

# What `keras.json` may say. NumPy and OpenVINO are backends that cannot train.
KERAS_SETTINGS = {
    "backend": ("tensorflow", "jax", "torch"),
    "floatx": ("float16", "bfloat16", "float32", "float64"),
    "image_data_format": ("channels_last", "channels_first"),
}


class FashionnetError(Exception):
    """An expected failure; the message names the cause and the cure."""


def check_keras():
    """Refuse settings of Keras with which nothing can be trained, before it is loaded.

    Raises:
        FashionnetError: Names the setting, where it stands, and what it may be.
    """
    folder = os.environ.get("KERAS_HOME") or "~/.keras"
    path = Path(os.path.expanduser(folder), "keras.json")
    settings, places = {}, dict.fromkeys(KERAS_SETTINGS, str(path))
    try:
        settings = json.loads(path.read_bytes())
        settings.items()
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        pass  # Keras does without, too.
    except AttributeError:
        raise FashionnetError(f"{path} is not a list of settings; delete it") from None
    if named := os.environ.get("KERAS_BACKEND"):
        settings = {**settings, "backend": named}
        places["backend"] = "the environment variable KERAS_BACKEND"
    for name, allowed in KERAS_SETTINGS.items():
        value = settings.get(name, allowed[0])
        if value not in allowed:
            problem = f"must be one of {', '.join(allowed)}"
        elif name == "backend" and value != "tensorflow" and not find_spec(value):
            problem = "is not installed; tensorflow is"
        else:
            continue
        raise FashionnetError(f"{name} is {value!r} in {places[name]}, but {problem}")
    if not isinstance(settings.get("epsilon", 1e-7), float):
        raise FashionnetError(
            f"epsilon in {path} is {settings['epsilon']!r}; write a number, as 1e-07"
        )
