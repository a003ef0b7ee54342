import LatheDiagnostics
import LatheIR
import LatheTensors

/// saturate(round(x / scale) + zero point), with one scale for all elements, for each index of an axis, or for each block.
///
/// Rounds to the nearest even. The quotient is rounded to `precision`, or to the type of the scale; floats of at most 8 bits
/// are rounded once more to the result's type.
public struct QuantizeLinear: Evaluable {
  public static let schema = OperatorSchema(
    "QuantizeLinear", since: 28,
    inputs: [
      .init("x", "T1", [.float32, .float16, .bfloat16, .int32]),
      .init("y_scale", "T2", [.float32, .float16, .bfloat16, .int32, .float8e8m0]),
      .init("y_zero_point", "T3", .quantized, .optional),
    ],
    outputs: [.init("y", "T3", .quantized)],
    attributes: [
      "axis": .integer, "block_size": .integer, "output_dtype": .integer, "precision": .integer, "saturate": .integer,
    ])

  /// Axis of the scales, where there are several; negative counts from the back.
  public var axis: Int
  /// How many elements along the axis share a scale; 0 for scales that are not blocked.
  public var blockSize: Int
  /// Type of the result; nil takes it from the zero point, or else `uint8`.
  public var outputType: DType?
  /// Float type that quotients are rounded to; nil takes it from the scale.
  public var precision: DType?
  /// Whether values beyond an 8-bit float's range become its largest, rather than infinity or NaN.
  public var saturates: Bool

  public init(
    axis: Int = 1, blockSize: Int = 0, outputType: DType? = nil, precision: DType? = nil, saturates: Bool = true
  ) {
    self.axis = axis
    self.blockSize = blockSize
    self.outputType = outputType
    self.precision = precision
    self.saturates = saturates
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis", default: 1)
    blockSize = try attributes.blockSize()
    outputType = try attributes.optionalType("output_dtype", in: .quantized)
    precision = try attributes.optionalType("precision", in: .floats)
    saturates = try attributes.flag("saturate", default: true)
  }

  public func encode(into attributes: inout Attributes) {
    if axis != 1 { attributes.set("axis", axis) }
    if blockSize != 0 { attributes.set("block_size", blockSize) }
    if let outputType { attributes.set("output_dtype", outputType) }
    if let precision { attributes.set("precision", precision) }
    if !saturates { attributes.set("saturate", false) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    let zeroPoint = try inputs.optional(2)?.tensor()
    for scale in [try inputs.tensor(1), zeroPoint].compactMap({ $0 }) {
      try QuantizationGranularity.check(x, scale, axis: axis, blockSize: blockSize)
    }
    if let zeroPoint, let outputType, zeroPoint.dtype != outputType {
      throw .invalid(
        "operator/dtype", "output_dtype is \(outputType), but the zero point has the type \(zeroPoint.dtype)")
    }
    return [.tensor(TensorType(zeroPoint?.dtype ?? outputType ?? .uint8, x.shape))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    switch x.dtype {
    case .float32: return [try quantized(x, inputs, as: Float.self)]
    case .float16: return [try quantized(x, inputs, as: Float16.self)]
    case .bfloat16: return [try quantized(x, inputs, as: BFloat16.self)]
    case .int32: return [try quantized(x, inputs, as: Int32.self)]
    default: throw name.unsupported(x.dtype)
    }
  }

  private func quantized<T: NumericElement>(_ x: Tensor, _ inputs: [Tensor?], as type: T.Type) throws(Diagnostic)
    -> Tensor
  {
    let scale = try inputs.required(1)
    let zeroPoint = inputs.optional(2)
    let granularity = try QuantizationGranularity(shape: x.shape, scale: scale.shape, axis: axis, blockSize: blockSize)
    let precision = FloatPrecision(of: precision ?? scale.dtype)
    let scales = (scale.doubles() ?? []).map { precision.rounded($0) }
    let zeros = try QuantizationGranularity.zeroPoints(zeroPoint, like: scale)
    let coding = QuantizedCoding(zeroPoint?.dtype ?? outputType ?? .uint8, saturates: saturates)
    return try coding.tensor(shape: x.shape) { target in
      x.withElements(as: T.self) { source in
        granularity.forEachRun { run in
          for step in 0..<run.count {
            let place = run.scale + step * run.scaleStep
            let dividend = precision.rounded(source[run.start + step].double)
            target[run.start + step] = coding.bits(precision.rounded(dividend / scales[place]), zeros[place])
          }
        }
      }
    }
  }
}

extension QuantizationGranularity {
  /// The zero points as numbers, one for each scale; zeros if there are none.
  ///
  /// - Throws: `operator/quantization` if their shape is not that of the scales.
  static func zeroPoints(_ tensor: Tensor?, like scale: Tensor) throws(Diagnostic) -> [Double] {
    guard let tensor else { return Array(repeating: 0, count: scale.elementCount) }
    // A vector of one element is as good as a scalar.
    guard tensor.shape == scale.shape || tensor.elementCount == 1 && scale.elementCount == 1,
      let values = tensor.doubles()
    else {
      throw .invalid(
        "operator/quantization",
        "zero points of the shape \(tensor.shape) do not fit scales of the shape \(scale.shape)")
    }
    return values
  }
}

extension Attributes {
  /// The attribute `block_size`.
  ///
  /// - Throws: `operator/attribute-value` if it is negative.
  func blockSize() throws(Diagnostic) -> Int {
    let size = try integer("block_size", default: 0)
    guard size >= 0 else { throw .invalid("operator/attribute-value", "block_size = \(size) is negative") }
    return size
  }

  /// An element type that may be left out or, which is the same, be 0.
  ///
  /// - Throws: `operator/attribute-value` if it is none of `domain`.
  func optionalType(_ name: String, in domain: DTypeDomain) throws(Diagnostic) -> DType? {
    guard try integer(name) != 0, let type = try dtype(name) else { return nil }
    guard domain.contains(type) else {
      throw .invalid(
        "operator/attribute-value", "\(name) does not accept \(type)",
        fix: "use one of \(domain.types.map(\.name).joined(separator: ", "))")
    }
    return type
  }
}

extension QuantizeLinear: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    blockSize == 0 ? .scaling(along: axis, inputs, outputs) : nil
  }
}
