#!/usr/bin/env bash
# Makes the model of this folder small by its recipe, shows that it still decides as before, prints what other choices cost, and classifies two sentences.
# Usage: demo.sh LATHE [OUT]
set -euo pipefail
lathe=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
out=${2:-$(pwd)/out}
mkdir -p "$out"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || say() { printf '\n%s\n' "$*"; }

say "1. Convert model.onnx by recipe.yaml: fewer tokens, 64 positions, tables of 4 bits, layers in INT8"
"$lathe" convert "$here/model.onnx" -o "$out/model.lathe" --recipe "$here/recipe.yaml" --vocab "$here/vocab.txt" --labels "$here/labels.json" \
  --token-counts "$here/token-counts.txt" --calibration-samples "$here/calibration.jsonl"

say "2. Verify: at most half a point of accuracy is lost on 3,129 texts it never saw"
"$lathe" verify "$here/model.onnx" "$out/model.lathe" --samples "$here/dev.jsonl" --vocab "$here/vocab.txt" --labels "$here/labels.json" \
  --engine runtime --reference-engine runtime --min-accuracy-delta=-0.5

say "3. Sizes and accuracies to choose from"
bash "$here/curve.sh" "$lathe" "$out"

say "4. Classify two sentences with the .lathe file alone"
"$lathe" run "$out/model.lathe" \
  --text "Python bindings for a library that reads and writes PNG images" \
  --text "Zeichensatz mit Serifen für wissenschaftliche Texte"

say "Done. The file is $out/model.lathe; look into it with: lathe inspect $out/model.lathe"
