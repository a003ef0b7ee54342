"""Times tokenizers on one core: Lathe's and Hugging Face's, on the same texts in one run.

Usage: tokenize_peers.py LATHE VOCAB TEXTS.jsonl|TEXTS.txt [--rounds 5]

Needs tokenizers from PyPI. VOCAB is a vocab.txt, read as lower-cased, or a tokenizer.json. Each round encodes all texts
once by encode_batch, and by `lathe bench VOCAB --texts TEXTS`. Prints the median of the microseconds that a text took, and
the ratio.
"""
import argparse
import json
import os
import statistics
import subprocess
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import tokenizers


def read(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        if path.endswith(".txt"):
            return [line.rstrip("\n").rstrip("\r") for line in file]
        return [json.loads(line)["text"] for line in file if line.strip()]


def peer(path):
    if not path.endswith(".json"):
        return tokenizers.BertWordPieceTokenizer(path)
    tokenizer = tokenizers.Tokenizer.from_file(path)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def encode(tokenizer, texts, batch=1000):
    """Microseconds a text, and how many tokens there are."""
    seconds = tokens = 0
    for start in range(0, len(texts), batch):
        part = texts[start : start + batch]
        begin = time.perf_counter()
        encoded = tokenizer.encode_batch(part)
        seconds += time.perf_counter() - begin
        tokens += sum(len(row) for row in encoded)
    return seconds / len(texts) * 1e6, tokens


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ["lathe", "vocab", "texts"]:
        parser.add_argument(name)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    # The children inherit it.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    texts = read(arguments.texts)
    tokenizer = peer(arguments.vocab)
    command = [arguments.lathe, "bench", arguments.vocab, "--texts", arguments.texts, "--seconds", "1", "--json"]
    theirs, ours = [], []
    for _ in range(arguments.rounds):
        microseconds, tokens = encode(tokenizer, texts)
        result = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        if (result["texts"], result["tokens"]) != (len(texts), tokens):
            raise SystemExit(f"Lathe has {result['texts']} texts of {result['tokens']} tokens, tokenizers {len(texts)} of {tokens}")
        theirs.append(microseconds)
        ours.append(result["median_us"])
    size = sum(len(text.encode()) for text in texts) / len(texts)
    print(f"{len(texts)} texts of {size:.0f} bytes, {tokens} tokens; microseconds a text on one core, median (least to most)")
    for name, times in [(f"tokenizers {tokenizers.__version__}", theirs), ("lathe", ours)]:
        print(f"{name:20} {statistics.median(times):8.2f}  ({min(times):.2f} to {max(times):.2f})")
    print(f"{'ratio':20} {statistics.median(theirs) / statistics.median(ours):8.1f}")


if __name__ == "__main__":
    main()
