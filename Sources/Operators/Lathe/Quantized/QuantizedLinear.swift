import LatheDiagnostics
import LatheIR
import LatheTensors

/// Linear on symmetric INT8 values: activation(x_scale · w_scale · (X·W) + B) + R, with sums in 32-bit integers.
///
/// X is [… , inputs], W [inputs, outputs] with a scale for each output. `x_scale` is one number, or one for each row ([… , 1]). The residual is
/// floats, or INT8 values with `r_scale`. Y is floats; with `y_scale`, Q is the same as INT8 values. Floats are computed in
/// `CanonicalArithmetic`.
public struct QuantizedLinear: Evaluable {
  public static let schema = OperatorSchema(
    "QuantizedLinear", domain: "lathe", since: 1,
    inputs: [
      .init("X", "", [.int8]), .init("x_scale", "S", [.float32]), .init("W", "", [.int8]), .init("w_scale", "S", [.float32]),
      .init("B", "S", [.float32], .optional), .init("R", "", [.float32, .int8], .optional),
      .init("r_scale", "S", [.float32], .optional), .init("y_scale", "S", [.float32], .optional),
    ],
    outputs: [.init("Y", "S", [.float32], .optional), .init("Q", "", [.int8], .optional)],
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
    let (shape, columns) = (result[0].tensor?.shape, try inputs.tensor(2).shape?.last ?? .unknown)
    if let own = try inputs.tensor(3).shape, own.count != 1 || own[0].isProvablyDifferent(from: columns) {
      throw misfit("W has \(columns) columns, and w_scale is \(try inputs.tensor(3))")
    }
    if let inner = try inputs.tensor(0).shape?.last?.known, inner > Self.mostInputs {
      throw misfit("sums of \(inner) products do not fit 32 bits")
    }
    return try inputs.quantizedTypes(shape, scale: 7, name)
  }

  /// Products whose sum stays within 32 bits.
  private static let mostInputs = 131_071

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (x, w) = (try inputs.required(0), try inputs.required(2))
    let (depth, columns) = (w.shape[0], w.shape[1])
    let scale = try QuantizedRows(x, scale: inputs.required(1))
    let scales = try inputs.required(3).elements(as: Float.self) ?? []
    let bias = inputs.optional(4)?.elements(as: Float.self)
    let residual = try inputs.optional(5).map { (r) throws(Diagnostic) in try QuantizedRows(r, scale: inputs.optional(6)) }
    var results = QuantizedResults(x.shape.dropLast() + [columns], scale: inputs.optional(7))
    for row in 0..<(depth == 0 ? x.shape.dropLast().reduce(1, *) : x.elementCount / depth) {
      let sums = Self.products(x, row, w, depth, columns)
      try results.append(
        (0..<columns).map { column in
          let factor = scale.scale(row) * scales[column]
          var value = bias.map { CanonicalArithmetic.fused(Float(sums[column]), factor, $0[column]) } ?? Float(sums[column]) * factor
          value = CanonicalArithmetic.activated(value, by: activation)
          return residual?.added(to: value, row, column) ?? value
        })
    }
    return try results.tensors()
  }

  /// One row of X times W.
  private static func products(_ x: Tensor, _ row: Int, _ w: Tensor, _ depth: Int, _ columns: Int) -> [Int32] {
    var sums = [Int32](repeating: 0, count: columns)
    x.withElements(as: Int8.self) { x in
      w.withElements(as: Int8.self) { w in
        sums.withUnsafeMutableBufferPointer { sums in
          for inner in 0..<depth {
            let factor = Int32(x[row * depth + inner])
            guard factor != 0 else { continue }
            for column in 0..<columns { sums[column] &+= factor &* Int32(w[inner * columns + column]) }
          }
        }
      }
    }
    return sums
  }

  private func misfit(_ message: String) -> Diagnostic { .invalid("operator/quantized-linear", "QuantizedLinear: \(message)") }
}

extension QuantizedLinear: Decomposable {
  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    func operand(_ position: Int) -> ValueID? { position < inputs.count ? inputs[position] : nil }
    let x: ValueID
    if let scale = operand(1), builder.graph[scale].type?.tensor?.rank != 0 {
      // A scale for each row of all outer axes is more than DequantizeLinear takes.
      x = try builder.add(Mul(), [try builder.add(Cast(to: .float32), [operand(0)]), scale])
    } else {
      x = try builder.add(DequantizeLinear(), [operand(0), operand(1)])
    }
    let w = try builder.add(DequantizeLinear(axis: 1), [operand(2), operand(3)])
    let residual = try operand(6).map { (scale) throws(Diagnostic) in try builder.add(DequantizeLinear(), [operand(5), scale]) }
    let y = try Linear(activation: activation).decompose([x, w, operand(4), residual ?? operand(5)], in: &builder)
    guard let scale = operand(7) else { return y }
    return y + [try builder.add(QuantizeLinear(outputType: .int8), [y[0], scale])]
  }
}
