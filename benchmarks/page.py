"""Make the page of the benchmark, `reports/benchmark.html`, from its JSON.

python benchmarks/page.py      # make it again from the stored benchmark.json
"""

import base64
import io
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from jinja2 import ChoiceLoader, Environment, FileSystemLoader

from fashionnet.course.files import write_file
from fashionnet.course.notebook_page import TEMPLATE
from fashionnet.reporting import save_figure
from fashionnet.runs import home

HERE = Path(__file__).parent
MARKERS = "osD^vP"
BOUND = "matrix products"


def plot_race(races):
    """Plot validation accuracy against the seconds spent, per peer; one line a seed.

    Returns the Axes. Time is logarithmic: what counts is how many times faster.
    """
    _, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
    names = [name for name in races[0] if name != BOUND]
    colors = sns.color_palette("colorblind", len(names))
    for name, color, marker in zip(names, colors, MARKERS, strict=False):
        for i, race in enumerate(races):
            epochs = race[name]["epochs"]
            seconds = np.cumsum([epoch["seconds"] for epoch in epochs])
            accuracy = [100 * epoch["val_accuracy"] for epoch in epochs]
            ax.plot(
                seconds,
                accuracy,
                color=color,
                marker=marker,
                markersize=3,
                linewidth=1.6 if name == "ours" else 0.8,
                label=name if i == 0 else None,
            )
    ax.axhline(89, color="gray", linestyle=":")
    ax.set(xscale="log", xlabel="seconds of training", ylim=(83, None))
    ax.set_ylabel("validation accuracy (%)")
    ax.legend(title="lines of one color: seeds")
    return ax


def describe_race(peers):
    """Say in words what `plot_race` shows."""
    ways = [
        f"{name} {p['seconds_to']['89%']:.0f} s"
        if p["seconds_to"]["89%"]
        else f"{name} never"
        for name, p in peers.items()
        if name != BOUND
    ]
    return (
        "Lines of validation accuracy against seconds of training, one per peer and "
        f"seed. Median time to 89%: {', '.join(ways)}."
    )


def write_page(content, path):
    """Render the contents of `benchmark.json` to one self-contained page."""
    buffer = io.BytesIO()
    width = save_figure(plot_race(content["trainings"]), buffer)
    loader = ChoiceLoader([FileSystemLoader(HERE), FileSystemLoader(TEMPLATE)])
    env = Environment(loader=loader, autoescape=True)
    text = env.get_template("benchmark.html.j2").render(
        **content,
        bound=BOUND,
        picture=base64.b64encode(buffer.getvalue()).decode(),
        width=width,
        alt=describe_race(content["peers"]),
    )
    write_file(path, text)
    return path


if __name__ == "__main__":
    stored = json.loads((home() / "results" / "benchmark.json").read_text())
    print(write_page(stored, home() / "benchmark.html"))
