"""Notebooks with cells of somebody's own: that is what they are for, and no fault."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def find_edited():
    """Name the notebooks whose cells are others than those that git has."""
    command = ["git", "diff", "--name-only", "--", "notebooks"]
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        return set()
    said = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return {Path(line).stem for line in said.splitlines()}


EDITED = find_edited()
