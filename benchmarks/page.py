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
from matplotlib.ticker import LogLocator, NullLocator

from fashionnet.plots import describe
from fashionnet.publish.page import TEMPLATE
from fashionnet.publish.published import seal_benchmark, write_file
from fashionnet.reporting import save_figure
from fashionnet.runs import home

HERE = Path(__file__).parent
MARKERS = "osD^vP"
BOUND = "matrix products"


def plot_race(races, peers):
    """Plot validation accuracy against the seconds spent, per peer, epoch by epoch.

    Returns the Axes. A bold line is the median of the seeds, a pale one is one seed.
    Time is logarithmic: what counts is how many times faster.
    """
    _, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
    names = [name for name in races[0] if name != BOUND]
    colors = sns.color_palette("colorblind", len(names))
    for name, color, marker in zip(names, colors, MARKERS, strict=False):
        lists = [race[name]["epochs"] for race in races]
        spent = [[epoch["seconds"] for epoch in epochs] for epochs in lists]
        shares = np.array([[e["val_accuracy"] for e in epochs] for epochs in lists])
        seconds = np.cumsum(spent, axis=1)
        ax.plot(seconds.T, 100 * shares.T, color=color, alpha=0.25, linewidth=0.7)
        middle = np.median(seconds, axis=0), np.median(100 * shares, axis=0)
        ax.plot(*middle, color=color, marker=marker, markersize=4, label=name)
    ax.axhline(89, color="gray", linestyle=":")
    ax.set(xscale="log", xlabel="seconds of training", ylim=(83, None))
    ax.xaxis.set(major_locator=LogLocator(subs=(1, 2, 5)), major_formatter="{x:g}")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_ylabel("validation accuracy (%)")
    ax.legend(title="median of the seeds")
    ways = [
        f"{name} {peers[name]['seconds_to']['89%']:.0f} s"
        if peers[name]["seconds_to"]["89%"]
        else f"{name} never"
        for name in names
    ]
    describe(
        ax,
        "Lines of validation accuracy against seconds of training, one per peer and "
        f"seed, and their medians. Median time to 89%: {', '.join(ways)}.",
    )
    return ax


def write_page(content, path):
    """Render the contents of `benchmark.json` to one self-contained page."""
    buffer = io.BytesIO()
    ax = plot_race(content["trainings"], content["peers"])
    width = save_figure(ax, buffer)
    loader = ChoiceLoader([FileSystemLoader(HERE), FileSystemLoader(TEMPLATE)])
    env = Environment(loader=loader, autoescape=True)
    text = env.get_template("benchmark.html.j2").render(
        **content,
        bound=BOUND,
        picture=base64.b64encode(buffer.getvalue()).decode(),
        width=width,
        alt=ax.figure.description,
    )
    write_file(path, text)
    return path


if __name__ == "__main__":
    stored = json.loads((home() / "results" / "benchmark.json").read_text())
    print(write_page(stored, home() / "benchmark.html"))
    seal_benchmark(home())
