#!/bin/sh
# Run the unit tests with Colab's versions, on Python 3.13 if there is one. Then run each
# packed notebook as Colab does: the one file, in an empty folder, nothing of ours there.
set -eu
cd "$(dirname "$0")/.."
python=$PWD/.venv-colab/bin/python
if [ ! -x "$python" ]; then
    for base in ${COLAB_PYTHON:-python3.13} "$HOME"/.pyenv/versions/3.13*/bin/python \
        .venv/bin/python; do
        "$base" -c "" 2>/dev/null && break
    done
    "$base" -m venv .venv-colab
fi
.venv/bin/python -m uv pip install --python "$python" --requirement tests/colab.txt
if "$python" -I -c "import fashionnet" 2>/dev/null; then
    echo ".venv-colab has fashionnet installed, Colab has not: delete that folder" >&2
    exit 1
fi
export PYTHONPATH="$PWD"
"$python" -c "from fashionnet.engine import versions; print(versions())"
# What its older packages say of newer ones is no fault of ours.
"$python" -m pytest -W "ignore::DeprecationWarning"

unset PYTHONPATH FASHIONNET_DATA FASHIONNET_HOME
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# No cache, as in a new Colab session: the data are downloaded, unless Debian has them.
export KERAS_HOME="$folder/keras"
for book in build/colab/*.ipynb; do
    alone=$folder/$(basename "$book" .ipynb)
    mkdir "$alone"
    cp "$book" "$alone"
    (cd "$alone" && "$python" -m pytest -p no:cacheprovider --verbose --nbmake \
        --nbmake-timeout=900 ./*.ipynb)
done
