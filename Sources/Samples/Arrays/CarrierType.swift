import LatheDiagnostics
import LatheTensors

/// For types that numpy lacks, the numpy type that holds their values exactly: float32 for bfloat16 and the floats of at
/// most 8 bits, int8 and uint8 for integers of 4 and 2 bits.
enum CarrierType {
  /// nil if numpy has `dtype` itself.
  static func of(_ dtype: DType) -> DType? {
    switch dtype {
    case .bfloat16: .float32
    case .int4, .int2: .int8
    case .uint4, .uint2: .uint8
    default: dtype.isMinifloat ? .float32 : nil
    }
  }

  /// `tensor` in a type of numpy, with the same values.
  static func widened(_ tensor: Tensor) throws(Diagnostic) -> Tensor {
    if let values = tensor.elements(as: BFloat16.self) { return try Tensor(values.map(\.float), shape: tensor.shape) }
    guard of(tensor.dtype) != nil, let codes = tensor.codes else { return tensor }
    if let format = MinifloatFormat(tensor.dtype) { return try Tensor(codes.map(format.decode), shape: tensor.shape) }
    guard !tensor.dtype.isUnsignedInteger else { return try Tensor(codes, shape: tensor.shape) }
    let width = tensor.dtype.bitWidth
    return try Tensor(codes.map { PackedElements.signExtend($0, bitWidth: width) }, shape: tensor.shape)
  }

  /// `tensor`, which has the type `of(dtype)`, in `dtype`.
  ///
  /// - Throws: `samples/inexact` if a value would change.
  static func narrowed(_ tensor: Tensor, to dtype: DType) throws(Diagnostic) -> Tensor {
    if let values = tensor.elements(as: Float.self) { return try narrowed(values, tensor.shape, dtype) }
    let wide = tensor.elements(as: Int8.self)?.map { UInt8(bitPattern: $0) } ?? tensor.elements(as: UInt8.self) ?? []
    let width = dtype.bitWidth
    for value in wide {
      let kept = value & (1 << UInt8(width) - 1)
      let back = dtype.isUnsignedInteger ? kept : UInt8(bitPattern: PackedElements.signExtend(kept, bitWidth: width))
      guard back == value else {
        throw inexact(dtype.isUnsignedInteger ? "\(value)" : "\(Int8(bitPattern: value))", dtype)
      }
    }
    return try packed(wide, tensor.shape, dtype)
  }

  private static func narrowed(_ values: [Float], _ shape: [Int], _ dtype: DType) throws(Diagnostic) -> Tensor {
    func check(_ value: Float, _ back: Float) throws(Diagnostic) {
      guard value.bitPattern == back.bitPattern || value.isNaN && back.isNaN else { throw inexact("\(value)", dtype) }
    }
    guard let format = MinifloatFormat(dtype) else {
      for value in values { try check(value, BFloat16(value).float) }
      return try Tensor(values.map { BFloat16($0) }, shape: shape)
    }
    let codes = values.map { format.encode($0, saturate: false) }
    for (value, code) in zip(values, codes) { try check(value, format.decode(code)) }
    return try packed(codes, shape, dtype)
  }

  private static func packed(_ codes: [UInt8], _ shape: [Int], _ dtype: DType) throws(Diagnostic) -> Tensor {
    let bytes = PackedElements.pack(codes, bitWidth: dtype.bitWidth)
    return try Tensor(dtype: dtype, shape: shape) { $0.copyBytes(from: bytes) }
  }

  private static func inexact(_ value: String, _ dtype: DType) -> Diagnostic {
    .invalid(
      "samples/inexact", "the value \(value) is none of \(dtype), which the model wants",
      fix: "round the values to \(dtype) before saving them")
  }
}

extension DType {
  /// How a program in Python names the type.
  var numpyName: String {
    switch self {
    case .float16: "numpy.float16"
    case .float32: "numpy.float32"
    case .float64: "numpy.float64"
    case .int8: "numpy.int8"
    case .int16: "numpy.int16"
    case .int32: "numpy.int32"
    case .int64: "numpy.int64"
    case .uint8: "numpy.uint8"
    case .uint16: "numpy.uint16"
    case .uint32: "numpy.uint32"
    case .uint64: "numpy.uint64"
    case .bool: "numpy.bool_"
    case .string: "numpy.str_"
    case .complex64: "numpy.complex64"
    case .complex128: "numpy.complex128"
    default: (CarrierType.of(self) ?? self) == self ? name : (CarrierType.of(self) ?? self).numpyName
    }
  }
}
