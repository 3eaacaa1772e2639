"""Write files whole or not at all, and fill the marked places of a README."""

import os
import re


def write_file(path, content):
    """Write bytes, or text as UTF-8, under another name first, and make the folder."""
    raw = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(raw)
    os.replace(part, path)


def fill_place(path, mark, block):
    """Put a block of text between `<!-- mark -->` and `<!-- /mark -->` in a file.

    Raises:
        ValueError: If the file does not have both marks.
    """
    start, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
    place = re.compile(f"{start}.*?{end}", re.DOTALL)
    text, n_places = place.subn(
        lambda _: start + block + end, path.read_text(encoding="utf-8")
    )
    if not n_places:
        raise ValueError(f"{path} has no place for it: put {start.strip()} and {end}")
    write_file(path, text)
