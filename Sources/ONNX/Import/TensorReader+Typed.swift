import LatheDiagnostics
import LatheTensors

/// Elements in the typed fields: `float_data`, `int32_data` and so on.
extension TensorReader {
  func readTyped(
    _ tensor: ProtoTensor, _ payload: TensorPayload, _ field: TensorPayload.Field
  ) throws(Diagnostic) -> Tensor {
    let offset = Location(byteOffset: payload.offset(of: field))
    guard field == tensor.dtype.typedField else {
      throw .invalid(
        "onnx/data-field",
        "elements of type \(tensor.dtype) are in \(field.name), but belong in \(tensor.dtype.typedField.name)",
        at: offset, fix: "export the model again")
    }
    let given = payload.count(of: field)
    guard let expected = tensor.dtype.typedValueCount(of: tensor.count), given == expected else {
      let expected = tensor.dtype.typedValueCount(of: tensor.count).map(String.init) ?? "more"
      throw .invalid(
        "onnx/element-count",
        "\(field.name) has \(given) values, but the type \(tensor.dtype) and shape \(tensor.shape) need \(expected)",
        at: offset, fix: "export the model again")
    }
    do throws(Diagnostic) {
      return try decode(tensor, payload, field)
    } catch {
      throw error.located(in: offset)
    }
  }

  private func decode(
    _ tensor: ProtoTensor, _ payload: TensorPayload, _ field: TensorPayload.Field
  ) throws(Diagnostic) -> Tensor {
    switch tensor.dtype {
    case .string: return try strings(tensor, payload)
    case .float32, .float64, .complex64, .complex128:
      if let bytes = payload.contiguous(field) { return try view(bytes, owner: payload.owner, tensor) }
      return try fixed(tensor, payload, field)
    case .int64: return try values(tensor, payload, field) { (value) throws(Diagnostic) in Int64(bitPattern: value) }
    case .uint64: return try values(tensor, payload, field) { (value) throws(Diagnostic) in value }
    case .uint32:
      return try values(tensor, payload, field) { (value) throws(Diagnostic) in try exact(UInt32.self, value, tensor) }
    case .int32:
      return try values(tensor, payload, field) { (value) throws(Diagnostic) in Int32(truncatingIfNeeded: value) }
    case .int16:
      return try values(tensor, payload, field) { (value) throws(Diagnostic) in try narrow(Int16.self, value, tensor) }
    case .int8:
      return try values(tensor, payload, field) { (value) throws(Diagnostic) in try narrow(Int8.self, value, tensor) }
    case .uint16:
      return try values(tensor, payload, field) { (value) throws(Diagnostic) in try narrow(UInt16.self, value, tensor) }
    case .uint8:
      return try values(tensor, payload, field) { (value) throws(Diagnostic) in try narrow(UInt8.self, value, tensor) }
    case .bool: return try values(tensor, payload, field) { (value) throws(Diagnostic) in UInt8(value == 0 ? 0 : 1) }
    case .float16, .bfloat16:
      return try values(tensor, payload, field) { (value) throws(Diagnostic) in UInt16(try bits(16, value, tensor)) }
    case .float6e2m3, .float6e3m2: return try packed6(tensor, payload, field)
    default:
      return try values(tensor, payload, field) { (value) throws(Diagnostic) in UInt8(try bits(8, value, tensor)) }
    }
  }

  /// Converts each varint and stores it; the number of values was checked.
  private func values<T: FixedWidthInteger>(
    _ tensor: ProtoTensor, _ payload: TensorPayload, _ field: TensorPayload.Field,
    _ convert: (UInt64) throws(Diagnostic) -> T
  ) throws(Diagnostic) -> Tensor {
    try Tensor(dtype: tensor.dtype, shape: tensor.shape) { (target) throws(Diagnostic) in
      var position = 0
      try payload.forEachVarint(field) { (value) throws(Diagnostic) in
        let converted = try convert(value)
        guard position + MemoryLayout<T>.size <= target.count else { return }
        target.storeBytes(of: converted.littleEndian, toByteOffset: position, as: T.self)
        position += MemoryLayout<T>.size
      }
    }
  }

  /// Floats that do not lie in one piece.
  private func fixed(
    _ tensor: ProtoTensor, _ payload: TensorPayload, _ field: TensorPayload.Field
  ) throws(Diagnostic) -> Tensor {
    let width = field == .floatData ? 4 : 8
    return try Tensor(dtype: tensor.dtype, shape: tensor.shape) { target in
      var position = 0
      payload.forEachFixed(field) { value in
        guard position + width <= target.count else { return }
        if width == 4 {
          target.storeBytes(of: UInt32(truncatingIfNeeded: value).littleEndian, toByteOffset: position, as: UInt32.self)
        } else {
          target.storeBytes(of: value.littleEndian, toByteOffset: position, as: UInt64.self)
        }
        position += width
      }
    }
  }

  /// 6-bit codes, one in each value, packed as in `raw_data`.
  private func packed6(
    _ tensor: ProtoTensor, _ payload: TensorPayload, _ field: TensorPayload.Field
  ) throws(Diagnostic) -> Tensor {
    var codes: [UInt8] = []
    codes.reserveCapacity(tensor.count)
    try payload.forEachVarint(field) { (value) throws(Diagnostic) in codes.append(UInt8(try bits(6, value, tensor))) }
    let packed = PackedElements.pack(codes, bitWidth: 6)
    return try Tensor(dtype: tensor.dtype, shape: tensor.shape) { $0.copyBytes(from: packed) }
  }

  private func strings(_ tensor: ProtoTensor, _ payload: TensorPayload) throws(Diagnostic) -> Tensor {
    var strings: [String] = []
    strings.reserveCapacity(tensor.count)
    try payload.forEachString { (bytes) throws(Diagnostic) in
      guard let string = String(validating: bytes, as: UTF8.self) else {
        throw .invalid(
          "onnx/text", "element \(strings.count) of the strings is not UTF-8",
          fix: "export the model with strings in UTF-8")
      }
      strings.append(string)
    }
    return try Tensor(strings: strings, shape: tensor.shape)
  }

  /// The 32 bits of an `int32_data` value as a number of a narrower type.
  private func narrow<T: FixedWidthInteger>(
    _ type: T.Type, _ value: UInt64, _ tensor: ProtoTensor
  ) throws(Diagnostic) -> T {
    guard let narrowed = T(exactly: Int32(truncatingIfNeeded: value)) else {
      throw outOfRange("\(Int32(truncatingIfNeeded: value))", tensor)
    }
    return narrowed
  }

  private func exact<T: FixedWidthInteger>(
    _ type: T.Type, _ value: UInt64, _ tensor: ProtoTensor
  ) throws(Diagnostic) -> T {
    guard let exact = T(exactly: value) else { throw outOfRange("\(value)", tensor) }
    return exact
  }

  /// The low `width` bits of a value that has no others, but for a sign.
  private func bits(_ width: Int, _ value: UInt64, _ tensor: ProtoTensor) throws(Diagnostic) -> UInt32 {
    let number = Int32(truncatingIfNeeded: value)
    guard number >= -(1 << (width - 1)), number < 1 << width else { throw outOfRange("\(number)", tensor) }
    return UInt32(bitPattern: number) & ((1 << width) - 1)
  }

  private func outOfRange(_ value: String, _ tensor: ProtoTensor) -> Diagnostic {
    .invalid(
      "onnx/element-range", "the value \(value) does not fit an element of type \(tensor.dtype)",
      fix: "export the model again")
  }
}
