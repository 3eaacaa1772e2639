import shutil
import subprocess
from pathlib import Path

import pytest

from fashionnet import data
from fashionnet.course import get_data
from fashionnet.data import DataError, load_fashion_mnist


@pytest.fixture
def empty_machine(tmp_path, monkeypatch):
    """Make a machine with an empty cache, no Debian package and no network."""
    monkeypatch.delenv("FASHIONNET_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras home"))
    monkeypatch.setattr(data, "DEBIAN_FOLDER", tmp_path / "debian")

    def fail(folder=None):
        raise DataError("no network")

    monkeypatch.setattr(data, "download_fashion_mnist", fail)
    return tmp_path


def test_data_that_are_there_need_nothing(monkeypatch):
    monkeypatch.setattr(get_data, "install_package", pytest.fail)
    monkeypatch.setattr(get_data, "unpack_package", pytest.fail)
    get_data.get_data()


def test_machine_without_apt_is_told_what_to_put_where(empty_machine, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(DataError, match=r"(?s)no source.*FASHIONNET_DATA to a folder"):
        get_data.get_data()


def test_failing_package_is_named_beside_the_other_sources(empty_machine, monkeypatch):
    def refuse(*args):
        raise subprocess.CalledProcessError(100, "apt-get")

    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/apt-get")
    monkeypatch.setattr(get_data, "install_package", refuse)
    monkeypatch.setattr(get_data, "unpack_package", refuse)
    with pytest.raises(DataError, match=r"(?s)no network.*Debian's package: .*apt-get"):
        get_data.get_data()


def test_ordinary_user_gets_the_files_of_the_package(empty_machine, monkeypatch):
    genuine = get_data.DEBIAN_FOLDER
    if not genuine.is_dir():
        pytest.skip("the Debian package is not installed on this machine")

    def run(command, *, cwd, check):
        if command[0] == "apt-get":
            Path(cwd, "package.deb").touch()
        else:
            shutil.copytree(genuine, Path(cwd, *genuine.parts[1:]))

    monkeypatch.setattr(subprocess, "run", run)
    get_data.unpack_package(data.keras_cache())
    assert load_fashion_mnist()[0].shape == (60000, 28, 28)
    assert not list(data.keras_cache().glob("*.part"))
