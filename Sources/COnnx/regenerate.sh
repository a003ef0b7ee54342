#!/usr/bin/env bash
# Makes onnx.pb-c.c and include/onnx.pb-c.h from Schemas/onnx.proto, here or in the folder given as $1.
# Needs protoc-c 1.4 (Debian: protobuf-c-compiler).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

protoc-c --proto_path="$here/../../Schemas" --c_out="$work" onnx.proto

# protoc-c writes its own patch version into a check against the library; any 1.4 will do.
sed -i -E 's/^(#elif )100400[0-9]( < PROTOBUF_C_MIN_COMPILER_VERSION)$/\11004000\2/' "$work/onnx.pb-c.h"

# Through the header of the Clang module CProtobufC: included as text, protobuf-c's types would belong to whichever of the two
# modules Swift happens to load first.
sed -i 's|^#include <protobuf-c/protobuf-c.h>$|#include "../../CProtobufC/shim.h"|' "$work/onnx.pb-c.h"

mkdir -p "$out/include"
mv "$work/onnx.pb-c.c" "$out/onnx.pb-c.c"
mv "$work/onnx.pb-c.h" "$out/include/onnx.pb-c.h"
