#!/usr/bin/env bash
# Makes lathe.pb-c.c and include/lathe.pb-c.h from Schemas/lathe.proto, here or in the folder given as $1.
# Needs protoc-c 1.4 (Debian: protobuf-c-compiler).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

protoc-c --proto_path="$here/../../Schemas" --c_out="$work" lathe.proto

# protoc-c writes its own patch version into a check against the library; any 1.4 will do.
sed -i -E 's/^(#elif )100400[0-9]( < PROTOBUF_C_MIN_COMPILER_VERSION)$/\11004000\2/' "$work/lathe.pb-c.h"

# Through the header of the Clang module CProtobufC: included as text, protobuf-c's types would belong to whichever of the two
# modules Swift happens to load first.
sed -i 's|^#include <protobuf-c/protobuf-c.h>$|#include "../../CProtobufC/shim.h"|' "$work/lathe.pb-c.h"

mkdir -p "$out/include"
mv "$work/lathe.pb-c.c" "$out/lathe.pb-c.c"
mv "$work/lathe.pb-c.h" "$out/include/lathe.pb-c.h"
