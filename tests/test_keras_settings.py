"""Keras' settings with which nothing can be trained are refused before it is loaded."""

import json

import pytest

import fashionnet
from fashionnet import FashionnetError, check_keras
from fashionnet.__main__ import main


@pytest.fixture
def keras_json(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    return tmp_path / "keras.json"


def test_usual_settings_and_none_pass(keras_json):
    check_keras()
    usual = {"backend": "tensorflow", "floatx": "float32", "epsilon": 1e-7}
    keras_json.write_text(json.dumps(usual))
    check_keras()


@pytest.mark.parametrize("backend", ["numpy", "openvino", "theano", "Tensorflow"])
def test_backend_that_cannot_train_is_named_with_its_place(
    backend, keras_json, monkeypatch
):
    keras_json.write_text(json.dumps({"backend": backend}))
    with pytest.raises(FashionnetError, match=rf"'{backend}'.*keras\.json.*tensorflow"):
        check_keras()
    monkeypatch.setenv("KERAS_BACKEND", backend)
    with pytest.raises(FashionnetError, match=f"'{backend}'.*KERAS_BACKEND"):
        check_keras()
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    check_keras()  # the environment beats the file


def test_backend_that_is_not_installed_is_refused(keras_json, monkeypatch):
    monkeypatch.setattr(fashionnet, "find_spec", lambda name: None)
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    with pytest.raises(FashionnetError, match=r"torch.*not installed"):
        check_keras()
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    check_keras()  # to load it tells which package is missing


WRONG = ['{"floatx": "float99"}', '{"epsilon": "tiny"}', '{"epsilon": 1}', "[]", "7",
         '{"image_data_format": 3}', '{"floatx": null}', '{"backend": []}']  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_impossible_file_is_named(text, keras_json):
    keras_json.write_text(text)
    with pytest.raises(FashionnetError, match=r"keras\.json"):
        check_keras()


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b'{"backend": "jax"'])
def test_unreadable_file_counts_as_none_as_for_keras(raw, keras_json):
    keras_json.write_bytes(raw)
    check_keras()


def test_verbs_refuse_in_one_line(keras_json, monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", "theano")
    assert main(["study"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "theano" in line
