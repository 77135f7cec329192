#!/usr/bin/env bash
# What of the system's own packages is needed, then install.py, which makes .venv. Safe to run again.
#   setup.sh [EXTRA ...]     e.g. setup.sh notebook
set -euo pipefail
cd "$(dirname "$0")"

python=${PYTHON:-python3}
if [ ! -f .venv/.installed ]; then
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then  # Debian and Ubuntu ship it apart from python3
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      apt-get install -y -q python3-venv
    fi
  fi
  if ! command -v c++ g++ clang++ >/dev/null; then  # for the native code; without it PyTorch serves, slower
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      apt-get install -y -q g++ || true
    fi
    command -v c++ g++ clang++ >/dev/null ||
      echo "setup.sh: no C++ compiler (Debian, Ubuntu: sudo apt-get install g++): training will be several times slower" >&2
  fi
fi
exec "$python" install.py "$@"
