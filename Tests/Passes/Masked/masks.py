"""The structures that are silenced in each model, and how: arrays are changed in place, weights being [outputs, inputs]."""
import numpy

HEAD, HIDDEN = 8, 32

# By layer: heads without values, heads that the output does not read, heads masked wholly; neurons without input, without output, masked wholly.
BERT = [
    dict(values=[1], unread=[3], heads=[], inputs=[9, 33, 63], outputs=[0, 5, 17], neurons=[]),
    dict(values=[], unread=[], heads=[0], inputs=[], outputs=[2], neurons=[1, 4, 8, 15, 16, 23, 42, 43, 44, 60]),
]
# As movement sparsity leaves a model: all that goes is masked wholly, and much does.
JPQD = [
    dict(values=[], unread=[], heads=[0, 2], inputs=[], outputs=[], neurons=[n for n in range(256) if n % 8 < 5]),
    dict(values=[], unread=[], heads=[1, 2, 3], inputs=[], outputs=[], neurons=[n for n in range(256) if n % 4]),
]
UNITS = [[2, 9], [0, 4, 15]]  # of 16 hidden units, by recurrent layer, in both directions
STEM, TOP = [3, 7], [1, 5, 20]  # of 16 channels along the residual, of 24 behind it


def rows(heads):
    return numpy.concatenate([numpy.arange(head * HEAD, (head + 1) * HEAD) for head in heads]).astype(int) if heads else numpy.zeros(0, int)


def mask_layer(plan, weights, biases, share, seed):
    """Plants the plan in one layer, beside `share` of zeros without structure, and, in layers of 64 neurons, what is partly zero and has to stay."""
    generator = numpy.random.default_rng(seed)
    for weight in weights.values() if share else ():
        weight[generator.random(weight.shape) < share] = 0
    silent = rows(plan["values"] + plan["heads"])
    weights["v"][silent], biases["v"][silent] = 0, 0
    weights["o"][:, rows(plan["unread"] + plan["heads"])] = 0
    for name in ("q", "k"):
        weights[name][rows(plan["heads"])], biases[name][rows(plan["heads"])] = 0, 0
    weights["up"][plan["inputs"] + plan["neurons"]], biases["up"][plan["inputs"] + plan["neurons"]] = 0, 0
    weights["down"][:, plan["outputs"] + plan["neurons"]] = -0.0
    if len(biases["up"]) > 64:
        return
    gone = set(plan["values"] + plan["unread"] + plan["heads"] + plan["inputs"] + plan["outputs"] + plan["neurons"])
    head = next(head for head in range(4) if head not in plan["values"] + plan["unread"] + plan["heads"])
    neuron = next(neuron for neuron in range(7, 64) if neuron not in gone)
    weights["q"][rows([head])], biases["q"][rows([head])] = 0, 0  # Its queries are zero, its values are not.
    weights["up"][neuron] = 0  # Its bias is not zero.


def structures(gone, extent, block):
    return [dict(gone=gone, of=extent, block=block)] if gone else []


def bert_expectation(plans, inner, by_nncf=False):
    found, elements = [], 0
    for plan in plans:
        heads = len(plan["heads"]) + (0 if by_nncf else len(plan["values"]) + len(plan["unread"]))
        neurons = len(plan["neurons"]) + (0 if by_nncf else len(plan["inputs"]) + len(plan["outputs"]))
        found += structures(heads, 4, HEAD) + structures(neurons, inner, 1)
        elements += heads * (4 * HEAD * HIDDEN + 3 * HEAD) + neurons * (2 * HIDDEN + 1)
    return dict(structures=found, elements=elements)


def recurrent_expectation(gates):
    def size(features, hidden):
        return 2 * gates * hidden * (features + hidden + 2)
    first, second = (16 - len(units) for units in UNITS)
    before = size(24, 16) + size(32, 16) + 3 * 64
    after = size(24, first) + size(2 * first, second) + 3 * 4 * second
    return dict(structures=[dict(gone=len(units), of=16, block=1) for units in UNITS], elements=before - after)


def cnn_expectation():
    def size(stem, top):
        return stem * (27 + 1) + stem * (9 + 1) + stem * (stem + 1) + top * (9 * stem + 1) + 3 * top
    return dict(
        structures=[dict(gone=len(STEM), of=16, block=1), dict(gone=len(TOP), of=24, block=1)],
        elements=size(16, 24) - size(16 - len(STEM), 24 - len(TOP)))
