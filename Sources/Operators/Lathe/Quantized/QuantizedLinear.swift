import LatheDiagnostics
import LatheIR
import LatheTensors

/// Linear on INT8 values: activation(x_scale · w_scale · ((X − x_zero_point)·(W − w_zero_point)) + B) + R, with sums in 32-bit integers.
///
/// X is [… , inputs], W [inputs, outputs] with a scale, and perhaps a zero point, for each output. `x_scale` is one number, or one for each row
/// ([… , 1]); `x_zero_point` is one number. The residual is floats, or symmetric INT8 values with `r_scale`. Y is floats; with `y_scale`, one number
/// or one for each column, Q is the same as INT8 values: symmetric ones of −127 … 127, or, with `y_zero_point`, what QuantizeLinear makes of Y. Floats
/// are computed in
/// `CanonicalArithmetic`.
public struct QuantizedLinear: Evaluable {
  public static let schema = OperatorSchema(
    "QuantizedLinear", domain: "lathe", since: 1,
    inputs: [
      .init("X", "", .bytes), .init("x_scale", "S", [.float32]), .init("W", "", [.int8]), .init("w_scale", "S", [.float32]),
      .init("B", "S", [.float32], .optional), .init("R", "", [.float32, .int8], .optional),
      .init("r_scale", "S", [.float32], .optional), .init("y_scale", "S", [.float32], .optional),
      .init("x_zero_point", "", .bytes, .optional), .init("y_zero_point", "", .bytes, .optional),
      .init("w_zero_point", "", [.int8], .optional),
    ],
    outputs: [.init("Y", "S", [.float32], .optional), .init("Q", "", .bytes, .optional)],
    attributes: ["activation": .string])

  /// Applied to the sum before the residual is added.
  public var activation: LinearActivation

  public init(activation: LinearActivation = .none) { self.activation = activation }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    activation = try attributes.choice("activation", default: .none)
  }

  public func encode(into attributes: inout Attributes) {
    if activation != .none { attributes.set("activation", activation.rawValue) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    try inputs.checkScale(of: 0, at: 1, name)
    try inputs.checkScale(of: 5, at: 6, name)
    func floats(_ position: Int) throws(Diagnostic) -> Operand? {
      try inputs.optional(position).map { (operand) throws(Diagnostic) in
        Operand(type: .tensor(TensorType(.float32, try operand.tensor().shape)))
      }
    }
    let result = try Linear().infer([try floats(0), try floats(2), try floats(4), try floats(5)])
    let (depth, columns) = (try inputs.tensor(0).shape?.last?.known, try inputs.tensor(2).shape?.last ?? .unknown)
    try inputs.checkWeights(outputs: columns, depth: depth, name)
    return try inputs.quantizedTypes(result[0].tensor?.shape, scale: 7, zeroPoint: 9, name)
  }

  /// Products whose sum stays within 32 bits.
  public static func mostInputs(withZeroPointOfX x: Bool, ofW w: Bool) -> Int { w ? 33_025 : x ? 65_792 : 131_071 }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (x, w) = (try inputs.required(0), try inputs.required(2))
    let (depth, columns) = (w.shape[0], w.shape[1])
    let rowScales = try inputs.required(1).elements(as: Float.self) ?? []
    let zero = Int32(truncatingIfNeeded: inputs.optional(8)?.integers()?.first ?? 0)
    let codes = try ZeroPoints.widened(x).elements(as: Int32.self)?.map { $0 &- zero } ?? []
    let zeroes = inputs.optional(10)?.integers()?.map { Int32(truncatingIfNeeded: $0) }
    let scales = try inputs.required(3).elements(as: Float.self) ?? []
    let bias = inputs.optional(4)?.elements(as: Float.self)
    let residual = try inputs.optional(5).map { (r) throws(Diagnostic) in try QuantizedRows(r, scale: inputs.optional(6)) }
    var results = QuantizedResults(x.shape.dropLast() + [columns], scale: inputs.optional(7), zeroPoint: inputs.optional(9))
    for row in 0..<(depth == 0 ? x.shape.dropLast().reduce(1, *) : x.elementCount / depth) {
      let sums = Self.products(codes[(row * depth)..<((row + 1) * depth)], w, zeroes, columns)
      let own = rowScales.count == 1 ? rowScales[0] : rowScales[row]
      try results.append(
        (0..<columns).map { column in
          let factor = own * scales[column]
          var value = bias.map { CanonicalArithmetic.fused(Float(sums[column]), factor, $0[column]) } ?? Float(sums[column]) * factor
          value = CanonicalArithmetic.activated(value, by: activation)
          return residual?.added(to: value, row, column) ?? value
        })
    }
    return try results.tensors()
  }

  /// One row of X times W, both less their zero points.
  private static func products(_ x: ArraySlice<Int32>, _ w: Tensor, _ zeroes: [Int32]?, _ columns: Int) -> [Int32] {
    var sums = [Int32](repeating: 0, count: columns)
    w.withElements(as: Int8.self) { w in
      sums.withUnsafeMutableBufferPointer { sums in
        for (inner, factor) in x.enumerated() where factor != 0 {
          for column in 0..<columns { sums[column] &+= factor &* Int32(w[inner * columns + column]) }
        }
      }
    }
    guard let zeroes else { return sums }
    let sum = x.reduce(0, &+)
    return zip(sums, zeroes).map { $0 &- sum &* $1 }
  }
}

extension QuantizedLinear: Decomposable {
  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    func operand(_ position: Int) -> ValueID? { position < inputs.count ? inputs[position] : nil }
    let x: ValueID
    if let scale = operand(1), builder.graph[scale].type?.tensor?.rank != 0 {
      // A scale for each row of all outer axes is more than DequantizeLinear takes.
      var codes = try builder.add(Cast(to: .float32), [operand(0)])
      if let zero = operand(8) { codes = try builder.add(Sub(), [codes, try builder.add(Cast(to: .float32), [zero])]) }
      x = try builder.add(Mul(), [codes, scale])
    } else {
      x = try builder.add(DequantizeLinear(), [operand(0), operand(1), operand(8)])
    }
    let w = try builder.add(DequantizeLinear(axis: 1), [operand(2), operand(3), operand(10)])
    let residual = try operand(6).map { (scale) throws(Diagnostic) in try builder.add(DequantizeLinear(), [operand(5), scale]) }
    let y = try Linear(activation: activation).decompose([x, w, operand(4), residual ?? operand(5)], in: &builder)
    guard let scale = operand(7) else { return y }
    guard let zero = operand(9) else { return y + [try builder.quantized(y[0], by: scale)] }
    return y + [try builder.add(QuantizeLinear(), [y[0], scale, zero])]
  }
}
