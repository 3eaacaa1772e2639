"""What somebody has changed: notebooks with own cells, trainings of another machine.

That is what they are for, and no fault.
"""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def find_changed(*paths):
    """List the files of these paths that are others than those that git has.

    `git status` remembers what it found; `git diff` would read all notebooks again.
    """
    command = ["git", "status", "--porcelain", "--untracked-files=no", "--", *paths]
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        return []
    said = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    # Two letters (the second: beside the index), a blank, the path.
    return [Path(line[3:]) for line in said.splitlines() if line[1] != " "]


EDITED = {path.stem for path in find_changed("notebooks")}
# Processors differ in the last digits, and `make reports` trains seed 0 anew.
TRAINED_ANEW = find_changed("reports/runs/**/predictions.npz")
