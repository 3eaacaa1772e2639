#!/bin/sh
# Run the tests that train nothing with other versions of the packages:
#     sh tests/other_versions.sh lowest-direct|highest PYTHON_VERSION
# In an environment of its own, made by uv, which finds or fetches that Python.
set -eu
cd "$(dirname "$0")/.."
folder=.venv-$1
.venv/bin/python -m uv venv --quiet --allow-existing --python "$2" "$folder"
.venv/bin/python -m uv pip install --quiet --python "$folder/bin/python" \
    --resolution "$1" --editable '.[dev]'
"$folder/bin/python" -c "from fashionnet.engine import versions; print(versions())"
exec "$folder/bin/python" -m pytest -m "not integration and not slow" \
    -W "ignore::DeprecationWarning" -W "ignore::PendingDeprecationWarning" \
    -W "ignore::FutureWarning"
