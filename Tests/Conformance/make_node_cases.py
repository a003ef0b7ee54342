"""Writes ONNX's own backend tests as folders that `lathe test` reads.

Usage: make_node_cases.py FOLDER

Needs the package onnx (1.23.2) from PyPI. Makes FOLDER/node from onnx.backend.test.case.node, and copies the folders
pytorch-converted, pytorch-operator and simple that the package carries (light holds models without inputs and is no case folder).
"""
import os
import shutil
import sys

import numpy
import onnx
from onnx import numpy_helper
from onnx.backend.test.case import node as node_cases


def as_proto(value, value_info):
    kind = value_info.type.WhichOneof("value")
    if isinstance(value, onnx.TensorProto):
        return value
    if kind == "sequence_type":
        return numpy_helper.from_list(value, value_info.name)
    if kind == "optional_type":
        return numpy_helper.from_optional(value, value_info.name)
    return numpy_helper.from_array(numpy.asarray(value) if not isinstance(value, numpy.ndarray) else value, value_info.name)


def write(folder, case):
    os.makedirs(folder, exist_ok=True)
    onnx.save(case.model, os.path.join(folder, "model.onnx"))
    for number, (inputs, outputs) in enumerate(case.data_sets or []):
        data = os.path.join(folder, f"test_data_set_{number}")
        os.makedirs(data, exist_ok=True)
        for kind, values, ports in (("input", inputs, case.model.graph.input), ("output", outputs, case.model.graph.output)):
            for index, (value, port) in enumerate(zip(values, ports)):
                with open(os.path.join(data, f"{kind}_{index}.pb"), "wb") as file:
                    file.write(as_proto(value, port).SerializeToString())


def main():
    target = sys.argv[1]
    cases = node_cases.collect_testcases(None)
    for case in cases:
        write(os.path.join(target, "node", case.name), case)
    data = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data")
    for kind in ("pytorch-converted", "pytorch-operator", "simple"):
        source = os.path.join(data, kind)
        if os.path.isdir(source):
            shutil.copytree(source, os.path.join(target, kind), dirs_exist_ok=True)
    print(f"{len(cases)} node cases in {target}/node")


if __name__ == "__main__":
    main()
