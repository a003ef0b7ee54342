"""Makes the models that importing is tested with, and what they compute (needs onnx 1.23, ml_dtypes and onnxruntime):
python make_import_models.py"""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto as T
from onnx import helper, numpy_helper

from make_models import DATA, save

node = helper.make_node


def values(name, shape, kind=T.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def model(graph, opset=21, ir_version=10, functions=()):
    imports = [helper.make_opsetid("", opset)] + ([helper.make_opsetid("f", 1)] if functions else [])
    return helper.make_model(graph, opset_imports=imports, ir_version=ir_version, functions=functions, producer_name="make_models")


def case(name, made, inputs, outputs=None):
    """A model with one feed and its outputs: ONNX Runtime's, or those given where it cannot run the model."""
    save(f"{name}.onnx", made)
    if outputs is None:
        outputs = onnxruntime.InferenceSession(made.SerializeToString()).run(None, inputs)
    folder = DATA / name
    folder.mkdir(exist_ok=True)
    for index, (key, array) in enumerate(inputs.items()):
        save(f"{name}/input_{index}.pb", numpy_helper.from_array(array, key))
    for index, (value, array) in enumerate(zip(made.graph.output, outputs)):
        save(f"{name}/output_{index}.pb", numpy_helper.from_array(np.asarray(array), value.name))


def encodings():
    """Every element type in raw_data and in its typed field; numpy_helper says that the two agree."""
    rng = np.random.default_rng(3)
    count, initializers = 5, []
    bits = {T.FLOAT: 32, T.DOUBLE: 64, T.FLOAT16: 16, T.BFLOAT16: 16, T.INT64: 64, T.INT32: 32, T.INT16: 16, T.INT8: 8,
            T.UINT64: 64, T.UINT32: 32, T.UINT16: 16, T.UINT8: 8, T.BOOL: 8, T.COMPLEX64: 64, T.COMPLEX128: 128,
            T.FLOAT8E4M3FN: 8, T.FLOAT8E4M3FNUZ: 8, T.FLOAT8E5M2: 8, T.FLOAT8E5M2FNUZ: 8, T.FLOAT8E8M0: 8, T.INT4: 4,
            T.UINT4: 4, T.FLOAT4E2M1: 4, T.INT2: 2, T.UINT2: 2, T.FLOAT6E2M3: 6, T.FLOAT6E3M2: 6}
    for kind, width in bits.items():
        codes = [int.from_bytes(rng.bytes(16), "little") % (1 << width) for _ in range(count)]
        if kind == T.BOOL:
            codes = [0, 1, 1, 0, 1]
        stream = sum(code << (width * index) for index, code in enumerate(codes))
        size = (count * width + 7) // 8
        raw = T(name=f"raw{kind}", data_type=kind, dims=[count], raw_data=stream.to_bytes(size, "little"))
        typed = T(name=f"typed{kind}", data_type=kind, dims=[count])
        data = np.frombuffer(raw.raw_data, np.uint8)
        if kind in (T.FLOAT, T.COMPLEX64):
            typed.float_data.extend(data.view(np.float32))
        elif kind in (T.DOUBLE, T.COMPLEX128):
            typed.double_data.extend(data.view(np.float64))
        elif kind == T.INT64:
            typed.int64_data.extend(data.view(np.int64))
        elif kind in (T.UINT32, T.UINT64):
            typed.uint64_data.extend(codes)
        elif kind in (T.INT8, T.INT16, T.INT32):
            typed.int32_data.extend(code - (1 << width) if code >> (width - 1) else code for code in codes)
        else:
            # Types of 4 and 2 bits share a value, as they share a byte in raw_data; 6-bit types do not.
            typed.int32_data.extend(data.tolist() if width in (2, 4) else codes)
        assert numpy_helper.to_array(raw).tobytes() == numpy_helper.to_array(typed).tobytes(), kind
        initializers += [raw, typed]
    initializers.append(helper.make_tensor("strings", T.STRING, [2], ["Zoë", ""]))
    graph = helper.make_graph([node("Relu", ["x"], ["y"])], "encodings", [values("x", [1])], [values("y", [1])], initializers)
    save("encodings.onnx", model(graph, 25, 14))


def constants():
    """Constant nodes of every kind."""
    sparse = helper.make_sparse_tensor(helper.make_tensor("v", T.FLOAT, [2], [1, 2]), helper.make_tensor("i", T.INT64, [2], [1, 5]), [2, 3])
    pairs = helper.make_sparse_tensor(helper.make_tensor("p", T.INT64, [2], [7, 8]), helper.make_tensor("i", T.INT64, [2, 2], [0, 1, 1, 2]), [2, 3])
    kinds = {"value": numpy_helper.from_array(np.arange(3.0)), "sparse_value": sparse, "value_int": -5, "value_ints": [1, 2],
             "value_float": 0.5, "value_floats": [1.5, -2.5], "value_string": "é", "value_strings": ["a", "b"]}
    nodes = [node("Constant", [], [key], **{key: value}) for key, value in kinds.items()] + [node("Relu", ["x"], ["y"])]
    graph = helper.make_graph(nodes, "constants", [values("x", [1])], [values("y", [1])], sparse_initializer=[pairs])
    save("constants.onnx", model(graph))


def functions():
    """Functions in functions; attributes with and without defaults; operands left out; an older operator set inside."""
    scaled = helper.make_function("f", "Scale", ["a", "bias"], ["b"], [
        node("Constant", [], ["factor"]), node("Mul", ["a", "factor"], ["m"]), node("Unsqueeze", ["m"], ["u"], axes=[0]),
        node("Squeeze", ["u"], ["b"], axes=[0])], [helper.make_opsetid("", 12)], [], [helper.make_attribute("by", 2.0)])
    scaled.node[0].attribute.add(name="value_float", ref_attr_name="by", type=onnx.AttributeProto.FLOAT)
    twice = helper.make_function("f", "Twice", ["a"], ["b", "same", "through"], [
        node("Scale", ["a"], ["m"], domain="f"), node("Scale", ["m", ""], ["b"], domain="f")],
        [helper.make_opsetid("", 21), helper.make_opsetid("f", 1)], ["by"])
    twice.output[:] = ["b", "b", "a"]
    for inner in twice.node:
        inner.attribute.add(name="by", ref_attr_name="by", type=onnx.AttributeProto.FLOAT)
    other = helper.make_function("f", "Scale", ["a"], ["b"], [node("Neg", ["a"], ["b"])], [helper.make_opsetid("", 21)], overload="negative")
    relu = helper.make_function("", "Abs", ["a"], ["b"], [node("Relu", ["a"], ["b"])], [helper.make_opsetid("", 21)])
    nodes = [
        node("Twice", ["x"], ["p", "q", "r"], name="first", domain="f", by=3.0), node("Twice", ["p"], ["s"], domain="f"),
        node("Scale", ["x"], ["t"], domain="f", overload="negative"), node("Abs", ["x"], ["u"]),
    ]
    graph = helper.make_graph(nodes, "functions", [values("x", ["n"])], [values(name, ["n"]) for name in "pqrstu"])
    x = np.array([1, -2, 3], np.float32)
    case("functions", model(graph, functions=[scaled, twice, other, relu]), {"x": x}, [9 * x, 9 * x, x, 36 * x, -x, np.maximum(x, 0)])


def subgraphs():
    """Branches in branches, which use values of both graphs around them."""
    inner = helper.make_graph([node("Add", ["x", "middle"], ["deep"])], "inner", [], [values("deep", ["n"])])
    other = helper.make_graph([node("Sub", ["middle", "w"], ["deep2"])], "other", [], [values("deep2", ["n"])])
    then = helper.make_graph([node("Mul", ["x", "x"], ["middle"]), node("If", ["c"], ["t"], then_branch=inner, else_branch=other)], "then", [],
                             [values("t", ["n"])])
    otherwise = helper.make_graph([node("Identity", ["h"], ["e"])], "else", [], [values("e", ["n"])])
    body = helper.make_graph([node("Identity", ["go"], ["again"]), node("Add", ["carried", "h"], ["next"])], "body",
                             [values("i", [], T.INT64), values("go", [], T.BOOL), values("carried", ["n"])],
                             [values("again", [], T.BOOL), values("next", ["n"])])
    nodes = [node("Relu", ["x"], ["h"]), node("If", ["c"], ["y"], name="choice", then_branch=then, else_branch=otherwise),
             node("Loop", ["count", "", "y"], ["z"], body=body)]
    graph = helper.make_graph(nodes, "subgraphs", [values("x", ["n"]), values("c", [], T.BOOL)], [values("z", ["n"])],
                              [helper.make_tensor("w", T.FLOAT, [1], [2]), helper.make_tensor("count", T.INT64, [], [2])])
    x = np.array([1, -2, 3], np.float32)
    case("subgraphs", model(graph), {"x": x, "c": np.array(True)})


def older():
    """Older forms of operators that can be run, as ONNX Runtime runs them."""
    x = np.random.default_rng(5).standard_normal((2, 3, 4)).astype(np.float32)
    nodes = [
        node("Unsqueeze", ["x"], ["u"], axes=[0, 4]), node("Squeeze", ["u"], ["v"], axes=[0, 4]),
        node("Slice", ["v"], ["s"], starts=[0, 1], ends=[2, 9], axes=[0, 2]), node("ReduceMean", ["s"], ["m"], axes=[1], keepdims=0),
        node("ReduceMean", ["x"], ["all"]), node("Dropout", ["x"], ["d"], ratio=0.3), node("Softmax", ["d"], ["flat"], axis=1),
        node("Softmax", ["x"], ["default"]), node("Softmax", ["x"], ["last"], axis=2), node("Softmax", ["x"], ["zero"], axis=0),
    ]
    outputs = ["m", "all", "flat", "default", "last", "zero"]
    graph = helper.make_graph(nodes, "older", [values("x", ["a", 3, 4])], [values(name, None) for name in outputs])
    case("opset7", model(graph, 7, 3), {"x": x})
    nodes = [
        node("Squeeze", ["x"], ["q"]), node("Softmax", ["x"], ["flat"], axis=-2), node("Dropout", ["flat"], ["y"]),
        node("Constant", [], ["axes"], value_ints=[0]), node("Dropout", ["x", "ratio"], ["d"]), node("Add", ["d", "y"], ["z"]),
    ]
    graph = helper.make_graph(nodes, "older", [values("x", ["a", 3, 4])], [values(name, None) for name in ["q", "y", "z"]],
                              [helper.make_tensor("ratio", T.FLOAT, [], [0.5])])
    case("opset12", model(graph, 12, 7), {"x": x})


def unsorted():
    """Nodes in reverse order."""
    nodes = [node("Relu", ["b"], ["y"]), node("Sub", ["a", "x"], ["b"]), node("Mul", ["x", "x"], ["a"])]
    graph = helper.make_graph(nodes, "unsorted", [values("x", ["n"])], [values("y", ["n"])])
    x = np.array([0.5, -2, 3], np.float32)
    case("unsorted", model(graph), {"x": x}, [np.maximum(x * x - x, 0)])


if __name__ == "__main__":
    for make in [encodings, constants, functions, subgraphs, older, unsorted]:
        make()
