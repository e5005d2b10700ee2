#!/usr/bin/env bash
# Installs what is missing, and only that; run by `npm run up` and `npm test`. With --test also what the tests need.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { # one line that says what is wrong and what to do
  printf '\n  %s\n\n' "$1" >&2
  exit 1
}

sum() { cat "$@" | cksum | tr ' ' '-'; }

say_sizes_once() {
  [ -n "${said_sizes:-}" ] && return
  said_sizes=yes
  printf '\n  First start: about 0.45 GB to download (PyTorch 0.2 GB, the other packages 0.25 GB), 1.6 GB on disk;\n'
  printf '  1 to 2 minutes at 100 Mbit/s. It happens once.\n\n'
}

step() { # step "what" command…: shows the seconds while it runs, its last words when it fails
  local what=$1 log began
  shift
  say_sizes_once
  log=$(mktemp)
  began=$SECONDS
  "$@" >"$log" 2>&1 &
  local pid=$!
  trap 'kill $pid 2>/dev/null; rm -f "$log"; exit 130' INT TERM
  while kill -0 $pid 2>/dev/null; do
    if [ -t 1 ]; then printf '\r  … %s, %d s ' "$what" $((SECONDS - began)); fi
    sleep 0.5
    if ! [ -t 1 ] && [ $(((SECONDS - began) % 20)) -eq 19 ]; then printf '  … %s, %d s\n' "$what" $((SECONDS - began)); sleep 0.6; fi
  done
  if wait $pid; then
    [ -t 1 ] && printf '\r'
    printf '  ✓ %s, %d s    \n' "$what" $((SECONDS - began))
    rm -f "$log"
    trap - INT TERM
  else
    tail -n 15 "$log" >&2
    fail "$what could not be installed; the lines above say why. Nothing else was changed: mend it and run the command again."
  fi
}

# --- Python: 3.11 or newer, for the model's server
find_python() {
  for candidate in python3.11 python3.12 python3.13 python3; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    echo "$candidate"
    return
  done
}

needs_python_environment() { [ "$(cat .venv/.installed 2>/dev/null)" != "$(sum training/requirements.txt)" ]; }

install_torch() {
  # PyTorch is asked for first and alone: asked for by another package, pip would take the CUDA build, several GB of it.
  local pin
  pin=$(grep -oE -m1 'torch==[0-9.]+' training/requirements.txt)
  if [ "$(uname -s)" != Linux ] || has_gpu; then
    .venv/bin/pip install "$pin"
  else
    # A CPU build that this machine offers is named +cpu; else PyTorch's own index has one.
    .venv/bin/pip install "$pin+cpu" || .venv/bin/pip install --index-url https://download.pytorch.org/whl/cpu "$pin"
  fi
}
has_gpu() { command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi >/dev/null 2>&1; }

install_python_packages() {
  .venv/bin/pip install -r training/requirements.txt
  sum training/requirements.txt >.venv/.installed
}

# --- Redis, unless .env names one
has_redis() { command -v redis-server >/dev/null 2>&1 || grep -qE '^ *REDIS_URL *= *[^ ]' .env 2>/dev/null; }

apt_install() {
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}
can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

has_chromium() { command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; }

python=$(find_python)
if [ -z "$python" ]; then
  found=$(python3 --version 2>/dev/null || echo 'no Python')
  fail "Python 3.11 or newer is needed for the model's server, and this machine has ${found}. Install it (Debian: apt-get install python3.11 python3.11-venv; macOS: brew install python@3.11) and run the command again."
fi
if ! has_redis && ! can_apt; then
  fail "Redis is missing and cannot be installed from here (that takes root and apt). Either: brew install redis, or: docker compose up -d redis and REDIS_URL=redis://127.0.0.1:6379 in .env, or name another Redis there."
fi

if [ "$(cat node_modules/.installed 2>/dev/null)" != "$(sum package-lock.json)" ]; then
  step 'Node packages (0.2 GB)' npm ci --no-audit --no-fund --loglevel=error
  sum package-lock.json >node_modules/.installed
fi
if needs_python_environment; then
  [ -x .venv/bin/pip ] || step 'Python environment' "$python" -m venv --clear .venv
  step 'PyTorch (0.2 GB)' install_torch
  step 'Python packages (0.06 GB)' install_python_packages
fi
has_redis || step 'Redis' apt_install redis-server
if [ "${1:-}" = --test ] && ! has_chromium; then
  if can_apt; then
    step 'Chromium, for the browser test (0.1 GB)' apt_install chromium
  else
    printf '  Chromium is missing and cannot be installed from here; the browser test will say so. (Debian: apt-get install chromium)\n'
  fi
fi
