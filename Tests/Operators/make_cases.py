"""Writes cases-PART.json: ONNX's own backend tests of single nodes, for the operators that Lathe has.

Run with a Python that has onnx (the expectations checked in are those of onnx 1.23.2):

    python3 Tests/Operators/make_cases.py PART [FAMILY…]

A family is a folder of Sources/Operators; all are taken where none is named. Operators that another part has cases of already are left to it. Only models in the newest form of their operator are taken, and only tensors; what is left out is printed.
"""
import base64
import json
import pathlib
import re
import sys

import numpy
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx.reference import ReferenceEvaluator

FOLDER = pathlib.Path(__file__).parent
LARGEST_CASE = 110_000  # bytes of tensor data
# Operators whose older versions mean the same wherever their attributes and operands do not tell otherwise.
ONLY_EXTENDED = {"Attention", "QuantizeLinear", "DequantizeLinear"}


def operators(target, families):
    others = set()
    for path in FOLDER.glob("cases*.json"):
        if path != target:
            others.update(entry["operator"] for entry in json.loads(path.read_text()))
    sources = FOLDER.parent.parent / "Sources" / "Operators"
    found = set()
    for path in sources.glob("*/*.swift"):
        if families and path.parent.name not in families:
            continue
        match = re.search(r'(?:OperatorSchema|formal)\(\s*"(\w+)"', path.read_text())
        if match:
            found.add(match.group(1))
    return found - others


def packed(tensor):
    if tensor.data_type == onnx.TensorProto.STRING:
        return [text.decode() for text in tensor.string_data]
    if not tensor.raw_data:
        tensor = numpy_helper.from_array(numpy_helper.to_array(tensor))
    return base64.b64encode(tensor.raw_data).decode()


def described(value):
    if not isinstance(value, onnx.TensorProto):
        value = numpy_helper.from_array(numpy.asarray(value))
    return {"dtype": value.data_type, "shape": list(value.dims), "data": packed(value)}


def attribute(proto):
    value = onnx.helper.get_attribute_value(proto)
    kinds = onnx.AttributeProto
    if proto.type == kinds.TENSOR:
        return {"tensor": described(value)}
    if proto.type == kinds.STRING:
        return {"string": value.decode()}
    if proto.type == kinds.STRINGS:
        return {"strings": [text.decode() for text in value]}
    names = {kinds.INT: "integer", kinds.INTS: "integers", kinds.FLOAT: "float", kinds.FLOATS: "floats"}
    return {names[proto.type]: list(value) if isinstance(value, (list, tuple)) else value}


def reason_to_skip(case, node):
    if node.op_type == "Bernoulli":
        return "drawn by a generator without a seed"
    opset = next(entry.version for entry in case.model.opset_import if entry.domain == node.domain)
    newest = onnx.defs.get_schema(node.op_type, domain=node.domain).since_version
    if opset < newest and node.op_type not in ONLY_EXTENDED:
        return f"opset {opset} is before {newest}"
    for inputs, outputs in case.data_sets:
        for value in list(inputs) + list(outputs):
            if not isinstance(value, (numpy.ndarray, numpy.generic, onnx.TensorProto)):
                return f"not a tensor: {type(value).__name__}"
    return None


def transformed(case, given, expected):
    """What the reference computes in double precision, rounded: the suite's own expectations have noise where the exact result is 0."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    for value in [*model.graph.input, *model.graph.output]:
        if value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT:
            value.type.tensor_type.elem_type = onnx.TensorProto.DOUBLE
    arrays = {name: numpy.asarray(value) for name, value in given.items()}
    wide = {name: array.astype(numpy.float64) if array.dtype == numpy.float32 else array for name, array in arrays.items()}
    (name, own), = expected.items()
    exact, = ReferenceEvaluator(model).run(None, wide)
    assert exact.dtype == numpy.float64
    signal = next(array for array in wide.values() if array.dtype == numpy.float64)
    bound = numpy.finfo(numpy.float32).eps * numpy.log2(signal.size) * numpy.linalg.norm(signal)
    assert numpy.abs(exact - own).max() <= bound, (case.name, numpy.abs(exact - own).max(), bound)
    return {name: exact.astype(numpy.float32)}


def converted(case, node):
    inputs, outputs = case.data_sets[0]
    names = [value.name for value in case.model.graph.input]
    given = dict(zip(names, inputs))
    expected = dict(zip([value.name for value in case.model.graph.output], outputs))
    if node.op_type == "DFT":
        expected = transformed(case, given, expected)
    return {
        "name": case.name,
        "operator": node.op_type,
        "domain": node.domain,
        "attributes": {proto.name: attribute(proto) for proto in node.attribute},
        "inputs": [described(given[name]) if name else None for name in node.input],
        "outputs": [described(expected[name]) if name else None for name in node.output],
        "relative": case.rtol,
        "absolute": case.atol,
    }


def main():
    target = FOLDER / (f"cases-{sys.argv[1]}.json" if len(sys.argv) > 1 else "cases.json")
    wanted = operators(target, sys.argv[2:])
    cases = []
    for case in sorted(collect_testcases(None), key=lambda case: case.name):
        if case.model is None or len(case.model.graph.node) != 1:
            continue
        node = case.model.graph.node[0]
        if node.op_type not in wanted:
            continue
        reason = reason_to_skip(case, node)
        entry = None if reason else converted(case, node)
        text = json.dumps(entry, sort_keys=True, allow_nan=False)
        if len(text) > LARGEST_CASE:
            reason = f"{len(text)} bytes"
        if reason:
            print(f"left out {case.name}: {reason}")
            continue
        cases.append(text)
    target.write_text("[\n" + ",\n".join(cases) + "\n]\n")
    print(f"{len(cases)} cases of {len(wanted)} operators")


if __name__ == "__main__":
    main()
