import LatheTensors

extension DType {
  /// The type with this number in ONNX (`TensorProto.DataType`); nil for 0 (undefined) and unknown numbers.
  init?(onnx number: Int32) {
    guard let raw = UInt8(exactly: number), let type = DType(rawValue: raw) else { return nil }
    self = type
  }

  /// Number of the type in ONNX.
  var onnxNumber: Int32 { Int32(rawValue) }

  /// The field of a tensor message that holds elements of this type when they are not in `raw_data`.
  var typedField: TensorPayload.Field {
    switch self {
    case .float32, .complex64: .floatData
    case .float64, .complex128: .doubleData
    case .int64: .int64Data
    case .uint32, .uint64: .uint64Data
    case .string: .stringData
    default: .int32Data
    }
  }

  /// How many values of `typedField` hold `count` elements; nil where the number overflows.
  ///
  /// Complex numbers take two values, and 4-bit and 2-bit types share one; 6-bit types do not.
  func typedValueCount(of count: Int) -> Int? {
    switch self {
    case .complex64, .complex128:
      let (doubled, overflow) = count.multipliedReportingOverflow(by: 2)
      return overflow ? nil : doubled
    case .int4, .uint4, .float4e2m1: return count / 2 + count % 2
    case .int2, .uint2: return count / 4 + (count % 4 == 0 ? 0 : 1)
    default: return count
    }
  }
}

extension TensorPayload.Field {
  /// Name of the field in ONNX's schema.
  var name: String {
    switch self {
    case .floatData: "float_data"
    case .int32Data: "int32_data"
    case .stringData: "string_data"
    case .int64Data: "int64_data"
    case .rawData: "raw_data"
    case .doubleData: "double_data"
    case .uint64Data: "uint64_data"
    }
  }
}
