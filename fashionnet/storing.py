"""A folder of files that is stored whole or not at all, and read back or refused."""

import hashlib
import json
import os
from pathlib import Path

from fashionnet import FashionnetError

MANIFEST = "manifest.json"
CHECKOUT = Path(__file__).resolve().parents[1]


class RunError(FashionnetError):
    """A run on disk is damaged; the message names the file and the way out."""


def home():
    """Return where what is published lies.

    That is `FASHIONNET_HOME`; or `reports/` of the checkout; or, without one, `reports`
    beside the notebook.
    """
    if named := os.environ.get("FASHIONNET_HOME"):
        return Path(os.path.expanduser(named)).resolve()
    if (CHECKOUT / "notebooks").is_dir():
        return CHECKOUT / "reports"
    return Path.cwd() / "reports"


def own_home():
    """Return where trainings of one's own go: in a checkout, apart from `home()`."""
    return home() / "mine" if is_apart() else home()


def is_apart():
    """Tell whether trainings of one's own lie apart from the published ones."""
    in_checkout = (CHECKOUT / "notebooks").is_dir()
    return in_checkout and not os.environ.get("FASHIONNET_HOME")


def store_files(folder, manifest, files):
    """Store files under a manifest that holds their sums, all or nothing.

    The new files come in beside the old ones; the manifest, replaced in one step, says
    that they count; then they take the names of the old ones. Wherever that is cut
    short, the old folder is there or the new one.

    Args:
        folder: Path of the folder; made if it is missing.
        manifest: What `manifest.json` holds beside `files`, their SHA-256 sums, and
            `sha256`, its own.
        files: The files' content as bytes, by name.
    """
    sums = {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()}
    manifest = {**manifest, "files": sums}
    sealed = {**manifest, "sha256": _sum_manifest(manifest)}
    files = {**files, MANIFEST: to_json(sealed)}
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for name, raw in files.items():
            (folder / f"{name}.part").write_bytes(raw)
    except OSError:
        for name in files:
            (folder / f"{name}.part").unlink(missing_ok=True)
        raise
    os.replace(folder / f"{MANIFEST}.part", folder / MANIFEST)
    finish_store(folder)


def write_file(path, content):
    """Write bytes, or text as UTF-8, under another name first, and make the folder."""
    raw = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(raw)
    os.replace(part, path)


def finish_store(folder):
    """Give the files that a manifest names their names. Returns the manifest."""
    manifest = read_file(folder, MANIFEST, _parse_manifest)
    for name, known in manifest["files"].items():
        part = folder / f"{name}.part"
        if part.is_file() and hashlib.sha256(part.read_bytes()).hexdigest() == known:
            os.replace(part, folder / name)
    return manifest


def read_file(folder, name, parse, sums=None):
    """Read one file of a run and parse it, or say what is wrong with it."""
    path = folder / name
    cure = f"Delete {folder}, and it is trained again; or restore it with git."
    try:
        raw = path.read_bytes()
        found = hashlib.sha256(raw).hexdigest()
        if sums and found != sums[name]:
            raise ValueError(f"expected SHA-256 {sums[name]}, found {found}")
        return parse(raw)
    except (OSError, ValueError, KeyError, RecursionError) as error:
        raise RunError(f"{path} is missing or damaged: {error}. {cure}") from error


def _parse_manifest(raw):
    manifest = json.loads(raw)
    is_object = isinstance(manifest, dict)
    if not is_object or manifest.get("sha256") != _sum_manifest(manifest):
        raise ValueError("its content does not have the SHA-256 sum that it names")
    return manifest


def _sum_manifest(manifest):
    content = {name: value for name, value in manifest.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def to_json(content):
    """Write JSON as bytes; what is not finite is refused."""
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()
