import LatheDiagnostics
import LatheIR
import LatheTensors

/// (x − zero point) · scale, with one scale for all elements, for each index of an axis, or for each block.
///
/// The difference is taken as `Float`, and the product is rounded once to the result's type.
public struct DequantizeLinear: Evaluable {
  private static let types = DTypeDomain.quantized.union([.int32])

  public static let schema = OperatorSchema(
    "DequantizeLinear", since: 28,
    inputs: [
      .init("x", "T1", types), .init("x_scale", "T2", [.float32, .float16, .bfloat16, .float8e8m0]),
      .init("x_zero_point", "T1", types, .optional),
    ],
    outputs: [.init("y", "T3", [.float32, .float16, .bfloat16])],
    attributes: ["axis": .integer, "block_size": .integer, "output_dtype": .integer])

  /// Axis of the scales, where there are several; negative counts from the back.
  public var axis: Int
  /// How many elements along the axis share a scale; 0 for scales that are not blocked.
  public var blockSize: Int
  /// Type of the result; nil is that of the scale, or `float32` if that is an exponent alone.
  public var outputType: DType?

  public init(axis: Int = 1, blockSize: Int = 0, outputType: DType? = nil) {
    self.axis = axis
    self.blockSize = blockSize
    self.outputType = outputType
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis", default: 1)
    blockSize = try attributes.blockSize()
    outputType = try attributes.optionalType("output_dtype", in: [.float32, .float16, .bfloat16])
  }

  public func encode(into attributes: inout Attributes) {
    if axis != 1 { attributes.set("axis", axis) }
    if blockSize != 0 { attributes.set("block_size", blockSize) }
    if let outputType { attributes.set("output_dtype", outputType) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (x, scale) = (try inputs.tensor(0), try inputs.tensor(1))
    for type in [scale, try inputs.optional(2)?.tensor()].compactMap({ $0 }) {
      try QuantizationGranularity.check(x, type, axis: axis, blockSize: blockSize)
    }
    return [.tensor(TensorType(resultType(scale.dtype), x.shape))]
  }

  private func resultType(_ scale: DType) -> DType { outputType ?? (scale == .float8e8m0 ? .float32 : scale) }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let dtype = resultType(try inputs.required(1).dtype)
    switch dtype {
    case .float32: return [try dequantized(inputs, to: Float.self)]
    case .float16: return [try dequantized(inputs, to: Float16.self)]
    case .bfloat16: return [try dequantized(inputs, to: BFloat16.self)]
    default: throw name.unsupported(dtype)
    }
  }

  private func dequantized<R: FloatElement>(_ inputs: [Tensor?], to type: R.Type) throws(Diagnostic) -> Tensor {
    let x = try inputs.required(0)
    switch x.dtype {
    case .int16: return try dequantized(x, inputs, to: R.self) { (x: Int16) in Double(x) }
    case .uint16: return try dequantized(x, inputs, to: R.self) { (x: UInt16) in Double(x) }
    case .int32: return try dequantized(x, inputs, to: R.self) { (x: Int32) in Double(x) }
    default:
      // Types of at most 8 bits have at most 256 values, which are looked up.
      let all = try Tensor(of: UInt8.self, shape: [256]) { for index in $0.indices { $0[index] = UInt8(index) } }
      guard let codes = x.codes, let values = try all.reinterpretedCodes(as: x.dtype).doubles() else {
        throw name.unsupported(x.dtype)
      }
      return try dequantized(try Tensor(codes, shape: x.shape), inputs, to: R.self) { (code: UInt8) in values[Int(code)]
      }
    }
  }

  @inline(__always)
  private func dequantized<T: TensorElement, R: FloatElement>(
    _ x: Tensor, _ inputs: [Tensor?], to type: R.Type, _ value: (T) -> Double
  ) throws(Diagnostic) -> Tensor {
    let scale = try inputs.required(1)
    let granularity = try QuantizationGranularity(shape: x.shape, scale: scale.shape, axis: axis, blockSize: blockSize)
    let scales = scale.doubles() ?? []
    let zeros = try QuantizationGranularity.zeroPoints(inputs.optional(2), like: scale)
    return try Tensor(of: R.self, shape: x.shape) { (target: UnsafeMutableBufferPointer<R>) in
      x.withElements(as: T.self) { source in
        granularity.forEachRun { run in
          for step in 0..<run.count {
            let place = run.scale + step * run.scaleStep
            let difference = Double(Float(value(source[run.start + step]) - zeros[place]))
            target[run.start + step] = R(double: difference * scales[place])
          }
        }
      }
    }
  }
}

extension Tensor {
  /// A tensor of 8-bit codes read as another type of at most 8 bits, one element for each code's low bits.
  fileprivate func reinterpretedCodes(as dtype: DType) throws(Diagnostic) -> Tensor {
    let codes = codes ?? []
    let bytes = dtype.isPacked ? PackedElements.pack(codes, bitWidth: dtype.bitWidth) : codes
    return try Tensor(dtype: dtype, shape: shape) { $0.copyBytes(from: bytes) }
  }
}

extension DequantizeLinear: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    blockSize == 0 ? .scaling(along: axis, inputs, outputs) : nil
  }
}
