#!/bin/sh
# Run the unit tests and notebook 1 with Colab's versions, on Python 3.13 if there is one.
set -eu
cd "$(dirname "$0")/.."
venv=.venv-colab
if [ ! -x "$venv/bin/python" ]; then
    for python in ${COLAB_PYTHON:-python3.13} "$HOME"/.pyenv/versions/3.13*/bin/python \
        .venv/bin/python; do
        "$python" -c "" 2>/dev/null && break
    done
    "$python" -m venv "$venv"
fi
.venv/bin/python -m uv pip install --python "$venv/bin/python" \
    --requirement tests/colab.txt --editable .
"$venv/bin/python" -c "import fashionnet.runs as r; print(r.versions())"
"$venv/bin/python" -m pytest
"$venv/bin/python" -m fashionnet.course.scratch "$venv/bin/python" -m pytest \
    --nbmake --nbmake-timeout=900 notebooks/01_multiclass.ipynb
