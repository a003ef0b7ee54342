#!/usr/bin/env python3
"""Writes Data/: arrays as numpy saves them, for the tests beside this script. Needs numpy and onnx; run it in any folder."""

import pathlib
import zipfile

import numpy as np
import onnx
import onnx.numpy_helper

data = pathlib.Path(__file__).parent / "Data"
data.mkdir(exist_ok=True)

TYPES = ["bool", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]
STRINGS = ["", "a", "häß", "日本", "x y", "🙂"]


def counted(name, order):
    """0 … 5 in two rows; for complex numbers with the negative as imaginary part, for truth values odd numbers are true."""
    values = np.arange(6).reshape(2, 3)
    if name == "bool":
        return values % 2 == 1
    if name.startswith("c"):
        return (values - 1j * values).astype(np.dtype(name).newbyteorder(order))
    return values.astype(np.dtype(name).newbyteorder(order))


def arrays(order, layout):
    result = {name: np.asarray(counted(name, order), order=layout) for name in TYPES}
    result["U"] = np.asarray(np.array(STRINGS).reshape(2, 3).astype(np.dtype("U3").newbyteorder(order)), order=layout)
    result["S"] = np.asarray(np.char.encode(np.array(STRINGS), "utf-8").reshape(2, 3), order=layout)
    return result


np.savez(data / "little.npz", **arrays("<", "C"))
np.savez(data / "big.npz", **arrays(">", "C"))
np.savez(data / "columns.npz", **arrays("<", "F"))
np.savez(data / "big-columns.npz", **arrays(">", "F"))
np.savez_compressed(data / "deflated.npz", **arrays("<", "C"))
np.savez_compressed(data / "zeros.npz", x=np.zeros((100, 1000), np.float32))

cube = np.arange(24, dtype=np.int64).reshape(2, 3, 4)
for major in (1, 2, 3):
    with open(data / f"cube-{major}.npy", "wb") as file:
        np.lib.format.write_array(file, cube, version=(major, 0))
np.save(data / "cube-columns.npy", np.asfortranarray(cube))
np.save(data / "scalar.npy", np.float32(2.5))
np.save(data / "none.npy", np.zeros((0, 3), np.float32))

np.save(data / "structured.npy", np.zeros(2, [("a", "<i4"), ("b", "<f4")]))
np.save(data / "object.npy", np.array([None, {}], object), allow_pickle=True)
np.save(data / "date.npy", np.array(["2024-01-01"], "M8[D]"))
np.save(data / "long.npy", np.zeros(2, np.longdouble))
np.save(data / "raw.npy", np.zeros(2, "V2"))

with zipfile.ZipFile(data / "bzip2.npz", "w", zipfile.ZIP_BZIP2) as archive:
    with archive.open("x.npy", "w") as file:
        np.lib.format.write_array(file, np.zeros(3, np.float32))
with zipfile.ZipFile(data / "twice.npz", "w") as archive:
    for name in ("x.npy", "x"):
        with archive.open(name, "w") as file:
            np.lib.format.write_array(file, np.zeros(3, np.float32))


def save_tensor(path, array, name):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(onnx.numpy_helper.from_array(array, name).SerializeToString())


# Set 10 names its tensors, in another order than the model's inputs; the others go by number.
for number in (0, 2, 10):
    folder = data / "sets" / f"test_data_set_{number}"
    a, b = np.float32([number, 1]), np.int64([number])
    named = number == 10
    save_tensor(folder / "input_0.pb", b if named else a, "b" if named else "")
    save_tensor(folder / "input_1.pb", a if named else b, "a" if named else "")
    save_tensor(folder / "output_0.pb", a + b.astype(np.float32), "")
