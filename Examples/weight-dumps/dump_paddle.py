import base64, json

def dump(model, architecture, config, path):
    tensors = {n: {"dtype": str(t.dtype), "shape": list(t.shape), "base64": base64.b64encode(t.numpy().tobytes()).decode()} for n, t in model.state_dict().items()}
    json.dump({"format": "lathe-weights/1", "architecture": architecture, "config": config, "tensors": tensors}, open(path, "w"))
