"""Part 3: is it better to binarize ten classes, or to train for two?"""
