"""Make what readers see of the benchmark from `reports/results/benchmark.json`.

python benchmarks/page.py      # make it again from what is stored
"""

import base64
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from jinja2 import ChoiceLoader, Environment, FileSystemLoader
from matplotlib.ticker import LogLocator, NullLocator

from fashionnet.plots import describe
from fashionnet.publish.page import TEMPLATE
from fashionnet.publish.published import (
    fill_place,
    read_json,
    seal_benchmark,
    write_file,
)
from fashionnet.reporting import save_figure
from fashionnet.storing import home

HERE = Path(__file__).parent
PLOT = HERE / "race.png"
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


def make_table(content):
    """Tabulate the peers as Markdown."""
    lines = [
        "| peer | seconds per epoch, ratio to ours (range of seeds) | seconds to 89% "
        "| test accuracy, % |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, peer in content["peers"].items():
        ratio = content["ratio_to_ours"][name]
        cells = [name, "{median:.2f} ({lowest:.2f} to {highest:.2f})".format(**ratio)]
        if name == BOUND:
            cells += ["–", "–"]
        else:
            way, sd = peer["seconds_to"]["89%"], peer["test_accuracy_sd"]
            cells.append(f"{way:.1f}" if way else "never")
            spread = f" ± {100 * sd:.2f}" if sd else ""
            cells.append(f"{100 * peer['test_accuracy']:.2f}{spread}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def write_pages(content):
    """Write the contents of `benchmark.json` for readers.

    Makes `reports/benchmark.html`, which is self-contained, and the table and the plot
    of `benchmarks/README.md`.

    Returns:
        The path of the page.
    """
    ax = plot_race(content["trainings"], content["peers"])
    alt = ax.figure.description
    width = save_figure(ax, PLOT)
    loader = ChoiceLoader([FileSystemLoader(HERE), FileSystemLoader(TEMPLATE)])
    env = Environment(loader=loader, autoescape=True)
    page = env.get_template("benchmark.html.j2").render(
        **content,
        title="fashionnet: benchmark",
        description="Speed and accuracy of the notebooks' training beside its peers.",
        bound=BOUND,
        n_seeds=len(content["trainings"]),
        picture=base64.b64encode(PLOT.read_bytes()).decode(),
        width=width,
        alt=alt,
    )
    path = home() / "benchmark.html"
    write_file(path, page)
    seal_benchmark(home())
    facts = (
        f"{content['machine']}; {len(content['trainings'])} seeds, "
        f"{content['epochs']} epochs each.\n\n"
    )
    block = f"{facts}{make_table(content)}\n![{alt}]({PLOT.name})\n"
    fill_place(HERE / "README.md", "bench", block)
    return path


if __name__ == "__main__":
    print(write_pages(read_json(home() / "results" / "benchmark.json")))
