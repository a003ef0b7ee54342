#!/bin/bash
# Fuzzes the reader of .lathe files and the runtime behind it: run.sh [seconds]. Findings stay in .build/fuzz/findings, new inputs in the corpus.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
seconds=${1:-600}
lathe=.build/release/lathe
mkdir -p .build/fuzz/corpus .build/fuzz/findings
[ -x "$lathe" ] || swift build -c release --product lathe
LATHE_FUZZ=1 swift build --scratch-path .build/fuzz -c release --product lathe-fuzz -Xswiftc -sanitize=fuzzer -Xcc -fsanitize=fuzzer-no-link
for model in Tests/Passes/Exporters/models/*/model.onnx Tests/ONNX/Data/*.onnx .build/conformance/cases/node/*/model.onnx; do
  [ -f "$model" ] || continue
  seed=.build/fuzz/corpus/$(basename "$(dirname "$model")")-$(basename "$model").lathe
  if [ ! -f "$seed" ] && [ "$(stat -c %s "$model")" -lt 60000 ]; then "$lathe" convert "$model" --recipe fuse -o "$seed" >/dev/null 2>&1 || rm -f "$seed"; fi
done
exec .build/fuzz/release/lathe-fuzz .build/fuzz/corpus -artifact_prefix=.build/fuzz/findings/ -max_len=65536 -timeout=25 -rss_limit_mb=3000 \
  -max_total_time="$seconds" -print_final_stats=1
