import LatheDiagnostics
import LatheIR
import LatheTensors

/// The elements converted to another type.
///
/// Where the specification leaves the result open: floats outside the range of an integer of 8 bits or more become its
/// nearest end, narrower integers keep the low bits; NaN becomes 0, and −0 in floats that have no NaN; truth values are
/// written as `1` and `0`; text that is no number is refused.
public struct Cast: Evaluable, ShapeArithmetic, Elementwise {
  /// How values between two powers of two become a `float8e8m0`.
  public enum ExponentRounding: String, Sendable, Hashable, CaseIterable {
    case up, down
    /// Ties go up.
    case nearest
  }

  private static let types = DTypeDomain.all.subtracting([.complex64, .complex128])

  public static let schema = OperatorSchema(
    "Cast", since: 28,
    inputs: [.init("input", "T1", types)],
    outputs: [.init("output", "T2", types)],
    attributes: ["to": .integer, "saturate": .integer, "round_mode": .string])

  /// Element type of the result.
  public var target: DType
  /// Whether values beyond an 8-bit float's range become its largest, rather than infinity or NaN.
  public var saturates: Bool
  /// How values become a `float8e8m0`.
  public var rounding: ExponentRounding

  public init(to target: DType, saturates: Bool = true, rounding: ExponentRounding = .up) {
    self.target = target
    self.saturates = saturates
    self.rounding = rounding
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    target = try Attributes.required("to", try attributes.dtype("to"))
    saturates = try attributes.flag("saturate", default: true)
    rounding = try attributes.choice("round_mode", default: .up)
    guard Self.types.contains(target) else {
      throw .invalid("operator/attribute-value", "Cast does not convert to \(target)")
    }
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("to", target)
    if !saturates { attributes.set("saturate", false) }
    if rounding != .up { attributes.set("round_mode", rounding.rawValue) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    [.tensor(TensorType(target, try inputs.tensor(0).shape))]
  }

  /// Followed into truth values and into integers that hold every extent, or the number in question.
  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    guard let elements = inputs.optional(0)?.followed else { return [nil] }
    switch target {
    case .int64: return [elements]
    case .int32: return [elements.map { $0.known.map { Int32(exactly: $0) == nil } ?? false ? .unknown : $0 }]
    case .bool:
      return [elements.map { $0.known.map { .known($0 == 0 ? 0 : 1) } ?? ($0.isProvablyPositive ? 1 : .unknown) }]
    default: return [nil]
    }
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    if input.dtype == target { return [input] }
    let numbers = try CastSource(input, to: target)
    switch target {
    case .string: return [try Tensor(strings: numbers.texts, shape: input.shape)]
    case .bool: return [try Tensor(numbers.truths, shape: input.shape)]
    case .float32: return [try numbers.floats(shape: input.shape, as: Float.self)]
    case .float64: return [try numbers.floats(shape: input.shape, as: Double.self)]
    case .float16: return [try numbers.floats(shape: input.shape, as: Float16.self)]
    case .bfloat16: return [try numbers.floats(shape: input.shape, as: BFloat16.self)]
    case .int8: return [try numbers.integers(shape: input.shape, as: Int8.self)]
    case .int16: return [try numbers.integers(shape: input.shape, as: Int16.self)]
    case .int32: return [try numbers.integers(shape: input.shape, as: Int32.self)]
    case .int64: return [try numbers.integers(shape: input.shape, as: Int64.self)]
    case .uint8: return [try numbers.integers(shape: input.shape, as: UInt8.self)]
    case .uint16: return [try numbers.integers(shape: input.shape, as: UInt16.self)]
    case .uint32: return [try numbers.integers(shape: input.shape, as: UInt32.self)]
    case .uint64: return [try numbers.integers(shape: input.shape, as: UInt64.self)]
    default: return [try coded(numbers, input.shape)]
    }
  }

  /// Types that are stored as codes: the minifloats and the integers of under 8 bits.
  private func coded(_ numbers: CastSource, _ shape: [Int]) throws(Diagnostic) -> Tensor {
    let codes: [UInt8]
    if target == .float8e8m0 {
      codes = numbers.singles.map { Self.exponentCode($0, rounding, saturates: saturates) }
    } else if let format = MinifloatFormat(target) {
      let saturates = saturates
      // Types of under 8 bits have no NaN; ONNX's own tests expect −0 in its place.
      let negativeZero = target.isPacked ? UInt8(1 << (target.bitWidth - 1)) : nil
      codes = numbers.singles.map {
        $0.isNaN ? negativeZero ?? format.encode($0) : format.encode($0, saturate: saturates)
      }
    } else {
      codes = numbers.smallIntegers
    }
    let bytes = target.isPacked ? PackedElements.pack(codes, bitWidth: target.bitWidth) : codes
    return try Tensor(dtype: target, shape: shape) { $0.copyBytes(from: bytes) }
  }

  /// The biased exponent that stands for `value`; negative values, which have none, become the smallest.
  private static func exponentCode(_ value: Float, _ rounding: ExponentRounding, saturates: Bool) -> UInt8 {
    let (smallest, largest, notANumber): (UInt8, UInt8, UInt8) = (0, 0xFE, 0xFF)
    if value.isNaN { return notANumber }
    guard value > 0 else { return saturates || value < 0 ? smallest : notANumber }
    guard value.isFinite else { return saturates ? largest : notANumber }
    let exponent = Int(value.exponent) + 127
    if exponent < 0 { return saturates ? smallest : notANumber }
    let roundsUp =
      switch rounding {
      case .up: value.significand > 1
      case .down: false
      case .nearest: value.significand >= 1.5
      }
    guard let code = UInt8(exactly: exponent + (roundsUp ? 1 : 0)), code <= largest else {
      return saturates ? largest : notANumber
    }
    return code
  }
}
