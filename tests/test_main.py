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
from fashionnet.commands import CURES
from fashionnet.publish import gate

ROOT = Path(__file__).parents[1]
VERBS = (
    "data", "train", "test", "predict", "reports", "check", "pdf", "colab",
    "submission", "study", "further", "search",
)  # fmt: skip
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
    assert "fashionnet.commands" in loaded.split()
    heavy = {"tensorflow", "matplotlib", "sklearn", "scipy", "numpy", "tqdm"}
    assert not heavy & set(loaded.split())


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
    "an unknown network": (("train", "small-resnt"), "small-resnet"),
    "no epoch": (("train", "mlp-2x256", "--epochs", "0"), "'0'"),
    "no seed": (("test", "mlp-2x256", "--seed", "-1"), "-1"),
    "an unknown network to train": (("further", "--only", "nonsense"), "mlp-2x256"),
    "an unknown part": (("study", "--only", "dessert"), "'dessert'"),
    "no repository": (("colab", "--repo-url", "nonsense"), "'nonsense'"),
    "an unknown option": (("check", "--fast"), "--fast"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_command_is_told_in_one_line(what, capsys):
    arguments, named = WRONG[what]
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert line.startswith("fashionnet")
    assert named in line
    assert said.out == ""


@pytest.mark.parametrize("verb", ["check", "pdf"])
def test_missing_reports_are_one_line_with_the_cure(verb, capsys):
    assert main([verb]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("fashionnet: ")
    assert "fashionnet reports" in line


def test_missing_data_are_one_line_with_the_cure(tmp_path):
    answer = knock("data", FASHIONNET_DATA=str(tmp_path / "nowhere"))
    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert line.startswith("fashionnet: ")
    assert "FASHIONNET_DATA" in line


def test_verb_that_needs_the_project_says_so_outside_of_it(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(front_door, "ROOT", tmp_path)
    for verb in set(VERBS) - {"data", "train", "test", "predict", "study"}:
        assert main([verb]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert "pip install --editable" in line


@pytest.mark.parametrize("number", sorted(CURES))
def test_what_the_machine_refuses_is_one_line_with_the_way_out(
    number, monkeypatch, capsys
):
    def refuse():
        raise OSError(number, os.strerror(number), "a/file")

    monkeypatch.setattr(front_door, "get_data", refuse)
    assert main(["data"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "a/file" in line
    assert "FASHIONNET_HOME" in line


def test_missing_package_is_named_with_its_cure():
    code = (
        "import sys; sys.modules['nbformat'] = None; "
        "from fashionnet.__main__ import main; sys.exit(main(['check']))"
    )
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert " nbformat " in tell_missing(answer)


def tell_missing(answer):
    """Return the one line that tells of a missing package and the way out."""
    assert (answer.returncode, answer.stdout) == (1, "")
    (line,) = answer.stderr.splitlines()
    assert line.startswith("fashionnet: the package ")
    assert "make setup" in line
    assert ".venv/bin/python -m fashionnet" in line
    return line


def knock_bare(*arguments):
    """Knock with a Python that has no package but its own."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
        f"from fashionnet.__main__ import main; sys.exit(main({list(arguments)}))"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_tells_that_the_packages_are_missing(verb):
    names = {"train": ["mlp-2x256"], "predict": ["shirt.jpg"]}
    line = tell_missing(knock_bare(verb, *names.get(verb, [])))
    assert sys.executable in line


def test_help_needs_no_package():
    answer = knock_bare()
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "predict" in answer.stdout


def test_check_that_finds_something_fails_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(gate, "check_reports", lambda: ["a finding"])
    assert main(["check"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "1 " in line


def test_data_are_found_and_verified():
    answer = knock("data")
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.integration
@pytest.mark.parametrize(
    ("verb", "sign"),
    [pytest.param("reports", "01_", marks=pytest.mark.slow), ("study", "runs are")],
)
def test_interrupted_work_ends_in_one_line_and_leaves_nothing(verb, sign, tmp_path):
    env = os.environ | {"FASHIONNET_HOME": str(tmp_path)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    work = subprocess.Popen(
        [*COMMAND, verb],
        cwd=ROOT,
        env=env,
        start_new_session=True,
        # As in a terminal: what a script starts in the background is deaf to it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **pipes,
    )
    said = ""
    while sign not in said and work.poll() is None:
        said += work.stdout.read(1)
    time.sleep(1)
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
    # A network and a photo have names: these are for a command line.
    for verb in set(VERBS) - {"train", "test", "predict"}:
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


def test_checks_of_every_push_are_those_of_the_readme():
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()
    assert re.findall(r"run: (.+)", workflow)[-2:] == [".ci/run", "make reports"]
    assert (ROOT / ".ci/run").read_text().rstrip().splitlines()[-1] == "make test"
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")
