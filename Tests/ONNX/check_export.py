#!/usr/bin/env python3
"""Exits 0 if MODEL passes onnx.checker and, where onnxruntime is installed, gives REFERENCE's outputs within 1e-5.

Usage: check_export.py MODEL [REFERENCE]
"""
import sys

import numpy as np
import onnx

LENGTHS = {"batch": 3, "seq": 11}


def run(path, seed=5):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options)
    random = np.random.default_rng(seed)
    feeds = {}
    for value in session.get_inputs():
        shape = [d if isinstance(d, int) else LENGTHS["batch" if i == 0 else "seq"] for i, d in enumerate(value.shape)]
        kind = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}.get(value.type)
        if kind is None:
            feeds[value.name] = random.standard_normal(shape, dtype=np.float32)
        else:
            high = LENGTHS["seq"] if "len" in value.name else 2 if "mask" in value.name or "type" in value.name else 1000
            feeds[value.name] = random.integers(1 if high > 2 else 0, high, shape).astype(kind)
    return session.run(None, feeds)


model = sys.argv[1]
onnx.checker.check_model(model, full_check=True)
try:
    import onnxruntime
except ImportError:
    sys.exit(0)
opsets = {entry.domain: entry.version for entry in onnx.load(model, load_external_data=False).opset_import}
# The newest operator sets come before the runtime that knows them.
if len(sys.argv) > 2 and opsets[""] <= 23:
    for a, b in zip(run(model), run(sys.argv[2]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
