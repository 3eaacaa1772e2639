import numpy as np
import pytest

from fashionnet.evaluation import predict_probabilities
from fashionnet.zoo.table import find_network
from fashionnet.zoo.trainings import predict
from fashionnet.zoo.views import VIEWS, make_views, shift_images


@pytest.mark.parametrize("n_views", VIEWS)
def test_number_of_views_is_what_it_says(n_views, noise):
    views = list(make_views(noise[0], n_views))
    assert len(views) == n_views
    assert len({view.tobytes() for view in views}) == n_views
    np.testing.assert_array_equal(views[0 if n_views < 18 else 8], noise[0])
    assert {view.dtype for view in views} == {np.dtype("uint8")}
    assert {view.shape for view in views} == {noise[0].shape}


def test_images_are_shifted_onto_a_black_ground(noise):
    images = noise[0]
    down_and_right = np.zeros_like(images)
    down_and_right[:, 1:, 1:] = images[:, :-1, :-1]
    views = {view.tobytes() for view in make_views(images, 18)}
    assert down_and_right.tobytes() in views
    assert down_and_right[:, :, ::-1].tobytes() in views


@pytest.mark.parametrize(("right", "down"), [(0, 0), (3, 0), (-3, 2), (0, -5), (1, 1)])
def test_moved_image_is_the_same_elsewhere_on_black(right, down, noise):
    images = noise[0][:5].clip(1)
    moved = shift_images(images, right=right, down=down)
    rolled = np.roll(images, (down, right), axis=(1, 2))
    inside = moved > 0
    np.testing.assert_array_equal(moved[inside], rolled[inside])
    assert inside[0].sum() == (28 - abs(right)) * (28 - abs(down))


def test_an_image_and_its_mirror_image_get_one_answer(noise):
    class Network:
        """Answers by how light the left edge is."""

        def predict(self, images, **_):
            light = images[:, :, 0].mean(axis=1) / 255
            return np.stack([light, 1 - light], axis=1)

    images, mirrored = noise[0], noise[0][:, :, ::-1]
    rows = {n: find_network("leaky-mlp")._replace(views=n) for n in (1, 2)}
    y_prob = predict(rows[2], Network(), images)
    np.testing.assert_allclose(y_prob, predict(rows[2], Network(), mirrored))
    both = [predict_probabilities(Network(), x) for x in (images, mirrored)]
    np.testing.assert_allclose(y_prob, np.mean(both, axis=0))
    np.testing.assert_array_equal(predict(rows[1], Network(), images), both[0])
