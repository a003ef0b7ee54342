#!/usr/bin/env python3
"""Asks ONNX Runtime, for `lathe verify --engine exec:…` (and --reference-engine): MODEL.onnx INPUTS OUTPUTS.

  lathe verify model.onnx model.lathe --samples dev.jsonl --engine "exec:python3 Examples/engines/onnxruntime_engine.py"

INPUTS is a folder with 0.npz, 1.npz, ...: an array for each input of the model. For each, a file of the same name with an array for
each output goes into the folder OUTPUTS. Whatever fails ends the program with another status than 0, and lathe shows the last lines.
"""

import pathlib
import sys

import numpy
import onnxruntime


def main(model, inputs, outputs):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    wanted = {value.name for value in session.get_inputs()}
    for path in sorted(pathlib.Path(inputs).glob("*.npz")):
        feed = {name: array for name, array in numpy.load(path).items() if name in wanted}
        numpy.savez(pathlib.Path(outputs) / path.name, **dict(zip(names, session.run(names, feed))))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: onnxruntime_engine.py MODEL.onnx INPUTS OUTPUTS")
    main(*sys.argv[1:])
