"""Compares the mean-pooled embeddings of a .lathe model with those of its ONNX source in ONNX Runtime.

Usage: embeddings.py LIBLATHERUNTIME.so MODEL.onnx MODEL.lathe tokenizer.json TEXTS.txt [--count 1000] [--length 64]

Needs numpy, onnxruntime and tokenizers from PyPI. Prints the mean and the least cosine between the two models' embeddings of each text, and for
how many texts the nearest neighbour among the others is the same.
"""
import argparse
import ctypes

import numpy
import onnxruntime
import tokenizers


class Tensor(ctypes.Structure):
    """lathe_tensor of lathe.h."""

    _fields_ = [("dtype", ctypes.c_int), ("rank", ctypes.c_int32), ("shape", ctypes.c_int64 * 8), ("data", ctypes.c_void_p), ("byte_count", ctypes.c_size_t)]


def tensor(array):
    return Tensor(7 if array.dtype == numpy.int64 else 1, array.ndim, (ctypes.c_int64 * 8)(*array.shape), array.ctypes.data, array.nbytes)


class Lathe:
    """A model behind lathe.h."""

    def __init__(self, library, path):
        self.library = ctypes.CDLL(library)
        self.library.lathe_last_error.restype = ctypes.c_char_p
        self.model = ctypes.c_void_p()
        self.check(self.library.lathe_open(path.encode(), 2, ctypes.byref(self.model)))

    def check(self, status):
        if status:
            raise RuntimeError(self.library.lathe_last_error().decode())

    def run(self, inputs, width):
        output = numpy.empty(inputs[0].shape + (width,), numpy.float32)
        given, wanted = (Tensor * len(inputs))(*map(tensor, inputs)), (Tensor * 1)(tensor(output))
        self.check(self.library.lathe_run_into(self.model, given, len(inputs), wanted, 1))
        return output


def pooled(states, mask):
    weights = mask[:, :, None].astype(numpy.float32)
    sums = (states * weights).sum(1) / weights.sum(1)
    return sums / numpy.linalg.norm(sums, axis=1, keepdims=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ["library", "onnx", "lathe", "tokenizer", "texts"]:
        parser.add_argument(name)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--length", type=int, default=64)
    arguments = parser.parse_args()
    session = onnxruntime.InferenceSession(arguments.onnx, providers=["CPUExecutionProvider"])
    model = Lathe(arguments.library, arguments.lathe)
    tokenizer = tokenizers.Tokenizer.from_file(arguments.tokenizer)
    tokenizer.enable_truncation(arguments.length)
    tokenizer.enable_padding()
    lines = [line.rstrip("\n") for line in open(arguments.texts, encoding="utf-8")][: arguments.count]
    embeddings = ([], [])
    for start in range(0, len(lines), 16):
        batch = tokenizer.encode_batch(lines[start : start + 16])
        fields = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
        feed = {port.name: numpy.array([getattr(text, fields[port.name]) for text in batch], numpy.int64) for port in session.get_inputs()}
        reference = session.run(None, feed)[0]
        candidate = model.run(list(feed.values()), reference.shape[-1])
        for list_, states in zip(embeddings, (reference, candidate)):
            list_.append(pooled(states, feed["attention_mask"]))
    one, other = map(numpy.concatenate, embeddings)
    cosines = (one * other).sum(1)
    nearest = [(matrix @ matrix.T - 2 * numpy.eye(len(matrix))).argmax(1) for matrix in (one, other)]
    print(f"{len(lines)} texts: mean cosine {cosines.mean():.5f}, least {cosines.min():.5f}, same nearest neighbour {(nearest[0] == nearest[1]).mean():.1%}")


if __name__ == "__main__":
    main()
