"""Simplifies a model with Lathe, onnxslim and onnxsim in one run, and runs each result in ONNX Runtime.

Usage: simplify.py LATHE MODEL.onnx [--rounds 3]

Needs onnx, onnxruntime, onnxslim and onnxsim from PyPI, in the Python that runs this. Prints for each tool: nodes left, wall seconds and peak
memory of the whole process that simplifies, milliseconds of one run in ONNX Runtime with one thread (all its own optimizations off, then on;
best of many, the tools alternating), the session's memory, and how far the outputs are from the original's.
"""
import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time

import numpy
import onnx
import onnxruntime

SHAPES = [(1, 16), (4, 33), (8, 64)]


def measure(command):
    """Wall seconds and peak MiB of a process and its children."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)} ended with {status}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def feed(session, batch, sequence):
    generator = numpy.random.default_rng(7)
    values = {}
    for port in session.get_inputs():
        if "mask" in port.name:
            mask = numpy.ones((batch, sequence), numpy.int64)
            mask[-1, sequence // 2 :] = 0
            values[port.name] = mask
        elif "ids" in port.name and "type" not in port.name:
            values[port.name] = generator.integers(1, 1000, (batch, sequence))
        else:
            values[port.name] = numpy.zeros((batch, sequence), numpy.int64)
    return values


def session(path, optimized):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    level = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_ALL if optimized else level.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def memory(path):
    """Peak MiB of a fresh process that opens the model in ONNX Runtime and runs it once."""
    code = f"import sys; sys.path.insert(0, {os.path.dirname(os.path.abspath(__file__))!r}); import simplify; s = simplify.session({path!r}, True); s.run(None, simplify.feed(s, 1, 16))"
    return measure([sys.executable, "-c", code])[1]


def best(sessions, rounds=30):
    """Least milliseconds of each session on 1 × 16 tokens, one after the other in every round."""
    least = {name: float("inf") for name in sessions}
    for _ in range(rounds):
        for name, one in sessions.items():
            values = feed(one, 1, 16)
            start = time.perf_counter()
            one.run(None, values)
            least[name] = min(least[name], 1000 * (time.perf_counter() - start))
    return least


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lathe")
    parser.add_argument("model")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = {name: os.path.join(folder, name + ".onnx") for name in ["lathe", "onnxslim", "onnxsim"]}
        tools = os.path.dirname(sys.executable)
        commands = {
            "lathe": [arguments.lathe, "convert", arguments.model, "-o", results["lathe"], "--recipe", "simplify"],
            "onnxslim": [os.path.join(tools, "onnxslim"), arguments.model, results["onnxslim"]],
            "onnxsim": [os.path.join(tools, "onnxsim"), arguments.model, results["onnxsim"]],
        }
        costs = {name: [float("inf"), 0.0] for name in commands}
        for _ in range(arguments.rounds):
            for name, command in commands.items():
                seconds, peak = measure(command)
                costs[name] = [min(costs[name][0], seconds), max(costs[name][1], peak)]
        paths = {"original": arguments.model, **results}
        plain = best({name: session(path, False) for name, path in paths.items()})
        optimized = best({name: session(path, True) for name, path in paths.items()})
        reference = session(arguments.model, False)
        print(f"{'':10} {'nodes':>6} {'seconds':>8} {'MiB':>6} {'run ms':>8} {'opt ms':>8} {'run MiB':>8} {'max error':>10}")
        for name, path in paths.items():
            worst = 0.0
            one = session(path, False)
            for batch, sequence in SHAPES:
                for left, right in zip(reference.run(None, feed(reference, batch, sequence)), one.run(None, feed(one, batch, sequence))):
                    worst = max(worst, float(numpy.abs(left - right).max()))
            seconds, peak = costs.get(name, [0, 0])
            nodes = len(onnx.load(path, load_external_data=False).graph.node)
            print(f"{name:10} {nodes:6} {seconds:8.2f} {peak:6.0f} {plain[name]:8.2f} {optimized[name]:8.2f} {memory(path):8.0f} {worst:10.2g}")


if __name__ == "__main__":
    main()
