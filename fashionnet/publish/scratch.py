"""Run a command on a scratch home that starts with the stored runs.

Tests may train and store runs; the files that git tracks stay as they are.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from fashionnet.runs import home


def run_on_scratch(command):
    """Run `command` with `FASHIONNET_HOME` set to a temporary copy of the runs.

    Returns:
        The exit status of the command.
    """
    with tempfile.TemporaryDirectory(prefix="fashionnet-") as folder:
        stored = home() / "runs"
        if stored.is_dir():
            shutil.copytree(stored, Path(folder, "runs"))
        env = os.environ | {"FASHIONNET_HOME": folder}
        return subprocess.run(command, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(run_on_scratch(sys.argv[1:]))
