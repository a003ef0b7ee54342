#!/usr/bin/env python3
"""Quantizes two small models in the forms that tools write, with inputs and ONNX Runtime's outputs beside them; needs onnx and onnxruntime.

Usage: make_models.py [FOLDER]

Writes <FOLDER>/<model>/<form>/{model.onnx,input_0.pb,output_0.pb}: of `models`, a model of products, and of `pictures`, one of convolutions. Weights and
inputs come from fixed seeds. The forms:

qdq-*      onnxruntime.quantization.quantize_static, QuantFormat.QDQ: type of activations, type of weights, per tensor or per channel
qop-*      the same, QuantFormat.QOperator
dynamic-*  quantize_dynamic: DynamicQuantizeLinear and MatMulInteger
*-fused    what ONNX Runtime's own optimizer makes of one of these: DynamicQuantizeMatMul, MatMulIntegerToFloat, QGemm
trainer    as quantization-aware training leaves it: nodes around the operands of products alone, weights turned over behind their DequantizeLinear, those of
           convolutions in float before their QuantizeLinear

Weights that ONNX Runtime multiplies with bytes without a sign have 7 bits there: on processors without VNNI its sums of two products saturate otherwise.
"""
import pathlib
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

HERE = pathlib.Path(__file__).parent
WORDS, WIDTH, INNER, CLASSES = 24, 16, 37, 5
SIDE, FILTERS = 11, 8


def constants():
    rng = np.random.default_rng(7)
    sizes = {"table": (WORDS, WIDTH), "w1": (WIDTH, INNER), "b1": (INNER,), "w2": (INNER, WIDTH), "b2": (WIDTH,), "w3": (CLASSES, WIDTH), "b3": (CLASSES,)}
    return {name: (rng.standard_normal(size) / 3).astype(np.float32) for name, size in sizes.items()}


def value(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def model(nodes, initializers, opset=17, x=None):
    graph = helper.make_graph(
        nodes, "small", [x or value("ids", TensorProto.INT64, ["batch", 6])], [value("y", TensorProto.FLOAT, ["batch", CLASSES])],
        [numpy_helper.from_array(array, name) for name, array in initializers.items()])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    return made


def floats():
    node = helper.make_node
    return model(
        [
            node("Gather", ["table", "ids"], ["x"]),
            node("MatMul", ["x", "w1"], ["p1"]), node("Add", ["p1", "b1"], ["s1"]), node("Relu", ["s1"], ["h1"]),
            node("MatMul", ["h1", "w2"], ["p2"]), node("Add", ["p2", "b2"], ["s2"]), node("Add", ["s2", "x"], ["h2"]),
            node("ReduceMean", ["h2"], ["m"], axes=[1], keepdims=0), node("Gemm", ["m", "w3", "b3"], ["y"], transB=1),
        ], constants())


def ids(seed, *batches):
    return np.random.default_rng(seed).integers(0, WORDS, (*batches, 6)).astype(np.int64)


def pictures(seed, *batches):
    return np.random.default_rng(seed).standard_normal((*batches, 3, SIDE, SIDE)).astype(np.float32)


class Samples(CalibrationDataReader):
    def __init__(self, name, batches):
        self.items = iter([{name: batch} for batch in batches])

    def get_next(self):
        return next(self.items, None)


def trainer():
    node, c = helper.make_node, constants()
    nodes, made = [], {"table": c["table"], "b1": c["b1"], "b2": c["b2"]}

    def activation(name, scale, zero, kind):
        made.update({f"{name}.s": np.float32(scale), f"{name}.z": kind(zero)})
        nodes.append(node("QuantizeLinear", [name, f"{name}.s", f"{name}.z"], [f"{name}.q"]))
        nodes.append(node("DequantizeLinear", [f"{name}.q", f"{name}.s", f"{name}.z"], [f"{name}.d"]))
        return f"{name}.d"

    def weights(name, array, axis):
        scale = (np.abs(array).max(axis=1 - axis) / 127).astype(np.float32)
        codes = np.clip(np.rint(array / np.expand_dims(scale, 1 - axis)), -127, 127).astype(np.int8)
        made.update({f"{name}.q": codes, f"{name}.s": scale, f"{name}.z": np.zeros(scale.shape, np.int8)})
        nodes.append(node("DequantizeLinear", [f"{name}.q", f"{name}.s", f"{name}.z"], [f"{name}.d"], axis=axis))
        return f"{name}.d"

    nodes.append(node("Gather", ["table", "ids"], ["x"]))
    x = activation("x", 0.008, 3, np.int8)
    nodes.append(node("Transpose", [weights("w1", c["w1"].T.copy(), 0)], ["w1.t"], perm=[1, 0]))
    nodes += [node("MatMul", [x, "w1.t"], ["p1"]), node("Add", ["b1", "p1"], ["s1"]), node("Relu", ["s1"], ["h1"])]
    h = activation("h1", 0.02, 0, np.uint8)
    nodes += [node("MatMul", [h, weights("w2", c["w2"], 1)], ["p2"]), node("Add", ["p2", "b2"], ["s2"]), node("Add", ["s2", x], ["h2"])]
    nodes.append(node("ReduceMean", ["h2"], ["m"], axes=[1], keepdims=0))
    m = activation("m", 0.01, 0, np.int8)
    w = weights("w3", c["w3"], 0)
    bias = made["w3.s"] * np.float32(0.01)
    made.update({"b3.q": np.rint(c["b3"] / bias).astype(np.int32), "b3.s": bias})
    nodes.append(node("DequantizeLinear", ["b3.q", "b3.s"], ["b3.d"], axis=0))
    nodes.append(node("Gemm", [m, w, "b3.d"], ["y"], transB=1))
    return model(nodes, made)


def convolution_constants():
    rng = np.random.default_rng(11)
    sizes = {
        "w1": (FILTERS, 3, 3, 3), "b1": (FILTERS,), "w2": (FILTERS, FILTERS, 3, 3), "b2": (FILTERS,), "w3": (FILTERS, 1, 3, 3), "b3": (FILTERS,),
        "w4": (6, FILTERS, 1, 1), "w5": (7, 6, 3), "b5": (7,), "w6": (CLASSES, 7), "b6": (CLASSES,),
    }
    made = {name: rng.standard_normal(size) / np.sqrt(np.prod(size[1:]) if len(size) > 1 else 16) for name, size in sizes.items()}
    return {name: array.astype(np.float32) for name, array in made.items()}


def convolution_nodes(between=lambda name, of: name):
    """Convolutions with padding, residual, stride, groups of one channel, one tap, and along a line; `between` makes what a layer reads."""
    node = helper.make_node
    return [
        node("Conv", [between("x", "x"), between("w1", "w"), "b1"], ["c1"], pads=[1, 1, 1, 1]), node("Relu", ["c1"], ["h1"]),
        node("Conv", [between("h1", "x"), between("w2", "w"), "b2"], ["c2"], pads=[1, 1, 1, 1]), node("Add", ["c2", "h1"], ["s2"]),
        node("Relu", ["s2"], ["h2"]), node("MaxPool", ["h2"], ["p2"], kernel_shape=[2, 2], strides=[2, 2], pads=[0, 0, 1, 1]),
        node("Conv", [between("p2", "x"), between("w3", "w"), "b3"], ["c3"], pads=[1, 0, 1, 1], strides=[2, 1], group=FILTERS),
        node("Clip", ["c3", "zero", "six"], ["h3"]), node("Conv", [between("h3", "x"), between("w4", "w")], ["h4"]),
        node("Reshape", ["h4", "line"], ["l4"]),
        node("Conv", [between("l4", "x"), between("w5", "w"), "b5"], ["c5"], pads=[2, 1], strides=[2], dilations=[2]),
        node("GlobalAveragePool", ["c5"], ["a5"]), node("Flatten", ["a5"], ["f5"]), node("Gemm", [between("f5", "x"), between("w6", "w"), "b6"], ["y"], transB=1),
    ]


def convolution_model(nodes, more):
    made = convolution_constants() | {"zero": np.float32(0), "six": np.float32(6), "line": np.array([0, 6, -1])} | more
    return model(nodes, made, x=value("x", TensorProto.FLOAT, ["batch", 3, SIDE, SIDE]))


def convolution_trainer():
    """Symmetric codes; weights are quantized by the graph itself, each filter with its own scale, to 7 bits: ONNX Runtime drops the activations' sign."""
    constants, made, nodes = convolution_constants(), {}, []
    scales = {"x": 0.03, "h1": 0.025, "p2": 0.03, "h3": 0.02, "l4": 0.02, "f5": 0.01}

    def between(name, of):
        axis = {"axis": 0} if of == "w" else {}
        scale = np.abs(constants[name]).reshape(len(constants[name]), -1).max(axis=1) / 63 if of == "w" else np.array(scales[name])
        made.update({f"{name}.s": scale.astype(np.float32), f"{name}.z": np.zeros(scale.shape, np.int8)})
        step = [helper.make_node("QuantizeLinear", [name, f"{name}.s", f"{name}.z"], [f"{name}.q"], **axis)]
        step.append(helper.make_node("DequantizeLinear", [f"{name}.q", f"{name}.s", f"{name}.z"], [f"{name}.d"], **axis))
        made_before[name] = step
        return f"{name}.d"

    made_before = {}
    for own in convolution_nodes(between):
        for name in own.input:
            nodes += made_before.pop(name.removesuffix(".d"), []) if name.endswith(".d") else []
        nodes.append(own)
    return convolution_model(nodes, made)


def optimized(source, target):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(target)
    ort.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def write(folder, form, path, feed):
    target = folder / form
    target.mkdir(parents=True, exist_ok=True)
    quantized = onnx.load(path)
    # What is said of the tool changes with its version.
    del quantized.metadata_props[:]
    del quantized.graph.value_info[:]
    onnx.save(quantized, target / "model.onnx")
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    ((name, array),) = feed.items()
    session = ort.InferenceSession(str(target / "model.onnx"), options, providers=["CPUExecutionProvider"])
    (target / "input_0.pb").write_bytes(numpy_helper.from_array(array, name).SerializeToString())
    (target / "output_0.pb").write_bytes(numpy_helper.from_array(session.run(None, feed)[0], "y").SerializeToString())
    kinds = sorted({node.op_type for node in quantized.graph.node})
    print(f"{form}: {(target / 'model.onnx').stat().st_size} bytes, {', '.join(kinds)}")


def static_forms(fused):
    """Name, and what quantize_static is told."""
    types = {"u8": QuantType.QUInt8, "i8": QuantType.QInt8}
    forms = [("u8", "i8", False, False), ("u8", "i8", True, False), ("u8", "u8", False, False), ("i8", "i8", True, False), ("i8", "i8", False, True)]
    for style, form in (("qdq", QuantFormat.QDQ), ("qop", QuantFormat.QOperator)):
        for activations, weights, per_channel, symmetric in forms:
            name = f"{style}-{activations}-{weights}-{'channel' if per_channel else 'tensor'}{'-symmetric' if symmetric else ''}"
            yield name, dict(
                quant_format=form, per_channel=per_channel, activation_type=types[activations], weight_type=types[weights],
                reduce_range=(style == "qop" or name in fused) and activations != weights, extra_options={"ActivationSymmetric": symmetric})


def make(folder, floats, trained, feed, batches, only, fused=()):
    """All forms of one model; `only` are the operators of the form that has no others quantized, `fused` those that ONNX Runtime takes further."""
    scratch = pathlib.Path(tempfile.mkdtemp())
    source, made, further = scratch / "floats.onnx", scratch / "made.onnx", scratch / "fused.onnx"
    onnx.save(floats, source)
    (name,) = feed

    def write_fused(form):
        optimized(made, further)
        write(folder, f"{form}-fused", further, feed)

    for form, options in static_forms(fused):
        quantize_static(source, made, Samples(name, batches), **options)
        write(folder, form, made, feed)
        if form in fused:
            write_fused(form)
    quantize_static(
        source, made, Samples(name, batches), quant_format=QuantFormat.QDQ, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        op_types_to_quantize=only)
    write(folder, "qdq-u8-i8-products", made, feed)
    for form, kind in (("dynamic-i8-channel", QuantType.QInt8), ("dynamic-u8-tensor", QuantType.QUInt8)):
        signed = kind == QuantType.QInt8
        quantize_dynamic(source, made, weight_type=kind, per_channel=signed, reduce_range=signed)
        write(folder, form, made, feed)
        write_fused(form)
    onnx.save(trained, made)
    write(folder, "trainer", made, feed)
    write_fused("trainer")


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    make(folder / "models", floats(), trainer(), {"ids": ids(2, 7)}, ids(1, 20, 3), ["MatMul", "Gemm"])
    make(
        folder / "pictures", convolution_model(convolution_nodes(), {}), convolution_trainer(), {"x": pictures(2, 3)}, pictures(1, 20, 2),
        ["Conv", "Gemm"], ["qdq-u8-i8-channel", "qop-i8-i8-channel"])


if __name__ == "__main__":
    main()
