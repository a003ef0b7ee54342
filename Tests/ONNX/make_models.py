"""Makes the models in Data/ (needs onnx 1.23): python make_models.py"""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper

DATA = pathlib.Path(__file__).parent / "Data"


def save(name, message):
    (DATA / name).write_bytes(message.SerializeToString(deterministic=True))


def model(graph, opset=21, functions=(), **fields):
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], functions=functions,
                             producer_name="make_models", ir_version=10)
    for key, value in fields.items():
        setattr(made, key, value)
    return made


def mlp():
    """Two layers with raw weights, a symbolic batch, and metadata."""
    rng = np.random.default_rng(1)
    weights = [numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), name)
               for name, shape in [("w0", (4, 8)), ("b0", (8,)), ("w1", (8, 3)), ("b1", (3,))]]
    nodes = [
        helper.make_node("Gemm", ["x", "w0", "b0"], ["h"], name="first", alpha=1.0, transB=0),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "w1", "b1"], ["y"], name="second", doc_string="logits"),
    ]
    graph = helper.make_graph(
        nodes, "mlp", [helper.make_tensor_value_info("x", T.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", T.FLOAT, ["batch", 3])], weights, doc_string="a small one")
    made = model(graph, doc_string="tests", model_version=7)
    helper.set_model_props(made, {"author": "Zoë", "empty": ""})
    return made


def typed():
    """Initializers in every typed data field, and one in a file beside the model."""
    initializers = [
        helper.make_tensor("float", T.FLOAT, [2, 2], [1.5, -2, 0, 3e38]),
        helper.make_tensor("complex64", T.COMPLEX64, [1], [1 + 2j]),
        helper.make_tensor("int8", T.INT8, [3], [-128, 0, 127]),
        helper.make_tensor("bool", T.BOOL, [2], [True, False]),
        helper.make_tensor("float16", T.FLOAT16, [2], [1.0, -0.5]),
        helper.make_tensor("int64", T.INT64, [3], [-1, 2**62, 300]),
        helper.make_tensor("double", T.DOUBLE, [2], [1e300, -0.0]),
        helper.make_tensor("uint32", T.UINT32, [1], [2**32 - 1]),
        helper.make_tensor("uint64", T.UINT64, [1], [2**64 - 1]),
        helper.make_tensor("string", T.STRING, [3], [b"a", b"", b"\x00\xff"]),
        helper.make_tensor("none", T.FLOAT, [0], []),
    ]
    outside = T(name="outside", data_type=T.FLOAT, dims=[2], data_location=T.EXTERNAL)
    outside.external_data.add(key="location", value="typed.data")
    outside.external_data.add(key="offset", value="4096")
    outside.external_data.add(key="length", value="8")
    initializers.append(outside)
    graph = helper.make_graph([helper.make_node("Identity", ["float"], ["y"])], "typed", [],
                              [helper.make_tensor_value_info("y", T.FLOAT, [2, 2])], initializers)
    return model(graph)


def everything():
    """Every message and every kind of attribute; not a model that runs."""
    inner = helper.make_graph([helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(
        np.arange(6, dtype=np.int64).reshape(2, 3)))], "inner", [], [helper.make_tensor_value_info("c", T.INT64, [2, 3])])
    sparse = helper.make_sparse_tensor(helper.make_tensor("values", T.FLOAT, [2], [1, 2]),
                                       helper.make_tensor("indices", T.INT64, [2], [0, 5]), [2, 3])
    tensor_type = helper.make_tensor_type_proto(T.BFLOAT16, ["n", None, 3])
    types = [
        tensor_type, helper.make_sequence_type_proto(tensor_type),
        helper.make_optional_type_proto(helper.make_sequence_type_proto(tensor_type)),
        helper.make_map_type_proto(T.STRING, tensor_type), helper.make_sparse_tensor_type_proto(T.FLOAT, [2, 3]),
        onnx.TypeProto(opaque_type=onnx.TypeProto.Opaque(domain="d", name="n"), denotation="IMAGE"),
    ]
    tensor = helper.make_tensor("t", T.FLOAT, [1], [1])
    node = helper.make_node("Anything", ["x", "", "y"], ["z", ""], name="all", domain="test", overload="o", f=-1.5, i=-3,
                            s="text", t=tensor, g=inner, sparse_tensor=sparse, tp=tensor_type, floats=[0.5, 1.5],
                            ints=[1, -2, 1 << 40], strings=["a", "b"], tensors=[tensor, tensor], graphs=[inner, inner],
                            sparse_tensors=[sparse], type_protos=types)
    node.metadata_props.add(key="k", value="v")
    placed = node.device_configurations.add(configuration_id="two", pipeline_stage=1)
    spec = placed.sharding_spec.add(tensor_name="x", device=[0, 1])
    spec.index_to_device_group_map.add(key=0, value=[0, 1])
    spec.sharded_dim.add(axis=0).simple_sharding.add(dim_value=2, num_shards=2)
    spec.sharded_dim.add(axis=1).simple_sharding.add(dim_param="n", num_shards=1)
    graph = helper.make_graph([node], "everything", [helper.make_value_info(f"v{i}", t) for i, t in enumerate(types)],
                              [helper.make_value_info("z", tensor_type)], [tensor], doc_string="doc",
                              value_info=[helper.make_value_info("w", tensor_type)], sparse_initializer=[sparse])
    graph.metadata_props.add(key="k", value="v")
    graph.quantization_annotation.add(tensor_name="x").quant_parameter_tensor_names.add(key="SCALE_TENSOR", value="s")
    body = helper.make_node("Elu", ["a"], ["b"])
    body.attribute.add(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT)
    function = helper.make_function("test", "Slope", ["a"], ["b"], [body], [helper.make_opsetid("", 21)], ["slope"],
                                    [helper.make_attribute("other", 2)], "doc", "o", [helper.make_value_info("b", tensor_type)])
    made = model(graph, functions=[function], domain="test.domain", producer_version="1")
    made.opset_import.add(domain="test", version=1)
    made.training_info.add(initialization=inner, algorithm=inner).update_binding.add(key="a", value="b")
    made.configuration.add(name="two", num_devices=2, device=["cpu:0", "cpu:1"])
    return made


if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    onnx.checker.check_model(mlp())
    save("mlp.onnx", mlp())
    save("typed.onnx", typed())
    save("everything.onnx", everything())
    save("int64.pb", numpy_helper.from_array(np.array([[1, -2], [3, 1 << 40]], dtype=np.int64), "input"))
