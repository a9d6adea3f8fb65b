#!/usr/bin/env bash
# Does to the command what the world does to it, for so many minutes: kills, signals, full and read-only disks,
# closed descriptors, pipes, links, odd names, mutated files, two processes on one output, small limits.
# Usage: torture.sh [MINUTES] [--seed N] [--command GRADSPACE]. Needs Python with numpy and Pillow; for disks of
# its own also the right to mount (root, or user namespaces).
set -euo pipefail
cd "$(dirname "$0")/.."
exec /usr/bin/python3 -B scripts/torture "$@"
