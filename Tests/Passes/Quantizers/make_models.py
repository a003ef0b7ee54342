#!/usr/bin/env python3
"""Quantizes a small model in the forms that tools write, with inputs and ONNX Runtime's outputs beside them; needs onnx and onnxruntime.

Usage: make_models.py [FOLDER]

Writes <FOLDER>/<form>/{model.onnx,input_0.pb,output_0.pb}. Weights and inputs come from fixed seeds. The forms:

qdq-*      onnxruntime.quantization.quantize_static, QuantFormat.QDQ: type of activations, type of weights, per tensor or per channel
qop-*      the same, QuantFormat.QOperator
dynamic-*  quantize_dynamic: DynamicQuantizeLinear and MatMulInteger
*-fused    what ONNX Runtime's own optimizer makes of one of these: DynamicQuantizeMatMul, MatMulIntegerToFloat, QGemm
trainer    as quantization-aware training leaves it: nodes around the operands of products alone, weights turned over behind their DequantizeLinear

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


def constants():
    rng = np.random.default_rng(7)
    sizes = {"table": (WORDS, WIDTH), "w1": (WIDTH, INNER), "b1": (INNER,), "w2": (INNER, WIDTH), "b2": (WIDTH,), "w3": (CLASSES, WIDTH), "b3": (CLASSES,)}
    return {name: (rng.standard_normal(size) / 3).astype(np.float32) for name, size in sizes.items()}


def value(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def model(nodes, initializers, opset=17):
    graph = helper.make_graph(
        nodes, "small", [value("ids", TensorProto.INT64, ["batch", 6])], [value("y", TensorProto.FLOAT, ["batch", CLASSES])],
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


class Samples(CalibrationDataReader):
    def __init__(self):
        self.items = iter(np.random.default_rng(1).integers(0, WORDS, (20, 3, 6)))

    def get_next(self):
        ids = next(self.items, None)
        return None if ids is None else {"ids": ids.astype(np.int64)}


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


def optimized(source, target):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(target)
    ort.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def write(folder, form, path):
    target = folder / form
    target.mkdir(parents=True, exist_ok=True)
    quantized = onnx.load(path)
    # What is said of the tool changes with its version.
    del quantized.metadata_props[:]
    del quantized.graph.value_info[:]
    onnx.save(quantized, target / "model.onnx")
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    ids = np.random.default_rng(2).integers(0, WORDS, (7, 6)).astype(np.int64)
    session = ort.InferenceSession(str(target / "model.onnx"), options, providers=["CPUExecutionProvider"])
    (target / "input_0.pb").write_bytes(numpy_helper.from_array(ids, "ids").SerializeToString())
    (target / "output_0.pb").write_bytes(numpy_helper.from_array(session.run(None, {"ids": ids})[0], "y").SerializeToString())
    kinds = sorted({node.op_type for node in quantized.graph.node})
    print(f"{form}: {(target / 'model.onnx').stat().st_size} bytes, {', '.join(kinds)}")


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "models"
    scratch = pathlib.Path(tempfile.mkdtemp())
    source = scratch / "floats.onnx"
    onnx.save(floats(), source)
    u8, i8 = QuantType.QUInt8, QuantType.QInt8
    static = [("u8", "i8", False, False), ("u8", "i8", True, False), ("u8", "u8", False, False), ("i8", "i8", True, False), ("i8", "i8", False, True)]
    for style, form in (("qdq", QuantFormat.QDQ), ("qop", QuantFormat.QOperator)):
        for activations, weights, per_channel, symmetric in static:
            name = f"{style}-{activations}-{weights}-{'channel' if per_channel else 'tensor'}{'-symmetric' if symmetric else ''}"
            types = {"u8": u8, "i8": i8}
            quantize_static(
                source, scratch / "made.onnx", Samples(), quant_format=form, per_channel=per_channel, activation_type=types[activations],
                weight_type=types[weights], reduce_range=style == "qop" and activations != weights, extra_options={"ActivationSymmetric": symmetric})
            write(folder, name, scratch / "made.onnx")
    quantize_static(
        source, scratch / "made.onnx", Samples(), quant_format=QuantFormat.QDQ, activation_type=u8, weight_type=i8, op_types_to_quantize=["MatMul", "Gemm"])
    write(folder, "qdq-u8-i8-products", scratch / "made.onnx")
    for weights, per_channel in ((i8, True), (u8, False)):
        name = f"dynamic-{'i8-channel' if weights == i8 else 'u8-tensor'}"
        quantize_dynamic(source, scratch / "made.onnx", weight_type=weights, per_channel=per_channel, reduce_range=weights == i8)
        write(folder, name, scratch / "made.onnx")
        optimized(scratch / "made.onnx", scratch / "fused.onnx")
        write(folder, f"{name}-fused", scratch / "fused.onnx")
    onnx.save(trainer(), scratch / "made.onnx")
    write(folder, "trainer", scratch / "made.onnx")
    optimized(scratch / "made.onnx", scratch / "fused.onnx")
    write(folder, "trainer-fused", scratch / "fused.onnx")


if __name__ == "__main__":
    main()
