"""What `python -m fashionnet VERB` does."""

import argparse
import contextlib
import subprocess
import sys
import time
from pathlib import Path

# These need no package, so `carry_out` can say which one is missing.
from fashionnet import FashionnetError, check_keras
from fashionnet.commands import Parser, carry_out, get_data, read_count, read_seed

ROOT = Path(__file__).resolve().parents[1]


def make_parser():
    """Return the parser of the command line, with a verb for each job."""
    parser = Parser(prog="fashionnet", description=__doc__)
    parser.set_defaults(run=lambda options: parser.print_help())
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")

    def add_verb(run, text):
        """Add a verb that is named after its function."""
        verb = verbs.add_parser(run.__name__, help=text, description=f"{text}.")
        verb.set_defaults(run=run)
        return verb

    add_verb(data, "get Fashion-MNIST: find it, download it, or take Debian's package")
    for verb in (
        add_verb(train, "train one of the further networks; without a name, list them"),
        add_verb(test, "test one of the further networks; without a name, list them"),
    ):
        verb.add_argument("network", metavar="NETWORK", nargs="?", type=_network)
        verb.add_argument("--seed", type=read_seed, default=0, help="0 if left out")
        verb.add_argument("--epochs", type=read_count, help="other than the table's")
    _take_photos(add_verb(predict, "say what the networks see in pictures of your own"))
    add_verb(reports, "execute the notebooks and make their pages in reports/")
    add_verb(check, "list the evidence in the reports, and what breaks a rule")
    add_verb(pdf, "print the pages and a short report as PDF, with Chromium or Chrome")
    verb = add_verb(colab, "pack notebooks that need no other file")
    verb.add_argument(
        "--repo-url", metavar="URL", type=_address, help="write links that open them"
    )
    add_verb(submission, "pack one archive to hand in, with the reports as they are")
    verb = add_verb(study, "train the networks of Part 3, or go on with them")
    verb.add_argument("--only", metavar="PART", help="main, controls or curve",
                      choices=("main", "controls", "curve"))  # fmt: skip
    _take_jobs(verb)
    verb = add_verb(further, "train the further networks, or go on with them")
    verb.add_argument("--only", metavar="NAME", help="names of networks", nargs="+",
                      type=_network)  # fmt: skip
    _take_jobs(verb)
    add_verb(search, "choose the recipe again, on validation images (half an hour)")
    return parser


def _take_photos(verb):
    """Let a verb look at pictures."""
    verb.add_argument("photos", metavar="PHOTO", nargs="*",
                      help="a file, a folder, or - for standard input")  # fmt: skip
    verb.add_argument("--json", action="store_true", help="print one JSON list")
    verb.add_argument("--save", action="store_true", help="write what the networks see"
                      " beside each picture, as NAME.seen.png")  # fmt: skip
    verb.add_argument("--train", action="store_true", help="train the networks first, "
                      "if their weights are missing")  # fmt: skip


def _take_jobs(verb):
    """Let a verb train several networks at a time."""
    verb.add_argument("--jobs", type=read_count, default=2, help="trainings at a time")
    verb.add_argument("--cluster", metavar="ADDRESS", help="of a Dask scheduler")


def _network(text):
    """Read the name of a network of the table."""
    from fashionnet.zoo.table import find_network

    try:
        return find_network(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(error) from None


def _address(text):
    """Read the address of a repository on GitHub, or nothing."""
    from fashionnet.publish.editions import read_address

    try:
        return text and read_address(text) and text
    except FashionnetError as error:
        raise argparse.ArgumentTypeError(error) from None


def data(options):
    """Get the data set."""
    get_data()
    print("Fashion-MNIST: four files found and verified.")


def train(options):
    """Train a network, or list all."""
    if options.network is None:
        return _list_networks()
    get_data()
    from fashionnet.study.workers import silence

    with silence():  # What TensorFlow says of this machine.
        from fashionnet.zoo.program import train_and_store
    train_and_store(_choose(options), options.seed)


def test(options):
    """Test a network, or list all."""
    if options.network is None:
        return _list_networks()
    get_data()
    from fashionnet.study.workers import silence

    with silence():
        from fashionnet.zoo.program import test_and_write
    project = ROOT if (ROOT / "notebooks").is_dir() else Path.cwd()
    folder = project / "build" / "test" / options.network.name
    loss, accuracy = test_and_write(_choose(options), options.seed, folder)
    print(f"Loss {loss:.4f}, accuracy {accuracy:.2%}. Written to {folder}")


def _list_networks():
    from fashionnet.zoo.further import list_networks

    print(list_networks())


def _choose(options):
    """Return the network of the table, with other epochs where they are asked for."""
    epochs = options.epochs or options.network.epochs
    return options.network._replace(epochs=epochs)


def predict(options):
    """Let the networks of notebooks 1 and 2 answer to pictures of one's own."""
    if not options.photos:
        raise FashionnetError("predict what? Give a PHOTO: a file, a folder, or -")
    from fashionnet.study.photos import predict_photos

    ways = {"save": options.save, "train": options.train}
    predict_photos(options.photos, as_json=options.json, **ways)


def reports(options):
    """Execute the notebooks and publish their pages."""
    get_data()
    from fashionnet.publish.build import build_reports

    build_reports()


def check(options):
    """Apply the rules to the published reports."""
    from fashionnet.publish.gate import check_reports

    if findings := check_reports():
        raise FashionnetError(
            f"{len(findings)} violations; their cures are named above"
        )


def pdf(options):
    """Print the pages and the report."""
    from fashionnet.publish.report import make_pdfs
    from fashionnet.storing import home

    make_pdfs(home(), ROOT / "build" / "pdf")


def colab(options):
    """Pack the notebooks so that each runs alone."""
    from fashionnet.publish.editions import BUILD, LINKED, build_colab, link_colab

    if options.repo_url:
        link_colab(options.repo_url)
        print(f"Done. Commit {LINKED}/ and README.md: its links open them on `main`.")
    else:
        build_colab(ROOT / BUILD)
        print(f"{BUILD}/ has the notebooks: upload one to Colab and run all cells.")


def submission(options):
    """Pack the archive to hand in."""
    from fashionnet.publish.editions import SUBMISSION, build_submission

    build_submission(ROOT / SUBMISSION)
    size = (ROOT / SUBMISSION).stat().st_size
    print(f"{SUBMISSION}: {size / 1e6:.1f} MB, ready to hand in.")


def study(options):
    """Train what is missing of the study, on this machine or on a cluster."""
    from fashionnet.study.trainings import list_jobs, train_missing

    jobs = list_jobs(options.only)
    _train(lambda **how: train_missing(jobs, **how), options)


def further(options):
    """Train what is missing of the further networks, and sum up what is there."""
    from fashionnet.zoo.further import train_further

    _train(lambda **how: train_further(options.only, **how), options)


def _train(train, options):
    """Train several networks at a time, and say how fast it went."""
    from fashionnet.storing import home
    from fashionnet.study.workers import connect

    get_data()
    backend = "dask" if options.cluster else None
    start = time.perf_counter()
    with connect(options.cluster) if options.cluster else contextlib.nullcontext():
        runs = train(n_jobs=options.jobs, backend=backend)
    if runs:
        minutes = (time.perf_counter() - start) / 60
        n_epochs = sum(run.manifest["epochs_run"] for run in runs)
        print(
            f"Trained {len(runs)} networks, {n_epochs:,} epochs, in {minutes:.1f} "
            f"minutes: {len(runs) / minutes:.1f} networks a minute."
        )
    print(f"All are in {home() / 'runs'}. Next: python -m fashionnet reports")


def search(options):
    """Run the search for the recipe, which lies beside the package."""
    get_data()
    script = str(ROOT / "benchmarks" / "search.py")
    if subprocess.run([sys.executable, script], check=False).returncode:
        raise FashionnetError(f"{script} failed; what it trained is kept: run it again")


def main(arguments=None):
    """Do what the command line says. Returns the exit status."""
    return carry_out(lambda: _obey(arguments))


def _obey(arguments):
    options = make_parser().parse_args(arguments)
    alone = (None, "data", "train", "test", "predict", "study")
    if options.verb not in alone and not (ROOT / "notebooks").is_dir():
        cure = "clone it, and there: pip install --editable '.[dev]'"
        raise FashionnetError(f"`{options.verb}` works on the whole project; {cure}")
    if options.verb not in (None, "data"):
        check_keras()
    options.run(options)


if __name__ == "__main__":
    sys.exit(main())
