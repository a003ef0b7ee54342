"""Times conversions of one model to INT8 as whole processes: Lathe, nncf.quantize, and onnxruntime's quantize_static and quantize_dynamic.

Usage: convert_peers.py LATHE MODEL.onnx VOCAB.txt TOKENIZER.json TEXTS.txt [--batches 8] [--rows 8] [--length 64] [--rounds 3]

Needs numpy, onnx, onnxruntime, openvino, nncf and tokenizers from PyPI. Every job sees the same texts: so many batches of so many rows of so many
tokens. Prints the median of the seconds and the most memory, in MiB, that each took from start to end.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time


def feeds(model, tokenizer_path, texts, batches, rows, length):
    import numpy
    import onnxruntime
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(tokenizer_path)
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding(length=length)
    lines = [line.rstrip("\n") for line in open(texts, encoding="utf-8")][: batches * rows]
    fields = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
    names = [port.name for port in onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).get_inputs()]
    for start in range(0, len(lines), rows):
        encoded = tokenizer.encode_batch(lines[start : start + rows])
        yield {name: numpy.array([getattr(row, fields[name]) for row in encoded], numpy.int64) for name in names}


def run_nncf(arguments, output):
    import nncf
    import openvino

    model = openvino.Core().read_model(arguments.model)
    data = nncf.Dataset(list(feeds(arguments.model, arguments.tokenizer, arguments.texts, arguments.batches, arguments.rows, arguments.length)))
    quantized = nncf.quantize(model, data, model_type=nncf.ModelType.TRANSFORMER, subset_size=arguments.batches)
    openvino.save_model(quantized, output + ".xml")


def run_static(arguments, output):
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static, shape_inference

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.feeds = feeds(arguments.model, arguments.tokenizer, arguments.texts, arguments.batches, arguments.rows, arguments.length)

        def get_next(self):
            return next(self.feeds, None)

    prepared = output + ".prepared.onnx"
    shape_inference.quant_pre_process(arguments.model, prepared, skip_symbolic_shape=True)
    quantize_static(prepared, output + ".onnx", Reader(), quant_format=QuantFormat.QDQ)


def run_dynamic(arguments, output):
    from onnxruntime.quantization import quantize_dynamic

    quantize_dynamic(arguments.model, output + ".onnx")


def lathe_command(arguments, output, activations):
    count = arguments.batches * arguments.rows
    texts = output + ".txt"
    with open(arguments.texts, encoding="utf-8") as source, open(texts, "w", encoding="utf-8") as target:
        target.writelines(source.readlines()[:count])
    command = [arguments.lathe, "convert", arguments.model, "-o", output + ".lathe", "--recipe", "fuse"]
    if activations == "static":
        command += ["--pass", "quantize/smooth", "--pass", "quantize/int8"]
        return command + ["--vocab", arguments.vocab, "--calibration-samples", texts, "--batch", str(arguments.rows), "--max-length", str(arguments.length)]
    return command + ["--pass", "quantize/int8:activations=dynamic", "--vocab", arguments.vocab]


JOBS = {"nncf.quantize": run_nncf, "onnxruntime quantize_static": run_static, "onnxruntime quantize_dynamic": run_dynamic}


def measured(command):
    """Seconds and MiB of one process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise RuntimeError(f"{command} ended with {status}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ["lathe", "model", "vocab", "tokenizer", "texts"]:
        parser.add_argument(name)
    for name, value in [("batches", 8), ("rows", 8), ("length", 64), ("rounds", 3)]:
        parser.add_argument("--" + name, type=int, default=value)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    parser.add_argument("--output", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.job:
        return JOBS[arguments.job](arguments, arguments.output)
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "out")
        # onnxruntime's pre-processing does not find weights that lie in a file of their own.
        single = os.path.join(folder, "single.onnx")
        # In a process of its own: what this one takes would count for those that it starts.
        subprocess.run([sys.executable, "-c", "import onnx, sys; onnx.save(onnx.load(sys.argv[1]), sys.argv[2])", arguments.model, single], check=True)
        commands = {f"lathe, {kind}": lathe_command(arguments, output, kind) for kind in ("static", "dynamic")}
        for job in JOBS:
            commands[job] = [sys.executable, *(single if word == arguments.model else word for word in sys.argv), "--job", job, "--output", output]
        figures = {name: [] for name in commands}
        for _ in range(arguments.rounds):
            for name, command in commands.items():
                figures[name].append(measured(command))
        for name, runs in figures.items():
            seconds, memory = statistics.median(run[0] for run in runs), max(run[1] for run in runs)
            print(f"{name:30} {seconds:7.2f} s {memory:7.0f} MiB")


if __name__ == "__main__":
    main()
