#!/usr/bin/env python3
"""Lists what a .lathe file holds, written from Schemas/lathe-format.md and lathe.proto alone: nothing but Python's library.

usage: read_lathe.py FILE     prints sections, tensors with their checksums, and the nodes; exits 1 at the first broken rule
"""
import json
import struct
import sys

DTYPES = (". f32 u8 i8 u16 i16 i32 i64 str bool f16 f64 u32 u64 c64 c128 bf16 f8e4m3fn f8e4m3fnuz f8e5m2 f8e5m2fnuz "
          "u4 i4 f4e2m1 f8e8m0 u2 i2 f6e2m3 f6e3m2").split()
BITS = [0, 32, 8, 8, 16, 16, 32, 64, 0, 8, 16, 64, 32, 64, 64, 128, 16, 8, 8, 8, 8, 4, 4, 4, 8, 2, 2, 6, 6]
KINDS = {1: "graph", 2: "weights", 3: "text", 4: "record"}
CRC_TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    CRC_TABLE.append(byte)


def crc32c(data):
    state = 0xFFFFFFFF
    for byte in data:
        state = state >> 8 ^ CRC_TABLE[(state ^ byte) & 0xFF]
    return state ^ 0xFFFFFFFF


def check(condition, message):
    if not condition:
        sys.exit(f"not a good .lathe file: {message}")


def varint(data, at):
    value = shift = 0
    while True:
        check(at < len(data) and shift < 70, "a number runs out of its message")
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def fields(data):
    """The fields of a protobuf message: number -> list of values (int for numbers, bytes for the rest)."""
    found, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(tag & 7)
            if tag & 7 == 2:
                size, at = varint(data, at)
            check(size is not None and size <= len(data) - at, "a field runs out of its message")
            value, at = data[at:at + size], at + size
        found.setdefault(tag >> 3, []).append(value)
    return found


def packed(message, field):
    values = []
    for piece in message.get(field, []):
        at = 0
        while at < len(piece):
            value, at = varint(piece, at)
            values.append(value)
    return values


def sections(data):
    check(data[:10] == b"\x89LATHE\r\n\x1a\n", "magic")
    check(len(data) >= 40, "too short")
    mark, major, minor, length, count, total, reserved, crc = struct.unpack_from("<HHHIIQII", data, 10)
    check(mark == 0xFEFF and major == 1, "version")
    check(length == 40 + 32 * count and total == len(data) and length <= total and reserved == 0, "header")
    check(crc == crc32c(data[:36] + bytes(4) + data[40:length]), "checksum of the header")
    found, end = {}, length
    for index in range(count):
        kind, flags, offset, size, crc, reserved = struct.unpack_from("<IIQQII", data, 40 + 32 * index)
        check(offset == (end + 63) // 64 * 64 and size <= total - offset, "place of a section")
        check(not any(data[end:offset]), "padding")
        check(kind in KINDS or not flags & 1, f"needs the unknown section {kind}")
        check(flags & 2 or crc == crc32c(data[offset:offset + size]), f"checksum of section {kind}")
        print(f"section {KINDS.get(kind, kind):8} at {offset:8}, {size:9} bytes, crc {crc:08x}")
        found[kind], end = data[offset:offset + size], offset + size
    check(end == total, "bytes behind the last section")
    return found


def main(path):
    with open(path, "rb") as file:
        found = sections(file.read())
    model, weights = fields(found[1]), found[2]
    for number, message in enumerate(map(fields, model.get(2, []))):
        dtype, shape, place = message.get(1, [0])[0], packed(message, 2), message.get(4, [0])[0]
        elements = 1
        for extent in shape:
            elements *= extent
        if place == 1:
            offset, size = message.get(5, [0])[0], message[6][0]
            contents = weights[offset:offset + size]
            check(crc32c(contents) == struct.unpack("<I", message[7][0])[0], f"checksum of tensor {number}")
        else:
            contents = b"".join(message.get(8 if place == 2 else 9, []))
        check(place == 3 or len(contents) == (elements * BITS[dtype] + 7) // 8, f"length of tensor {number}")
        print(f"tensor {number}: {DTYPES[dtype]}{shape}, {len(contents)} bytes, crc {crc32c(contents):08x}")
    for number, graph in enumerate(map(fields, model[1])):
        values = [fields(value).get(1, [b""])[0].decode() for field in (3, 4, 5) for value in graph.get(field, [])]
        for node in map(fields, graph.get(6, [])):
            inputs = ", ".join("%" + values[i - 1] if i else "-" for i in packed(node, 5))
            outputs = [fields(value) for value in node.get(7, [])]
            values += [value.get(1, [b""])[0].decode() for value in outputs if 5 not in value]
            names = ", ".join("-" if 5 in value else "%" + value.get(1, [b""])[0].decode() for value in outputs)
            print(f"graph {number}: {names} = {node.get(2, [b''])[0].decode()}({inputs})")
    if 4 in found:
        print("record:", json.dumps(json.loads(found[4])))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
