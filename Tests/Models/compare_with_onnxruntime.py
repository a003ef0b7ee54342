"""Runs a model with Lathe, from ONNX and from .lathe, and with ONNX Runtime, on varied shapes, and compares all outputs.

Usage: compare_with_onnxruntime.py LATHE MODEL.onnx [--pass ID]... [--tolerance 1e-4]

Needs numpy and onnxruntime from PyPI. Exits with 1 if any output differs by more than the tolerance. The bilstm model packs its
sequences, so its batches are sorted by falling length; other models get masks with padding.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy
import onnxruntime

SHAPES = [(1, 1), (1, 2), (1, 16), (2, 7), (3, 64), (8, 32), (1, 128), (5, 3)]


def feed(session, batch, sequence, generator):
    lengths = numpy.sort(generator.integers(1, sequence + 1, batch))[::-1]
    lengths[0] = sequence
    mask = numpy.arange(sequence)[None, :] < lengths[:, None]
    values = {}
    for port in session.get_inputs():
        name = port.name
        if "mask" in name:
            values[name] = mask.astype(numpy.int64)
        elif name.startswith("length"):
            values[name] = lengths.astype(numpy.int64)
        elif "type" in name:
            values[name] = numpy.zeros((batch, sequence), numpy.int64)
        else:
            values[name] = generator.integers(5, 20000, (batch, sequence)) * mask
    return values


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("lathe")
    parser.add_argument("model")
    parser.add_argument("--pass", dest="passes", action="append", default=[])
    parser.add_argument("--tolerance", type=float, default=1e-4)
    arguments = parser.parse_args()
    session = onnxruntime.InferenceSession(arguments.model, providers=["CPUExecutionProvider"])
    generator = numpy.random.default_rng(7)
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        compact = os.path.join(folder, "model.lathe")
        onnx = os.path.join(folder, "model.onnx")
        passes = [word for name in arguments.passes for word in ("--pass", name)]
        for target in (compact, onnx):
            subprocess.run([arguments.lathe, "convert", arguments.model, "-o", target, *passes, "--json"], check=True, stdout=subprocess.DEVNULL)
        again = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
        for batch, sequence in SHAPES:
            values = feed(session, batch, sequence, generator)
            expected = session.run(None, values)
            samples = os.path.join(folder, "in.npz")
            numpy.savez(samples, **values)
            for model in (arguments.model, compact):
                out = os.path.join(folder, "out.npz")
                subprocess.run([arguments.lathe, "run", model, "--samples", samples, "-o", out], check=True, stdout=subprocess.DEVNULL)
                actual = numpy.load(out)
                for port, tensor in zip(session.get_outputs(), expected):
                    error = float(numpy.abs(actual[port.name] - tensor).max())
                    worst = max(worst, error)
                    print(f"{batch}x{sequence} {os.path.basename(model)} {port.name} {tensor.shape} max abs {error:.2e}")
            for port, tensor, other in zip(session.get_outputs(), expected, again.run(None, values)):
                error = float(numpy.abs(other - tensor).max())
                worst = max(worst, error)
                print(f"{batch}x{sequence} exported ONNX in ONNX Runtime, {port.name} max abs {error:.2e}")
    print(f"worst {worst:.2e}")
    sys.exit(0 if worst <= arguments.tolerance else 1)


if __name__ == "__main__":
    main()
