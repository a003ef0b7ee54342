"""Writes tokenizer.json files, and what Hugging Face `tokenizers` makes of texts by them, for TokenizersTests to compare with.

Needs `pip install tokenizers==0.23.3`. From the package's root:

    python3 Tests/Tokenizers/make_tokenizers.py Tests/Tokenizers/Data/tokenizers.json

Each case has the file, the ids of all texts with and without special tokens, and the file that is left of it when only
the ids `kept` stay, again with the ids of all texts.
"""

import json
import random
import sys

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ERNIE = ["[PAD]", "[CLS]", "[SEP]", "[MASK]", "，", "的", "、", "一", "人", "[unused1]", "[UNK]", "[unused2]", "##a", "##ｂ", "。"]
TEXTS = [
    "", " ", "the library", "The LIBRARY, unaffable!", "[CLS] the [SEP][MASK] [PAD] [UNK]", "[sep] [ SEP ] [SEP", "<s> a</s><mask> <pad>x<unk>",
    "é e\u0301 É Å \u212b A\u030a ﬁ", "İstanbul ıİ ς Σ ẞ ß", "a\u0301b a\u0327\u0301 \u0301", "漢字 a漢b 豈 的一人，、。", "각 한글 ㄱ",
    "a\0b a\ufffdb a\u00adb a\u200bb a\u0085b a\u2028b a\u3000b", "\tx\ny\r\nz\x0b\x1f\x7f", "covid COVID xcovidy [E1] [e1] a[E1]b [E2]  [E1] x",
    "aaaaa aaaaaa ababab abab", "foo foo bar", "x" * 120, "ａｂ ａ ａｂｂ", "[unused1] [unused2]", "un the un the un the un the un the", "a [MASK] b", "a\u2003[MASK]\u2003 b",
]
PAIRS = [["the library", "unaffable a b"], ["a a a a a a a a a a", "b b"], ["", "b"]]


def vocabulary(specials):
    tokens = dict.fromkeys(specials)
    for letter in "abcdefgilnorstuxyzTL" + "éÅİıßςσñａｂ漢字豈각한글가ㄱ的一人，、。" + "!,[]<>/.()@#" + "e\u0301\u0327\u030a\u212b":
        tokens[letter] = tokens["##" + letter] = None
    for piece in "the library ##brary un ##aff ##able foo fo ##o abab ##ab ab is ##tan ##bul cov ##id".split():
        tokens[piece] = None
    return {token: i for i, token in enumerate(tokens)}


def tokenizer(names=SPECIALS, prefix="##", longest=100, template=False, **options):
    pad, unk, cls, sep, *mask = names
    vocab = vocabulary(names)
    vocab = {prefix + token[2:] if token.startswith("##") and len(token) > 2 else token: i for token, i in vocab.items()}
    made = Tokenizer(models.WordPiece(vocab, unk_token=unk, max_input_chars_per_word=longest, continuing_subword_prefix=prefix))
    made.normalizer = normalizers.BertNormalizer(**options)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.add_special_tokens(list(names))
    pairs = [(name, vocab[name]) for name in (cls, sep)]
    if template:
        made.post_processor = processors.TemplateProcessing(f"{cls} $A {sep}", f"{cls} $A {sep} $B:1 {sep}:1", pairs)
    else:
        made.post_processor = processors.BertProcessing(pairs[1], pairs[0])
    return made


def compact(document):
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def cases():
    yield "uncased", tokenizer().to_str(pretty=True)
    yield "cased", tokenizer(template=True, lowercase=False).to_str()
    yield "cased-stripped", tokenizer(lowercase=False, strip_accents=True).to_str()
    yield "uncased-accented", tokenizer(template=True, strip_accents=False).to_str(pretty=True)
    yield "raw", tokenizer(clean_text=False, handle_chinese_chars=False).to_str()
    plain = tokenizer(lowercase=False)
    plain.normalizer = None
    yield "no-normalizer", plain.to_str()
    names = ["<pad>", "<unk>", "<s>", "</s>"]
    yield "other-names", tokenizer(names, prefix="@", longest=5, template=True).to_str()
    yield "no-prefix", tokenizer(prefix="").to_str()
    cut = tokenizer(template=True)
    cut.enable_truncation(6)
    cut.enable_padding(length=9, pad_id=0, pad_token="[PAD]")
    yield "cut-and-padded", cut.to_str(pretty=True)
    added = tokenizer(template=True)
    added.add_special_tokens([AddedToken("[E1]"), AddedToken("[E2]", rstrip=True), AddedToken("[MASK]", lstrip=True)])
    added.add_tokens([AddedToken("covid", normalized=False)])
    yield "added", added.to_str(pretty=True)
    yield "holes", compact(holes(json.loads(tokenizer(lowercase=False).to_str())))
    few = json.loads(tokenizer().to_str())
    few["added_tokens"] = [token for token in few["added_tokens"] if token["content"] not in ("[UNK]", "[PAD]")]
    yield "few-recognized", compact(few)
    legacy = json.loads(tokenizer().to_str())
    del legacy["model"]["type"]
    yield "legacy", compact(legacy)
    ernie = json.loads(tokenizer().to_str())
    tokens = dict.fromkeys(ERNIE + list(ernie["model"]["vocab"]))
    ernie["model"]["vocab"] = {token: i for i, token in enumerate(tokens)}
    ids = {old: ernie["model"]["vocab"][token] for token, old in json.loads(tokenizer().to_str())["model"]["vocab"].items()}
    yield "ernie", compact(renumbered(ernie, ids, vocab=False))


def holes(document):
    """Some ids unused; tokens that are equal to Unicode; tokens with white space, which no word has."""
    vocab = document["model"]["vocab"]
    for token in ("fo", "##tan", "(", "is"):
        del vocab[token]
    top = max(vocab.values())
    vocab |= {"\u00e9e\u0301": top + 2, "e\u0301\u00e9": top + 3, "foo ": top + 4, "foo\tbar": top + 5, "the library": top + 6, "": top + 8}
    return document


def renumbered(document, ids, vocab=True):
    """The document with new ids by old ids, and without what has none."""
    def pair(value):
        return [value[0], ids[value[1]]]

    if vocab:
        entries = {token: ids[i] for token, i in document["model"]["vocab"].items() if i in ids}
        document["model"]["vocab"] = dict(sorted(entries.items(), key=lambda entry: entry[1]))
    document["added_tokens"] = [token | {"id": ids[token["id"]]} for token in document["added_tokens"] if token["id"] in ids]
    if document["padding"]:
        document["padding"]["pad_id"] = ids[document["padding"]["pad_id"]]
    post = document["post_processor"]
    if post["type"] == "BertProcessing":
        post["sep"], post["cls"] = pair(post["sep"]), pair(post["cls"])
    else:
        for token in post["special_tokens"].values():
            token["ids"] = [ids[i] for i in token["ids"]]
    return document


def encoded(text):
    made = Tokenizer.from_str(text)
    made.no_padding()
    length = (made.truncation or {}).get("max_length")
    framed = [made.encode(text).ids for text in TEXTS]
    pairs = [[made.encode(*pair).ids, made.encode(*pair).type_ids] for pair in PAIRS]
    made.no_truncation()
    bare = [made.encode(text, add_special_tokens=False).ids for text in TEXTS]
    return {"maximumLength": length, "framed": framed, "bare": bare, "pairs": pairs}


def main(out):
    rng = random.Random(4)
    results = []
    for name, text in cases():
        document = json.loads(text)
        needed = {token["id"] for token in document["added_tokens"]} | {document["model"]["vocab"][document["model"]["unk_token"]]}
        needed |= {i for token, i in document["model"]["vocab"].items() if token in ("[PAD]", "<pad>")}
        beyond = {token["id"] for token in document["added_tokens"]} - set(document["model"]["vocab"].values())
        kept = [i for i in sorted({*document["model"]["vocab"].values()} | beyond) if i in needed or rng.random() < 0.6]
        left = renumbered(document, {old: new for new, old in enumerate(kept)})
        left = json.dumps(left, ensure_ascii=False, indent=2) if "\n" in text else compact(left)
        results.append({"name": name, "file": text, **encoded(text), "kept": kept, "left": left, "leftIDs": encoded(left)["bare"]})
    with open(out, "w", encoding="ascii") as file:
        lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in results)
        file.write(f'{{"texts": {json.dumps(TEXTS)},\n"pairs": {json.dumps(PAIRS)},\n"cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main(sys.argv[1])
