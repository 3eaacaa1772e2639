"""Render the page that leads to all others, with results, verdict and every step."""

import re
from typing import NamedTuple

from bs4 import BeautifulSoup
from markupsafe import Markup

from fashionnet.publish.markup import CAPTION
from fashionnet.publish.page import load_template, title_of
from fashionnet.publish.published import images_of
from fashionnet.publish.results import COLUMNS, state_spread, table_results

# What `state_answer` writes in bold, and after it.
VERDICT = re.compile(r"^\*\*([^*]+)\*\*(.*)", re.DOTALL)

# What is found in a section, by notebook, and by the letter of a step or the heading.
STEPS = {
    "01_multiclass": {
        "a": "training, validation and test set, and why three",
        "First, a plain network": "a first hour, complete in itself; overfitting",
        "b": "the layers, a drawing, the parameters by hand, and why this size",
        "c": "formulas for loss and optimizer; the learning rate as a curve",
        "d": "callbacks, at most 50 epochs, and what each callback did",
        "e": "loss and accuracy after each epoch; overfitting, measured",
        "f": "accuracy on the test images, with its 95% interval",
        "g": "which classes are confused with each other, and why",
        "Were these good settings?": "part by part, with other settings beside them",
    },
    "02_binary": {
        "a": "the same images held out, and how many are Clothing",
        "b": "one output with a sigmoid, and what stays the same",
        "c": "sigmoid and binary cross-entropy, drawn and worked out",
        "d": "the same callbacks, and what they did here",
        "e": "loss and accuracy after each epoch; is it overfitting?",
        "f": "accuracy, compared with that of always saying “Clothing”",
        "g": "two kinds of error, and which classes they come from",
        "Thresholds and probabilities": "costs, and how far to trust a probability",
        "Were these good settings?": "fourteen changes, with seeds 0 to 2",
    },
    "03_comparison": {
        "The answer": "the verdict, and the figure that shows it",
        "Two ways to binarize": "the likeliest class, or the larger sum; two images",
        "Compare on the same images": "one pair of networks, with McNemar's test",
        "Repeat over seeds": "ten pairs, images drawn anew, and the verdict rule",
        "Where they disagree": "class by class, and the images that matter",
        "What it costs": "parameters, time, and loss",
        "Verdict and limits": "which one to use, and what this study cannot say",
    },
}
# In italics or bold where they are explained, and nowhere before.
TERMS = re.split(
    r",\s+",
    """95% interval, accuracy, activation function, area under the curve,
augmentation, AUROC, backpropagation, balanced accuracy, batch, batch normalization,
bias, Bonferroni correction, bootstrap, Brier score, calibrated, calibration error,
callbacks, checkpoint, committee, confusion matrix, convolution, cross-entropy, dense,
distillation, dropout, early stopping, entropy, epoch, equally good, F1,
false negatives, false positives, feature extraction, feature map, filter,
fine-tuning, generalization, Grad-CAM, gradient, hidden, hyperparameters, independent,
learning rate, log scale, log-loss, logits, loss, margin, max pooling, McNemar's test,
multilayer perceptron, neural network, occlusion, one-hot, optimizer, overfitting,
p-value, parameters, patience, precision, rank correlation, recall, receptive field,
recipe, regularization, ReLU, residual network, ROC curve, running averages, seed,
shortcut, sigmoid, slope, softmax, stacking, standard deviation, standard error, step,
stochastic gradient descent, stratified, summed, t-SNE, temperature scaling, test set,
top class, training set, transfer learning, true positive rate, undecided, unit,
validation set, vanishing gradients, variance, vote, weight, weight decay,
weight sharing, winner's curse""",
)
# The figure of each part that says most.
FIGURES = {
    "01_multiclass": "plot_confusion",
    "02_binary": "plot_images",
    "03_comparison": "plot_contrasts",
}


class Section(NamedTuple):
    """A section of a page: its id, its heading, and what is found in it."""

    id: str
    title: str
    content: str


def render_home(books, pages, results, build, has_benchmark=False):
    """Render the home page.

    Args:
        books: The executed notebooks, by name.
        pages: What `render_page` made of them, by name.
        results: What `write_results` returned.
        build: What `describe_build` returned.
        has_benchmark: Whether there is a `benchmark.html` to link to.
    """
    pages = {name: BeautifulSoup(page, "html.parser") for name, page in pages.items()}
    parts = [
        {
            "name": name,
            "title": title_of(book),
            "sections": list_sections(pages[name], STEPS.get(name, {})),
            "answer": find_answer(book),
            "figure": (figure := find_figure(book, FIGURES.get(name))),
            "caption": find_caption(pages[name], figure),
        }
        for name, book in books.items()
        if "/" not in name
    ]
    further = {name: title_of(book) for name, book in books.items() if "/" in name}
    return load_template("home.html.j2").render(
        parts=parts,
        further=further,
        results=results,
        terms=find_terms(pages),
        columns=COLUMNS,
        rows=table_results(results),
        spread=state_spread(results["seeds"]),
        run=results["multiclass"],
        build=build,
        has_benchmark=has_benchmark,
    )


def list_sections(page, steps):
    """List the `Section`s of a page, a `BeautifulSoup`."""
    return [
        Section(h["id"], title, steps.get(title, steps.get(title[0], "")))
        for h in page.select("main .cell h2")
        if (title := h.get_text())
    ]


def find_terms(pages):
    """Find the section in which each of `TERMS` is explained, if it is.

    Args:
        pages: A `BeautifulSoup` of each page, by name, in the order of reading.

    Returns:
        Addresses such as `01_multiclass.html#d-train`, by term.
    """
    found = {}
    for name, page in pages.items():
        cells = page(class_="cell")
        for mark in (mark for cell in cells for mark in cell(["em", "strong"])):
            heading = mark.find_previous(["h1", "h2", "h3"])
            word = mark.get_text().rstrip(".:").lower()
            found.setdefault(word, f"{name}.html#{heading['id']}")
    return {term: found[term.lower()] for term in TERMS if term.lower() in found}


def find_answer(book):
    """Return the verdict of a notebook, or what it prints below *What we found*."""
    if verdict := find_verdict(book):
        return Markup("<strong>{}</strong>{}").format(*verdict)
    section = ""
    for cell in book.cells:
        if cell.source.startswith("## "):
            section = cell.source.splitlines()[0]
        for output in cell.get("outputs", []):
            if section == "## What we found" and output.get("name") == "stdout":
                return " ".join(output.text.split())
    return ""


def find_figure(book, function):
    """Return the last picture of the cells that call a function, or `None`."""
    shown = [image for cell in book.cells if function and f"{function}(" in cell.source
             for image in images_of(cell)]  # fmt: skip
    return shown[-1] if shown else None


def find_caption(page, figure):
    """Return the caption that a page, parsed, gives to a picture, or "" without either.

    It comes without its number, which counts the figures of that page.
    """
    shown = figure and page.find("img", alt=figure.alt)
    framed = shown and shown.find_parent("figure")
    return CAPTION.sub("", framed.figcaption.get_text()) if framed else ""


def list_sayings(book):
    """List what each cell of a notebook says in generated sentences, as Markdown."""
    return [
        [o.data["text/markdown"] for o in cell.get("outputs", []) if _is_text(o)]
        for cell in book.cells
    ]


def _is_text(output):
    return "text/markdown" in output.get("data", {})


def find_verdict(book):
    """Return the bold beginning of a generated text and the rest, or ()."""
    said = [text for texts in list_sayings(book) for text in texts]
    found = [VERDICT.match(text).groups() for text in said if VERDICT.match(text)]
    return found[0] if found else ()
