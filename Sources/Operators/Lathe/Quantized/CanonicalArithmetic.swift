import LatheDiagnostics
import LatheIR
import LatheTensors

/// Float arithmetic in a fixed order, of operations that are rounded once each, so that every processor gives the same bits.
///
/// What stands between INT8 values is computed like this, by reference evaluation and by kernels: one bit of a sum can move a rounding to
/// INT8. `lathe_kernels.h` says the same for C.
enum CanonicalArithmetic {
  /// The nearest INT8 value of −127 … 127, ties to even; 0 for what is not a number.
  @inline(__always)
  static func quantized(_ value: Float) -> Int8 {
    guard !value.isNaN else { return 0 }
    return Int8((value < -127 ? -127 : value > 127 ? 127 : value).rounded(.toNearestOrEven))
  }

  /// zero point + value / scale, the quotient rounded to the nearest, ties to even, and the sum held to `codes`; what is not a number counts as 0.
  @inline(__always)
  static func coded(_ value: Float, scale: Float, zeroPoint: Int, in codes: ClosedRange<Int>) -> Int {
    let quotient = value / scale
    guard !quotient.isNaN else { return zeroPoint }
    let (low, high) = (Float(codes.lowerBound - zeroPoint), Float(codes.upperBound - zeroPoint))
    return zeroPoint + Int((quotient < low ? low : quotient > high ? high : quotient).rounded(.toNearestOrEven))
  }

  /// a · b + c, rounded once.
  @inline(__always)
  static func fused(_ a: Float, _ b: Float, _ c: Float) -> Float { c.addingProduct(a, b) }

  /// Sixteen partial sums, each over every sixteenth element, and then of these the halves together until one is left.
  static func sum(_ values: [Float], ofSquares: Bool = false) -> Float {
    var parts = [Float](repeating: 0, count: 16)
    for (index, value) in values.enumerated() {
      parts[index & 15] = ofSquares ? fused(value, value, parts[index & 15]) : parts[index & 15] + value
    }
    for half in [8, 4, 2, 1] { for lane in 0..<half { parts[lane] += parts[lane + half] } }
    return parts[0]
  }

  /// The polynomial by Horner's rule, from the highest coefficient on.
  private static func polynomial(_ x: Float, _ coefficients: [Float]) -> Float {
    coefficients.dropFirst().reduce(coefficients[0]) { fused($0, x, $1) }
  }

  private static func lesser(_ a: Float, _ b: Float) -> Float { a < b ? a : b }
  private static func greater(_ a: Float, _ b: Float) -> Float { a > b ? a : b }

  /// 2²³ · 1.5 + 127: added to a small number, it leaves the nearest integer, biased as an exponent, in the low bits.
  private static let rounding: Float = 12_583_039

  private static func power(_ biased: Float) -> Float { Float(bitPattern: biased.bitPattern << 23) }

  /// e to the power of a number that is not positive; 0 where that would be subnormal.
  static func exponential(_ x: Float) -> Float {
    let y = greater(-88.2, x)
    let n = fused(y, 1.44269504, rounding)
    let f = fused(y, 1.44269504, rounding - n)
    return polynomial(
      f, [1.535336191e-04, 1.339887441e-03, 9.618437358e-03, 5.550332471e-02, 2.402264791e-01, 6.931472029e-01, 1]) * power(n)
  }

  private static func sigmoid(_ x: Float) -> Float {
    let y = greater(-88.2, lesser(88.8, 0 - x))
    let rounded = fused(y, 1.44269504, rounding)
    let n = rounded - rounding
    let r = fused(n, 2.12194440e-4, fused(n, -0.693359375, y))
    var p = polynomial(r, [1.381458090e-03, 8.368725384e-03, 4.166838887e-02, 1.666652056e-01, 4.999999344e-01])
    p = fused(p * r, r, r) + 1
    return 1 / (1 + p * power(rounded))
  }

  private static func rational(_ x: Float, _ bound: Float, _ last: Float, _ p: [Float], _ q: [Float]) -> Float {
    guard !(abs(x) > last) else { return x < 0 ? -1 : 1 }
    let y = greater(-bound, lesser(bound, x))
    let z = y * y
    return y * polynomial(z, p) / polynomial(z, q)
  }

  private static func errorFunction(_ x: Float) -> Float {
    rational(
      x, 3.925, 3.92,
      [2.046022777e-06, 2.848448622e-04, 3.772597286e-03, 5.276944446e-02, 1.905948198e-01, 1.128379146e+00],
      [3.804779623e-05, 1.163869713e-03, 1.498329208e-02, 1.141831666e-01, 5.022429914e-01, 1])
  }

  private static func tangent(_ x: Float) -> Float {
    rational(
      x, 9.02, 9.01, [1.331909326e-08, 2.058349765e-05, 3.494035594e-03, 1.337971882e-01, 9.999999790e-01],
      [7.762028473e-07, 3.283094505e-04, 2.587107717e-02, 4.671303406e-01, 1])
  }

  /// The activation of one number.
  static func activated(_ x: Float, by activation: LinearActivation) -> Float {
    switch activation {
    case .none: x
    case .relu: greater(0, x)
    case .gelu: x * fused(0.5, errorFunction(x * 0.707106781), 0.5)
    case .tanhGelu: x * fused(0.5, tangent(0.797884561 * fused(0.044715, x * x * x, x)), 0.5)
    case .tanh: tangent(x)
    case .sigmoid: sigmoid(x)
    case .silu: x * sigmoid(x)
    case .quickGelu: x * sigmoid(1.702 * x)
    case .relu6: lesser(6, greater(0, x))
    case .hardSwish: x * greater(0, lesser(1, x * (1.0 / 6) + 0.5))
    }
  }

  /// Layer normalization of one row.
  static func normalized(_ z: [Float], scale: [Float], bias: [Float]?, epsilon: Float) -> [Float] {
    let width = Float(z.count)
    let mean = sum(z) / width
    let centered = z.map { $0 - mean }
    let factor = 1 / (sum(centered, ofSquares: true) / width + epsilon).squareRoot()
    return centered.indices.map { index in
      let value = centered[index] * factor
      return bias.map { fused(value, scale[index], $0[index]) } ?? value * scale[index]
    }
  }
}

/// An operand in rows: floats, or INT8 values with one scale or one for each row.
struct QuantizedRows {
  let width: Int
  private let floats: [Float]
  private let codes: [Int8]
  private let scales: [Float]

  /// - Parameter scale: nil for floats.
  /// - Throws: `operator/quantized` for anything else.
  init(_ tensor: Tensor, scale: Tensor?) throws(Diagnostic) {
    width = tensor.shape.last ?? 1
    floats = tensor.elements(as: Float.self) ?? []
    codes = tensor.elements(as: Int8.self) ?? []
    scales = scale?.elements(as: Float.self) ?? []
    guard tensor.dtype == .float32 || tensor.dtype == .int8 && !scales.isEmpty else {
      throw .invalid("operator/quantized", "\(tensor.dtype) has no scale here")
    }
  }

  /// The scale of a row of INT8 values.
  func scale(_ row: Int) -> Float { scales.count == 1 ? scales[0] : scales[row] }

  /// What is read at a place.
  func value(_ row: Int, _ column: Int) -> Float {
    let place = row * width + column
    return codes.isEmpty ? floats[place] : Float(codes[place]) * scale(row)
  }

  /// What is read at a place, added to `sum`.
  func added(to sum: Float, _ row: Int, _ column: Int) -> Float {
    let place = row * width + column
    return codes.isEmpty ? sum + floats[place] : CanonicalArithmetic.fused(Float(codes[place]), scale(row), sum)
  }
}

/// Results in rows, as floats and as INT8 values.
struct QuantizedResults {
  private let shape: [Int]
  /// Of all INT8 values, or of each column.
  private let given: [Float]
  private let inverses: [Float]
  private let zeroPoint: Int?
  private let isUnsigned: Bool
  private let isDynamic: Bool
  private var floats: [Float] = []
  /// The bits of INT8 values, whatever their sign means.
  private var codes: [Int8] = []
  private var scales: [Float] = []

  /// - Parameters:
  ///   - scale: of all INT8 values or of each column; nil for a scale of each row, if there are INT8 values at all.
  ///   - zeroPoint: where there is one, values have its type and the whole range of that; otherwise they are −127 … 127.
  init(_ shape: [Int], scale: Tensor?, zeroPoint: Tensor? = nil, isDynamic: Bool = false) {
    self.shape = shape
    given = scale?.elements(as: Float.self) ?? []
    inverses = given.map { 1 / $0 }
    self.zeroPoint = zeroPoint?.integers()?.first
    isUnsigned = zeroPoint?.dtype == .uint8
    self.isDynamic = isDynamic
    floats.reserveCapacity(shape.reduce(1, *))
  }

  /// The next row.
  ///
  /// - Throws: `operator/not-finite` for a row that has no scale.
  mutating func append(_ row: [Float]) throws(Diagnostic) {
    floats += row
    if let scale = given.first, let zeroPoint {
      let range = isUnsigned ? 0...255 : -128...127
      codes += row.map {
        Int8(truncatingIfNeeded: CanonicalArithmetic.coded($0, scale: scale, zeroPoint: zeroPoint, in: range))
      }
    } else if let inverse = inverses.first {
      codes += row.enumerated().map { CanonicalArithmetic.quantized($1 * (inverses.count == 1 ? inverse : inverses[$0])) }
    } else if isDynamic {
      let most = row.reduce(Float(0)) { abs($1) > $0 ? abs($1) : $0 }
      guard row.allSatisfy(\.isFinite) else {
        throw .invalid("operator/not-finite", "a row with infinity, or with what is not a number, has no INT8 scale")
      }
      let isScaled = most >= 0x1p-100
      scales.append(isScaled ? most / 127 : 1)
      codes += row.map { isScaled ? CanonicalArithmetic.quantized($0 * (127 / most)) : 0 }
    }
  }

  /// The floats, then the INT8 values and their rows' scales where there are any.
  func tensors() throws(Diagnostic) -> [Tensor] {
    var result = [try Tensor(floats, shape: shape)]
    guard !inverses.isEmpty || isDynamic else { return result }
    result.append(
      isUnsigned ? try Tensor(codes.map { UInt8(bitPattern: $0) }, shape: shape) : try Tensor(codes, shape: shape))
    if isDynamic { result.append(try Tensor(scales, shape: shape.dropLast() + [1])) }
    return result
  }
}

extension [Operand?] {
  /// Types of floats in a shape, and of INT8 values where they have a scale.
  ///
  /// - Parameter zeroPoint: position of the zero point, whose type the INT8 values have.
  /// - Throws: `operator/quantized` for a scale that is neither one number nor one for each column, for a zero point that is not one number or
  ///   has not one scale.
  func quantizedTypes(_ shape: Shape?, scale: Int, zeroPoint: Int? = nil, _ name: OperatorName) throws(Diagnostic) -> [ValueType] {
    let floats = ValueType.tensor(TensorType(.float32, shape))
    let zero = zeroPoint.flatMap { optional($0) }
    guard let own = optional(scale) else {
      if zero != nil { throw .invalid("operator/quantized", "\(name): the result has a zero point, but no scale") }
      return [floats]
    }
    if let zeroPoint, zero != nil {
      try checkNumber(at: scale, name)
      try checkNumber(at: zeroPoint, name)
    } else {
      try checkNumberOrColumns(own, shape?.last, name)
    }
    return [floats, .tensor(TensorType(try zero?.tensor().dtype ?? .int8, shape))]
  }

  /// Checks that a scale is one number or one for each column.
  func checkNumberOrColumns(_ scale: Operand, _ columns: Dimension?, _ name: OperatorName) throws(Diagnostic) {
    guard let shape = try scale.tensor().shape, !shape.isEmpty else { return }
    guard shape.count == 1, columns.map({ !shape[0].isProvablyDifferent(from: $0) }) ?? true else {
      throw .invalid("operator/quantized", "\(name): a scale of \(try scale.tensor()) is neither one number nor one for each column")
    }
  }

  /// Checks that an operand is one number.
  func checkNumber(at position: Int, _ name: OperatorName) throws(Diagnostic) {
    guard let type = try optional(position)?.tensor(), let rank = type.rank, rank != 0 else { return }
    throw .invalid("operator/quantized", "\(name): the operand \(position) is \(type), not one number")
  }

  /// Checks weights of so many outputs, each a sum of `depth` products: X, W, the scale of W and the zero points of both are the operands 0, 2, 3, 8
  /// and 10.
  ///
  /// - Throws: `operator/quantized` unless W has a scale, and perhaps a zero point, for each output, the zero point of X is one number of its type, and
  ///   sums stay within 32 bits.
  func checkWeights(outputs: Dimension, depth: Int?, _ name: OperatorName) throws(Diagnostic) {
    func misfit(_ message: String) -> Diagnostic { .invalid("operator/quantized", "\(name): \(message)") }
    for (position, what) in [(3, "w_scale"), (10, "w_zero_point")] {
      guard let type = try optional(position)?.tensor(), let own = type.shape else { continue }
      guard own.count == 1, !own[0].isProvablyDifferent(from: outputs) else { throw misfit("W has \(outputs) outputs, and \(what) is \(type)") }
    }
    try checkNumber(at: 8, name)
    let x = try tensor(0)
    if let zero = try optional(8)?.tensor(), zero.dtype != x.dtype { throw misfit("X is \(x), and its zero point is \(zero)") }
    let hasZeroPoint = x.dtype == .uint8 || optional(8) != nil
    if let depth, depth > QuantizedLinear.mostInputs(withZeroPointOfX: hasZeroPoint, ofW: optional(10) != nil) {
      throw misfit("sums of \(depth) products do not fit 32 bits")
    }
  }

  /// Checks that INT8 operands have a scale, one number or one for each row, and floats none.
  func checkScale(of position: Int, at scale: Int, _ name: OperatorName) throws(Diagnostic) {
    guard let operand = optional(position) else { return }
    let type = try operand.tensor()
    let isQuantized = type.dtype == .int8 || type.dtype == .uint8
    guard isQuantized == (optional(scale) != nil) else {
      throw .invalid(
        "operator/quantized", "\(name): operand \(position) is \(type), and its scale is \(isQuantized ? "missing" : "there")")
    }
    guard let own = try optional(scale)?.tensor().shape, !own.isEmpty, let shape = type.shape else { return }
    let fits = own.count == shape.count && own.last == 1 && !zip(own.dropLast(), shape).contains { $0.isProvablyDifferent(from: $1) }
    guard fits else {
      throw .invalid("operator/quantized", "\(name): a scale of \(try tensor(scale)) is neither one number nor one for each row of \(type)")
    }
  }
}

extension GraphBuilder {
  /// Floats as symmetric INT8 values with one scale, or one for each column.
  mutating func quantized(_ floats: ValueID?, by scale: ValueID) throws(Diagnostic) -> ValueID {
    let isPerColumn = graph[scale].type?.tensor?.rank == 1
    return try add(QuantizeLinear(axis: isPerColumn ? -1 : 1, outputType: .int8), [floats, scale])
  }
}
