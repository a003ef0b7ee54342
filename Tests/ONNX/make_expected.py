"""Runs ONNX Runtime on the shared models and keeps small feeds and outputs in Data/expected/.

python make_expected.py ../../../shared/models MINILM_FOLDER     (needs onnxruntime; the folder has minilm's weights too)
"""

import pathlib
import sys

import numpy as np
import onnxruntime
from onnx import numpy_helper

EXPECTED = pathlib.Path(__file__).parent / "Data" / "expected"


def feed(session, batch, sequence, rng):
    """Ids below 1000, later rows one token shorter each, as packing needs."""
    lengths = np.maximum(1, sequence - np.arange(batch))
    made = {}
    for value in session.get_inputs():
        if value.name == "input_ids":
            made[value.name] = rng.integers(1, 1000, (batch, sequence))
        elif value.name == "attention_mask":
            made[value.name] = (np.arange(sequence) < lengths[:, None]).astype(np.int64)
        elif value.name == "token_type_ids":
            made[value.name] = np.zeros((batch, sequence), np.int64)
        elif value.name == "length":
            made[value.name] = lengths
        else:
            raise ValueError(value.name)
    return made


def save(path, name, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(numpy_helper.from_array(np.ascontiguousarray(array), name).SerializeToString(deterministic=True))


def main(models, minilm):
    for name, path in [("pico", models / "pico"), ("bilstm", models / "bilstm"), ("minilm", minilm)]:
        session = onnxruntime.InferenceSession(path / "model.onnx", providers=["CPUExecutionProvider"])
        rng = np.random.default_rng(7)
        for number, (batch, sequence) in enumerate([(1, 1), (2, 5)] if name == "minilm" else [(1, 1), (2, 7), (5, 3)]):
            inputs = feed(session, batch, sequence, rng)
            outputs = session.run(None, inputs)
            for index, (key, array) in enumerate(inputs.items()):
                save(EXPECTED / name / str(number) / f"input_{index}.pb", key, array)
            for index, (value, array) in enumerate(zip(session.get_outputs(), outputs)):
                save(EXPECTED / name / str(number) / f"output_{index}.pb", value.name, array)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
