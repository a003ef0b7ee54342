"""Fuses every model here, exports it to ONNX, and runs it in ONNX Runtime against the stored outputs.

Usage: check_exports.py LATHE      (needs numpy, onnx and onnxruntime from PyPI)

Exits with 1 if a model does not load, has other shapes, or is further off than 1e-5 of the output's largest magnitude (16-bit floats: 2e-2).
"""
import os
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnxruntime
from onnx import numpy_helper

MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "models")


def tensor(path):
    return numpy_helper.to_array(onnx.load_tensor(path))


def faults(lathe, name, path):
    folder = os.path.join(MODELS, name)
    command = [lathe, "convert", os.path.join(folder, "model.onnx"), "-o", path, "--recipe", "fuse"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        return [run.stderr.strip()]
    try:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    except Exception as error:
        return [str(error).strip()]
    graph = onnx.load(os.path.join(folder, "model.onnx")).graph
    constants = {one.name for one in graph.initializer}
    names = [one.name for one in graph.input if one.name not in constants]
    wanted = {one.name for one in session.get_inputs()}
    found = []
    for number in range(2):
        data = os.path.join(folder, f"test_data_set_{number}")
        feed = {port: tensor(f"{data}/input_{position}.pb") for position, port in enumerate(names)}
        outputs = session.run(None, {port: value for port, value in feed.items() if port in wanted})
        for position, output in enumerate(outputs):
            expected = tensor(f"{data}/output_{position}.pb")
            bound = 2e-2 if "fp16" in name else 1e-5
            error = numpy.abs(expected.astype(float) - output.astype(float)).max() / max(1e-9, numpy.abs(expected).max())
            if expected.shape != output.shape or not error <= bound:
                found.append(f"set {number}, output {position}: {error:.3g}, {expected.shape} and {output.shape}")
    return found


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in sorted(os.listdir(MODELS)):
            found = faults(sys.argv[1], name, os.path.join(folder, "model.onnx"))
            failed += bool(found)
            for fault in found:
                print(f"{name}: {fault}")
    print(f"{failed} models failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
