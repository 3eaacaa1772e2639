"""The program of document 002, in its own form: python -m fashionnet.zoo."""

import sys
from pathlib import Path

from fashionnet import check_keras
from fashionnet.commands import Parser, carry_out, get_data

ANSWERS = {
    "leaky-mlp": "multi-layer-net.txt",
    "leaky-cnn": "convolution-neural-net.txt",
}


def main(arguments=None):
    """Do what the command line says. Returns the exit status."""
    return carry_out(lambda: _obey(arguments))


def _obey(arguments):
    parser = Parser(prog="python -m fashionnet.zoo", description=__doc__)
    parser.add_argument("--train-model", action="store_true", help="train them first")
    options = parser.parse_args(arguments)
    check_keras()
    get_data()
    # Here, because help needs no Keras; in silence, because TensorFlow is talkative.
    from fashionnet.study.workers import silence
    from fashionnet.zoo.table import find_network

    with silence():
        from fashionnet.zoo import program
    for name, file in ANSWERS.items():
        network = find_network(name)
        if options.train_model:
            program.train_and_store(network, 0)
        answers = program.predict_test_images(network, 0)
        loss, accuracy = program.write_answers(Path(file), *answers)
        print(f"{name}: loss {loss:.4f}, accuracy {accuracy:.2%}, written to {file}")


if __name__ == "__main__":
    sys.exit(main())
