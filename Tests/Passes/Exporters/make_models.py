#!/usr/bin/env python3
"""Exports small models with random weights as the exporters write them, with test sets beside them; README.md says with what.

Usage: make_models.py torchscript|dynamo|paddle [--only SUBSTRING] [--output FOLDER]

Writes <FOLDER>/<architecture>-<exporter>-<attention>-<opset>/{model.onnx,test_data_set_N/}. Weights and inputs come from fixed seeds.
Exits with 1 if an export failed, or if ONNX Runtime does not find in it what the framework computes.
"""
import argparse
import contextlib
import io
import itertools
import logging
import pathlib
import re
import shutil
import sys
import traceback
import warnings

import onnx

import samples

HERE = pathlib.Path(__file__).parent
TOLERANCE = {"bert-fp16": 2e-2}

# Architecture, attention forms, opsets, by exporter and by transformers' major version. The TorchScript exporter has no scaled dot-product
# attention below opset 14, and torch.export does not take packed sequences.
CASES = {
    ("torchscript", 4): [
        ("bert", ("eager",), (11, 13, 14, 17)),
        ("bert", ("sdpa",), (14, 17)),
        ("bert-tokens", ("eager",), (17,)),
        ("bert-pruned", ("eager",), (14,)),
        ("bert-pruned", ("sdpa",), (17,)),
        ("bert-fp16", ("eager", "sdpa"), (17,)),
        ("bert-tanh", ("eager",), (13,)),
        ("bert-unfolded", ("eager",), (14,)),
        ("ernie", ("eager",), (14,)),
        ("distilbert", ("eager", "sdpa"), (14,)),
        ("albert", ("sdpa",), (14,)),
        ("roberta", ("eager",), (14,)),
        ("electra", ("eager",), (17,)),
        ("mobilebert", ("eager",), (14,)),
        ("deberta-v2", ("eager",), (14,)),
        ("mpnet", ("eager",), (17,)),
        ("t5", ("eager",), (14,)),
        ("t5-gated", ("eager",), (17,)),
        ("gpt2", ("eager", "sdpa"), (14,)),
        ("vit", ("eager", "sdpa"), (14,)),
        ("cnn", ("none",), (14,)),
        ("cnn-unfolded", ("none",), (14,)),
        ("textcnn", ("none",), (14,)),
        ("bilstm", ("none",), (14,)),
        ("bilstm-packed", ("none",), (14,)),
        ("bigru", ("none",), (14,)),
        ("bigru-packed", ("none",), (14,)),
    ],
    ("torchscript", 5): [("bert-transformers5", ("eager", "sdpa"), (17,)), ("distilbert-transformers5", ("sdpa",), (14,))],
    ("dynamo", 4): [("bert-transformers4", ("eager", "sdpa"), (18,))],
    ("dynamo", 5): [
        ("bert", ("eager", "sdpa"), (18, 20)),
        ("bert", ("sdpa",), (23,)),
        ("t5-gated", ("eager",), (23,)),
        ("bert-unfolded", ("sdpa",), (18,)),
        ("bert-tokens", ("sdpa",), (18,)),
        ("bert-pruned", ("sdpa",), (18,)),
        ("bert-fp16", ("sdpa",), (18,)),
        ("bert-tanh", ("eager",), (18,)),
        *((name, ("sdpa",), (18,)) for name in ("distilbert", "albert", "roberta", "electra", "gpt2", "vit")),
        *((name, ("eager",), (18,)) for name in ("ernie", "mobilebert", "deberta-v2", "mpnet", "t5", "t5-gated")),
        *((name, ("none",), (18,)) for name in ("cnn", "cnn-unfolded", "textcnn", "bilstm", "bigru")),
    ],
}


def strip(path):
    """Takes out stack traces and other prose, which is most of some files; names, shapes and order stay."""
    model = onnx.load(path)

    def graph(value):
        value.ClearField("doc_string")
        value.ClearField("metadata_props")
        for item in (*value.node, *value.input, *value.output, *value.value_info, *value.initializer):
            item.ClearField("doc_string")
            item.ClearField("metadata_props")
        for node in value.node:
            for attribute in node.attribute:
                attribute.ClearField("doc_string")
                for inner in (attribute.g, *attribute.graphs) if attribute.type in (5, 10) else ():
                    graph(inner)

    model.ClearField("doc_string")
    model.ClearField("metadata_props")
    graph(model.graph)
    for function in model.functions:
        function.ClearField("doc_string")
        function.ClearField("metadata_props")
        for node in function.node:
            node.ClearField("doc_string")
            node.ClearField("metadata_props")
    number_dimensions(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def number_dimensions(graph):
    """paddle2onnx numbers its unknown dimensions in an order of the day; here they are in the order in which they occur."""
    numbers = {}
    for value in (*graph.input, *graph.output, *graph.value_info):
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_param.startswith("DynamicDimension."):
                number = numbers.setdefault(dimension.dim_param, len(numbers))
                dimension.dim_param = f"DynamicDimension.{number}"


def axes(name, value):
    if name == "pixel_values" or value.ndim == 1:
        return {0: "batch"}
    return {0: "batch", 1: "decoder_sequence" if name.startswith("decoder") else "sequence"}


def export_torch(architecture, attention, exporter, opset, path, values):
    import torch
    torch.manual_seed(0)
    model = architecture.build(attention)
    tensors = {name: torch.from_numpy(value) for name, value in values[0].items()}
    dynamic = {name: axes(name, value) for name, value in values[0].items()}
    common = dict(args=(), kwargs=tensors, f=str(path), opset_version=opset, input_names=list(tensors), output_names=[architecture.output])
    if exporter == "torchscript":
        mode = torch.onnx.TrainingMode.EVAL if architecture.folded else torch.onnx.TrainingMode.PRESERVE
        torch.onnx.export(model, dynamo=False, dynamic_axes=dynamic, do_constant_folding=architecture.folded, training=mode, **common)
    else:
        shapes = {name: {axis: torch.export.Dim.DYNAMIC for axis in entry} for name, entry in dynamic.items()}
        torch.onnx.export(model, dynamo=True, dynamic_shapes=shapes, external_data=False, optimize=architecture.folded, **common)
    expected = []
    with torch.no_grad():
        for feed in values:
            answer = model(**{name: torch.from_numpy(value) for name, value in feed.items()})
            answer = answer if isinstance(answer, torch.Tensor) else answer[0]
            expected.append(answer.double().numpy())
    return expected


def export(architecture, attention, exporter, opset, path, values):
    if exporter == "paddle":
        import paddle_models
        return paddle_models.export(architecture, opset, path, values)
    return export_torch(architecture, attention, exporter, opset, path, values)


def make(name, architecture, attention, exporter, opset, output, vocabulary, verbose):
    title = "-".join([name, exporter, *([] if attention == "none" else [attention]), str(opset)])
    folder = output / title
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / "model.onnx"
    noise = io.StringIO()
    try:
        values = samples.feeds(architecture.inputs, vocabulary, architecture.padding)
        with contextlib.redirect_stdout(noise), contextlib.redirect_stderr(noise), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = export(architecture, attention, exporter, opset, path, values)
        strip(path)
        error = samples.write_sets(folder, values, expected, TOLERANCE.get(name, 2e-5))
    except Exception as problem:
        shutil.rmtree(folder)
        lines = [line for line in str(problem).splitlines() if line.strip()]
        print(f"FAILED {title}: {type(problem).__name__}: {' / '.join(lines[:4])[:600]}", flush=True)
        if verbose:
            traceback.print_exc()
        return False
    nodes = onnx.load(path).graph.node
    print(f"{title}: {path.stat().st_size} bytes, {len(nodes)} nodes, {error:.1e} from the framework", flush=True)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exporter", choices=["torchscript", "dynamo", "paddle"])
    parser.add_argument("--only", default="", help="make only the models whose name contains this")
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "models")
    parser.add_argument("--verbose", action="store_true", help="print the traceback of a failed export")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    if arguments.exporter == "paddle":
        from paddle_models import ARCHITECTURES, CASES as cases, VOCABULARY
    else:
        from torch_models import ARCHITECTURES, VOCABULARY
        import transformers
        cases = CASES[arguments.exporter, int(transformers.__version__.split(".")[0])]
    failed = 0
    for name, attentions, opsets in cases:
        architecture = ARCHITECTURES[re.sub("-transformers.$", "", name)]
        for attention, opset in itertools.product(attentions, opsets):
            if arguments.only in f"{name}-{arguments.exporter}-{attention}-{opset}":
                failed += not make(
                    name, architecture, attention, arguments.exporter, opset, arguments.output, VOCABULARY, arguments.verbose)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
