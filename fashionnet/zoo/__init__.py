"""Networks of three other documents on the same images, and our own.

Document 001 is "Fashion item recognition" by Anastopoulos and Tsaklidou: multilayer
perceptrons tuned on a grid, and three convolutional networks. Document 002 is "CSA 250
Deep Learning, Assignment 2": a program with a train and a test mode. Document 004 is
"ICDSS Challenge: Fashion MNIST Classification" by Tan: convolutional networks with
batch normalization and shortcuts, random erasing, committees.
"""
