"""Writes Sources/Tokenizers/Words/CanonicalDecomposition+Table.swift from Python's Unicode database.

Usage: python3 Tests/Tokenizers/make_decompositions.py > Sources/Tokenizers/Words/CanonicalDecomposition+Table.swift

Decompositions never change once they are assigned, so every Python whose database is Unicode 9 to 17 gives the same
table: the scalars that came later than Unicode 9 are listed here and left out.
"""

import unicodedata

# Canonically decomposable scalars that came after Unicode 9.
YOUNGER = {
    *(0x11938, 0x105C9, 0x105E4, 0x11383, 0x11385, 0x1138E, 0x11391, 0x113C5, 0x113C7, 0x113C8),
    *range(0x16121, 0x16129),
    *range(0x16D68, 0x16D6B),
}


def entries():
    for value in range(0x110000):
        mapping = unicodedata.decomposition(chr(value))
        if not mapping or mapping.startswith("<") or value in YOUNGER:
            continue
        parts = [int(part, 16) for part in mapping.split()] + [0]
        yield value << 42 | parts[0] << 21 | parts[1]


def main():
    words = [f"0x{entry:X}" for entry in entries()]
    print("// Made by Tests/Tokenizers/make_decompositions.py; do not edit.\n")
    print("extension CanonicalDecomposition {")
    print("  /// Scalar, first and second part (or 0) in 21 bits each, ascending.")
    print("  static let table: [UInt64] = [")
    line = "   "
    for word in words:
        if len(line) + len(word) + 2 > 120:
            print(line)
            line = "   "
        line += f" {word},"
    print(line)
    print("  ]\n}")


main()
