"""What the README and the first page say of the stored runs."""

import json

from fashionnet.data import CLASS_NAMES
from fashionnet.evaluation import wilson_interval
from fashionnet.plots import plot_confusion
from fashionnet.publish import results as publishing
from fashionnet.publish.results import COLUMNS, state_spread, table_results
from fashionnet.reporting import save_figure


def test_seeds_are_summed_up_with_their_spread():
    counts = {"multiclass": {"0": 90, "1": 92}, "binary": {"0": 99}}
    sentence = state_spread({"n_test": 100, "n_correct": counts})
    assert "91.00% ± 1.41 (2" in sentence
    assert "99.00% (" in sentence


def test_table_has_every_classifier_with_its_own_numbers(stored_reports):
    _, truth = stored_reports
    rows = table_results(truth.results)
    assert {len(row) for row in rows} == {1 + len(COLUMNS)}
    comparison = truth.results["comparison"]
    for (_, *values), key in zip(rows[1:], comparison["errors"], strict=True):
        n_wrong, by_seed = comparison["errors"][key], comparison["errors_by_seed"][key]
        share, low, high = wilson_interval(10_000 - n_wrong, 10_000)
        interval, mean = f"{low:.2%} to {high:.2%}", sum(by_seed) / len(by_seed)
        assert values == [f"{n_wrong}", f"{share:.2%}", interval, f"{mean:.1f}"]


def test_results_are_written_as_files_beside_their_figure(
    stored_reports, tmp_path, monkeypatch
):
    _, truth = stored_reports
    monkeypatch.setattr(publishing, "collect_results", lambda: truth.results)
    results = publishing.write_results(tmp_path)
    assert list(results) == list(truth.results)
    for name, content in results.items():
        stored = json.loads((tmp_path / f"results/{name}.json").read_text())
        assert stored == json.loads(json.dumps(content))
    matrix = truth.results["multiclass"]["confusion_matrix"]
    save_figure(plot_confusion(matrix, CLASS_NAMES), tmp_path / "drawn again.png")
    drawn, again = tmp_path / "confusion.png", tmp_path / "drawn again.png"
    assert drawn.read_bytes() == again.read_bytes()


def test_readme_block_has_the_figure_and_every_row(stored_reports):
    results = json.loads(json.dumps(stored_reports[1].results))
    block = publishing.write_readme_block(results)
    assert "](reports/confusion.png)" in block
    for row in table_results(results):
        assert f"| {' | '.join(row)} |" in block
    assert state_spread(results["seeds"]) in block
