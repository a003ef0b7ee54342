#!/bin/bash
# Builds and runs the tests of the kernels, optimized and then under AddressSanitizer and UndefinedBehaviorSanitizer; `run.sh bench [isa]` measures.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
sources=$here/../../Sources/Kernels
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
flags=(-std=c11 -Wall -Wextra -Werror -I "$sources/include")
tests=("$here"/*_test.c)

if [ "${1:-}" = bench ]; then
  clang "${flags[@]}" -O3 "$sources"/*.c "$here/kernels_bench.c" -lm -o "$out/bench"
  "$out/bench" "${@:2}"
  exit
fi
clang "${flags[@]}" -O3 "$sources"/*.c "${tests[@]}" -lm -o "$out/test"
"$out/test"
clang "${flags[@]}" -fuse-ld=lld -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all "$sources"/*.c "${tests[@]}" -lm -o "$out/sanitized"
"$out/sanitized"
