"""Small Paddle models with random weights, exported by paddle2onnx. Needs paddlepaddle, paddle2onnx and paddlenlp."""
import dataclasses
import pathlib
import tempfile
from typing import Any, Callable

import numpy
import paddle
import paddle2onnx
from paddlenlp.transformers import BertConfig, BertForSequenceClassification, ErnieConfig, ErnieForSequenceClassification

VOCABULARY = 50
SIZES = dict(
    vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
    max_position_embeddings=32, type_vocab_size=2, num_labels=3, pad_token_id=0)
TYPES = {"input_ids": "int64", "token_type_ids": "int64", "attention_mask": "int64", "task_type_ids": "int64", "pixel_values": "float32"}


class Ernie(paddle.nn.Layer):
    """ERNIE's classifier with the arguments in the order of the graph's inputs."""

    def __init__(self):
        super().__init__()
        self.model = ErnieForSequenceClassification(ErnieConfig(**SIZES, use_task_id=True, task_type_vocab_size=3))

    def forward(self, input_ids, token_type_ids, attention_mask, task_type_ids):
        ernie = self.model.ernie
        _, pooled = ernie(
            input_ids, token_type_ids=token_type_ids, attention_mask=attention_mask, task_type_ids=task_type_ids)[:2]
        return self.model.classifier(pooled)


class PaddingErnie(paddle.nn.Layer):
    """ERNIE as it is usually deployed: two inputs, the mask found from the padding tokens."""

    def __init__(self):
        super().__init__()
        self.model = ErnieForSequenceClassification(ErnieConfig(**SIZES, use_task_id=True, task_type_vocab_size=3))

    def forward(self, input_ids, token_type_ids):
        return self.model(input_ids, token_type_ids=token_type_ids)


class Bert(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.model = BertForSequenceClassification(BertConfig(**SIZES))

    def forward(self, input_ids, token_type_ids, attention_mask):
        return self.model(input_ids, token_type_ids=token_type_ids, attention_mask=attention_mask)


class ConvolutionalNetwork(paddle.nn.Layer):
    """Convolutions with batch normalization and activations, a residual and a pooled classifier."""

    def __init__(self):
        super().__init__()
        self.stem = paddle.nn.Sequential(
            paddle.nn.Conv2D(3, 16, 3, 2, 1, bias_attr=False), paddle.nn.BatchNorm2D(16), paddle.nn.ReLU())
        self.depthwise = paddle.nn.Sequential(
            paddle.nn.Conv2D(16, 16, 3, 1, 1, groups=16, bias_attr=False), paddle.nn.BatchNorm2D(16), paddle.nn.Hardswish())
        self.pointwise = paddle.nn.Sequential(paddle.nn.Conv2D(16, 16, 1), paddle.nn.BatchNorm2D(16))
        self.classifier = paddle.nn.Linear(16, 3)

    def forward(self, pixel_values):
        x = self.stem(pixel_values)
        x = paddle.nn.functional.relu(x + self.pointwise(self.depthwise(x)))
        return self.classifier(x.mean([2, 3]))


@dataclasses.dataclass
class Architecture:
    build: Callable[[], Any]
    inputs: tuple
    padding: int = 0


ARCHITECTURES = {
    "ernie": Architecture(Ernie, ("input_ids", "token_type_ids", "attention_mask", "task_type_ids")),
    "ernie-padding": Architecture(PaddingErnie, ("input_ids", "token_type_ids")),
    "bert": Architecture(Bert, ("input_ids", "token_type_ids", "attention_mask")),
    "cnn": Architecture(ConvolutionalNetwork, ("pixel_values",)),
}
CASES = [
    ("ernie", ("none",), (11, 13, 17)),
    ("ernie-padding", ("none",), (11,)),
    ("bert", ("none",), (13,)),
    ("cnn", ("none",), (11,)),
]


def randomize(model):
    generator = numpy.random.default_rng(11)
    for name, value in model.state_dict().items():
        noise = generator.standard_normal(value.shape)
        if name.endswith("_mean"):
            values = 0.2 * noise
        elif name.endswith("_variance"):
            values = 1 + 0.5 * generator.random(value.shape)
        elif len(value.shape) >= 2:
            fan_in = value.shape[0] if len(value.shape) == 2 else numpy.prod(value.shape[1:])
            values = noise * (0.7 if "embed" in name else 1.3 / fan_in ** 0.5)
        elif name.endswith("bias"):
            values = 0.1 * noise
        else:
            values = 1 + 0.2 * noise
        bits = values.astype(numpy.float32).view(numpy.uint32) & 0xFFFF0000
        value.set_value(bits.view(numpy.float32))
    model.eval()
    return model


def export(architecture, opset, path, values):
    """Writes the graph; what the model answers to each feed comes back."""
    paddle.seed(0)
    model = randomize(architecture.build())
    specification = [
        paddle.static.InputSpec([None, 3, 16, 16] if name == "pixel_values" else [None, None], TYPES[name], name)
        for name in architecture.inputs]
    with tempfile.TemporaryDirectory() as folder:
        prefix = str(pathlib.Path(folder) / "model")
        paddle.jit.save(paddle.jit.to_static(model, input_spec=specification, full_graph=True), prefix)
        program = next(file for file in map(pathlib.Path, (prefix + ".json", prefix + ".pdmodel")) if file.exists())
        paddle2onnx.export(str(program), prefix + ".pdiparams", str(path), opset_version=opset, enable_onnx_checker=True)
    with paddle.no_grad():
        return [model(*(paddle.to_tensor(feed[name]) for name in architecture.inputs)).numpy().astype(numpy.float64) for feed in values]
