#!/usr/bin/env python3
"""Weight clustering: every matrix keeps a few distinct values, found by k-means over its elements.

  lathe convert model.onnx -o model.lathe --samples dev.jsonl --pass exec:Examples/plugins/cluster_weights.py:clusters=32

Lathe calls it with INPUT.onnx OUTPUT.onnx OPTIONS.json. It needs onnx and numpy.
"""

import json
import sys

import numpy as np
import onnx
from onnx import numpy_helper


def cluster(weights: np.ndarray, clusters: int, rounds: int) -> np.ndarray:
    """Lloyd's algorithm in one dimension, begun at the quantiles."""
    values = weights.reshape(-1).astype(np.float64)
    centres = np.unique(np.quantile(values, np.linspace(0, 1, clusters)))
    for _ in range(rounds):
        nearest = np.searchsorted((centres[1:] + centres[:-1]) / 2, values)
        counts = np.bincount(nearest, minlength=len(centres))
        sums = np.bincount(nearest, weights=values, minlength=len(centres))
        centres = np.sort(np.where(counts > 0, sums / np.maximum(counts, 1), centres))
    nearest = np.searchsorted((centres[1:] + centres[:-1]) / 2, values)
    return centres[nearest].astype(weights.dtype).reshape(weights.shape)


def main() -> None:
    source, destination, settings = sys.argv[1:4]
    with open(settings) as file:
        options = json.load(file)
    unknown = set(options) - {"clusters", "rounds", "least_elements"}
    if unknown:
        sys.exit(f"unknown options: {', '.join(sorted(unknown))}")
    clusters, rounds = int(options.get("clusters", 32)), int(options.get("rounds", 10))
    if clusters < 1:
        sys.exit(f"clusters is at least 1, not {clusters}")
    model = onnx.load(source)
    done, declined = [], []
    for tensor in model.graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if weights.ndim < 2 or weights.dtype.kind != "f":
            continue
        if weights.size < int(options.get("least_elements", 1024)):
            declined.append({"subject": tensor.name, "reason": f"it has only {weights.size} elements"})
            continue
        tensor.CopyFrom(numpy_helper.from_array(cluster(weights, clusters, rounds), tensor.name))
        done.append(tensor.name)
    onnx.save(model, destination)
    statement = {
        "guarantee": {"metric": "cosine", "bound": 0.9},
        "done": done,
        "declined": declined,
        "notes": [f"{len(done)} matrices have at most {clusters} distinct values each"],
    }
    with open(destination + ".json", "w") as file:
        json.dump(statement, file)


if __name__ == "__main__":
    main()
