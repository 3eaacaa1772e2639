import json

import pytest

from fashionnet.publish.contents import read_page
from fashionnet.publish.published import (
    BENCHMARK,
    BOOKS,
    BUILD,
    SYSTEMS,
    ReportError,
    fill_place,
    read_reports,
    seal_benchmark,
    sum_files,
    write_file,
)

TEXT = "above\n<!-- one -->\nold\nlines\n<!-- /one -->\nbelow\n<!-- /one -->\n"


def test_file_is_written_whole_under_its_name_in_a_new_folder(tmp_path):
    path = tmp_path / "new" / "page.html"
    for content, raw in (("Ä", "Ä".encode()), (b"\xff", b"\xff")):
        write_file(path, content)
        assert path.read_bytes() == raw
    assert list(path.parent.iterdir()) == [path]


def test_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "page.html"
    write_file(path, "old")
    (tmp_path / "page.html.part").mkdir()
    with pytest.raises(OSError, match=r"page\.html\.part"):
        write_file(path, "new")
    assert path.read_text() == "old"


def test_place_is_filled_word_for_word_or_named_if_it_is_missing(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(TEXT)
    with pytest.raises(ReportError, match=r"README\.md.*<!-- two -->"):
        fill_place(path, "two", "block")
    assert path.read_text() == TEXT
    fill_place(path, "one", "a \\1 block\n")
    assert path.read_text() == TEXT.replace("old\nlines", "a \\1 block")


# Pages.

PAGE = """
<html><head><title>T</title><link rel="icon" href="data:,"><style>
p { background: url(#inside) } b { background: url("https://a.example/b.png") }
@import 'theme.css';
</style></head><body onload="run()">
<h2 id="one">One</h2><a href="02.html#x">x</a><area href="map.html">
<img src="data:image/png;base64,AA" alt="A dot.">
<img src="far.png" style="cursor: url(c.cur)">
<a href=" java\tscript:run()">y</a><iframe src="frame.html"></iframe>
<script type="application/json">{"src": "https://no.example/"}</script>
<script>fetch("//cdn.example/x.js"); const ns = "http://www.w3.org/2000/svg"</script>
<meta http-equiv="Refresh" content="3; url=other.html">
</body></html>
"""


def test_page_lists_its_images_ids_and_links_and_what_it_asks_for_and_runs():
    page = read_page(PAGE)
    assert page.html == PAGE
    assert page.images == [("A dot.", "data:image/png;base64,AA"), (None, "far.png")]
    assert page.ids == ["one"]
    assert page.links[:2] == ["02.html#x", "map.html"]
    assert set(page.fetched) == {
        "https://a.example/b.png",
        "theme.css",
        "far.png",
        "c.cur",
        "frame.html",
        "fetch(",
        "//cdn.example",
        "3; url=other.html",
    }
    assert page.active == ["onload", "javascript:run()", "<iframe>", "<script>"]


# The folder.


def test_missing_or_unreadable_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("FASHIONNET_HOME", str(tmp_path))
    book = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    files = {f"{name}.ipynb": book for name in BOOKS}
    files |= {f"{name}.html": "page" for name in (*BOOKS, SYSTEMS)} | {
        BUILD: '{"sha256": {}}'
    }
    for name, text in files.items():
        write_file(tmp_path / name, text)
    assert read_reports().build == {"sha256": {}}
    for name in ("02_binary.ipynb", "02_binary.html", "results/seeds.json", BUILD):
        write_file(tmp_path / name, b"\xff{")
        with pytest.raises(ReportError, match=name):
            read_reports()
        (tmp_path / name).unlink()
        if name in files:
            with pytest.raises(ReportError, match=name):
                read_reports()
            write_file(tmp_path / name, files[name])


def test_new_benchmark_is_sealed_and_nothing_else(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "01.html").write_text("altered since")
    for name in BENCHMARK:
        (tmp_path / name).write_text("new")
    write_file(tmp_path / BUILD, json.dumps({"sha256": {"01.html": "as made"}}))
    seal_benchmark(tmp_path)
    sums = json.loads((tmp_path / BUILD).read_text())["sha256"]
    assert sums == {"01.html": "as made"} | {
        name: sum_files(tmp_path)[name] for name in BENCHMARK
    }
    assert len(set(sums.values())) == 2
