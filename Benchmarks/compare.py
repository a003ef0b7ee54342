"""Times Lathe's runtime beside ONNX Runtime and OpenVINO, alternating, in one run.

Usage: compare.py LATHE MODEL.onnx MODEL.lathe [--shapes 1x16,1x32] [--threads 1,2] [--seconds 1] [--rounds 3] [--start-up]
                  [--peer-model openvino=MODEL.xml]

Needs numpy, onnxruntime and openvino from PyPI; a peer that is missing is left out, and said. MODEL.lathe is what
`lathe convert MODEL.onnx --recipe fuse` wrote. Every input is filled with ones. Each engine runs in a process of its own. Prints the best median
of the rounds for each; the ratio is that of the fastest peer to Lathe, over 1 where Lathe is in front. --peer-model gives
a peer a model of its own, such as one that its quantizer made. --start-up compares what it takes a
fresh process to open the model and come to its first answer at 1x32, and the private memory after it.
"""
import argparse
import importlib.util
import json
import multiprocessing
import subprocess
import time


def dirty_bytes():
    """Private_Dirty of this process."""
    with open("/proc/self/smaps_rollup") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("Private_Dirty:"))


def onnxruntime_runner(model, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return [port.name for port in session.get_inputs()], lambda feed: session.run(None, feed)


def openvino_runner(model, threads):
    import openvino

    compiled = openvino.Core().compile_model(
        model, "CPU", {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    return [port.get_any_name() for port in compiled.inputs], lambda feed: request.infer(feed, share_inputs=True)


PEERS = {"onnxruntime": onnxruntime_runner, "openvino": openvino_runner}


def measure_peer(peer, model, batch, sequence, threads, seconds):
    """Milliseconds of runs, and what it took to come to the first; runs in a process of its own."""
    import numpy

    __import__(peer)
    before = dirty_bytes()
    start = time.perf_counter()
    names, run = PEERS[peer](model, threads)
    feed = {name: numpy.ones((batch, sequence), numpy.int64) for name in names}
    run(feed)
    first = 1000 * (time.perf_counter() - start)
    private = dirty_bytes() - before
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or not times:
        start = time.perf_counter()
        run(feed)
        times.append(time.perf_counter() - start)
    return {"median_ms": 1000 * sorted(times)[len(times) // 2], "start_ms": first, "private_bytes": private}


def in_process(pool, *arguments):
    return pool.apply(measure_peer, arguments)


def measure_lathe(lathe, model, batch, sequence, threads, seconds):
    command = [lathe, "bench", model, "--batch", str(batch), "--sequence", str(sequence), "--threads", str(threads)]
    run = subprocess.run(command + ["--seconds", str(seconds), "--json"], capture_output=True, text=True, check=True)
    result = json.loads(run.stdout)
    result["start_ms"] = result["open_ms"] + result["first_ms"]
    return result


def rounds(arguments, peers, batch, sequence, threads, seconds):
    """The results of every engine, round by round."""
    results = {name: [] for name in peers + ["lathe"]}
    for _ in range(arguments.rounds):
        for peer in peers:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                results[peer].append(in_process(pool, peer, arguments.models.get(peer, arguments.onnx), batch, sequence, threads, seconds))
        results["lathe"].append(measure_lathe(arguments.lathe, arguments.model, batch, sequence, threads, seconds))
    return results


def speed(arguments, peers):
    for threads in map(int, arguments.threads.split(",")):
        for shape in arguments.shapes.split(","):
            batch, sequence = map(int, shape.split("x"))
            results = rounds(arguments, peers, batch, sequence, threads, arguments.seconds)
            best = {name: min(result["median_ms"] for result in list) for name, list in results.items()}
            ratio = min(best[peer] for peer in peers) / best["lathe"]
            print(f"{shape:>7}, {threads} threads: " + ", ".join(f"{name} {value:.3f} ms" for name, value in best.items())
                  + f", ratio {ratio:.2f}", flush=True)


def start_up(arguments, peers):
    results = rounds(arguments, peers, 1, 32, 1, 0.01)
    for key, scale, unit in [("start_ms", 1, "ms"), ("private_bytes", 2**20, "MiB")]:
        middle = {name: sorted(result[key] for result in list)[len(list) // 2] / scale for name, list in results.items()}
        ratio = min(middle[peer] for peer in peers) / middle["lathe"]
        what = "open and first answer" if key == "start_ms" else "private memory after it"
        print(f"{what}: " + ", ".join(f"{name} {value:.1f} {unit}" for name, value in middle.items()) + f", ratio {ratio:.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lathe")
    parser.add_argument("onnx")
    parser.add_argument("model")
    parser.add_argument("--shapes", default="1x16,1x32,1x128,8x32,32x128")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--start-up", action="store_true")
    parser.add_argument("--peer-model", action="append", default=[])
    arguments = parser.parse_args()
    arguments.models = dict(entry.split("=", 1) for entry in arguments.peer_model)
    peers = [peer for peer in PEERS if importlib.util.find_spec(peer)]
    for peer in PEERS.keys() - set(peers):
        print(f"{peer} is not installed and left out")
    if arguments.start_up:
        return start_up(arguments, peers)
    speed(arguments, peers)


if __name__ == "__main__":
    main()
