"""Writes cases-microsoft.json: operators of the domain com.microsoft, with what ONNX Runtime computes for seeded inputs.

Standard operators that ONNX has no tests of are here too.

Run with a Python that has onnx and onnxruntime (the expectations checked in are those of onnxruntime 1.31.1):

    python3 Tests/Operators/make_microsoft_cases.py
"""
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from make_cases import attribute, described

FOLDER = pathlib.Path(__file__).parent
random = np.random.default_rng(11)


def floats(*shape):
    return random.standard_normal(shape).astype(np.float32)


def integers(dtype, *shape):
    bounds = np.iinfo(dtype)
    return random.integers(bounds.min, bounds.max, shape, dtype=dtype, endpoint=True)


def scalar(value, dtype=np.float32):
    return np.array(value, dtype)


def run(name, operator, inputs, outputs=1, tolerance=1e-5, domain="com.microsoft", **attributes):
    """A case of one node; inputs that are None are left out, and so are outputs."""
    names = [f"i{index}" if value is not None else "" for index, value in enumerate(inputs)]
    count = outputs if isinstance(outputs, int) else max(outputs) + 1
    wanted = range(outputs) if isinstance(outputs, int) else outputs
    results = [f"o{index}" if index in wanted else "" for index in range(count)]
    node = helper.make_node(operator, names, results, domain=domain, **attributes)
    kind = helper.np_dtype_to_tensor_dtype
    graph = helper.make_graph(
        [node], name,
        [helper.make_tensor_value_info(n, kind(v.dtype), v.shape) for n, v in zip(names, inputs) if n],
        [helper.make_empty_tensor_value_info(n) for n in results if n])
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    given = {n: v for n, v in zip(names, inputs) if n}
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        expected = dict(zip([n for n in results if n], session.run(None, given)))
    except Exception as error:  # ONNX Runtime has no common base for what it raises
        print(f"left out {name}: {str(error).splitlines()[0][:150]}")
        return None
    return {
        "name": f"runtime_{name}",
        "operator": operator,
        "domain": domain,
        "attributes": {proto.name: attribute(proto) for proto in node.attribute},
        "inputs": [described(value) if value is not None else None for value in inputs],
        "outputs": [described(expected[n]) if n else None for n in results],
        "relative": tolerance,
        "absolute": tolerance,
    }


def elementwise():
    x = floats(2, 3, 8)
    yield run("gelu", "Gelu", [x])
    yield run("bias_gelu", "BiasGelu", [x, floats(8)])
    yield run("fast_gelu", "FastGelu", [x], tolerance=1e-4)
    yield run("fast_gelu_bias", "FastGelu", [x, floats(8)], tolerance=1e-4)
    for p in (1, 2, 3):
        yield run(f"global_lp_pool_{p}", "GlobalLpPool", [floats(2, 3, 4, 5)], domain="", p=p)
    yield run("quick_gelu", "QuickGelu", [x], alpha=1.5)
    for dtype in (np.uint8, np.int8):
        # Scales of few digits make ties of every few elements.
        for label, scales in (("", (0.0317, 0.0531, 0.0772)), ("_ties", (0.03, 0.05, 0.08))):
            a, b = integers(dtype, 9, 40), integers(dtype, 40)
            for operator in ("QLinearAdd", "QLinearMul"):
                # Products are larger.
                last = scales[2] * (10 if operator == "QLinearMul" else 1)
                operands = [a, scalar(scales[0]), scalar(7, dtype), b, scalar(scales[1]), scalar(3, dtype)]
                yield run(
                    f"{operator}_{dtype.__name__}{label}".lower(), operator, operands + [scalar(last), scalar(2, dtype)], tolerance=0)


def normalizations():
    x, gamma, beta, bias = floats(2, 3, 8), floats(8), floats(8), floats(8)
    for label, skip in (("", floats(2, 3, 8)), ("_batchless", floats(3, 8)), ("_one", floats(1, 3, 8))):
        yield run(f"skip_layer_normalization{label}", "SkipLayerNormalization", [x, skip, gamma, beta, bias], [0, 3])
    yield run("skip_layer_normalization_plain", "SkipLayerNormalization", [x, floats(2, 3, 8), gamma], epsilon=1e-3)
    ids, segments = random.integers(0, 9, (2, 3), np.int32), random.integers(0, 2, (2, 3), np.int32)
    mask = np.array([[1, 1, 0], [1, 1, 1]], np.int32)
    words, positions, types = floats(9, 8), floats(5, 8), floats(2, 8)
    embed = "EmbedLayerNormalization"
    yield run("embed_all", embed, [ids, segments, words, positions, types, gamma, beta, mask], 3)
    yield run("embed_plain", embed, [ids, None, words, positions, None, gamma, beta], 2)
    places = np.array([[2, 1, 0]], np.int32)
    yield run("embed_positions", embed, [ids, segments, words, positions, types, gamma, beta, mask, places], 2, epsilon=1e-5)


def products():
    a, b = floats(2, 3, 4), floats(2, 4, 5)
    yield run("fused_matmul", "FusedMatMul", [a, b], alpha=0.5)
    yield run("fused_matmul_trans", "FusedMatMul", [a, floats(2, 5, 4)], transB=1, alpha=0.125)
    yield run("fused_matmul_trans_a", "FusedMatMul", [floats(2, 4, 3), b], transA=1)
    yield run("fused_matmul_batch", "FusedMatMul", [floats(3, 2, 4), floats(5, 2, 4)], transBatchA=1, transBatchB=1, transB=1)
    for dtype in (np.uint8, np.int8):
        weight = integers(dtype, 4, 5)
        zeros = integers(dtype, 5)
        label = dtype.__name__
        left = integers(np.uint8, 2, 3, 4)
        scales = np.abs(floats(5)) * np.float32(0.01)
        yield run(
            f"matmul_integer_to_float_{label}", "MatMulIntegerToFloat",
            [left, weight, scalar(0.02), scalar(0.01), scalar(120, np.uint8), scalar(3, dtype), floats(5)], tolerance=1e-4)
        yield run(
            f"matmul_integer_to_float_columns_{label}", "MatMulIntegerToFloat",
            [left, weight, scalar(0.02), scales, None, zeros], tolerance=1e-4)
        yield run(
            f"dynamic_quantize_matmul_{label}", "DynamicQuantizeMatMul", [a, weight, scalar(0.01), scalar(3, dtype), floats(5)],
            tolerance=1e-4)
        yield run(f"dynamic_quantize_matmul_columns_{label}", "DynamicQuantizeMatMul", [a, weight, scales, zeros], tolerance=1e-4)
    yield from gemms()


def gemms():
    a, b, c = integers(np.uint8, 3, 4), integers(np.int8, 4, 5), random.integers(-900, 900, (5,), np.int32)
    scales, zeros = np.abs(floats(5)) * np.float32(0.01), np.zeros(5, np.int8)
    operands = [a, scalar(0.02), scalar(11, np.uint8), b, scalar(0.01), scalar(3, np.int8)]
    yield run("qgemm", "QGemm", operands + [c, scalar(0.2), scalar(100, np.uint8)], tolerance=0)
    yield run("qgemm_float", "QGemm", operands, alpha=0.5)
    columns = [a, scalar(0.02), scalar(11, np.uint8), np.ascontiguousarray(b.T), scales, zeros]
    yield run("qgemm_columns", "QGemm", columns + [c, scalar(0.2), scalar(100, np.uint8)], transB=1, tolerance=0)


def attentions():
    x, weight, bias = floats(2, 3, 8), floats(8, 24), floats(24)
    masks = {
        "": None, "_lengths": np.array([3, 2], np.int32), "_ranges": np.array([3, 2, 1, 0], np.int32),
        "_raw": np.array([[1, 1, 0], [1, 0, 1]], np.int32),
        "_queries": random.integers(0, 2, (2, 3, 3), np.int32),
    }
    for label, mask in masks.items():
        yield run(f"attention{label}", "Attention", [x, weight, bias, mask], num_heads=2)
        yield run(f"attention_causal{label}", "Attention", [x, weight, bias, mask], num_heads=2, unidirectional=1)
    yield run("attention_present", "Attention", [x, weight, bias], 2, num_heads=2, scale=0.3)
    yield run(
        "attention_past", "Attention", [x, weight, bias, None, floats(2, 2, 2, 4, 4)], 2, num_heads=2, unidirectional=1)
    yield run("attention_bias", "Attention", [x, weight, bias, masks["_raw"], None, floats(1, 2, 3, 3)], num_heads=2)
    yield run(
        "attention_sizes", "Attention", [x, floats(8, 20), floats(20)], num_heads=2, qkv_hidden_sizes=[8, 8, 4],
        mask_filter_value=-1000.0)
    q, k, v = floats(2, 3, 8), floats(2, 5, 8), floats(2, 5, 4)
    multi = "MultiHeadAttention"
    yield run("multi_head", multi, [q, k, v], num_heads=2)
    yield run("multi_head_bias", multi, [q, k, v, floats(20)], num_heads=2, scale=0.7)
    keep = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32)
    yield run("multi_head_mask", multi, [q, k, v, None, keep], num_heads=2)
    yield run("multi_head_attention_bias", multi, [q, k, v, None, None, floats(2, 1, 3, 5)], num_heads=2)
    own = floats(2, 3, 8)
    past = [floats(2, 2, 4, 4), floats(2, 2, 4, 4)]
    yield run("multi_head_past", multi, [q, own, own, floats(24), None, None] + past, 3, num_heads=2)
    yield run("multi_head_causal", multi, [q, own, own], num_heads=2, unidirectional=1)
    yield run("multi_head_cross", multi, [q, floats(2, 2, 5, 4), floats(2, 2, 5, 4)], num_heads=2)
    yield from quantized_attentions()


def quantized_attentions():
    for dtype in (np.uint8, np.int8):
        label = dtype.__name__
        x, weight = integers(np.uint8, 2, 3, 8), integers(dtype, 8, 24)
        lengths = np.array([3, 2], np.int32)
        operands = [x, weight, floats(24), scalar(0.01), scalar(0.01), lengths, scalar(110, np.uint8), scalar(5, dtype)]
        yield run(f"qattention_{label}", "QAttention", operands, num_heads=2, tolerance=1e-4)
        operands = [x, weight, floats(24), scalar(0.01), np.abs(floats(24)) * np.float32(0.01), None, scalar(110, np.uint8),
                    integers(dtype, 24), floats(2, 2, 2, 4, 4)]
        yield run(f"qattention_past_{label}", "QAttention", operands, 2, num_heads=2, unidirectional=1, tolerance=1e-4)


def main():
    cases = []
    for family in (elementwise, normalizations, products, attentions):
        for case in family():
            if case:
                cases.append(json.dumps(case, sort_keys=True, allow_nan=False))
    (FOLDER / "cases-microsoft.json").write_text("[\n" + ",\n".join(cases) + "\n]\n")
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    main()
