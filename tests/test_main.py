"""The front door, as a user knocks: in a process of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import fashionnet.__main__ as front_door
from fashionnet.__main__ import main
from fashionnet.publish import gate

ROOT = Path(__file__).parents[1]
VERBS = ("data", "reports", "check", "pdf", "colab", "submission", "study", "search")
COMMAND = [sys.executable, "-m", "fashionnet"]


def knock(*arguments, **env):
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_help_lists_every_verb(arguments):
    answer = knock(*arguments)
    assert answer.returncode == 0
    found = re.findall(r"^    ([a-z]+)(?: |$)", answer.stdout, re.MULTILINE)
    assert tuple(found) == VERBS


def test_help_comes_at_once():
    code = (
        "import sys; from fashionnet.__main__ import make_parser; make_parser(); "
        "print(*sys.modules)"
    )
    command = [sys.executable, "-c", code]
    loaded = subprocess.check_output(command, cwd=ROOT, text=True)
    assert "fashionnet.download" in loaded.split()
    assert not {"tensorflow", "matplotlib", "sklearn", "scipy"} & set(loaded.split())


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb, capsys):
    with pytest.raises(SystemExit) as left:
        main([verb, "--help"])
    assert left.value.code == 0
    assert f"usage: fashionnet {verb}" in capsys.readouterr().out


WRONG = {
    "an unknown verb": (("bake",), "'bake'"),
    "no number": (("study", "--jobs", "many"), "'many'"),
    "no job": (("study", "--jobs", "0"), "'0'"),
    "an unknown part": (("study", "--only", "dessert"), "'dessert'"),
    "no repository": (("colab", "--repo-url", "nonsense"), "'nonsense'"),
    "an unknown option": (("check", "--fast"), "--fast"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_command_is_told_in_one_line(what):
    arguments, named = WRONG[what]
    answer = knock(*arguments)
    assert answer.returncode == 2
    (line,) = answer.stderr.splitlines()
    assert line.startswith("fashionnet")
    assert named in line
    assert answer.stdout == ""


FAILURES = {
    "no reports": (("check",), "fashionnet reports` writes it"),
    "no pages to print": (("pdf",), "fashionnet reports"),
    "no data": (("data",), "FASHIONNET_DATA"),
}


@pytest.mark.parametrize("what", FAILURES)
def test_expected_failure_is_one_line_with_its_cure(what, tmp_path):
    arguments, cure = FAILURES[what]
    places = {"FASHIONNET_HOME": str(tmp_path)}
    if what == "no data":
        places["FASHIONNET_DATA"] = str(tmp_path / "nowhere")
    answer = knock(*arguments, **places)
    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert line.startswith("fashionnet: ")
    assert cure in line


def test_verb_that_needs_the_project_says_so_outside_of_it(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(front_door, "ROOT", tmp_path)
    for verb in set(VERBS) - {"data", "study"}:
        assert main([verb]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert "pip install --editable" in line


def test_missing_package_is_named_with_its_cure():
    code = (
        "import sys; sys.modules['nbformat'] = None; "
        "from fashionnet.__main__ import main; sys.exit(main(['check']))"
    )
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert "nbformat is missing" in line
    assert "[dev]" in line


def test_check_that_finds_something_fails_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(gate, "check_reports", lambda: ["a finding"])
    assert main(["check"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "1 violation" in line


def test_data_are_found_and_verified():
    answer = knock("data")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "four files found and verified" in answer.stdout


@pytest.mark.integration
@pytest.mark.parametrize(("verb", "sign"), [("reports", "01_"), ("study", "runs are")])
def test_interrupted_work_ends_in_one_line_and_leaves_nothing(verb, sign, tmp_path):
    env = os.environ | {"FASHIONNET_HOME": str(tmp_path)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    work = subprocess.Popen(
        [*COMMAND, verb], cwd=ROOT, env=env, start_new_session=True, **pipes
    )
    said = ""
    while sign not in said and work.poll() is None:
        said += work.stdout.read(1)
    time.sleep(3)
    # As a terminal does: to the process and to all that it has started.
    os.killpg(work.pid, signal.SIGINT)
    _, errors = work.communicate(timeout=60)
    assert work.returncode == 130
    assert "Traceback" not in errors
    assert errors.splitlines()[-1].startswith("Stopped.")
    assert not list(tmp_path.rglob(".staging-*"))
    assert not list(tmp_path.rglob("manifest.json"))


def test_make_calls_the_verbs():
    makefile = (ROOT / "Makefile").read_text()
    for verb in VERBS:
        (recipe,) = re.findall(rf"^{verb}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
        (line,) = recipe.splitlines()
        assert line.startswith(f"\t@$(FASHIONNET) {verb}")


def test_readme_and_help_of_make_know_the_verbs():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"python -m fashionnet ([a-z]+)", readme))
    assert {"data", "reports"} <= named <= set(VERBS)
    assert set(re.findall(r"`make ([a-z]+)", readme)) <= set(
        re.findall(r"^([a-z-]+):.* ## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    )
