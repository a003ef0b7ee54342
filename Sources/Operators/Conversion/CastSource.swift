internal import Foundation
import LatheDiagnostics
import LatheTensors

/// The elements that Cast converts, in one of three forms that lose nothing.
enum CastSource {
  case reals([Double])
  /// Integers as two's complement of 64 bits.
  case integers([Int64], isUnsigned: Bool)
  /// Floats of 16 or 32 bits, whose shortest text is shorter than that of the same double.
  case singles([Float], text: (Float) -> String)

  /// - Throws: `operator/cast-text` for text that is no number.
  init(_ tensor: Tensor, to target: DType) throws(Diagnostic) {
    if let strings = tensor.strings {
      self = try Self.parsed(strings, to: target)
      return
    }
    switch tensor.dtype {
    case .float32: self = .singles(tensor.elements(as: Float.self) ?? []) { "\($0)" }
    case .float16: self = .singles(tensor.doubles()?.map { Float($0) } ?? []) { "\(Float16($0))" }
    case .uint64:
      let bits = tensor.elements(as: UInt64.self) ?? []
      self = .integers(bits.map { Int64(bitPattern: $0) }, isUnsigned: true)
    case .bool: self = .integers(tensor.codes?.map { Int64($0) } ?? [], isUnsigned: false)
    default:
      if let integers = tensor.integers() {
        self = .integers(integers.map { Int64($0) }, isUnsigned: false)
      } else if tensor.dtype == .float64 {
        self = .reals(tensor.elements(as: Double.self) ?? [])
      } else {
        guard let values = tensor.doubles() else {
          throw .invalid("operator/dtype", "Cast does not convert from \(tensor.dtype)")
        }
        self = .singles(values.map { Float($0) }) { "\($0)" }
      }
    }
  }

  // MARK: Targets

  /// The numbers rounded once to a float of 16 bits or more.
  func floats<T: FloatElement>(shape: [Int], as type: T.Type) throws(Diagnostic) -> Tensor {
    switch self {
    case .reals(let values): return try Tensor(values.map { T(double: $0) }, shape: shape)
    case .singles(let values, _): return try Tensor(values.map { T(double: Double($0)) }, shape: shape)
    case .integers(let values, let isUnsigned):
      let isDouble = T.dtype == .float64
      return try Tensor(
        values.map { value in
          if isDouble { return T(double: isUnsigned ? Double(UInt64(bitPattern: value)) : Double(value)) }
          return T(double: Self.roundedToOdd(value, isUnsigned: isUnsigned))
        }, shape: shape)
    }
  }

  /// The numbers as integers: integers keep their low bits, floats truncate toward zero and end at the type's range.
  func integers<T: IntegerElement>(shape: [Int], as type: T.Type) throws(Diagnostic) -> Tensor {
    switch self {
    case .reals(let values): try Tensor(values.map { T(double: $0) }, shape: shape)
    case .singles(let values, _): try Tensor(values.map { T(double: Double($0)) }, shape: shape)
    case .integers(let values, _): try Tensor(values.map { T(truncatingIfNeeded: $0) }, shape: shape)
    }
  }

  /// Codes of integers of under 8 bits, in the low bits; floats truncate and then keep their low bits as well, as in
  /// ONNX's own tests.
  var smallIntegers: [UInt8] {
    switch self {
    case .reals(let values): values.map { UInt8(truncatingIfNeeded: Int64(double: $0)) }
    case .singles(let values, _): values.map { UInt8(truncatingIfNeeded: Int64(double: Double($0))) }
    case .integers(let values, _): values.map { UInt8(truncatingIfNeeded: $0) }
    }
  }

  /// Whether each number is other than zero; NaN is.
  var truths: [Bool] {
    switch self {
    case .reals(let values): values.map { $0 != 0 }
    case .singles(let values, _): values.map { $0 != 0 }
    case .integers(let values, _): values.map { $0 != 0 }
    }
  }

  /// The numbers as `Float`, such that rounding them on to a minifloat is the same as rounding the number itself.
  var singles: [Float] {
    switch self {
    case .reals(let values): values.map(Self.roundedToOdd)
    case .singles(let values, _): values
    case .integers(let values, let isUnsigned):
      values.map { Self.roundedToOdd(Self.roundedToOdd($0, isUnsigned: isUnsigned)) }
    }
  }

  /// The shortest decimal text that reads back as the number; `NaN`, `INF` and `-INF` as the specification has them.
  var texts: [String] {
    switch self {
    case .reals(let values): values.map { Self.special($0) ?? "\($0)" }
    case .singles(let values, let text): values.map { Self.special(Double($0)) ?? text($0) }
    case .integers(let values, let isUnsigned): values.map { isUnsigned ? "\(UInt64(bitPattern: $0))" : "\($0)" }
    }
  }

  private static func special(_ value: Double) -> String? {
    if value.isNaN { return "NaN" }
    guard value.isInfinite else { return nil }
    return value < 0 ? "-INF" : "INF"
  }

  // MARK: Rounding

  /// A 64-bit integer as a double with at least 42 significant bits, the last of which is set if any bit was dropped.
  private static func roundedToOdd(_ value: Int64, isUnsigned: Bool) -> Double {
    let magnitude = isUnsigned ? UInt64(bitPattern: value) : value.magnitude
    let isNegative = !isUnsigned && value < 0
    guard magnitude >= 1 << 53 else { return isNegative ? -Double(magnitude) : Double(magnitude) }
    let kept = magnitude >> 11 | (magnitude & 0x7FF != 0 ? 1 : 0)
    let rounded = Double(kept) * 2048
    return isNegative ? -rounded : rounded
  }

  /// A double as a `Float` whose last bit is set if it is not exact.
  private static func roundedToOdd(_ value: Double) -> Float {
    let nearest = Float(value)
    guard nearest.isFinite, Double(nearest) != value, nearest.bitPattern & 1 == 0 else { return nearest }
    if nearest == 0 { return value < 0 ? -Float.leastNonzeroMagnitude : .leastNonzeroMagnitude }
    let isTooSmall = Swift.abs(Double(nearest)) < Swift.abs(value)
    return Float(bitPattern: isTooSmall ? nearest.bitPattern + 1 : nearest.bitPattern - 1)
  }

  // MARK: Text

  private static func parsed(_ strings: [String], to target: DType) throws(Diagnostic) -> CastSource {
    if target.isInteger, let integers = parsedIntegers(strings, isUnsigned: target == .uint64) {
      return .integers(integers, isUnsigned: target == .uint64)
    }
    if target == .float32 {
      var values: [Float] = []
      for string in strings { values.append(try number(string) { Float($0) }) }
      return .singles(values) { "\($0)" }
    }
    var values: [Double] = []
    for string in strings { values.append(try number(string) { Double($0) }) }
    return .reals(values)
  }

  private static func parsedIntegers(_ strings: [String], isUnsigned: Bool) -> [Int64]? {
    let values = strings.compactMap { string in
      let text = string.trimmingCharacters(in: .whitespaces)
      return isUnsigned ? UInt64(text).map { Int64(bitPattern: $0) } : Int64(text)
    }
    return values.count == strings.count ? values : nil
  }

  private static func number<T: BinaryFloatingPoint>(_ string: String, _ parse: (String) -> T?) throws(Diagnostic) -> T
  {
    let text = string.trimmingCharacters(in: .whitespaces)
    switch text.lowercased() {
    case "inf", "+inf": return .infinity
    case "-inf": return -.infinity
    case "nan": return .nan
    default: break
    }
    let isDecimal = text.utf8.allSatisfy { (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }
    guard isDecimal, let value = parse(text) else {
      throw .invalid("operator/cast-text", "the text \"\(string.prefix(40))\" is no number, so Cast cannot convert it")
    }
    return value
  }
}
