"""Compares lathe with the library on the folders of make_checkpoints.py.

    python check_checkpoints.py LATHE FOLDER... [--dump] [--tolerance 1e-4]

Each folder with a case.json is converted as it is and with the recipe fuse, and run on the case's inputs; with --dump by way of a JSON dump.
Needs NumPy.
"""

import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile

import numpy as np


def lathe(program, *arguments):
    run = subprocess.run([program, *arguments], capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f"lathe {arguments[0]} ended with {run.returncode}: {run.stderr[-400:]}")


def compare(program, folder, recipe, through_dump, source):
    with open(os.path.join(folder, "case.json")) as file:
        case = json.load(file)
    arrays = {k: np.array(v["data"], dtype=np.int64).reshape(v["shape"]) for k, v in case["inputs"].items()}
    with tempfile.TemporaryDirectory() as scratch:
        source, model, feeds, results = source or folder, f"{scratch}/m.lathe", f"{scratch}/in.npz", f"{scratch}/out.npz"
        np.savez(feeds, **arrays)
        if through_dump:
            source = f"{scratch}/dump.json"
            lathe(program, "convert", folder, "-o", source)
        head = ["--head", case["head"]] if case["head"] else []
        lathe(program, "convert", source, "-o", model, *head, *recipe)
        lathe(program, "run", model, "--samples", feeds, "-o", results)
        found = np.load(results)
        worst = 0.0
        for name, expected in case["outputs"].items():
            want = np.array(expected["data"]).reshape(expected["shape"])
            worst = max(worst, float(np.abs(found[name].reshape(want.shape) - want).max()))
        return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lathe")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--dump", action="store_true")
    parser.add_argument("--source", help="convert this in place of the one folder")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    arguments = parser.parse_args()
    folders = [f for given in arguments.folders for f in ([given] if os.path.exists(f"{given}/case.json") else sorted(glob.glob(f"{given}/*/")))]
    failures, worst = 0, 0.0
    for folder in folders:
        for recipe in ([], ["--recipe", "fuse"]):
            try:
                difference = compare(arguments.lathe, folder, recipe, arguments.dump, arguments.source)
            except RuntimeError as error:
                print(f"FAILED {folder} {recipe}: {error}")
                failures += 1
                continue
            worst = max(worst, difference)
            if difference > arguments.tolerance:
                print(f"FAILED {folder} {recipe}: differs by {difference:.3g}")
                failures += 1
    print(f"{len(folders)} checkpoints, {failures} failures, largest difference {worst:.3g}")
    sys.exit(1 if failures or not folders else 0)


if __name__ == "__main__":
    main()
