#!/usr/bin/env bash
# Converts the model of this folder, proves that nothing changed, and classifies two sentences. Usage: demo.sh LATHE
set -euo pipefail
lathe=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
out=${2:-$(pwd)/out}
mkdir -p "$out"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || say() { printf '\n%s\n' "$*"; }

say "1. Convert model.onnx to a .lathe file that carries its vocabulary and labels"
"$lathe" convert "$here/model.onnx" -o "$out/model.lathe" \
  --pass simplify/eliminate-identities --pass simplify/fold-constants --pass simplify/eliminate-dead-code \
  --vocab "$here/vocab.txt" --labels "$here/labels.json"

say "2. Verify: does the .lathe file decide as the ONNX model does, on 3,129 texts it never saw?"
"$lathe" verify "$here/model.onnx" "$out/model.lathe" --samples "$here/dev.jsonl" --min-agreement 1

say "3. Classify two sentences with the .lathe file alone"
"$lathe" run "$out/model.lathe" \
  --text "Python bindings for a library that reads and writes PNG images" \
  --text "Zeichensatz mit Serifen für wissenschaftliche Texte"

say "Done. The file is $out/model.lathe; look into it with: lathe inspect $out/model.lathe"
