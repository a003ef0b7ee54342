#!/usr/bin/env python3
"""Exports small models with structures that zeros have silenced, with test sets beside them and, in expected.json, what may go.

Usage: make_masked.py torchscript|dynamo|paddle [--only SUBSTRING] [--output FOLDER]

Models and environments are those of ../Exporters: TorchScript and dynamo here with transformers 4.46.3. Writes
<FOLDER>/<model>-<exporter>[-<attention>]-<opset>/{model.onnx,expected.json,test_data_set_N/}. `masks.py` says what is silenced. Of the models, `sparse`
have 60 % of zeros without structure besides, and `jpqd` is as movement sparsity leaves one. expected.json has, for all that is silent (`all`) and for
what NNCF's rule takes (`nncf`), how many structures of each axis go, and how many elements of constants go with them.
"""
import argparse
import functools
import json
import logging
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "Exporters"))

import make_models as exporters  # noqa: E402
import masks  # noqa: E402

CASES = {
    "torchscript": [
        ("bert", "eager", 14), ("bert", "sdpa", 17), ("bert-sparse", "eager", 17), ("bert-jpqd", "eager", 14),
        ("cnn", "none", 14), ("cnn-unfolded", "none", 14), ("bilstm", "none", 14), ("bigru", "none", 14),
    ],
    "dynamo": [("bert", "eager", 18), ("bert-sparse", "sdpa", 18), ("cnn", "none", 18), ("bilstm", "none", 18)],
    "paddle": [("bert", "none", 13), ("bert-sparse", "none", 13)],
}
SPARSE = 0.6


def plans(name):
    return masks.JPQD if name == "bert-jpqd" else masks.BERT


def mask_torch_bert(model, name):
    import torch
    with torch.no_grad():
        for number, (layer, plan) in enumerate(zip(model.bert.encoder.layer, plans(name))):
            own, attention = layer.attention.self, layer.attention.output.dense
            linears = dict(q=own.query, k=own.key, v=own.value, o=attention, up=layer.intermediate.dense, down=layer.output.dense)
            weights = {key: linear.weight.numpy() for key, linear in linears.items()}
            biases = {key: linear.bias.numpy() for key, linear in linears.items()}
            masks.mask_layer(plan, weights, biases, SPARSE if name != "bert" else 0, number)
    return model


def mask_torch_cnn(model):
    import torch
    with torch.no_grad():
        for norm, channels in ((model.stem[1], masks.STEM), (model.depthwise[1], masks.STEM), (model.pointwise[1], masks.STEM), (model.head[1], masks.TOP)):
            norm.weight[channels] = 0
            norm.bias[channels] = 0
    return model


def mask_torch_recurrent(model):
    import torch
    layer = getattr(model, "lstm", None) or model.gru
    with torch.no_grad():
        for number, units in enumerate(masks.UNITS):
            for direction in ("", "_reverse"):
                for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                    # Both begin with two gates that are not the candidate's.
                    getattr(layer, f"{part}_l{number}{direction}")[[2 * 16 + unit for unit in units]] = 0
    return model


def torch_architecture(name):
    import torch_models as source
    import transformers
    base = source.ARCHITECTURES[name.split("-")[0] if name.startswith("bert") else name]
    if not name.startswith("bert"):
        mask = mask_torch_cnn if name.startswith("cnn") else mask_torch_recurrent
        return source.Architecture(lambda attention: mask(base.build(attention)), base.inputs, folded=base.folded)
    inner = 256 if name == "bert-jpqd" else 64
    build = source.bert(transformers.BertForSequenceClassification, intermediate_size=inner)
    return source.Architecture(lambda attention: mask_torch_bert(build(attention), name), base.inputs)


def mask_paddle_bert(model, name):
    for number, (layer, plan) in enumerate(zip(model.model.bert.encoder.layers, plans(name))):
        own = layer.self_attn
        linears = dict(q=own.q_proj, k=own.k_proj, v=own.v_proj, o=own.out_proj, up=layer.linear1, down=layer.linear2)
        weights = {key: linear.weight.numpy().T.copy() for key, linear in linears.items()}
        biases = {key: linear.bias.numpy().copy() for key, linear in linears.items()}
        masks.mask_layer(plan, weights, biases, SPARSE if name != "bert" else 0, number)
        for key, linear in linears.items():
            linear.weight.set_value(weights[key].T.copy())
            linear.bias.set_value(biases[key])
    return model


def paddle_architecture(name):
    import paddle_models as source
    randomize = source.randomize if not hasattr(source.randomize, "original") else source.randomize.original
    # The exporter's script draws the weights when it exports, and what is silent has to be silent after that.
    source.randomize = lambda model: mask_paddle_bert(randomize(model), name)
    source.randomize.original = randomize
    return source.ARCHITECTURES["bert"]


def expectation(name):
    if name.startswith("bert"):
        every = functools.partial(masks.bert_expectation, plans(name), 256 if name == "bert-jpqd" else 64)
        return {"all": every(), "nncf": every(by_nncf=True)}
    if name.startswith("cnn"):
        return {"all": masks.cnn_expectation()}
    return {"all": masks.recurrent_expectation(3 if name == "bigru" else 4)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exporter", choices=list(CASES))
    parser.add_argument("--only", default="", help="make only the models whose name contains this")
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "models")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    architecture = paddle_architecture if arguments.exporter == "paddle" else torch_architecture
    failed = 0
    for name, attention, opset in CASES[arguments.exporter]:
        title = "-".join([name, arguments.exporter, *([] if attention == "none" else [attention]), str(opset)])
        if arguments.only not in title:
            continue
        if not exporters.make(name, architecture(name), attention, arguments.exporter, opset, arguments.output, 50, False):
            failed += 1
            continue
        (arguments.output / title / "expected.json").write_text(json.dumps(expectation(name), indent=1) + "\n")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
