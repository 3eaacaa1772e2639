"""What the steps have to show follows from the stored runs."""

import shutil

import pytest

from fashionnet.data import load_test_set
from fashionnet.publish.evidence import list_steps, read_truth
from fashionnet.publish.needs import find_evidence
from fashionnet.publish.published import NOTEBOOKS, ROOT
from fashionnet.runs import find_run
from fashionnet.storing import RunError
from fashionnet.study.tasks import MAIN_TASKS


def test_every_step_of_the_assignment_has_to_show_something(stored_reports):
    _, truth = stored_reports
    steps = {name: "".join(steps) for name, steps in truth.needs.items()}
    assert steps == dict(zip(NOTEBOOKS, ("abcdefg", "abcdefg", "3"), strict=True))
    assert all(pieces for steps in truth.needs.values() for pieces in steps.values())


@pytest.mark.parametrize(("task", "name"), [*zip(MAIN_TASKS, NOTEBOOKS, strict=False)])
def test_notebook_does_not_show_the_evidence_of_another_run(
    task, name, stored_reports, monkeypatch
):
    reports, _ = stored_reports
    monkeypatch.setenv("FASHIONNET_HOME", str(ROOT / "reports"))
    missing = {}
    for seed in (0, 1):
        steps = list_steps(find_run(task, seed), load_test_set()[1])
        found = find_evidence(reports.books, {name: steps})
        missing[seed] = {f.need.what for f in found if f.section is None}
    assert missing[0] == set()
    assert missing[1] >= {
        "the best epoch",
        "loss and accuracy",
        "the accuracy",
        "the confusion matrix",
        "its interval",
    }


def test_missing_or_damaged_run_is_named(scratch_home):
    ignored = shutil.ignore_patterns("*.weights.h5")
    runs = scratch_home / "runs"
    shutil.copytree(ROOT / "reports/runs", runs, ignore=ignored)
    (runs / "binary/seed-0/predictions.npz").write_bytes(b"torn")
    with pytest.raises(RunError, match=r"binary.seed-0.predictions\.npz"):
        read_truth()
    shutil.rmtree(runs / "binary/seed-0")
    with pytest.raises(RunError, match=r"binary.seed-0"):
        read_truth()
