"""Missing trainings are made, stored ones are found, and results are checked."""

import json

import pytest
from zoo_samples import make_training, store_sample

from fashionnet.__main__ import main
from fashionnet.publish.gate import check_results
from fashionnet.publish.results import collect_all
from fashionnet.storing import RunError
from fashionnet.zoo.further import Job, list_jobs, list_networks, train_further
from fashionnet.zoo.stored import find_training
from fashionnet.zoo.summary import collect_further
from fashionnet.zoo.table import NETWORKS, find_network

LEAKY = find_network("leaky-mlp")


def test_jobs_are_all_trainings_of_the_table_the_longest_first():
    jobs = list_jobs()
    assert len(jobs) == len(set(jobs)) == sum(len(n.seeds) for n in NETWORKS)
    works = [job.work() for job in jobs]
    assert works == sorted(works, reverse=True)
    assert {job.network for job in list_jobs([LEAKY])} == {"leaky-mlp"}


def test_time_is_estimated_from_what_stored_trainings_took():
    assert Job("leaky-mlp", 1).work() == LEAKY.epochs * LEAKY.seconds
    store_sample(LEAKY, 0)
    assert Job("leaky-mlp", 1).work() == LEAKY.epochs * 4.0


def test_only_what_is_missing_is_trained(monkeypatch, capsys, scratch_home):
    trained = []

    def train(job):
        trained.append(job)
        return make_training(find_network(job.network), job.seed)

    monkeypatch.setattr(Job, "train", train)
    monkeypatch.setattr(
        "fashionnet.study.trainings.train_alone", lambda job, _: (job, job.train())
    )
    store_sample(LEAKY, 1)
    new = train_further([LEAKY], n_jobs=1, backend="threading")
    assert sorted(trained) == [Job("leaky-mlp", 0), Job("leaky-mlp", 2)]
    assert len(new) == 2
    assert "minutes" in capsys.readouterr().out
    assert train_further([LEAKY], n_jobs=1) == []
    [row] = json.loads((scratch_home / "results" / "further.json").read_text())
    assert row["seeds"] == [0, 1, 2]


def test_altered_training_stops_the_command_in_one_line(capsys):
    path = store_sample(LEAKY, 0).folder / "predictions.npz"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RunError, match="predictions"):
        collect_further()
    assert main(["further", "--only", "leaky-mlp"]) == 1
    assert "predictions.npz" in capsys.readouterr().err


def test_weights_are_published_for_seed_0_of_the_networks_that_say_so(monkeypatch):
    kept = []
    monkeypatch.setattr(
        "fashionnet.zoo.trainings.train",
        lambda network, seed, keep_weights: kept.append(keep_weights),
    )
    for name, seed in (("leaky-mlp", 0), ("leaky-mlp", 1), ("mlp-2x256", 0)):
        Job(name, seed).train()
    assert kept == [True, False, False]


@pytest.fixture
def published(stored_reports, monkeypatch):
    """Return what is published, with one further training in its results."""
    reports, truth = stored_reports
    store_sample(LEAKY, 0)
    rows = json.loads(json.dumps(collect_further()))
    results = {"further": rows}
    return reports._replace(results=reports.results | results), truth._replace(
        results=truth.results | results
    )


def test_check_finds_a_row_that_is_not_that_of_the_stored_trainings(published):
    reports, truth = published
    assert check_results(reports, truth) == []
    changed = [{**reports.results["further"][0], "test_accuracy": 0.99}]
    wrong = reports._replace(results=reports.results | {"further": changed})
    [finding] = check_results(wrong, truth)
    assert finding.file == "results/further.json"
    assert "leaky-mlp" in finding.problem
    missing = reports._replace(
        results={k: v for k, v in reports.results.items() if k != "further"}
    )
    assert check_results(missing, truth)


def test_results_have_further_networks_only_where_some_are_stored(monkeypatch):
    monkeypatch.setattr("fashionnet.publish.results.collect_results", dict)
    assert collect_all() == {}
    store_sample(LEAKY, 0)
    assert list(collect_all()) == ["further"]


def test_list_has_a_line_for_each_network_with_what_it_reaches():
    store_sample(LEAKY, 0, n_wrong=1000)
    head, *lines = list_networks().splitlines()
    assert len(lines) == len(NETWORKS)
    assert head.split()[:3] == ["network", "document", "parameters"]
    by_name = {line.split()[0]: line.split() for line in lines}
    assert by_name["leaky-mlp"][1:5] == ["002", "535,818", "0.8906", "0.9000"]
    assert by_name["mlp-2x256"][4] == "–"


def test_own_trainings_do_not_count_as_published(tmp_path):
    store_sample(LEAKY, 0, base=tmp_path / "elsewhere")
    assert find_training(LEAKY, 0, bases=[tmp_path / "elsewhere"])
    assert collect_further() == []
