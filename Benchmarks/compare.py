"""Times Lathe's runtime beside ONNX Runtime, alternating, in one run.

Usage: compare.py LATHE MODEL.onnx MODEL.lathe [--shapes 1x16,1x32] [--threads 1,2] [--seconds 2] [--rounds 2]

Needs numpy and onnxruntime from PyPI. MODEL.lathe is what `lathe convert MODEL.onnx --recipe fuse` wrote. Every input is filled with ones.
Prints the best median of the rounds for each; a ratio over 1 means that Lathe is faster.
"""
import argparse
import json
import subprocess
import time

import numpy
import onnxruntime


def peer(model, batch, sequence, threads, seconds):
    """Median milliseconds of a run in ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feed = {port.name: numpy.ones((batch, sequence), numpy.int64) for port in session.get_inputs()}
    session.run(None, feed)
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        session.run(None, feed)
        times.append(time.perf_counter() - start)
    return 1000 * sorted(times)[len(times) // 2]


def ours(lathe, model, batch, sequence, threads, seconds):
    command = [lathe, "bench", model, "--batch", str(batch), "--sequence", str(sequence), "--threads", str(threads)]
    run = subprocess.run(command + ["--seconds", str(seconds), "--json"], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)["median_ms"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lathe")
    parser.add_argument("onnx")
    parser.add_argument("model")
    parser.add_argument("--shapes", default="1x16,1x32,1x128,8x32,32x128")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    for threads in map(int, arguments.threads.split(",")):
        for shape in arguments.shapes.split(","):
            batch, sequence = map(int, shape.split("x"))
            best = [float("inf"), float("inf")]
            for _ in range(arguments.rounds):
                best[0] = min(best[0], peer(arguments.onnx, batch, sequence, threads, arguments.seconds))
                best[1] = min(best[1], ours(arguments.lathe, arguments.model, batch, sequence, threads, arguments.seconds))
            print(f"{shape:>7}, {threads} threads: ONNX Runtime {best[0]:.3f} ms, Lathe {best[1]:.3f} ms, ratio {best[0] / best[1]:.2f}")


if __name__ == "__main__":
    main()
