#!/usr/bin/env python3
"""Writes embeddings.json: tables, and the codes and dictionaries that PaddleSlim's quant_embedding (type "log") makes of them.

Written from what that function computes, in NumPy and in its precision (32-bit floats throughout), so that nothing of Lathe's enters into it:
    python3 Tests/Passes/Paddle/make_embeddings.py
"""
import json
import pathlib

import numpy as np

STEP, ENTRIES = 0.125, 128


def quantized(table):
    with np.errstate(divide="ignore"):  # the logarithm of zero is minus infinity, and that is a bucket like any other
        logarithms = np.round(np.log2(np.abs(table)) / STEP) * STEP
    dictionary = np.unique(logarithms)[-ENTRIES:]
    codes = np.empty(table.shape, np.int64)
    for place, value in np.ndenumerate(logarithms):
        after = int(np.searchsorted(dictionary, value))
        isNearerBefore = after > 0 and (
            after == len(dictionary) or abs(dictionary[after - 1] - value) < abs(dictionary[after] - value))
        codes[place] = after - 1 if isNearerBefore else after
    codes[table < 0] -= 128
    return codes.astype(np.int8), np.power(2, dictionary).astype(np.float32)


def tables():
    random = np.random.default_rng(20)
    wide = random.normal(size=(40, 12)) * np.exp2(random.uniform(-22, 1, size=(40, 12)))
    wide[3] = 0
    wide[5, 2] = -0.0
    yield "wide", wide
    narrow = random.normal(size=(16, 70)) * 0.05
    narrow[0] = 0
    yield "narrow", np.where(np.abs(narrow) < 1e-3, 2e-3, narrow)
    signs = np.exp2(np.arange(-80, 80).reshape(20, 8) / 8.0)
    yield "powers", np.where(np.arange(160).reshape(20, 8) % 3 == 0, -signs, signs)


def main():
    cases = []
    for name, table in tables():
        table = table.astype(np.float32)
        codes, dictionary = quantized(table)
        cases.append({
            "name": name,
            "shape": list(table.shape),
            # Bits, so that reading them rounds nothing.
            "table": table.view(np.uint32).ravel().tolist(),
            "codes": codes.ravel().tolist(),
            "dictionary": dictionary.view(np.uint32).tolist(),
        })
    text = ",\n".join(json.dumps(case) for case in cases)
    path = pathlib.Path(__file__).parent / "embeddings.json"
    path.write_text(f"[\n{text}\n]\n")


main()
