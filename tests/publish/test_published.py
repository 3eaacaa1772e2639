import pytest

from fashionnet.course.files import fill_place, write_file

TEXT = "above\n<!-- one -->\nold\nlines\n<!-- /one -->\nbelow\n<!-- /one -->\n"


def test_file_is_written_whole_under_its_name_in_a_new_folder(tmp_path):
    path = tmp_path / "new" / "page.html"
    write_file(path, "Ä")
    assert path.read_bytes() == "Ä".encode()
    write_file(path, b"\xff")
    assert path.read_bytes() == b"\xff"
    assert list(path.parent.iterdir()) == [path]


def test_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "page.html"
    write_file(path, "old")
    (tmp_path / "page.html.part").mkdir()
    with pytest.raises(OSError, match=r"page\.html\.part"):
        write_file(path, "new")
    assert path.read_text() == "old"


def test_place_is_filled_word_for_word_and_nothing_else_changes(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(TEXT)
    fill_place(path, "one", "a \\1 block\n")
    assert path.read_text() == TEXT.replace("old\nlines", "a \\1 block")


def test_missing_place_is_named(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(TEXT)
    with pytest.raises(ValueError, match=r"README\.md has no place .*<!-- two -->"):
        fill_place(path, "two", "block")
    assert path.read_text() == TEXT
