#!/bin/bash
# Builds and runs the tests of the kernels, optimized and then under AddressSanitizer and UndefinedBehaviorSanitizer. On x86-64 the kernels of AVX-512, AVX-512 VNNI
# and AVX-VNNI run as well, their intrinsics emulated. `run.sh bench [isa]` and `run.sh bench_i8 [isa]` measure; `run.sh arm` runs the tests for
# AArch64 under qemu (Debian: qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
sources=$here/../../Sources/Kernels
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
flags=(-std=c11 -Wall -Wextra -Werror -I "$sources/include")
tests=("$here"/*_test.c)
sanitizers=(-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all)

# The emulated kernels are built with the given flags, the others only once.
emulated() {
  local lacking='_(f32|i8)_(avxvnni|avx512|avx512vnni)\.c$' file
  for file in "$sources"/*.c; do
    local object=$out/$(basename "$file" .c).o
    if [[ $file =~ $lacking ]]; then
      clang "${flags[@]}" "$@" -Wno-psabi -include "$here/emulated_x86.h" -c "$file" -o "$object"
    elif [ ! -e "$object" ]; then
      clang "${flags[@]}" -O1 -c "$file" -o "$object"
    fi
  done
  clang "${flags[@]}" "$@" -fuse-ld=lld "$here/emulated_main.c" $(ls "$here"/*_test.c | grep -v kernels_test) "$out"/*.o -lm -o "$out/emulated"
  "$out/emulated"
}

# Objects by clang; the cross compiler links.
arm() {
  local target=(--target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include) file
  for file in "$sources"/*.c "${tests[@]}"; do
    clang "${target[@]}" "${flags[@]}" -I "$here" -O2 -c "$file" -o "$out/$(basename "$file" .c).o"
  done
  aarch64-linux-gnu-gcc -static "$out"/*.o -lm -o "$out/arm"
  qemu-aarch64 -cpu max "$out/arm"
}

case ${1:-} in
  bench | bench_i8)

    clang "${flags[@]}" -O3 "$sources"/*.c "$here/kernels_$1.c" -lm -o "$out/bench"
    "$out/bench" "${@:2}"
    exit ;;
  arm)
    arm
    exit ;;
esac
clang "${flags[@]}" -O3 "$sources"/*.c "${tests[@]}" -lm -o "$out/test"
"$out/test"
clang "${flags[@]}" -fuse-ld=lld "${sanitizers[@]}" "$sources"/*.c "${tests[@]}" -lm -o "$out/sanitized"
"$out/sanitized"
if [ "$(uname -m)" = x86_64 ]; then
  emulated -O2
  emulated "${sanitizers[@]}"
fi
