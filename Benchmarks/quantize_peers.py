"""Quantizes a text model with ONNX Runtime (dynamic) and NNCF (static), for compare.py's --peer-model.

Usage: quantize_peers.py MODEL.onnx tokenizer.json TEXTS.txt OUTPUT_FOLDER

Needs onnxruntime, openvino, nncf and tokenizers from PyPI. Writes dynamic.onnx and nncf.xml, calibrated on 8 batches of 8 texts of 64 tokens at most, and prints
what each took.
"""
import sys
import time

import nncf
import openvino
from convert_peers import feeds
from onnxruntime.quantization import QuantType, quantize_dynamic


def main():
    model_path, tokenizer_path, texts_path, folder = sys.argv[1:]
    start = time.perf_counter()
    quantize_dynamic(model_path, f"{folder}/dynamic.onnx", weight_type=QuantType.QInt8)
    print(f"onnxruntime quantize_dynamic: {time.perf_counter() - start:.1f} s")
    start = time.perf_counter()
    model = openvino.Core().read_model(model_path)
    data = nncf.Dataset(list(feeds(model_path, tokenizer_path, texts_path, 8, 8, 64)))
    quantized = nncf.quantize(model, data, model_type=nncf.ModelType.TRANSFORMER)
    openvino.save_model(quantized, f"{folder}/nncf.xml")
    print(f"nncf.quantize: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
