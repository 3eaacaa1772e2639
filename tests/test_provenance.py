import os
import subprocess

from fashionnet.course.provenance import describe_build, find_commit


def git(folder, *command):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    command = ["git", "-C", folder, *identity, *command]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return answer.stdout.strip()


def test_commit_is_named_and_changes_of_the_sources_are_told(tmp_path):
    (tmp_path / "reports").mkdir()
    for name in ("source.py", "reports/page.html"):
        (tmp_path / name).write_text("old")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "All")
    commit = git(tmp_path, "rev-parse", "--short", "HEAD")
    (tmp_path / "reports/page.html").write_text("new")
    assert find_commit(tmp_path) == commit
    (tmp_path / "source.py").write_text("new")
    assert find_commit(tmp_path) == f"{commit} with changes"


def test_no_commit_is_named_outside_of_git(tmp_path):
    assert find_commit(tmp_path) is None


def test_no_commit_is_named_before_the_first_one(tmp_path):
    git(tmp_path, "init")
    assert find_commit(tmp_path) is None


def test_build_names_machine_and_times(tmp_path):
    build = describe_build(tmp_path, {"01": 3.2})
    assert f", {os.cpu_count()} cores, " in build["machine"]
    assert build["seconds"] == {"01": 3.2}
    assert build["date"].endswith(" UTC")
