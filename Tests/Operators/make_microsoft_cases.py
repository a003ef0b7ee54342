"""Writes cases-microsoft.json: operators of the domain com.microsoft, with what ONNX Runtime computes for seeded inputs.

Standard operators that ONNX has no tests of are here too.

Run with a Python that has onnx and onnxruntime (the expectations checked in are those of onnxruntime 1.31.1):

    python3 Tests/Operators/make_microsoft_cases.py
"""
import json
import pathlib
import sys

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
    # Types that ONNX Runtime does not infer.
    typed = {"o3"} if operator == "MultiHeadAttention" else set()
    node = helper.make_node(operator, names, results, domain=domain, **attributes)
    kind = helper.np_dtype_to_tensor_dtype
    graph = helper.make_graph(
        [node], name,
        [helper.make_tensor_value_info(n, kind(v.dtype), v.shape) for n, v in zip(names, inputs) if n],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) if n in typed else helper.make_empty_tensor_value_info(n)
         for n in results if n])
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


def scores():
    """The scores of an attention before the softmax."""
    q, k, v = floats(2, 3, 8), floats(2, 5, 8), floats(2, 5, 8)
    keep = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32)
    yield run("multi_head_scores", "MultiHeadAttention", [q, k, v], [0, 3], num_heads=2)
    yield run("multi_head_scores_mask", "MultiHeadAttention", [q, k, v, None, keep], [0, 3], num_heads=2)
    yield run("multi_head_scores_bias", "MultiHeadAttention", [q, k, v, None, None, floats(2, 2, 3, 5)], [0, 3], num_heads=2)


def quantized_functions():
    for dtype in (np.uint8, np.int8):
        label, every = dtype.__name__, np.arange(256, dtype=np.uint8).view(dtype).reshape(4, 64)
        zero = scalar(0 if dtype is np.int8 else 128, dtype)
        least = scalar(np.iinfo(dtype).min, dtype)
        yield run(f"qlinear_sigmoid_{label}", "QLinearSigmoid", [every, scalar(0.05), zero, scalar(1 / 256), least], tolerance=0)
        yield run(f"qlinear_leaky_relu_{label}", "QLinearLeakyRelu", [every, scalar(0.03), zero, scalar(0.02), zero], alpha=0.2, tolerance=0)
        yield run(f"qlinear_leaky_relu_plain_{label}", "QLinearLeakyRelu", [every, scalar(0.5), None, scalar(0.25), None], tolerance=0)
        rows = integers(dtype, 5, 3, 7)
        for opset, axis in ((13, -1), (13, 1), (13, 0), (12, 1), (12, 2)):
            yield run(
                f"qlinear_softmax_{label}_{opset}_{axis % 3}", "QLinearSoftmax",
                [rows, scalar(0.03), zero, scalar(1 / 256), least], opset=opset, axis=axis, tolerance=0)
        parts = [integers(dtype, 2, 3, 4), scalar(0.1), zero, integers(dtype, 2, 2, 4), scalar(0.08), scalar(3, dtype)]
        yield run(f"qlinear_concat_{label}", "QLinearConcat", [scalar(0.1), zero] + parts, axis=1, tolerance=0)
        where = [random.integers(0, 2, (3, 1)).astype(bool), integers(dtype, 3, 4), scalar(0.1), zero, integers(dtype, 4), scalar(0.2), least]
        yield run(f"qlinear_where_{label}", "QLinearWhere", where + [scalar(0.15), zero], tolerance=0)
        image = integers(dtype, 2, 3, 5, 6)
        scales = [scalar(0.04), zero, scalar(0.03), zero]
        for last in (0, 1):
            yield run(f"qlinear_global_average_{label}_{last}", "QLinearGlobalAveragePool", [image] + scales, channels_last=last, tolerance=0)
            yield run(
                f"qlinear_average_{label}_{last}", "QLinearAveragePool", [image, scalar(0.04), zero, scalar(0.04), zero],
                kernel_shape=[2, 2], strides=[1, 1] if last else [2, 1], pads=[1, 0, 0, 1], channels_last=last, tolerance=0)
        yield run(
            f"qlinear_average_padded_{label}", "QLinearAveragePool", [image] + scales, kernel_shape=[3, 3], pads=[1, 1, 1, 1],
            count_include_pad=1, tolerance=0)
        yield run(f"nhwc_max_pool_{label}", "NhwcMaxPool", [image], kernel_shape=[2, 3], strides=[2, 1], pads=[0, 1, 1, 0], tolerance=0)
        weight = integers(np.int8, 4, 3, 2, 2)
        for last in (0, 1):
            x = np.ascontiguousarray(np.moveaxis(image, 1, -1)) if last else image
            operands = [x, scalar(0.04), zero, weight, np.abs(floats(4)) * np.float32(0.01), np.zeros(4, np.int8), scalar(0.5), zero]
            yield run(
                f"qlinear_conv_{label}_{last}", "QLinearConv", operands + [random.integers(-900, 900, (4,), np.int32)],
                channels_last=last, pads=[1, 0, 0, 1], strides=[2, 1], tolerance=0)
    for dtype in (np.uint8, np.int8, np.uint16, np.int16):
        label, x = dtype.__name__, floats(3, 4) * np.float32(20)
        yield run(f"quantize_{label}", "QuantizeLinear", [x, scalar(0.1), scalar(5, dtype)], tolerance=0)
        yield run(
            f"quantize_columns_{label}", "QuantizeLinear", [x, np.abs(floats(4)) + np.float32(0.01), integers(dtype, 4)], axis=1,
            tolerance=0)
        yield run(
            f"dequantize_{label}", "DequantizeLinear", [integers(dtype, 3, 4), scalar(0.1), scalar(5, dtype)], tolerance=0)
        yield run(
            f"dequantize_rows_{label}", "DequantizeLinear", [integers(dtype, 3, 4), np.abs(floats(3)), integers(dtype, 3)],
            axis=0, tolerance=0)


def fusions():
    x, w, b, z = floats(2, 3, 5, 5), floats(4, 3, 3, 3), floats(4), floats(2, 4, 3, 3)
    yield run("fused_conv_relu", "FusedConv", [x, w, b], activation="Relu", tolerance=1e-4)
    yield run("fused_conv_sum", "FusedConv", [x, w, b, z], activation="Relu", tolerance=1e-4)
    yield run("fused_conv_leaky", "FusedConv", [x, w], activation="LeakyRelu", activation_params=[0.3], tolerance=1e-4)
    yield run("fused_conv_clip", "FusedConv", [x, w, b], activation="Clip", activation_params=[-1.0, 2.0], tolerance=1e-4)
    yield run("fused_conv_hard_sigmoid", "FusedConv", [x, w, b], activation="HardSigmoid", activation_params=[0.3, 0.4], tolerance=1e-4)
    for name in ("Tanh", "Sigmoid"):
        yield run(f"fused_conv_{name.lower()}", "FusedConv", [x, w, b], activation=name, tolerance=1e-4)
    a, b, c = floats(3, 4), floats(5, 4), floats(5)
    for name, parameters in (
        ("Relu", {}), ("Tanh", {}), ("Sigmoid", {}), ("Softplus", {}), ("Softsign", {}), ("LeakyRelu", {"activation_alpha": 0.2}),
        ("Elu", {"activation_alpha": 0.7}), ("ThresholdedRelu", {"activation_alpha": 0.4}),
        ("HardSigmoid", {"activation_alpha": 0.3, "activation_beta": 0.6}), ("Selu", {"activation_alpha": 1.5, "activation_gamma": 1.1})):
        yield run(f"fused_gemm_{name.lower()}", "FusedGemm", [a, b, c], transB=1, alpha=0.5, activation=name, **parameters)
    x, gamma, bias = floats(2, 3, 8), floats(8), floats(8)
    skip = "SkipSimplifiedLayerNormalization"
    yield run("skip_simplified", skip, [x, floats(2, 3, 8), gamma], [0, 3])
    yield run("skip_simplified_bias", skip, [x, floats(3, 8), gamma, bias], [0, 3], epsilon=1e-5)
    yield run("simplified", "SimplifiedLayerNormalization", [x, gamma], 2, domain="")
    yield run("simplified_axis", "SimplifiedLayerNormalization", [x, floats(3, 8)], 1, domain="", axis=1, epsilon=1e-3)
    ids, segments = random.integers(0, 9, (2, 3), np.int32), random.integers(0, 2, (2, 3), np.int32)
    mask = np.array([[1, 1, 0], [1, 1, 1]], np.int32)
    for dtype in (np.uint8, np.int8):
        tables = [integers(dtype, 9, 8), integers(dtype, 5, 8), integers(dtype, 2, 8), integers(dtype, 8), integers(dtype, 8)]
        scales = [scalar(value) for value in (0.01, 0.02, 0.03, 0.04, 0.05)]
        zeros = [scalar(value, dtype) for value in (3, 5, 7, 9, 11)]
        yield run(
            f"qembed_{dtype.__name__}", "QEmbedLayerNormalization", [ids, segments] + tables + [mask] + scales + zeros, 2, epsilon=1e-6)
    yield from recurrences()


def recurrences():
    for dtype in (np.uint8, np.int8):
        for direction, count in (("forward", 1), ("reverse", 1), ("bidirectional", 2)):
            zeros = np.full((count,), 0 if dtype is np.int8 else 127, dtype)
            w, r = integers(dtype, count, 5, 12), integers(dtype, count, 3, 12)
            scales = np.abs(floats(count)) * np.float32(0.01) + np.float32(0.001)
            # One sequence, which no threads can share. Sigmoid and tanh are approximations there.
            operands = [floats(6, 1, 5), w, r, floats(count, 24), None, None, None, None, scales, zeros, scales[::-1].copy(), zeros]
            yield run(
                f"dynamic_lstm_{dtype.__name__}_{direction}", "DynamicQuantizeLSTM", operands, 3, tolerance=1e-4,
                direction=direction, hidden_size=3)


def main():
    # Without VNNI, ONNX Runtime's products of unsigned by signed bytes saturate in 16 bits, which is no part of the operators' meaning.
    if "vnni" not in pathlib.Path("/proc/cpuinfo").read_text():
        sys.exit("run this where the processor has VNNI: elsewhere the int8 expectations are wrong")
    cases = []
    for family in (elementwise, normalizations, products, attentions, scores, quantized_functions, fusions):
        for case in family():
            if case:
                cases.append(json.dumps(case, sort_keys=True, allow_nan=False))
    (FOLDER / "cases-microsoft.json").write_text("[\n" + ",\n".join(cases) + "\n]\n")
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    main()
