"""Say where a build of the reports came from: sources, machine, time."""

import contextlib
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path


def describe_build(folder, seconds):
    """Collect what changes from build to build, for the home page.

    Args:
        folder: The checkout with the sources.
        seconds: Wall time of each executed notebook, by name.

    Returns:
        A dictionary of `date`, `commit` (`None` outside of git), `machine`, `seconds`.
    """
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": find_commit(folder),
        "machine": describe_machine(),
        "seconds": seconds,
    }


def find_commit(folder):
    """Name the commit of the sources, and say if they differ from it.

    The reports may differ: they are what is being made.
    """
    if not (folder / ".git").exists():
        return None
    try:
        commit = _ask_git(folder, "rev-parse", "--short", "HEAD")
        changes = _ask_git(folder, "status", "--porcelain", "--", ".", ":!reports")
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{commit} with changes" if changes else commit


def _ask_git(folder, *command):
    answer = subprocess.run(
        ["git", *command], cwd=folder, capture_output=True, text=True, check=True
    )
    return answer.stdout.strip()


def describe_machine():
    """Name processor, number of cores and operating system."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        names = [x.split(":")[1].strip() for x in lines if x.startswith("model name")]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()}"
