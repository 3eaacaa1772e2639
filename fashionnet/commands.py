"""What all commands share: how they are read, and how their failures are told."""

import argparse
import errno
import os
import sys

from fashionnet import FashionnetError

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


def read_count(text):
    """Read a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def read_seed(text):
    """Read a seed."""
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 up")
    return int(text)


def get_data():
    """Get the data set, with packages that may be missing."""
    from fashionnet import download

    download.get_data()


def carry_out(work):
    """Do some work, and tell an expected failure in one line. Returns the status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # No sign that is unknown ends the work.
            stream.reconfigure(errors="replace")
    # TensorFlow talks of this machine's processor; what fails is an exception anyway.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        work()
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on or starts anew.", file=sys.stderr)
        return 130
    except ModuleNotFoundError as error:
        cure = "type `make setup`, then .venv/bin/python -m fashionnet …"
        missing = f"the package {error.name} is missing in {sys.executable}"
        print(f"fashionnet: {missing}; {cure}", file=sys.stderr)
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
