"""The front door: python -m fashionnet VERB."""

import argparse
import contextlib
import errno
import subprocess
import sys
import time
from pathlib import Path

from fashionnet import FashionnetError, check_keras
from fashionnet.download import get_data

ROOT = Path(__file__).resolve().parents[1]
_ELSEWHERE = "set FASHIONNET_HOME to a folder for the results"
# What the machine refuses, and the way out; nothing half-written is left.
CURES = {
    errno.EACCES: _ELSEWHERE,
    errno.EPERM: _ELSEWHERE,
    errno.EROFS: _ELSEWHERE,
    errno.ENOSPC: f"make room, or {_ELSEWHERE}",
    errno.EDQUOT: f"make room, or {_ELSEWHERE}",
}


class Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong with a command."""

    def error(self, message):
        """End with status 2."""
        self.exit(2, f"{self.prog}: {message}; --help shows what there is\n")


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
    add_verb(reports, "execute the notebooks and make their pages in reports/")
    add_verb(check, "say which evidence the reports show, and what breaks a rule")
    add_verb(pdf, "print the pages and a short report as PDF, with Chromium or Chrome")
    verb = add_verb(colab, "pack notebooks that run alone")
    verb.add_argument(
        "--repo-url", metavar="URL", type=_address, help="write links that open them"
    )
    add_verb(submission, "pack one archive to hand in, with the reports as they are")
    verb = add_verb(study, "train the study of Part 3, or go on where it stopped")
    verb.add_argument("--jobs", type=_count, default=2, help="trainings at a time")
    verb.add_argument("--only", metavar="PART", help="main, controls or curve",
                      choices=("main", "controls", "curve"))  # fmt: skip
    verb.add_argument("--cluster", metavar="ADDRESS", help="of a Dask scheduler")
    add_verb(search, "choose the recipe again, on validation images (half an hour)")
    return parser


def _count(text):
    """Read a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def _address(text):
    """Read the address of a repository on GitHub, or nothing."""
    from fashionnet.publish.editions import make_links

    try:
        return text and make_links(text, []) and text
    except FashionnetError as error:
        raise argparse.ArgumentTypeError(error) from None


def data(options):
    """Get the data set."""
    get_data()
    print("Fashion-MNIST: four files found and verified.")


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
    """Train what is missing, on this machine or on a cluster."""
    from fashionnet.storing import home
    from fashionnet.study.trainings import list_jobs, train_missing
    from fashionnet.study.workers import connect

    get_data()
    backend = "dask" if options.cluster else None
    start = time.perf_counter()
    with connect(options.cluster) if options.cluster else contextlib.nullcontext():
        jobs = list_jobs(options.only)
        runs = train_missing(jobs, n_jobs=options.jobs, backend=backend)
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
        raise FashionnetError(f"{script} failed; what it trained is kept")


def main(arguments=None):
    """Do what the command line says. Returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                errors="replace"
            )  # no sign that is unknown ends the work
    try:
        options = make_parser().parse_args(arguments)
        alone = (None, "data", "study")
        if options.verb not in alone and not (ROOT / "notebooks").is_dir():
            cure = "clone it, and there: pip install --editable '.[dev]'"
            raise FashionnetError(
                f"`{options.verb}` works on the whole project; {cure}"
            )
        if options.verb not in (None, "data"):
            check_keras()
        options.run(options)
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on or starts anew.", file=sys.stderr)
        return 130
    except ModuleNotFoundError as error:
        cure = "pip install --editable '.[dev]' installs it"
        print(f"fashionnet: {error.name} is missing; {cure}", file=sys.stderr)
        return 1
    except FashionnetError as error:
        print(f"fashionnet: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in CURES:
            raise
        print(f"fashionnet: {error}; {CURES[error.errno]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
