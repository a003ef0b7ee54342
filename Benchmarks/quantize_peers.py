"""Quantizes a text model with ONNX Runtime (dynamic) and NNCF (static), for compare.py's --peer-model.

Usage: quantize_peers.py MODEL.onnx tokenizer.json TEXTS.txt OUTPUT_FOLDER

Needs onnxruntime, openvino, nncf and tokenizers from PyPI. Writes dynamic.onnx and nncf.xml, calibrated on 8 batches of 8 texts of 64 tokens at most, and prints
what each took.
"""
import sys
import time

import nncf
import numpy
import openvino
import tokenizers
from onnxruntime.quantization import QuantType, quantize_dynamic


def feeds(tokenizer_path, texts_path, names):
    tokenizer = tokenizers.Tokenizer.from_file(tokenizer_path)
    tokenizer.enable_truncation(64)
    tokenizer.enable_padding(length=64)
    lines = [line.rstrip("\n") for line in open(texts_path, encoding="utf-8")][:64]
    fields = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
    for start in range(0, 64, 8):
        batch = tokenizer.encode_batch(lines[start : start + 8])
        yield {name: numpy.array([getattr(text, fields[name]) for text in batch], numpy.int64) for name in names}


def main():
    model_path, tokenizer_path, texts_path, folder = sys.argv[1:]
    start = time.perf_counter()
    quantize_dynamic(model_path, f"{folder}/dynamic.onnx", weight_type=QuantType.QInt8)
    print(f"onnxruntime quantize_dynamic: {time.perf_counter() - start:.1f} s")
    start = time.perf_counter()
    model = openvino.Core().read_model(model_path)
    names = [port.get_any_name() for port in model.inputs]
    quantized = nncf.quantize(model, nncf.Dataset(list(feeds(tokenizer_path, texts_path, names))), model_type=nncf.ModelType.TRANSFORMER)
    openvino.save_model(quantized, f"{folder}/nncf.xml")
    print(f"nncf.quantize: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
