"""What is stored of a training is what was trained, or it is refused."""

import numpy as np
import pytest
from zoo_samples import make_training, store_sample

from fashionnet.storing import RunError
from fashionnet.zoo.stored import (
    backup_folder,
    check_history,
    find_training,
    lighten,
    own_home,
    score,
    store_training,
    training_folder,
    training_key,
)
from fashionnet.zoo.table import NETWORKS, find_network

NETWORK = find_network("leaky-mlp")


def test_training_is_read_back_as_it_was_stored():
    weights = [np.arange(6, dtype=np.float16).reshape(2, 3), np.ones(3, np.float16)]
    training = make_training(NETWORK, 1)._replace(weights=weights)
    stored = store_training(training)
    found = find_training(NETWORK, 1)
    assert found.folder == stored.folder
    assert found.folder.parts[-4:] == ("runs", "further", "leaky-mlp", "seed-1")
    assert found.history == training.history
    assert training.manifest.items() <= found.manifest.items()
    for name in ("y_prob_val", "y_prob_test"):
        np.testing.assert_array_equal(getattr(found, name), getattr(training, name))
        assert getattr(found, name).dtype == np.float16
    for found_one, wanted in zip(found.weights, weights, strict=True):
        np.testing.assert_array_equal(found_one, wanted)


def test_side_view_is_stored_without_answers_to_validation_images():
    store_training(make_training(NETWORK, 0)._replace(y_prob_val=None))
    found = find_training(NETWORK, 0)
    assert found.y_prob_val is None
    assert found.y_prob_test.shape == (10_000, 10)


@pytest.mark.parametrize("is_gone", [True, False])
def test_weights_may_be_left_out_but_not_altered(is_gone):
    training = make_training(NETWORK, 0)._replace(weights=[np.ones(3, np.float16)])
    path = store_training(training).folder / "weights.npz"
    if is_gone:
        path.unlink()
        assert find_training(NETWORK, 0).weights is None
    else:
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(RunError, match="weights"):
            find_training(NETWORK, 0)


def test_probabilities_of_a_training_are_light():
    folder = store_sample(NETWORK, 0).folder
    assert sum(path.stat().st_size for path in folder.iterdir()) < 200_000


@pytest.mark.parametrize("file", ["manifest.json", "history.json", "predictions.npz"])
def test_altered_training_is_found(file):
    path = store_sample(NETWORK, 0).folder / file
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(RunError, match=file):
        find_training(NETWORK, 0)


def test_training_that_is_not_there_is_none():
    assert find_training(NETWORK, 0) is None


def test_other_settings_other_seeds_and_other_engines_lie_beside():
    usual = training_folder(NETWORK, 0)
    others = [
        training_folder(NETWORK._replace(epochs=3), 0),
        training_folder(NETWORK._replace(views=2), 0),
        training_folder(NETWORK, 0, {"precision": "float16"}),
        training_folder(NETWORK, 7),
    ]
    assert len({usual, *others}) == 5
    assert usual.name == "seed-0"
    assert all(folder.name.count("-") == 2 for folder in others)
    store_sample(NETWORK._replace(epochs=3), 0)
    assert find_training(NETWORK, 0) is None
    assert find_training(NETWORK._replace(epochs=3), 0)


def test_key_changes_with_what_decides_a_training_and_with_nothing_else():
    key = training_key(NETWORK, 0)
    about = {"wanted": 0.99, "why": "luck", "seconds": 9.0, "choices": ("a",)}
    assert training_key(NETWORK._replace(**about), 0) == key
    assert training_key(NETWORK, 0, {}) == key
    decisive = {"epochs": 3, "views": 2, "batch_size": 1, "augmentation": {}}
    keys = {training_key(NETWORK._replace(**{k: v}), 0) for k, v in decisive.items()}
    keys |= {training_key(NETWORK, 1), training_key(NETWORK, 0, {"backend": "jax"})}
    assert len(keys | {key}) == 7


def test_training_of_a_row_that_has_changed_does_not_count(monkeypatch):
    store_sample(NETWORK, 0)
    changed = NETWORK._replace(settings=NETWORK.settings | {"dropout": 0.2})
    monkeypatch.setattr("fashionnet.zoo.stored.find_network", lambda name: changed)
    assert training_folder(changed, 0).is_dir()
    assert find_training(changed, 0) is None


def test_own_trainings_are_found_before_the_published_ones(tmp_path, monkeypatch):
    monkeypatch.delenv("FASHIONNET_HOME")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setattr("fashionnet.storing.CHECKOUT", tmp_path)
    assert own_home() == tmp_path / "reports" / "mine"
    store_sample(NETWORK, 0, n_wrong=900)
    assert find_training(NETWORK, 0).manifest["metrics"]["n_correct"] == 9100
    store_sample(NETWORK, 0, n_wrong=800, base=own_home())
    assert find_training(NETWORK, 0).manifest["metrics"]["n_correct"] == 9200


def test_backup_goes_when_its_training_is_stored():
    training = make_training(NETWORK, 0)
    backup = backup_folder(NETWORK.name, 0, training.manifest["key"])
    backup.mkdir(parents=True)
    (backup / "latest.weights.h5").write_bytes(b"some")
    store_training(training)
    assert not backup.exists()


def test_no_two_trainings_of_the_table_share_a_folder():
    folders = [training_folder(n, seed) for n in NETWORKS for seed in n.seeds]
    assert len(set(folders)) == len(folders)


def test_light_probabilities_are_close_and_name_the_same_classes():
    rng = np.random.default_rng(0)
    odds = np.exp(rng.normal(0, 4, (5000, 10)))
    y_prob = odds / odds.sum(axis=1, keepdims=True)
    light = lighten(y_prob)
    assert light.dtype == np.float16
    np.testing.assert_allclose(light, y_prob, rtol=0.04, atol=1e-3)
    assert light[light > 0].min() >= 1e-3
    large = y_prob > 0.101
    np.testing.assert_allclose(light[large], y_prob[large], rtol=1e-3)
    clear = np.sort(y_prob)[:, -1] - np.sort(y_prob)[:, -2] > 1e-3
    assert (light.argmax(axis=1) == y_prob.argmax(axis=1))[clear].all()


def test_score_is_the_mean_loss_and_the_count_of_right_labels():
    y_prob = np.array([[0.5, 0.5, 0], [0.25, 0.75, 0], [0, 0, 1]], np.float16)
    loss, n_correct = score(y_prob, np.array([0, 0, 2]))
    assert loss == pytest.approx(-np.log([0.5, 0.25, 1]).mean())
    assert n_correct == 2


@pytest.mark.parametrize(
    ("first", "last", "named"),
    [
        ([5, 10], [10, 15], "epoch 1"),
        ([0, 5], [5, 8], "epoch 2"),
        ([0, 0], [5, 5], "epoch 2"),
    ],
)
def test_steps_of_no_whole_training_are_refused(first, last, named):
    network = NETWORK._replace(batch_size=60)
    good = {"first_step": [0, 5], "last_step": [5, 10]}
    check_history(network, good, 270)
    with pytest.raises(ValueError, match=named):
        check_history(network, {"first_step": first, "last_step": last}, 270)
