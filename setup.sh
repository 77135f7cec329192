#!/usr/bin/env bash
# Makes .venv and installs voxnas in it under constraints.txt. Safe to run again; does nothing when nothing changed.
#   setup.sh [EXTRA ...]     e.g. setup.sh notebook
set -euo pipefail
cd "$(dirname "$0")"

python=${PYTHON:-python3}
extras=dev; for extra in "$@"; do extras="$extras,$extra"; done
stamp=.venv/.installed
wanted=$(cat pyproject.toml constraints.txt setup.sh | cksum)

# What is installed already stays installed when fewer extras are asked for
if [ -f "$stamp" ] && [ "$(head -n 1 "$stamp")" = "$wanted" ]; then
  missing=
  for extra in "$@"; do grep -q ",$extra\(,\|$\)" <(sed -n 2p "$stamp") || missing=yes; done
  [ -n "$missing" ] || exit 0
  extras="$(sed -n 2p "$stamp")$(for extra in "$@"; do printf ',%s' "$extra"; done)"
fi

"$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || {
  echo "setup.sh: Python 3.10 to 3.13 is needed (Hydra does not start on 3.14)," \
    "$python is $("$python" --version 2>&1); set PYTHON=" >&2; exit 1; }
echo "setting up .venv (the first time takes a few minutes) ..."
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then  # Debian and Ubuntu ship it apart from python3
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get install -y -q python3-venv
  else
    echo "setup.sh: no venv module; install it (Debian, Ubuntu: sudo apt-get install python3-venv)" >&2; exit 1
  fi
fi
if ! command -v c++ g++ clang++ >/dev/null; then  # for the native code; without it PyTorch serves, slower
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get install -y -q g++ || true
  fi
  command -v c++ g++ clang++ >/dev/null ||
    echo "setup.sh: no C++ compiler (Debian, Ubuntu: sudo apt-get install g++): training will be several times slower" >&2
fi
"$python" -m venv .venv

# python -m pip: pip's own script breaks where the checkout's path is long or has spaces
pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet install -c constraints.txt "$@"; }
# torch before the rest, so that nothing pulls another one. On Linux the plain wheel brings CUDA along; where a
# CPU wheel is to be had under the same version, point pip to it (PIP_EXTRA_INDEX_URL).
pip torch
# without dependencies: its wheels ask for the torch of their own release, and work with this one
pip --no-deps torchaudio
pip -e ".[$extras]"
# of an earlier .venv: it wants an Optuna before 3, and its configs would stand beside ours of the same names
.venv/bin/python -m pip --disable-pip-version-check --quiet uninstall -y hydra-optuna-sweeper 2>/dev/null
printf '%s\n%s\n' "$wanted" "$extras" >"$stamp"
echo "done: .venv is ready"
