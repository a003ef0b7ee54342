import LatheTensors

/// The names that frameworks give element types.
enum ElementTypeName {
  private static let types: [String: DType] = [
    "float32": .float32, "float": .float32, "float64": .float64, "double": .float64, "float16": .float16,
    "half": .float16, "bfloat16": .bfloat16, "int64": .int64, "int32": .int32, "int16": .int16, "int8": .int8,
    "uint64": .uint64, "uint32": .uint32, "uint16": .uint16, "uint8": .uint8, "bool": .bool,
    "f8_e4m3": .float8e4m3fn, "f8_e5m2": .float8e5m2,
  ]

  /// The type called `name` by Lathe, safetensors, NumPy, PyTorch or Paddle; nil if none is.
  static func type(_ name: String) -> DType? {
    var name = name.lowercased()
    for prefix in ["torch.", "paddle."] where name.hasPrefix(prefix) { name.removeFirst(prefix.count) }
    return types[name] ?? DType(name: name).flatMap { $0.bitWidth >= 8 ? $0 : nil }
  }
}
