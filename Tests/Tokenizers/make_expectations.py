"""Writes what Hugging Face `tokenizers` makes of texts, for TokenizersTests to compare with.

Needs `pip install tokenizers==0.23.3`. From the package's root:

    python3 Tests/Tokenizers/make_expectations.py corpus Examples/debian-sections/vocab.txt \
        Examples/debian-sections/dev.jsonl 8 Tests/Tokenizers/Data/dev.json
    python3 Tests/Tokenizers/make_expectations.py corpus ../shared/models/pico/vocab.txt \
        ../shared/models/pico/train.jsonl 128 Tests/Tokenizers/Data/train.json
    python3 Tests/Tokenizers/make_expectations.py hostile Tests/Tokenizers/Data/hostile.json
    python3 Tests/Tokenizers/make_expectations.py scalars Tests/Tokenizers/Data/scalars.json

`corpus` reads the member `text` of each line and keeps one hash for so many lines, and the ids of a few lines in full.
A hash is 64-bit FNV-1a over the ids as 32-bit little-endian numbers, each line closed by -1.
`hostile` makes a vocabulary and texts that are hard to split, and keeps all ids. `scalars` keeps a hash of the words
that basic tokenization makes of every Unicode scalar, alone and within a word, for each 4,096 scalars.
"""

import json
import random
import sys
import tempfile

from tokenizers import BertWordPieceTokenizer

# The names are those of the cases in TokenizersTests.
MODES = {
    "uncased": {"lowercase": True},
    "cased": {"lowercase": False},
    "cased-stripped": {"lowercase": False, "strip_accents": True},
    "uncased-accented": {"lowercase": True, "strip_accents": False},
    "raw": {"lowercase": True, "clean_text": False, "handle_chinese_chars": False},
}
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def fnv1a(data, state=0xCBF29CE484222325):
    for byte in data:
        state = (state ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return state


def write(path, value):
    """One member a line, so that differences can be read."""
    with open(path, "w", encoding="ascii") as file:
        members = (f"{json.dumps(key)}: {json.dumps(part, separators=(',', ':'))}" for key, part in value.items())
        file.write("{\n" + ",\n".join(members) + "\n}\n")


def corpus(vocabulary, texts, lines_per_hash, out):
    with open(texts, encoding="utf-8", newline="\n") as file:
        lines = [json.loads(line)["text"] for line in file if line.strip()]
    step = int(lines_per_hash)
    result = {"lines": len(lines), "linesPerHash": step}
    for mode in ["uncased", "cased"]:
        tokenizer = BertWordPieceTokenizer.from_file(vocabulary, **MODES[mode])
        ids = [encoding.ids for encoding in tokenizer.encode_batch(lines, add_special_tokens=False)]
        data = [b"".join(i.to_bytes(4, "little") for i in line) + b"\xff" * 4 for line in ids]
        result[mode] = [f"{fnv1a(b''.join(data[i:i + step])):016x}" for i in range(0, len(data), step)]
        result[f"{mode}-ids"] = [{"line": i, "ids": ids[i]} for i in range(0, len(ids), len(ids) // 5)]
    write(out, result)


def hostile_vocabulary(rng):
    letters = "abcdefgilmnorstuxyz" + "éÉßİıſçñåøæœžğşαβγσςάдйжאבعहிกขのアが漢字한글" + "ﬁǅ" + "0123456789"
    marks = "\u0301\u0308\u0327\u0307\u064b\u0e31\u3099\u1885\ua9bd\u1734\U0001e006\U00011d44\U0001e94a\u08cf"
    jamo = "".join(map(chr, [*range(0x1100, 0x1113), *range(0x1161, 0x1176), *range(0x11A8, 0x11C3)]))
    others = "!#$()*+,-./:;<=>?@[]^_`{|}~'\"\\¡«»‐—…‟₠。「」・〜\u166d\u2e43😀👩🚀\u200d\ufe0f\u037e" + "𠀀豈\U0002b820\U0002f800"
    tokens = dict.fromkeys(SPECIALS)
    for text in [letters, letters.lower(), letters.upper(), marks, jamo, others]:
        for scalar in text:
            tokens[scalar] = tokens["##" + scalar] = None
    words = "the library embedding unaffable strasse straße istanbul łódź ﬁne".split()
    for word in words:
        for _ in range(6):
            start = rng.randrange(len(word))
            piece = word[start:start + rng.randint(1, 5)]
            tokens[piece if rng.random() < 0.4 else "##" + piece] = None
    for _ in range(300):
        piece = "".join(rng.choice("abé\u0301") for _ in range(rng.randint(2, 7)))
        tokens[piece if rng.random() < 0.4 else "##" + piece] = None
    tokens["x" * 100] = tokens["##" + "y" * 99] = None
    return list(tokens)


def hostile_texts(rng):
    yield from [
        "", " ", "\t\r\n", "\0", "a\0b", "a\ufffdb", "\ufeffthe", "a\u00adb", "a\u200bb", "a\u200eb", "a\u0085b", "a\u2028b\u2029c",
        "a\u3000b", "a\u000bb\u000cc", "a\x7fb", "\ud7ff\ue000", "\ufffe\uffff", "\U00010000\U0010ffff", "a\ue000b\U000f0000c",
        "[SEP]", "the[SEP]library", "[CLS] the [SEP][PAD][MASK]", "[sep]", "[ SEP ]", "[[SEP]]", "[SEP", "SEP]", "[UNK]", "e\u0301[SEP]\u0301e",
        "İstanbul", "ISTANBUL ıİ", "Straße STRASSE ẞ", "ΟΔΟΣ ς Σ σ", "ﬁne ﬀ ﬃ ﬆ", "ǅ Ǆ ǆ", "K Å Ω", "ſ", "ŉ ǰ ΐ",
        "éÉ e\u0301E\u0301", "a\u0327\u0301\u0323b", "a\u0301\u0327", "o\u0308\u0304 \u1e2b", "\u0301", "\u0301 a", "a \u0301", "\u0344 \u037e \u1fef \u2000",
        "각 한글 \u1112\u1161\u11ab \u1100\u1161 뷁", "が か\u3099 ｶﾞ", "漢字とかな。「テスト」", "a漢b字c", "豈更車 \U0002f800", "\U0002b820a\U0002b920b", "𠀀𪜀",
        "👩\u200d🚀 👍🏽 🇩🇪 ❤\ufe0f", "हिन्दी क़ ক্ষ", "ภาษาไทย กำ", "العربية ً ﷺ", "שָׁלוֹם \ufb2a", "\u1885\u1886 \ua9bd \u1734 \U0001171e \U000111c9 \u166d",
        "a\U00011d44\U0001e006b", "a\U0001e006\U00011d44b", "a\U0001e94a\U0001e006b", "\U00011935\U00011930 \U00011938", "\u08cf\u08e2\u0890",
        "unaffable!the?library;", "a_b-c.d,e'f\"g", "$100 50% #1 a+b=c ~`^|<>", "http://a.b/c?d=e&f#g", "...---...", "##the ##", "#", "##",
        "x" * 99, "x" * 100, "x" * 101, "x" * 1000, "x" + "y" * 99, "x" + "y" * 100, "é" * 100, "é" * 101, "e\u0301" * 100, "e\u0301" * 101,
        "İ" * 100, "İ" * 51, "漢" * 120, "\u0301" * 500, "a" + "\u0301\u0327" * 300, "ab" * 50, "ab" * 51, "!" * 200,
    ]
    pools = [
        "abcxyz ABC", "ab", "abéÉ\u0301", "\u0301\u0308\u0327\u0307\u064b\u0e31\u3099\u1885\ua9bd\u1734\U0001e006\U00011d44\U0001e94a\u08cf\u0323",
        "İıßẞſςΣσﬁǅ", "\0\t\n\r\x0b\x1f\x7f\u0085\u00a0\u00ad\u200b\u200d\u2028\ufeff\ufffd\ue000", "漢字のア가각\u1100\u1161\u11a8豈",
        "!#$()[]^`«»。\u037e\u166d", ["[SEP]", "[CLS]", "[MASK]", "[sep]", "[", "SEP]"],
    ]
    for _ in range(150):
        chosen = rng.sample(pools, rng.randint(1, 3))
        yield "".join(rng.choice(rng.choice(chosen)) for _ in range(rng.randint(2, 30)))
    for _ in range(50):
        values = (rng.randrange(0x110000) for _ in range(rng.randint(1, 12)))
        yield "".join(chr(value) for value in values if not 0xD800 <= value < 0xE000)


def hostile(out):
    rng = random.Random(20)
    vocabulary = hostile_vocabulary(rng)
    texts = list(dict.fromkeys(text.encode("utf-8", "ignore").decode() for text in hostile_texts(rng)))
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8", newline="\n") as file:
        file.write("".join(token + "\n" for token in vocabulary))
        file.flush()
        tokenizers = {mode: BertWordPieceTokenizer.from_file(file.name, **options) for mode, options in MODES.items()}
    result = {"vocabulary": vocabulary, "texts": texts}
    for mode, tokenizer in tokenizers.items():
        result[mode] = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    result["cut"] = [cut(tokenizers["uncased"], texts[60 + i], length) for i in range(10) for length in (2, 3, 5, 8)]
    result["pairs"] = []
    for _ in range(120):
        first, second = ("a " * rng.randint(0, 9) for _ in range(2))
        result["pairs"].append(cut(tokenizers["uncased"], first, rng.randint(3, 20), second))
    write(out, result)


def cut(tokenizer, text, length, second=None):
    tokenizer.enable_truncation(length)
    encoding = tokenizer.encode(text, second)
    tokenizer.no_truncation()
    return {"text": text, "second": second, "length": length, "ids": encoding.ids, "segments": encoding.type_ids}


def scalars(out):
    result = {"scalarsPerHash": 4096}
    for mode, options in MODES.items():
        tokenizer = BertWordPieceTokenizer(**options)
        result[mode] = []
        for start in range(0, 0x110000, 4096):
            values = [value for value in range(start, start + 4096) if not 0xD800 <= value < 0xE000]
            text = "".join(f"{chr(value)} A{chr(value)}b " for value in values)
            normal = tokenizer._tokenizer.normalizer.normalize_str(text)
            words = [word for word, _ in tokenizer._tokenizer.pre_tokenizer.pre_tokenize_str(normal)]
            result[mode].append(f"{fnv1a(''.join(word + chr(10) for word in words).encode()):016x}")
    write(out, result)


if __name__ == "__main__":
    {"corpus": corpus, "hostile": hostile, "scalars": scalars}[sys.argv[1]](*sys.argv[2:])
