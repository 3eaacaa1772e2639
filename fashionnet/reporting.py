"""Show results in a notebook: figures with their descriptions, tables and sentences.

A `state_` function writes a measured number from the same arrays that the figures are
drawn from, so that text and figure cannot disagree.
"""

import inspect
import io
import platform
import re
import textwrap

import matplotlib.pyplot as plt
import PIL.Image
from IPython.display import Code, Image, Markdown, display

from fashionnet.download import DATA_SHA256
from fashionnet.engine import describe_engine, versions

# So figures are a little wider than a phone, and their text is as large as the page's.
DOTS_PER_INCH = 120


def show_figure(figure, caption=""):
    """Display a figure once, with its description as alt text, and close it.

    Args:
        figure: A Figure that `plots.describe` described, or the Axes that fills one.
        caption: The text below it, such as "Figure 1. Loss after each epoch."

    Raises:
        ValueError: If it has no description.
    """
    alt = getattr(figure.figure, "description", "")
    if not alt.strip():
        raise ValueError(
            "the figure has no description: call plots.describe(ax, what it shows) "
            "for those who cannot see it"
        )
    buffer = io.BytesIO()
    width = save_figure(figure, buffer)
    # A finished picture, because figures that IPython draws vanish where MPLBACKEND is
    # set, and it drops their alt text.
    display(Image(buffer.getvalue(), width=width, metadata={"alt": alt}))
    if caption:
        display(Markdown(caption))


def show_source(function):
    """Display the source of a function in colors, without its docstring."""
    source = textwrap.dedent(inspect.getsource(function))
    documented = re.compile(r'^ +""".*?"""\n', re.DOTALL | re.MULTILINE)
    display(Code(documented.sub("", source, count=1).rstrip(), language="python"))


def save_figure(figure, target):
    """Save a figure (or the one of an Axes) as PNG to a path or file, and close it.

    Returns:
        Its width on a page in CSS pixels: half the picture's, for sharp dense screens.
    """
    figure, drawn = figure.figure, io.BytesIO()
    figure.savefig(drawn, format="png", dpi=2 * DOTS_PER_INCH, facecolor="white")
    # So many colors are enough for a drawing, and take a third of the bytes.
    picture = PIL.Image.open(drawn).convert("RGB")
    picture = picture.quantize(256, dither=PIL.Image.Dither.NONE)
    picture.save(target, format="PNG", optimize=True)
    plt.close(figure)
    return round(figure.get_figwidth() * DOTS_PER_INCH)


def say(*sentences):
    """Display generated sentences as one paragraph of text."""
    display(Markdown(" ".join(sentences)))


def state_environment():
    """Say in one line what this runs on."""
    import tensorflow as tf

    v, engine = versions(), describe_engine()
    devices = tf.config.list_logical_devices()
    kind = "GPU" if any(d.device_type == "GPU" for d in devices) else "CPU"
    return (
        f"Python {v['python']} · Keras {v['keras']} on {engine['backend']}, "
        f"{engine['precision']} · TensorFlow {v['tensorflow']} · "
        f"{platform.machine()} {kind} · data {DATA_SHA256[:12]}"
    )
