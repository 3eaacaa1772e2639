import sys
from pathlib import Path

import pytest

from fashionnet.course import scratch

CODE = """
import os
from pathlib import Path

home = Path(os.environ["FASHIONNET_HOME"])
assert (home / "runs/binary/seed-0/manifest.json").read_text() == "stored"
(home / "runs/binary/seed-0/manifest.json").write_text("changed")
print(home, end="")
"""


@pytest.fixture
def stored(scratch_home):
    path = scratch_home / "runs/binary/seed-0/manifest.json"
    path.parent.mkdir(parents=True)
    path.write_text("stored")
    return path


def test_command_works_on_a_copy_of_the_runs_that_is_removed(stored, capfd):
    assert scratch.run_on_scratch([sys.executable, "-c", CODE]) == 0
    assert stored.read_text() == "stored"
    used = Path(capfd.readouterr().out)
    assert used != stored.parents[3]
    assert not used.exists()


def test_failure_of_the_command_is_passed_on(stored):
    assert scratch.run_on_scratch([sys.executable, "-c", "raise SystemExit(3)"]) == 3
