"""Writes Data/cases and Data/operator_forms.txt from the installed onnx package.

Run with a Python that has onnx (the files checked in are those of onnx 1.23.2):

    python3 Tests/ONNX/make_onnx_cases.py

Data/cases: ONNX's own tests of control flow, sequences and optionals, and of models from before opset 7, with their data.
Data/operator_forms.txt: each version of an operator whose form is not that of the newest, and what is different:
  NAME VERSION -ATTRIBUTE … ~ATTRIBUTE … inputs outputs
with - for an attribute that was dropped, ~ for one whose kind or default changed or that became required.
"""
import pathlib
import shutil

import numpy
import onnx
from onnx import defs, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

FOLDER = pathlib.Path(__file__).parent / "Data"
OPERATORS = {
    "If", "Loop", "Scan", "SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert", "SequenceLength",
    "SequenceMap", "SplitToSequence", "ConcatFromSequence", "Optional", "OptionalGetElement", "OptionalHasElement", "Identity",
}
LARGEST_MODEL = 5_000  # bytes
EARLY = [
    "pytorch-converted/test_Linear", "pytorch-converted/test_Softsign",
   "pytorch-converted/test_Softmax", "pytorch-operator/test_operator_add_broadcast",
    "pytorch-operator/test_operator_add_size1_broadcast", "pytorch-operator/test_operator_add_size1_right_broadcast",
    "pytorch-operator/test_operator_add_size1_singleton_broadcast", "pytorch-operator/test_operator_addconstant",
    "pytorch-operator/test_operator_addmm", "pytorch-operator/test_operator_mm", "pytorch-operator/test_operator_pow",
    "pytorch-operator/test_operator_index", "pytorch-operator/test_operator_reduced_mean",
]
SEQUENCES = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data" / "simple"


def nodes(graph):
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from nodes(attribute.g)


def serialized(value, kind):
    if kind.HasField("sequence_type"):
        return numpy_helper.from_list(value).SerializeToString()
    if kind.HasField("optional_type"):
        element = kind.optional_type.elem_type
        number = onnx.OptionalProto.SEQUENCE if element.HasField("sequence_type") else onnx.OptionalProto.TENSOR
        return numpy_helper.from_optional(value, dtype=None if value is None else number).SerializeToString()
    if isinstance(value, onnx.TensorProto):
        return value.SerializeToString()
    return numpy_helper.from_array(numpy.asarray(value)).SerializeToString()


def write_case(case):
    folder = FOLDER / "cases" / case.name.removeprefix("test_")
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    for kind, infos, values in zip(("input", "output"), (case.model.graph.input, case.model.graph.output), case.data_sets[0]):
        for index, (info, value) in enumerate(zip(infos, values)):
            (folder / f"{kind}_{index}.pb").write_bytes(serialized(value, info.type))


def copy_case(source, name):
    folder = FOLDER / "cases" / name
    folder.mkdir(parents=True)
    shutil.copy(source / "model.onnx", folder)
    for path in sorted((source / "test_data_set_0").glob("*.pb")):
        shutil.copy(path, folder)


def default(attribute):
    if attribute.required or not attribute.default_value.name:
        return None
    return helper.get_attribute_value(attribute.default_value)


def changed(old, new):
    if old.type != new.type or new.required and not old.required:
        return True
    return default(old) != default(new) and default(old) is not None


def form(old, new):
    words = []
    for name in sorted(old.attributes):
        if name not in new.attributes:
            words.append(f"-{name}")
        elif changed(old.attributes[name], new.attributes[name]):
            words.append(f"~{name}")
    required = [sum(f.option.name == "Single" for f in schema.inputs) for schema in (old, new)]
    if len(old.inputs) > len(new.inputs) or required[0] < required[1] and old.min_input < new.min_input:
        words.append("inputs")
    if old.name == "Resize" and old.inputs[1].name != new.inputs[1].name:
        words.append("inputs")
    if len(old.outputs) > len(new.outputs):
        words.append("outputs")
    return words


def main():
    shutil.rmtree(FOLDER / "cases", ignore_errors=True)
    for case in sorted(collect_testcases(None), key=lambda case: case.name):
        if case.model is None:
            continue
        found = {node.op_type for node in nodes(case.model.graph)}
        outer = {node.op_type for node in case.model.graph.node}
        if not OPERATORS - {"Identity"} & found and not case.name.startswith("test_identity"):
            continue
        if outer & {"Ceil", "CastLike"} or len(case.model.SerializeToString()) > LARGEST_MODEL:
            continue
        write_case(case)
    root = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data"
    for path in EARLY:
        copy_case(root / path, path.split("/")[1].removeprefix("test_"))
    for path in sorted(SEQUENCES.glob("test_sequence_model*")):
        copy_case(path, path.name.removeprefix("test_"))

    histories = {}
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "":
            histories.setdefault(schema.name, []).append(schema)
    lines = []
    for name in sorted(histories):
        history = sorted(histories[name], key=lambda schema: schema.since_version)
        for old in history[:-1]:
            words = ["deprecated"] if history[-1].deprecated else form(old, history[-1])
            if words:
                lines.append(" ".join([name, str(old.since_version)] + words))
    (FOLDER / "operator_forms.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
