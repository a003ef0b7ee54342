#!/usr/bin/env bash
# Prints sizes against accuracies for several vocabularies and bits of the tables, to choose from. Usage: curve.sh LATHE [OUT]
set -euo pipefail
lathe=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
out=${2:-$(pwd)/out}
mkdir -p "$out"
source=$(stat -c %s "$here/model.onnx")

# What the file PATH keeps of the model: its size, and what it gets right of SAMPLES.
row() {
  local name=$1 path=$2 samples=$3 figures
  # Exits with 1 where a decision differs, which is what the table is about.
  figures=$("$lathe" verify "$here/model.onnx" "$path" --samples "$samples" --vocab "$here/vocab.txt" --labels "$here/labels.json" \
    --engine runtime --reference-engine runtime --json --min-accuracy-delta=-100 2>/dev/null | tr -d ' \n')
  awk -v name="$name" -v bytes="$(stat -c %s "$path")" -v source="$source" \
    -v right="$(sed 's/.*"candidate":\([0-9]*\),"delta".*/\1/' <<<"$figures")" \
    -v all="$(sed 's/.*"labelled":\([0-9]*\).*/\1/' <<<"$figures")" -v delta="$(sed 's/.*"delta":\([-0-9.e]*\).*/\1/' <<<"$figures")" \
    'BEGIN { printf "%-46s %10d %6.2f× %8.2f %% %+7.2f\n", name, bytes, source / bytes, 100 * right / all, delta }'
}

# One model: NAME COUNTS SAMPLES PASS…
model() {
  local name=$1 counts=$2 samples=$3 passes=()
  shift 3
  for pass in "$@"; do passes+=(--pass "$pass"); done
  "$lathe" convert "$here/model.onnx" -o "$out/curve.lathe" --recipe fuse "${passes[@]}" --vocab "$here/vocab.txt" --labels "$here/labels.json" \
    --token-counts "$here/$counts" --calibration-samples "$here/calibration.jsonl" >/dev/null
  row "$name" "$out/curve.lathe" "$samples"
}

printf '%-46s %10s %7s %10s %7s\n' "model" "bytes" "smaller" "right" "points"
row "model.onnx" "$here/model.onnx" "$here/dev.jsonl"
int8=quantize/int8:calibrator=mse
short=vocabulary/trim-positions:maximum-length=64
model "INT8 layers" token-counts.txt "$here/dev.jsonl" "$int8"
for bits in 8 6 5 4; do model "INT8, tables of $bits bits, 64 positions" token-counts.txt "$here/dev.jsonl" "$short" "quantize/embeddings:bits=$bits" "$int8"; done
for keep in 32000 30000 27000 24000; do
  model "INT8, tables of 4 bits, $keep tokens" token-counts.txt "$here/dev.jsonl" "vocabulary/trim:keep=$keep" "$short" quantize/embeddings:bits=4 "$int8"
done
model "all weights of 4 bits, 27000 tokens" token-counts.txt "$here/dev.jsonl" vocabulary/trim:keep=27000 "$short" quantize/embeddings:bits=4 \
  quantize/weights:bits=4
# Points are against the model in float on the same texts.
grep '"lang": "en"' "$here/dev.jsonl" >"$out/english.jsonl"
row "English: model.onnx" "$here/model.onnx" "$out/english.jsonl"
for keep in 25000 18000; do
  model "English: INT8, tables of 4 bits, $keep tokens" token-counts-english.txt "$out/english.jsonl" "vocabulary/trim:keep=$keep" "$short" \
    quantize/embeddings:bits=4 "$int8"
done
for keep in 20000 19000; do
  model "English: all weights of 4 bits, $keep tokens" token-counts-english.txt "$out/english.jsonl" "vocabulary/trim:keep=$keep" "$short" \
    quantize/embeddings:bits=4 quantize/weights:bits=4
done
