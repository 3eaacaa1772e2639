import numpy as np
import pytest

from fashionnet.zoo.views import VIEWS, make_views, predict_with_views


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


def test_an_image_and_its_mirror_image_get_one_answer(noise):
    images = noise[0]

    def predict(images):
        light = images[:, :, 0].mean(axis=1) / 255
        return np.stack([light, 1 - light], axis=1)

    y_prob = predict_with_views(predict, images, 2)
    np.testing.assert_allclose(
        y_prob, predict_with_views(predict, images[:, :, ::-1], 2)
    )
    np.testing.assert_allclose(
        y_prob[:, 0], (predict(images) + predict(images[:, :, ::-1]))[:, 0] / 2
    )
    np.testing.assert_array_equal(
        predict_with_views(predict, images, 1), predict(images)
    )
