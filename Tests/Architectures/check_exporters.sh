#!/bin/sh
# check_exporters.sh LATHE PYTHON-WITH-TRANSFORMERS PYTHON-WITH-PADDLENLP
# Loads checkpoints of Data with the real libraries, dumps them with the exporters of Examples, and holds lathe's outputs against the libraries'.
set -eu
lathe=$1 torch=$2 paddle=$3
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
check() {
  mkdir -p "$scratch/$3"
  "$2" "$here/dump_case.py" "$1" "$here/Data/$3" "$scratch/$3/dump.json" >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
  "$torch" "$here/check_checkpoints.py" "$lathe" "$here/Data/$3" --source "$scratch/$3/dump.json"
}
for case in bert-sequence-classification roberta-token-classification distilbert-question-answering; do check transformers "$torch" $case; done
for case in paddle-ernie-sequence-classification paddle-bert-masked-lm; do check paddle "$paddle" $case; done
