"""What somebody has changed: notebooks with own cells, trainings of another machine.

That is what they are for, and no fault.
"""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def find_changed(*paths):
    """List the files of these paths that are others than those that git has."""
    command = ["git", "diff", "--name-only", "--", *paths]
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        return []
    said = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [Path(line) for line in said.splitlines()]


EDITED = {path.stem for path in find_changed("notebooks")}
# Processors differ in the last digits, and `make reports` trains seed 0 anew.
TRAINED_ANEW = find_changed("reports/runs/**/predictions.npz")
