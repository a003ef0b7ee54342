"""Small PyTorch models with random weights, one function an architecture. Needs torch and transformers."""
import dataclasses
from typing import Any, Callable

import torch
import transformers

VOCABULARY = 50
POSITIONS = 32
PADDING = 0

COMMON = dict(vocab_size=VOCABULARY, num_hidden_layers=2, max_position_embeddings=POSITIONS, num_labels=3, pad_token_id=PADDING)
BERT = COMMON | dict(hidden_size=32, num_attention_heads=4, intermediate_size=64)
SMALL = COMMON | dict(hidden_size=16, num_attention_heads=2, intermediate_size=32)
FROM_PADDING = SMALL | dict(max_position_embeddings=POSITIONS + 2, pad_token_id=1)
TEXT = ("input_ids", "attention_mask")
PAIRS = ("input_ids", "attention_mask", "token_type_ids")


@dataclasses.dataclass
class Architecture:
    """How to build a model for an attention form, and the names of its inputs and of its one output."""
    build: Callable[[str], Any]
    inputs: tuple
    output: str = "logits"
    padding: int = PADDING
    folded: bool = True  # False: the exporter is told to leave weights' transposes and batch normalization as they are.


def randomize(model, seed=11):
    """Weights large enough that softmax and the activations are not near-linear, no bias zero and no scale one, all in bfloat16's
    values so that the files compress."""
    generator = torch.Generator().manual_seed(seed)

    def draw(tensor, mean, deviation):
        values = mean + deviation * torch.randn(tensor.shape, generator=generator)
        tensor.copy_(values.to(torch.bfloat16))

    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() >= 2:
                fan_in = parameter[0].numel()
                unscaled = ".q.weight" in name and "Attention" in name  # T5 has the scale of its scores in this weight.
                draw(parameter, 0, 0.7 if "embed" in name.lower() else (0.4 if unscaled else 1.3) / fan_in ** 0.5)
            elif name.endswith("bias"):
                draw(parameter, 0, 0.1)
            else:
                draw(parameter, 1, 0.2)
        for name, buffer in model.named_buffers():
            if name.endswith("running_mean"):
                draw(buffer, 0, 0.2)
            elif name.endswith("running_var"):
                draw(buffer, 1, 0.2)
    return model.eval()


def pretrained(model_class, configuration):
    def build(attention):
        if attention == "none":
            return randomize(model_class(configuration()))
        return randomize(model_class._from_config(configuration(), attn_implementation=attention))
    return build


def bert(model_class, **changes):
    return pretrained(model_class, lambda: transformers.BertConfig(**BERT | changes))


def pruned_bert(attention):
    """One head of four gone from the first layer, three from the second: the inner sizes are 24 and 8."""
    model = bert(transformers.BertForSequenceClassification)(attention)
    keep(model.bert.encoder.layer[0].attention, [0, 2, 3])
    keep(model.bert.encoder.layer[1].attention, [1])
    return model


def keep(attention, heads):
    """What transformers' prune_heads does; its releases from 5 on no longer have it."""
    size = attention.self.attention_head_size
    rows = torch.cat([torch.arange(head * size, (head + 1) * size) for head in heads])
    for layer in (attention.self.query, attention.self.key, attention.self.value):
        layer.weight = torch.nn.Parameter(layer.weight[rows])
        layer.bias = torch.nn.Parameter(layer.bias[rows])
    attention.output.dense.weight = torch.nn.Parameter(attention.output.dense.weight[:, rows])
    attention.self.num_attention_heads = len(heads)
    attention.self.all_head_size = size * len(heads)


def half_bert(attention):
    return bert(transformers.BertForSequenceClassification)(attention).half()


class ConvolutionalNetwork(torch.nn.Module):
    """Convolutions with batch normalization and activations: plain, strided, depthwise with Hardswish, and a residual."""

    def __init__(self):
        super().__init__()
        self.stem = torch.nn.Sequential(torch.nn.Conv2d(3, 16, 3, 2, 1, bias=False), torch.nn.BatchNorm2d(16), torch.nn.ReLU())
        self.depthwise = torch.nn.Sequential(
            torch.nn.Conv2d(16, 16, 3, 1, 1, groups=16, bias=False), torch.nn.BatchNorm2d(16), torch.nn.Hardswish())
        self.pointwise = torch.nn.Sequential(torch.nn.Conv2d(16, 16, 1), torch.nn.BatchNorm2d(16))
        self.head = torch.nn.Sequential(torch.nn.Conv2d(16, 24, 3, 2), torch.nn.BatchNorm2d(24), torch.nn.ReLU6())
        self.classifier = torch.nn.Linear(24, 3)

    def forward(self, pixel_values):
        x = torch.nn.functional.max_pool2d(self.stem(pixel_values), 2)
        x = torch.relu(x + self.pointwise(self.depthwise(x)))
        return self.classifier(self.head(x).mean((2, 3)))


class TextConvolution(torch.nn.Module):
    """TextCNN: windows of three widths over the embeddings, the largest of each filter, a linear classifier."""

    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(VOCABULARY, 32)
        self.windows = torch.nn.ModuleList(torch.nn.Conv1d(32, 16, width) for width in (2, 3, 4))
        self.classifier = torch.nn.Linear(48, 3)

    def forward(self, input_ids):
        x = self.embedding(input_ids).transpose(1, 2)
        return self.classifier(torch.cat([torch.relu(window(x)).amax(2) for window in self.windows], 1))


class BidirectionalLSTM(torch.nn.Module):
    """Two layers in both directions over padded sequences; the classifier sees the mean and the maximum over time."""

    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(VOCABULARY, 24)
        self.lstm = torch.nn.LSTM(24, 16, 2, batch_first=True, bidirectional=True)
        self.classifier = torch.nn.Linear(64, 3)

    def forward(self, input_ids):
        x, _ = self.lstm(self.embedding(input_ids))
        return self.classifier(torch.cat([x.mean(1), x.amax(1)], 1))


class PackedBidirectionalLSTM(BidirectionalLSTM):
    """The same with packed sequences, whose lengths fall; the classifier sees the last states of both directions."""

    def __init__(self):
        super().__init__()
        self.classifier = torch.nn.Linear(32, 3)

    def forward(self, input_ids, lengths):
        packed = torch.nn.utils.rnn.pack_padded_sequence(self.embedding(input_ids), lengths, batch_first=True)
        _, (hidden, _) = self.lstm(packed)
        return self.classifier(torch.cat([hidden[-2], hidden[-1]], 1))


class BidirectionalGRU(torch.nn.Module):
    """Two layers of gated units in both directions over padded sequences; the classifier sees the mean and the maximum over time."""

    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(VOCABULARY, 24)
        self.gru = torch.nn.GRU(24, 16, 2, batch_first=True, bidirectional=True)
        self.classifier = torch.nn.Linear(64, 3)

    def forward(self, input_ids):
        x, _ = self.gru(self.embedding(input_ids))
        return self.classifier(torch.cat([x.mean(1), x.amax(1)], 1))


class PackedBidirectionalGRU(BidirectionalGRU):
    """The same with packed sequences, whose lengths fall; the classifier sees the last states of both directions."""

    def __init__(self):
        super().__init__()
        self.classifier = torch.nn.Linear(32, 3)

    def forward(self, input_ids, lengths):
        packed = torch.nn.utils.rnn.pack_padded_sequence(self.embedding(input_ids), lengths, batch_first=True)
        _, hidden = self.gru(packed)
        return self.classifier(torch.cat([hidden[-2], hidden[-1]], 1))


def plain(model_class):
    return lambda attention: randomize(model_class())


MOBILE = SMALL | dict(embedding_size=16, true_hidden_size=16, intra_bottleneck_size=16, num_feedforward_networks=2)
DEBERTA = SMALL | dict(
    num_hidden_layers=1, relative_attention=True, position_buckets=8, pos_att_type=["p2c", "c2p"], share_att_key=True,
    norm_rel_ebd="layer_norm", position_biased_input=False, type_vocab_size=0, pooler_hidden_size=16)
T5 = dict(
    vocab_size=VOCABULARY, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_decoder_layers=1, num_heads=2, relative_attention_num_buckets=8,
    relative_attention_max_distance=16, pad_token_id=PADDING, decoder_start_token_id=PADDING, use_cache=False)
GPT2 = dict(
    vocab_size=VOCABULARY, n_embd=16, n_inner=32, n_layer=2, n_head=2, n_positions=POSITIONS, use_cache=False, bos_token_id=1,
    eos_token_id=1)
VIT = dict(
    hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, num_labels=3, image_size=16, patch_size=4,
    num_channels=3)

hf = transformers
ARCHITECTURES = {
    "bert": Architecture(bert(hf.BertForSequenceClassification), PAIRS),
    "bert-tokens": Architecture(bert(hf.BertForTokenClassification), PAIRS),
    "bert-pruned": Architecture(pruned_bert, PAIRS),
    "bert-fp16": Architecture(half_bert, PAIRS),
    "bert-tanh": Architecture(bert(hf.BertForSequenceClassification, hidden_act="gelu_new", num_hidden_layers=1), PAIRS),
    "bert-unfolded": Architecture(bert(hf.BertForSequenceClassification, num_hidden_layers=1), PAIRS, folded=False),
    "ernie": Architecture(
        pretrained(hf.ErnieForSequenceClassification, lambda: hf.ErnieConfig(**SMALL, use_task_id=True, task_type_vocab_size=3)),
        (*PAIRS, "task_type_ids")),
    "distilbert": Architecture(
        pretrained(hf.DistilBertForSequenceClassification, lambda: hf.DistilBertConfig(
            vocab_size=VOCABULARY, dim=16, n_layers=2, n_heads=2, hidden_dim=32, max_position_embeddings=POSITIONS, num_labels=3,
            pad_token_id=PADDING)), TEXT),
    "albert": Architecture(
        pretrained(hf.AlbertForSequenceClassification, lambda: hf.AlbertConfig(**SMALL, embedding_size=8)), PAIRS),
    "roberta": Architecture(
        pretrained(hf.RobertaForSequenceClassification, lambda: hf.RobertaConfig(
            **FROM_PADDING, type_vocab_size=1)), TEXT, padding=1),
    "electra": Architecture(
        pretrained(hf.ElectraForSequenceClassification, lambda: hf.ElectraConfig(**SMALL, embedding_size=8)), PAIRS),
    "mobilebert": Architecture(
        pretrained(hf.MobileBertForSequenceClassification, lambda: hf.MobileBertConfig(**MOBILE)), PAIRS),
    "deberta-v2": Architecture(
        pretrained(hf.DebertaV2ForSequenceClassification, lambda: hf.DebertaV2Config(**DEBERTA)), TEXT),
    "mpnet": Architecture(
        pretrained(hf.MPNetForSequenceClassification, lambda: hf.MPNetConfig(
            **FROM_PADDING)), TEXT, padding=1),
    "t5": Architecture(
        pretrained(hf.T5ForConditionalGeneration, lambda: hf.T5Config(**T5)), (*TEXT, "decoder_input_ids")),
    "t5-gated": Architecture(
        pretrained(hf.T5EncoderModel, lambda: hf.T5Config(**T5, feed_forward_proj="gated-gelu")), TEXT, "last_hidden_state"),
    "gpt2": Architecture(pretrained(hf.GPT2LMHeadModel, lambda: hf.GPT2Config(**GPT2)), TEXT),
    "vit": Architecture(pretrained(hf.ViTForImageClassification, lambda: hf.ViTConfig(**VIT)), ("pixel_values",)),
    "cnn": Architecture(plain(ConvolutionalNetwork), ("pixel_values",)),
    "cnn-unfolded": Architecture(plain(ConvolutionalNetwork), ("pixel_values",), folded=False),
    "textcnn": Architecture(plain(TextConvolution), ("input_ids",)),
    "bilstm": Architecture(plain(BidirectionalLSTM), ("input_ids",)),
    "bilstm-packed": Architecture(plain(PackedBidirectionalLSTM), ("input_ids", "lengths")),
    "bigru": Architecture(plain(BidirectionalGRU), ("input_ids",)),
    "bigru-packed": Architecture(plain(PackedBidirectionalGRU), ("input_ids", "lengths")),
}
