"""A process that is killed leaves the old state or the new one, never a mixture."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("kills.py")
STEPS = ("Store", "Publish", "Download", "Pack")


def count_kills(step, n_kills):
    """Kill a step so often; return how many kills left the old state, and the new."""
    command = [sys.executable, str(SCRIPT), step, str(n_kills)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.integration
@pytest.mark.parametrize("step", ["Store", "Publish"])
def test_kill_leaves_the_old_state_or_the_new_one(step):
    assert sum(count_kills(step, 8).values()) == 8


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.parametrize("step", STEPS)
def test_kills_at_many_moments_leave_the_old_state_or_the_new_one(step):
    left = count_kills(step, 100)
    assert left["old"] + left["new"] == 100
    # Moments before and after the change were met.
    assert min(left.values()) > 0
