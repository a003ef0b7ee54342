import LatheDiagnostics
import LatheIR
import LatheTensors

/// start, start + delta, start + 2·delta, … up to but not including limit.
public struct RangeOperator: NumericEvaluable, ShapeArithmetic {
  private static let types = DTypeDomain.floats.union([.int16, .int32, .int64])

  public static let schema = OperatorSchema(
    "Range", since: 27,
    inputs: [.init("start", "T", types), .init("limit", "T", types), .init("delta", "T", types)],
    outputs: [.init("output", "T", types)],
    attributes: ["stash_type": .integer])

  /// Type that elements of floats of 16 bits are computed in: `float32` or `float64`.
  public var stashType: DType

  public init(stashType: DType = .float32) { self.stashType = stashType }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    stashType = try attributes.dtype("stash_type") ?? .float32
    guard stashType == .float32 || stashType == .float64 else {
      throw .invalid("operator/attribute-value", "stash_type should be f32 or f64, but is \(stashType)")
    }
  }

  public func encode(into attributes: inout Attributes) {
    if stashType != .float32 { attributes.set("stash_type", stashType) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    for input in inputs {
      guard let operand = try input?.tensor(), let rank = operand.rank, rank > 1 || operand.knownShape == [0] else {
        continue
      }
      throw .invalid("operator/rank", "Range takes single numbers, but is given \(operand)")
    }
    if let count = try count(inputs) { return [.tensor(TensorType(type.dtype, [.known(count)]))] }
    return [.tensor(TensorType(type.dtype, [symbolicCount(inputs)]))]
  }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    guard let start = inputs.optional(0)?.integers?.first, let delta = inputs.optional(2)?.integers?.first,
      let count = try? count(inputs), count <= Operand.maximumElements
    else { return [nil] }
    return [(0..<count).map { .known(start) + .known($0) * .known(delta) }]
  }

  /// The number of elements, if all three numbers are known.
  private func count(_ inputs: [Operand?]) throws(Diagnostic) -> Int? {
    let isInteger = try inputs.tensor(0).dtype.isInteger
    if isInteger {
      let numbers = inputs.compactMap { $0?.integers?.first }
      guard numbers.count == 3 else { return nil }
      return try count(from: Int128(numbers[0]), to: Int128(numbers[1]), by: Int128(numbers[2]))
    }
    let numbers = inputs.compactMap { $0?.constant?.doubles()?.first }
    guard numbers.count == 3 else { return nil }
    let count = ((numbers[1] - numbers[0]) / numbers[2]).rounded(.up)
    guard numbers[2] != 0, count.isFinite, let whole = Int(exactly: Swift.max(count, 0)) else {
      throw .invalid("operator/range", "Range from \(numbers[0]) to \(numbers[1]) by \(numbers[2]) does not end")
    }
    return whole
  }

  private func count(from start: Int128, to limit: Int128, by delta: Int128) throws(Diagnostic) -> Int {
    guard delta != 0 else { throw .invalid("operator/range", "Range from \(start) to \(limit) by 0 does not end") }
    let distance = delta > 0 ? limit - start : start - limit
    guard distance > 0 else { return 0 }
    guard let count = Int(exactly: (distance - 1) / Swift.abs(delta) + 1) else {
      throw .invalid("operator/range", "Range from \(start) to \(limit) by \(delta) has too many elements to count")
    }
    return count
  }

  private func symbolicCount(_ inputs: [Operand?]) -> Dimension {
    guard inputs.count == 3, let start = inputs[0]?.elements?.first, let limit = inputs[1]?.elements?.first,
      let delta = inputs[2]?.integers?.first, delta > 0
    else { return .unknown }
    let distance = limit - start
    let length = distance.isProvablyNonNegative ? distance : .maximum(distance, 0)
    return delta == 1 ? length : (length + .known(delta - 1)).floorDivided(by: .known(delta))
  }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let count = try concreteShape(inputs).first ?? 0
    let numbers = try [0, 1, 2].map { (position) throws(Diagnostic) -> T in
      guard let number = try inputs.required(position).elements(as: T.self)?.first else {
        throw name.unsupported(T.dtype)
      }
      return number
    }
    let (start, delta) = (numbers[0], numbers[2])
    let isNarrow = T.dtype == .float16 || T.dtype == .bfloat16
    return [
      try Tensor(of: T.self, shape: [count]) { (target: UnsafeMutableBufferPointer<T>) in
        if !T.dtype.isFloat {
          var next = start
          for index in 0..<count {
            target[index] = next
            next = T.adding(next, delta)
          }
        } else if isNarrow, stashType == .float32 {
          let (first, step) = (Float(start.double), Float(delta.double))
          for index in 0..<count { target[index] = T(double: Double(first + Float(index) * step)) }
        } else {
          for index in 0..<count { target[index] = T(double: start.double + Double(index) * delta.double) }
        }
      }
    ]
  }
}
