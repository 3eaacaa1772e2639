"""Write the side views of Part 3 as sentences; none of them touches the verdict.

What is said of a difference depends on its interval. All of it is exploratory.
"""

from fashionnet.side_views import CONTROL_CONTRASTS, NAMES
from fashionnet.study import CLASSIFIERS, MARGIN, decide
from fashionnet.study_sentences import phrase_estimate

NOTHING = "No pair of trainings is stored, so there is nothing to say."


def phrase_reading(estimate, first, second):
    """Say what an exploratory estimate shows about who makes fewer errors, no more."""
    if estimate is None:
        return "one seed cannot say who is ahead"
    ahead, verdict = first if estimate.value > 0 else second, decide(estimate)
    low, high = estimate.interval()
    if verdict == "equivalent":
        return f"neither is ahead by as much as the margin of {MARGIN} images"
    if low <= 0 <= high:
        return "who is ahead stays open"
    by = {
        "better": f"by an estimate that reaches the margin of {MARGIN} images",
        "detectable, not relevant": f"by less than the margin of {MARGIN} images",
        "undecided": "by how much stays open",
    }
    return f"{ahead} is ahead, {by[verdict]}"


def state_rules(rules):
    """Say where the two ways to binarize differ, and who wins there."""
    n_seeds, differ = len(rules.won), rules.won + rules.lost
    if not n_seeds:
        return NOTHING
    seeds = f"{n_seeds} training{'s' * (n_seeds != 1)}"
    if not differ.sum():
        return f"In {seeds}, the two rules give the same label for every test image."
    contrast = rules.contrast
    found = phrase_estimate(contrast.estimate, contrast.ahead.mean())
    reading = phrase_reading(contrast.estimate, "the sum", "the likeliest class")
    return (
        f"In {seeds}, the two rules differ on {_phrase_range(differ)} test images "
        f"each, {differ.sum()} in all: the sum is right on {rules.won.sum()} of these, "
        f"the likeliest class on {rules.lost.sum()}. There, the likeliest class has a "
        f"probability from {rules.largest.min():.2f} to {rules.largest.max():.2f}. "
        "Errors of the sum in 10,000 images, "
        f"compared with the likeliest class: {found}; {reading}."
    )


def state_bags(counts):
    """Say how many errors have to do with bags, from `count_bag_errors`."""
    ten, two = counts["multiclass_argmax"], counts["binary"]
    if not ten.total or not two.total:
        return "Without errors of both networks, none has to do with bags."
    involved = ten.true_bag + ten.given_bag
    return (
        f"Of the {ten.total:,} errors of **{CLASSIFIERS['multiclass_argmax']}** over "
        f"all seeds, {involved:,} ({involved / ten.total:.0%}) have to do with bags: "
        f"{ten.true_bag:,} bags taken for clothing, {ten.given_bag:,} pieces of "
        f"clothing taken for a bag. Of the {two.total:,} errors of **binary**, "
        f"{two.true_bag:,} ({two.true_bag / two.total:.0%}) are bags taken for "
        f"clothing; of the {two.lost_clothing:,} pieces of clothing that it loses, it "
        "does not say to what."
    )


def state_galleries(galleries, n_runs):
    """Say how many images stop everybody, and how many tell the networks apart."""
    if not n_runs:
        return NOTHING
    nobody, first, second = (len(gallery.indices) for gallery in galleries.values())
    each = f"{n_runs} training{'s' * (n_runs != 1)} of either kind"
    return (
        f"Of {each}, none is right on {nobody} images. {first} are labeled right more "
        f"often by the multiclass trainings, by at least half of them, and {second} by "
        "the binary ones."
    )


def state_stored(pairs, controls, curve):
    """Say how much of the study is stored; the rest is trained by `make study`."""
    counts = {
        "pair{} of trainings with all images": len(pairs),
        "training{} of controls": sum(map(len, controls.values())),
        "pair{} with fewer training images": sum(map(len, curve.values())),
    }
    listed = ", ".join(f"{n} {s.format('s' * (n != 1))}" for s, n in counts.items())
    missing = "" if all(counts.values()) else " What is missing, `make study` trains."
    return f"Stored here: {listed}.{missing}"


def state_controls(contrasts):
    """Say what the exploratory contrasts of `compare_controls` show, one by one."""
    n = max((len(contrast.ahead) for contrast in contrasts.values()), default=0)
    if not n:
        return "No control is stored with the seeds of a pair of trainings."
    parts = []
    for pair, contrast in contrasts.items():
        way, against = (NAMES[name] for name in pair)
        found = phrase_estimate(contrast.estimate, contrast.ahead.mean())
        reading = phrase_reading(contrast.estimate, way, against)
        parts.append(
            f"*{CONTROL_CONTRASTS[pair].capitalize()}* ({way} against {against}): "
            f"{found}; {reading}."
        )
    said = (
        f"Exploratory, from {n} seed{'s' * (n != 1)}, not adjusted for being several; "
        f"errors in 10,000 images. {' '.join(parts)}"
    )
    if not any(_excludes_zero(contrast.estimate) for contrast in contrasts.values()):
        said += " None of these shows who is ahead."
    return said


def state_sizes(sizes, way="multiclass_sum"):
    """Say at which numbers of training images the intervals show who is ahead."""
    if not sizes:
        return NOTHING
    name, sides = CLASSIFIERS[way], {}
    for n_train, size in sizes.items():
        estimate = size.contrasts[way].estimate
        low, high = estimate.interval() if estimate else (0, 0)
        side = name if low > 0 else "binary" if high < 0 else None
        sides.setdefault(side, []).append(f"{n_train:,}")
    parts = [
        f"{f'**{side}** is ahead' if side else 'who is ahead stays open'} with "
        f"{_join(numbers)} training images"
        for side, numbers in sides.items()
    ]
    said = f"{name} against binary, by the 95% interval of each size by itself: "
    said = f"{said[0].upper()}{said[1:]}{'; '.join(parts)}."
    if {name, "binary"} <= set(sides):
        return f"{said} So the answer depends on the number of training images."
    if len(sides) > 1:
        said += (
            " Where it is open, the answer may still be the same: the interval "
            "includes zero, but also values at which one of the two is ahead."
        )
    return said


def state_fewest(sizes):
    """Say whether finer labels help where training images are fewest."""
    if len(sizes) < 2:
        return "Whether finer labels help with fewer images, nothing stored can say."
    n_train, size = min(sizes.items())
    found = [contrast.estimate for contrast in size.contrasts.values()]
    if None in found:
        return "Whether finer labels help with fewer images, one seed cannot say."
    answer, n_looks = "stays open", sum(len(s.contrasts) for s in sizes.values())
    if any(estimate.interval()[0] > 0 for estimate in found):
        answer = "is borne out by at least one of the two ways to binarize"
    elif all(estimate.value < 0 for estimate in found):
        answer = "is not borne out: both estimates point the other way"
    return (
        f"That finer labels count for more with {n_train:,} images {answer}. As "
        f"{n_looks} intervals were looked at, one of them may leave out zero by "
        "luck."
    )


def state_scores(found):
    """Say whose probabilities score better, from `compare_scores`."""
    options, parts = {"words": ("lower", "higher"), "digits": 5}, []
    for score, (means, estimate) in found.items():
        ten, two = means["multiclass_sum"].mean(), means["binary"].mean()
        low, high = estimate.interval() if estimate else (0, 0)
        reading = "whose probabilities are better stays open"
        if low > 0 or high < 0:
            ahead = "multiclass network's sum" if low > 0 else "binary network"
            reading = f"by this score, the {ahead} has the better probabilities"
        parts.append(
            f"{score.capitalize()} per image: {ten:.5f} for the multiclass network's "
            f"sum and {two:.5f} for the binary network. The sum's "
            f"is {phrase_estimate(estimate, two - ten, **options)}; {reading}."
        )
    return f"{' '.join(parts)} The lower, the better."


def state_calibration(calibrations):
    """Say how honest the probabilities are, before and after temperature scaling."""
    parts = []
    for name, found in calibrations.items():
        over, n = int((found.temperature > 1).sum()), len(found.temperature)
        parts.append(
            f"**{CLASSIFIERS[name]}**: {found.error_before.mean():.2%} as trained, "
            f"{found.error_after.mean():.2%} scaled, with temperatures of "
            f"{found.temperature.mean():.2f} on average; {over} of {n} trainings were "
            "too sure of themselves (above 1)"
        )
    return (
        f"Mean gap between probability and accuracy: {'. '.join(parts)}. The "
        "temperatures were fitted on validation images and change no label."
    )


def state_thresholds(sweeps):
    """Say what a threshold chosen on validation images would have changed."""
    parts = [
        f"**{CLASSIFIERS[name]}** makes {sweep.at_chosen.mean():.1f} test errors on "
        f"average instead of {sweep.at_half.mean():.1f}"
        for name, sweep in sweeps.items()
    ]
    return (
        "With the threshold of the fewest validation errors in place of one half, "
        f"{' and '.join(parts)}. One half stays the rule of the comparison."
    )


def _excludes_zero(estimate):
    low, high = estimate.interval() if estimate else (0, 0)
    return low > 0 or high < 0


def _phrase_range(counts):
    low, high = counts.min(), counts.max()
    return f"{low}" if low == high else f"{low} to {high}"


def _join(words):
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
