import numpy as np

from fashionnet import sentences


def make_history(train, val, losses):
    return {
        "loss": losses,
        "accuracy": train,
        "val_loss": losses,
        "val_accuracy": val,
        "seconds": [2.0] * len(losses),
    }


def test_accuracy_sentence_has_count_share_and_interval():
    sentence = sentences.state_accuracy("The network", 9_012, 10_000)
    assert "9,012 of 10,000" in sentence
    assert "90.1%" in sentence
    assert "95% interval 89.5% to 90.7%" in sentence


def test_accuracy_near_the_ceiling_has_two_decimals():
    assert "99.52%" in sentences.state_accuracy("It", 9_952, 10_000)


def test_training_sentence_tells_early_stopping_from_the_last_epoch():
    history = make_history([0.8, 0.9, 0.95], [0.8, 0.85, 0.84], [0.5, 0.3, 0.4])
    sentence = sentences.state_training(history, 10)
    assert "stopped early: 3 of 10 epochs in 6 seconds" in sentence
    assert "epoch 2" in sentence
    assert "5.00 percentage points above" in sentence
    assert "used all epochs" in sentences.state_training(history, 3)


def test_training_sentence_knows_when_validation_is_ahead():
    history = make_history([0.8], [0.81], [0.5])
    assert "1.00 percentage points below" in sentences.state_training(history, 1)


def test_constant_answer_is_the_commoner_label():
    sentence = sentences.state_constant_answer(np.repeat([0, 1], [4, 6]))
    assert "“Clothing” would be right for 6 of 10 images (60%)" in sentence
    sentence = sentences.state_constant_answer(np.repeat([0, 1], [7, 3]))
    assert "“Footwear and Bags”" in sentence


def test_confusion_sentence_names_the_worst_pair_and_its_share():
    matrix = np.array([[90, 10, 0], [0, 100, 0], [5, 5, 90]])
    sentence = sentences.state_confusions(matrix, ["a", "b", "c"], k=1)
    assert "a labeled b (10): together 50% of the 20 errors" in sentence
    assert "the easiest (100.0%)" in sentence


def test_perfect_network_has_no_commonest_confusion():
    assert "No two classes" in sentences.state_confusions(np.diag([5, 5]), ["a", "b"])


def test_group_sentence_counts_both_directions():
    sentence = sentences.state_groups(np.array([[395, 5], [2, 598]]))
    assert "7 of the 1,000 images" in sentence
    assert "0.70%" in sentence


def test_error_classes_are_named_by_their_counts():
    errors = np.zeros(10, int)
    errors[[8, 6, 0]] = 6, 3, 1
    sentence = sentences.state_error_classes(errors)
    assert "Of the 10 errors, Bag (6) and Shirt (3) make up 90%" in sentence
    assert "4 are clothing taken for footwear or a bag, 6 the reverse" in sentence


def test_rules_sentence_says_who_wins_where_they_differ():
    y_true = np.array([1, 1, 0, 0])
    argmax, summed = np.array([0, 1, 1, 0]), np.array([1, 1, 0, 1])
    sentence = sentences.state_rules(argmax, summed, y_true)
    assert "differ on 3 of 4 images" in sentence
    assert "the sum is right on 2 of them, the likeliest class on 1" in sentence
    assert "same label for every image" in sentences.state_rules(summed, summed, y_true)


def make_pair(only_first, only_second, n=1000):
    y_true = np.ones(n, int)
    first, second = np.ones(n, int), np.ones(n, int)
    second[:only_first] = 0
    first[only_first : only_first + only_second] = 0
    return first, second, y_true


def test_pair_inside_the_noise_is_called_that():
    sentence = sentences.state_pair("A", "B", *make_pair(20, 17))
    assert "**A** makes 3 fewer errors than **B**" in sentence
    assert "in about 63% of such comparisons" in sentence
    assert "does not show which is better" in sentence


def test_pair_far_apart_speaks_for_these_networks_only():
    sentence = sentences.state_pair("A", "B", *make_pair(5, 40))
    assert "**B** makes 35 fewer errors than **A**" in sentence
    assert "evidence that B is the better one of these two networks" in sentence
    assert "one pair cannot say" in sentence


def test_single_error_is_not_plural():
    sentence = sentences.state_pair("A", "B", *make_pair(3, 2))
    assert "1 fewer error than" in sentence


def test_equal_pair_has_no_winner():
    sentence = sentences.state_pair("A", "B", *make_pair(9, 9))
    assert "equally many errors" in sentence
    assert "mid-p = " in sentence


def test_sentence_over_seeds_has_means_and_interval():
    sentence = sentences.state_seeds(make_errors([-2, 0, 2, 4]), "multiclass_argmax")
    assert "Over 4 pairs" in sentence
    assert "makes 51.0 errors on average, **binary** 50.0" in sentence
    # Student's t by hand: 1 ± 3.182 × 2.582 / 2.
    assert "+1.0 (95% interval -3.1 to +5.1)" in sentence


def test_verdict_follows_the_differences():
    undecided = sentences.state_verdict(make_errors([-9]))
    neither = sentences.state_verdict(make_errors([-5, 4, 1, -2]))
    multiclass = sentences.state_verdict(make_errors([-9, -8, -10, -9]))
    binary = sentences.state_verdict(make_errors([9, 8, 10, 9]))
    assert undecided.startswith("**Undecided.**")
    assert neither.startswith("**Neither way is measurably better.**")
    assert "multiclass (likeliest class) is better.**" in multiclass
    assert "9.0 errors fewer than binary" in multiclass
    assert "images, binary is better.**" in binary
    assert "9.0 errors more than binary" in binary


def test_environment_line_names_versions_and_data():
    line = sentences.state_environment()
    assert line.count("\n") == 0
    for word in ("Python 3.", "Keras 3.", "TensorFlow 2.", "data d1fd84a877f3"):
        assert word in line


def make_errors(differences):
    return {
        seed: {"multiclass_argmax": 50 + d, "multiclass_sum": 50, "binary": 50}
        for seed, d in enumerate(differences)
    }
