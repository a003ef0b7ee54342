import LatheDiagnostics
import LatheJSON
import LatheTensors

/// Makes tensors of one type from JSON values, refusing those that the type cannot hold.
struct JSONElements {
  private let dtype: DType
  private let name: String
  private let limits: ResourceLimits

  init(_ dtype: DType, named name: String, _ limits: ResourceLimits) {
    self.dtype = dtype
    self.name = name
    self.limits = limits
  }

  /// The tensor; whole numbers must be in range, and others are rounded to the nearest value of the type.
  func tensor(_ array: JSONArray) throws(Diagnostic) -> Tensor {
    if let bytes = dtype.byteCount(of: array.elements.count), bytes > limits.tensorBytes {
      throw limits.exceeded("tensor-bytes", "the input \(name) has \(bytes) bytes", at: Location(value: name))
    }
    switch dtype {
    case .string: return try Tensor(strings: try map(array) { $0.stringValue }, shape: array.shape)
    case .bool: return try Tensor(try map(array, truth), shape: array.shape)
    case .complex64, .complex128:
      throw .invalid(
        "samples/dtype", "the input \(name) is \(dtype), which JSON has no numbers for", at: Location(value: name),
        fix: "give the samples as .npz")
    case .float32: return try floats(Float.self, array)
    case .float64: return try floats(Double.self, array)
    case .float16: return try floats(Float16.self, array)
    case .bfloat16: return try floats(BFloat16.self, array)
    case .int8: return try integers(Int8.self, array)
    case .int16: return try integers(Int16.self, array)
    case .int32: return try integers(Int32.self, array)
    case .int64: return try integers(Int64.self, array)
    case .uint8: return try integers(UInt8.self, array)
    case .uint16: return try integers(UInt16.self, array)
    case .uint32: return try integers(UInt32.self, array)
    case .uint64: return try integers(UInt64.self, array)
    default: return try codes(array)
    }
  }

  private func truth(_ value: JSONValue) -> Bool? {
    if let truth = value.boolValue { return truth }
    guard let number = value.intValue, number == 0 || number == 1 else { return nil }
    return number == 1
  }

  private func integers<T: IntegerElement>(_ type: T.Type, _ array: JSONArray) throws(Diagnostic) -> Tensor {
    try Tensor(
      try map(array) { value -> T? in
        switch value {
        case .integer(let number): T(exactly: number)
        // A number beyond 2^53 may have been rounded.
        case .number(let number) where abs(number) <= 0x1p53: T(exactly: number)
        default: nil
        }
      }, shape: array.shape)
  }

  private func floats<T: FloatElement>(_ type: T.Type, _ array: JSONArray) throws(Diagnostic) -> Tensor {
    try Tensor(
      try map(array) { value -> T? in
        guard let rounded = value.doubleValue.map({ T(double: $0) }), rounded.double.isFinite else { return nil }
        return rounded
      }, shape: array.shape)
  }

  /// Integers of under 8 bits, and floats of at most 8.
  private func codes(_ array: JSONArray) throws(Diagnostic) -> Tensor {
    let codes: [UInt8]
    if let format = MinifloatFormat(dtype) {
      let largest = (0...UInt8.max).map { format.decode($0) }.filter(\.isFinite).max() ?? 0
      codes = try map(array) { value in
        guard let number = value.doubleValue, abs(number) <= Double(largest), dtype != .float8e8m0 || number > 0 else {
          return nil
        }
        return format.encode(Float(number))
      }
    } else {
      let width = dtype.bitWidth
      let range = dtype.isUnsignedInteger ? 0...(1 << width - 1) : -(1 << (width - 1))...(1 << (width - 1) - 1)
      codes = try map(array) { value in
        value.intValue.flatMap { range.contains($0) ? UInt8(truncatingIfNeeded: $0) : nil }
      }
    }
    let bytes = PackedElements.pack(codes, bitWidth: dtype.bitWidth)
    return try Tensor(dtype: dtype, shape: array.shape) { $0.copyBytes(from: bytes) }
  }

  private func map<T>(_ array: JSONArray, _ convert: (JSONValue) -> T?) throws(Diagnostic) -> [T] {
    var result: [T] = []
    result.reserveCapacity(array.elements.count)
    for (index, element) in array.elements.enumerated() {
      guard let converted = convert(element) else { throw unfit(element, index) }
      result.append(converted)
    }
    return result
  }

  private func unfit(_ value: JSONValue, _ index: Int) -> Diagnostic {
    let shown = value.doubleValue.map { _ in String(value.serialized().prefix(40)) } ?? value.kindDescription
    return .invalid(
      "samples/element", "element \(index) of the input \(name) is \(shown), which \(dtype) cannot hold",
      at: Location(value: name), fix: "give values that the model's type \(dtype) has")
  }
}
