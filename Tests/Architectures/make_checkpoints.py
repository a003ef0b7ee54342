"""Writes checkpoints of random weights with inputs and what the library makes of them.

    venv-with-transformers/bin/python make_checkpoints.py transformers Data
    venv-with-paddlenlp/bin/python make_checkpoints.py paddle Data
    ... make_checkpoints.py paddle FOLDER --sizes     # every published size of ERNIE, not checked in

Each case is a folder as the library saves it, with case.json: head, inputs, outputs. What PaddleNLP has no class for
(the joint model of intents and slots, and the classifiers of its course) is written here in its layers.
Known to work with transformers 5.23 and 4.46, torch 2.13, PaddleNLP 2.8.1 and Paddle 2.6.
"""

import argparse
import json
import os
import warnings

import numpy as np

warnings.filterwarnings("ignore")

HEADS = {
    "none": "Model",
    "pooled": "Model",
    "sequence-classification": "ForSequenceClassification",
    "token-classification": "ForTokenClassification",
    "question-answering": "ForQuestionAnswering",
    "masked-lm": "ForMaskedLM",
}
FAMILIES = ["Bert", "Ernie", "Roberta", "DistilBert", "Electra", "Albert", "MPNet"]
POOLED = ["Bert", "Ernie", "Roberta", "Albert", "MPNet"]
VOCABULARY, LENGTH, POSITIONS, CLASSES = 24, 20, 28, 3
TINY = dict(hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12)
# Layers, hidden, heads, intermediate of ERNIE 3.0 and its Tiny versions.
SIZES = [(12, 768, 12, 3072), (6, 768, 12, 3072), (6, 384, 12, 1536), (4, 384, 12, 1536), (4, 312, 12, 1248), (3, 128, 2, 512)]


def inputs(family, segments):
    rng = np.random.default_rng(7)
    padding = 1 if family in ("Roberta", "Camembert", "MPNet") else 0
    ids = rng.integers(4, VOCABULARY, (2, LENGTH))
    mask = np.ones_like(ids)
    ids[1, LENGTH - 6 :] = padding
    mask[1, LENGTH - 6 :] = 0
    feeds = {"input_ids": ids, "attention_mask": mask}
    if segments:
        feeds["token_type_ids"] = (np.arange(LENGTH)[None, :] > [[9], [4]]).astype(np.int64) * mask
    return feeds


def values(name, shape, rng):
    """Weights large enough that each of them can be seen in the outputs, and small enough that rounding cannot."""
    if len(shape) == 1:
        norm = "norm" in name.lower() and name.endswith("weight")
        return (norm + 0.2 * rng.standard_normal(shape)).astype(np.float32)
    scale = 0.4 if max(shape) <= 32 else 1 / np.sqrt(min(shape[-2:]))
    return (scale * rng.standard_normal(shape)).astype(np.float32)


def write_case(folder, head, feeds, outputs):
    case = {
        "head": head,
        "inputs": {name: {"shape": list(v.shape), "data": v.flatten().tolist()} for name, v in feeds.items()},
        "outputs": {name: {"shape": list(v.shape), "data": [float(f"{x:.8g}") for x in v.flatten().tolist()]} for name, v in outputs.items()},
    }
    with open(os.path.join(folder, "case.json"), "w") as file:
        json.dump(case, file, separators=(",", ":"))
        file.write("\n")


def transformers_cases(out):
    import torch
    import transformers

    def save(family, head, config, kind=""):
        name = f"{family.lower()}-{head}{kind}"
        folder = os.path.join(out, name)
        os.makedirs(folder, exist_ok=True)
        model = getattr(transformers, family + HEADS[head])(config).eval()
        rng = np.random.default_rng(len(name))
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                parameter.copy_(torch.tensor(values(key, tuple(parameter.shape), rng)))
        segments = getattr(config, "type_vocab_size", 0) > 1 and family not in ("DistilBert", "MPNet")
        feeds = inputs(family, segments)
        with torch.no_grad():
            result = model(**{k: torch.tensor(v) for k, v in feeds.items()})
        kept = {"none": ["last_hidden_state"], "pooled": ["last_hidden_state", "pooler_output"],
                "question-answering": ["start_logits", "end_logits"]}.get(head, ["logits"])
        model.save_pretrained(folder, safe_serialization=True)
        for extra in ("generation_config.json",):
            if os.path.exists(os.path.join(folder, extra)):
                os.remove(os.path.join(folder, extra))
        write_case(folder, head, feeds, {k: result[k].numpy() for k in kept})

    for family in FAMILIES:
        for head in HEADS:
            # The pooled outputs are those of none, and one more.
            if head == ("none" if family in POOLED else "pooled"):
                continue
            config = getattr(transformers, family + "Config")
            shared = dict(vocab_size=VOCABULARY, max_position_embeddings=POSITIONS, num_labels=2 if head == "question-answering" else CLASSES)
            if family == "DistilBert":
                made = config(**shared, dim=8, n_layers=2, n_heads=2, hidden_dim=12)
            else:
                extra = dict(TINY)
                if family in ("Electra", "Albert"):
                    extra["embedding_size"] = 6
                if family == "Albert":
                    extra.update(num_hidden_groups=2, num_hidden_layers=4, inner_group_num=1)
                if family == "Roberta":
                    extra.update(type_vocab_size=1, pad_token_id=1)
                if family == "Ernie":
                    extra.update(use_task_id=True, task_type_vocab_size=3)
                made = config(**shared, **extra)
            save(family, head, made)

    # What one configuration alone shows: a decoder with a table and a bias of its own, layers that are no multiple of their groups
    # (the library rounds), a table of distances larger than what is looked up, and a type that is another's class.
    shared = dict(TINY, vocab_size=VOCABULARY, max_position_embeddings=POSITIONS, num_labels=CLASSES)
    save("Bert", "masked-lm", transformers.BertConfig(**shared, tie_word_embeddings=False), "-untied")
    uneven = dict(shared, num_hidden_layers=18, num_hidden_groups=14, embedding_size=6)
    save("Albert", "pooled", transformers.AlbertConfig(**uneven), "-groups")
    save("MPNet", "pooled", transformers.MPNetConfig(**shared, relative_attention_num_buckets=40), "-buckets")
    save("Camembert", "token-classification", transformers.CamembertConfig(**shared, type_vocab_size=1, pad_token_id=1))


def paddle_cases(out, sizes):
    import paddle
    import paddlenlp.transformers as library
    from safetensors.numpy import save_file

    def fill(model, seed):
        rng = np.random.default_rng(seed)
        for key, parameter in model.named_parameters():
            parameter.set_value(values(key, tuple(parameter.shape), rng))

    def save(folder, model, config, head, feeds, outputs, architecture):
        os.makedirs(folder, exist_ok=True)
        tensors = {k: np.ascontiguousarray(v.numpy()) for k, v in model.state_dict().items()}
        save_file(tensors, os.path.join(folder, "model.safetensors"), metadata={"format": "np"})
        config = dict(config, architectures=[architecture])
        with open(os.path.join(folder, "config.json"), "w") as file:
            json.dump(config, file, indent=1, sort_keys=True)
            file.write("\n")
        write_case(folder, head, feeds, {k: v.numpy() for k, v in outputs.items()})

    def config_of(family, extra):
        shared = dict(vocab_size=VOCABULARY, max_position_embeddings=POSITIONS, num_labels=CLASSES)
        made = getattr(library, family + "Config")(**shared, **extra)
        kept = made.to_dict()
        names = {"bert": "bert", "ernie": "ernie"}
        kept["model_type"] = names.get(family.lower(), family.lower())
        for key in ("architectures", "dtype", "paddlenlp_version"):
            kept.pop(key, None)
        # Unlike save_pretrained, to_dict leaves out what equals the defaults' names.
        kept["id2label"] = {str(i): f"LABEL_{i}" for i in range(CLASSES)}
        return made, kept

    def encoder_case(family, head, extra, folder):
        made, kept = config_of(family, extra)
        architecture = family + HEADS[head]
        model = getattr(library, architecture)(made)
        model.eval()
        fill(model, len(folder))
        feeds = inputs(family, family not in ("DistilBert", "MPNet"))
        arguments = {k: paddle.to_tensor(v) for k, v in feeds.items()}
        if family in ("Electra", "DistilBert", "MPNet", "Albert", "Roberta", "Bert"):
            arguments["attention_mask"] = paddle.to_tensor(feeds["attention_mask"].astype(np.int64))
        result = model(**arguments)
        if head in ("none", "pooled"):
            outputs = {"last_hidden_state": result[0] if isinstance(result, (tuple, list)) else result}
            if head == "pooled":
                outputs["pooler_output"] = result[1]
        elif head == "question-answering":
            outputs = {"start_logits": result[0], "end_logits": result[1]}
            if family == "Albert":
                # PaddleNLP 2.8.1 returns the start's scores as the end's as well; what the weights say is the second column.
                outputs["end_logits"] = model.qa_outputs(model.transformer(**arguments)[0])[:, :, 1]
        else:
            outputs = {"logits": result[0] if isinstance(result, (tuple, list)) else result}
        save(folder, model, kept, head, feeds, outputs, architecture)

    if sizes:
        for layers, hidden, heads, wide in SIZES:
            extra = dict(num_hidden_layers=layers, hidden_size=hidden, num_attention_heads=heads, intermediate_size=wide, use_task_id=True, task_type_vocab_size=3)
            encoder_case("Ernie", "sequence-classification", extra, os.path.join(out, f"ernie-{layers}x{hidden}x{heads}"))
        return

    for family in FAMILIES:
        for head in HEADS:
            # The pooled outputs are those of none, and one more.
            if head == ("none" if family in POOLED else "pooled"):
                continue
            extra = dict(TINY)
            if family in ("Electra", "Albert"):
                extra["embedding_size"] = 6
            if family == "Albert":
                extra.update(num_hidden_groups=2, num_hidden_layers=4, inner_group_num=1)
            if family == "Ernie":
                extra.update(use_task_id=True, task_type_vocab_size=3, task_id=2, type_vocab_size=4)
            try:
                encoder_case(family, head, extra, os.path.join(out, f"paddle-{family.lower()}-{head}"))
            except Exception as error:
                print(f"paddle {family} {head}: {error!r}"[:300])

    joint_case(out, paddle, library, config_of, fill, save)
    course_cases(out, paddle, fill, save)


def joint_case(out, paddle, library, config_of, fill, save):
    """A class for the text and one for each token, over ERNIE: plain classifiers, and behind hidden layers."""

    class JointErnie(paddle.nn.Layer):
        def __init__(self, config, behind):
            super().__init__()
            self.ernie = library.ErnieModel(config)
            size = config.hidden_size
            if behind:
                self.intent_hidden, self.slot_hidden = paddle.nn.Linear(size, size), paddle.nn.Linear(size, size)
            self.intent_classifier, self.slot_classifier = paddle.nn.Linear(size, 4), paddle.nn.Linear(size, 5)
            self.behind = behind

        def forward(self, **feeds):
            tokens, text = self.ernie(**feeds)[:2]
            if self.behind:
                tokens = paddle.nn.functional.relu(self.slot_hidden(tokens))
                text = paddle.nn.functional.relu(self.intent_hidden(text))
            return self.intent_classifier(text), self.slot_classifier(tokens)

    for behind in (False, True):
        made, kept = config_of("Ernie", dict(TINY, type_vocab_size=2))
        model = JointErnie(made, behind)
        model.eval()
        fill(model, 5 + behind)
        feeds = inputs("Ernie", True)
        intents, slots = model(**{k: paddle.to_tensor(v) for k, v in feeds.items()})
        kept.update(intent_dim=4, slot_dim=5)
        name = "paddle-ernie-intent-slots" + ("-hidden" if behind else "")
        save(os.path.join(out, name), model, kept, "intent-slots", feeds, {"intent_logits": intents, "slot_logits": slots}, "JointErnie")


def course_cases(out, paddle, fill, save):
    """The classifiers of PaddleNLP's course, of its own seq2vec encoders."""
    import paddlenlp as nlp

    nn = paddle.nn
    size = dict(emb_dim=6, hidden_size=5, fc_hidden_size=7)

    class BoWModel(nn.Layer):
        def __init__(self):
            super().__init__()
            self.embedder = nn.Embedding(VOCABULARY, size["emb_dim"], padding_idx=0)
            self.bow_encoder = nlp.seq2vec.BoWEncoder(size["emb_dim"])
            self.fc1 = nn.Linear(size["emb_dim"], size["hidden_size"])
            self.fc2 = nn.Linear(size["hidden_size"], size["fc_hidden_size"])
            self.output_layer = nn.Linear(size["fc_hidden_size"], CLASSES)

        def forward(self, text, seq_len=None):
            summed = paddle.tanh(self.bow_encoder(self.embedder(text)))
            return self.output_layer(paddle.tanh(self.fc2(paddle.tanh(self.fc1(summed)))))

    class LSTMModel(nn.Layer):
        def __init__(self, direction, layers, pooling):
            super().__init__()
            self.embedder = nn.Embedding(VOCABULARY, size["emb_dim"], padding_idx=0)
            self.lstm_encoder = nlp.seq2vec.LSTMEncoder(
                size["emb_dim"], size["hidden_size"], num_layers=layers, direction=direction, pooling_type=pooling)
            self.fc = nn.Linear(self.lstm_encoder.get_output_dim(), size["fc_hidden_size"])
            self.output_layer = nn.Linear(size["fc_hidden_size"], CLASSES)

        def forward(self, text, seq_len):
            encoded = self.lstm_encoder(self.embedder(text), sequence_length=seq_len)
            return self.output_layer(paddle.tanh(self.fc(encoded)))

    class TextCNNModel(nn.Layer):
        def __init__(self):
            super().__init__()
            self.embedder = nn.Embedding(VOCABULARY, size["emb_dim"], padding_idx=0)
            self.encoder = nlp.seq2vec.CNNEncoder(emb_dim=size["emb_dim"], num_filter=4, ngram_filter_sizes=(1, 2, 3))
            self.fc = nn.Linear(self.encoder.get_output_dim(), size["fc_hidden_size"])
            self.output_layer = nn.Linear(size["fc_hidden_size"], CLASSES)

        def forward(self, text, seq_len=None):
            return self.output_layer(paddle.tanh(self.fc(self.encoder(self.embedder(text)))))

    ids = inputs("Bert", False)["input_ids"]
    feeds = {"input_ids": ids, "seq_len": (ids != 0).sum(axis=1)}
    models = {"bow": (BoWModel(), {}), "textcnn": (TextCNNModel(), {"num_filter": 4, "ngram_filter_sizes": [1, 2, 3]})}
    for direction in ("forward", "bidirect"):
        for layers, pooling in ((1, None), (2, "max"), (1, "sum"), (1, "mean")):
            name = f"lstm-{direction}-{layers}-{pooling or 'last'}"
            models[name] = (LSTMModel(direction, layers, pooling), {
                "lstm_hidden_size": size["hidden_size"], "num_layers": layers, "direction": direction, "pooling_type": pooling})
    for name, (model, config) in models.items():
        model.eval()
        fill(model, len(name))
        own = feeds if name.startswith("lstm") else {"input_ids": ids}
        logits = model(paddle.to_tensor(ids), paddle.to_tensor(feeds["seq_len"]))
        kind = name.split("-")[0]
        config = dict(config, model_type=kind, vocab_size=VOCABULARY, num_classes=CLASSES, emb_dim=size["emb_dim"], fc_hidden_size=size["fc_hidden_size"])
        if kind == "bow":
            config["hidden_size"] = size["hidden_size"]
        save(os.path.join(out, f"paddle-{name}"), model, config, "", own, {"logits": logits}, type(model).__name__)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", choices=["transformers", "paddle"])
    parser.add_argument("out")
    parser.add_argument("--sizes", action="store_true", help="with paddle: ERNIE in its published sizes only")
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    if arguments.library == "transformers":
        transformers_cases(arguments.out)
    else:
        paddle_cases(arguments.out, arguments.sizes)


if __name__ == "__main__":
    main()
