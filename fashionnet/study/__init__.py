"""Part 3: is it better to binarize ten classes, or to train for two?

In all modules, `pairs` maps seeds to `(multiclass, binary)`, each a `Run`; `labels` are
the class ids of the test images, 0 to 9; `right` maps names of classifiers to bool
arrays of shape `(seeds, images)`. Differences are numbers of images of 10,000: above 0,
the way named first makes fewer errors.
"""
