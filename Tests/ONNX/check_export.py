#!/usr/bin/env python3
"""Exits 0 if every MODEL passes onnx.checker and, where onnxruntime is installed, gives its REFERENCE's outputs within 1e-5.

Usage: check_export.py MODEL REFERENCE [MODEL REFERENCE …]
"""
import sys

import numpy as np
import onnx

LENGTHS = {"batch": 3, "seq": 11}
# The newest operator set that the installed runtime certainly knows.
NEWEST_RUNNABLE = 23


def session(path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(path, options)


def feeds(inputs, random):
    made = {}
    for value in inputs:
        shape = [d if isinstance(d, int) else LENGTHS["batch" if i == 0 else "seq"] for i, d in enumerate(value.shape)]
        kind = {"tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(uint8)": np.uint8}.get(value.type)
        if kind is None:
            made[value.name] = random.standard_normal(shape).astype(np.float32)
        else:
            high = LENGTHS["seq"] if "len" in value.name else 2 if "mask" in value.name or "type" in value.name else 1000
            made[value.name] = random.integers(1 if high > 2 else 0, high, shape).astype(kind)
    return made


def check(model, reference):
    loaded = onnx.load(model)
    if any(not output.type.tensor_type.HasField("shape") for output in loaded.graph.output):
        # The checker wants shapes of outputs even where nothing is known of them.
        onnx.checker.check_model(onnx.shape_inference.infer_shapes(loaded, check_type=True, strict_mode=True))
    else:
        onnx.checker.check_model(model, full_check=True)
    if any(entry.domain == "" and entry.version > NEWEST_RUNNABLE for entry in loaded.opset_import):
        return
    try:
        one, other = session(model), session(reference)
    except ImportError:
        return
    except Exception as fault:
        if "NOT_IMPLEMENTED" in str(fault):
            return
        raise
    given = feeds(one.get_inputs(), np.random.default_rng(5))
    for a, b in zip(one.run(None, given), other.run(None, given), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


for model, reference in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
    try:
        check(model, reference)
    except Exception as fault:
        sys.exit(f"{model}: {fault}")
