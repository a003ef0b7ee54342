"""Quantizes a text model with ONNX Runtime as few should: static, symmetric, MinMax. The attention mask's constant enters a scale.

Usage: broken_static.py MODEL.onnx tokenizer.json TEXTS.txt OUTPUT.onnx

Needs onnxruntime and tokenizers from PyPI. What it writes is for lathe verify --policy to reject.
"""
import os
import sys
import tempfile

from convert_peers import feeds
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process


class Reader(CalibrationDataReader):
    def __init__(self, *arguments):
        self.feeds = feeds(*arguments)

    def get_next(self):
        return next(self.feeds, None)


def main():
    model, tokenizer, texts, output = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        prepared = os.path.join(folder, "prepared.onnx")
        quant_pre_process(model, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared, output, Reader(model, tokenizer, texts, 16, 32, 64), quant_format=QuantFormat.QDQ, activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8, per_channel=True, calibrate_method=CalibrationMethod.MinMax,
            extra_options={"ActivationSymmetric": True, "WeightSymmetric": True})


if __name__ == "__main__":
    main()
