"""Writes the dump of one folder of make_checkpoints.py with the exporter of Examples: the library loads the folder, and the exporter what was loaded.

    python dump_case.py transformers|paddle FOLDER dump.json
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../Examples/weight-dumps"))
library, folder, path = sys.argv[1:]
config = json.load(open(os.path.join(folder, "config.json")))
architecture = config["architectures"][0]
if library == "transformers":
    import transformers
    from dump_pytorch import dump

    model = getattr(transformers, architecture).from_pretrained(folder)
    config = model.config.to_dict()
else:
    import paddle
    import paddlenlp.transformers
    from dump_paddle import dump
    from safetensors.numpy import load_file

    made = getattr(paddlenlp.transformers, architecture[: architecture.index("For")] + "Config")(
        **{k: v for k, v in config.items() if k not in ("architectures", "model_type", "id2label", "label2id")}, num_labels=len(config["id2label"]))
    model = getattr(paddlenlp.transformers, architecture)(made)
    model.set_state_dict({k: paddle.to_tensor(v) for k, v in load_file(os.path.join(folder, "model.safetensors")).items()})
dump(model, architecture, config, path)
