import LatheDiagnostics
import LatheIR
import LatheTensors

/// Convolution on symmetric INT8 values: activation(x_scale · w_scale · Conv(X, W) + B + R), with sums in 32-bit integers.
///
/// X is [batch, channels, …] with one scale, W [filters, channels / group, …] with a scale for each filter. The residual has the shape of
/// the result and is floats, or INT8 values with one scale. Y is floats; with `y_scale`, Q is the same as INT8 values. Floats are computed
/// in `CanonicalArithmetic`.
public struct QuantizedConvolution: Evaluable {
  public static let schema = OperatorSchema(
    "QuantizedConvolution", domain: "lathe", since: 1,
    inputs: [
      .init("X", "", [.int8]), .init("x_scale", "S", [.float32]), .init("W", "", [.int8]), .init("w_scale", "S", [.float32]),
      .init("B", "S", [.float32], .optional), .init("R", "", [.float32, .int8], .optional),
      .init("r_scale", "S", [.float32], .optional), .init("y_scale", "S", [.float32], .optional),
    ],
    outputs: [.init("Y", "S", [.float32], .optional), .init("Q", "", [.int8], .optional)],
    attributes: Convolution.schema.attributes)

  /// How the kernel moves, and what is applied to the sum with the residual.
  public var convolution: Convolution

  public init(_ convolution: Convolution) { self.convolution = convolution }

  public init(decoding attributes: Attributes) throws(Diagnostic) { convolution = try Convolution(decoding: attributes) }

  public func encode(into attributes: inout Attributes) { convolution.encode(into: &attributes) }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    try inputs.checkNumber(at: 1, name)
    try inputs.checkScale(of: 5, at: 6, name)
    try inputs.checkNumber(at: 6, name)
    try inputs.checkNumber(at: 7, name)
    func floats(_ position: Int) throws(Diagnostic) -> Operand? {
      try inputs.optional(position).map { (operand) throws(Diagnostic) in
        Operand(type: .tensor(TensorType(.float32, try operand.tensor().shape)))
      }
    }
    let result = try convolution.infer([try floats(0), try floats(2), try floats(4), try floats(5)])
    let w = try inputs.tensor(2).shape
    if let own = try inputs.tensor(3).shape, own.count != 1 || own[0].isProvablyDifferent(from: w?.first ?? .unknown) {
      throw misfit("W is \(try inputs.tensor(2)), and w_scale is \(try inputs.tensor(3))")
    }
    if let depth = w.map({ $0.dropFirst().compactMap(\.known).clampedProduct }), depth > Self.mostInputs {
      throw misfit("sums of \(depth) products do not fit 32 bits")
    }
    return try inputs.quantizedTypes(result[0].tensor?.shape, scale: 7, name)
  }

  /// Products whose sum stays within 32 bits.
  private static let mostInputs = 131_071

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (x, w) = (try ZeroPoints.widened(try inputs.required(0)), try ZeroPoints.widened(try inputs.required(2)))
    let sums = try convolution.convolution.convolved(x, w, as: Int32.self)
    let codes = sums.elements(as: Int32.self) ?? []
    let own = try inputs.required(1).elements(as: Float.self)?.first ?? 0
    let scales = try inputs.required(3).elements(as: Float.self) ?? []
    let bias = inputs.optional(4)?.elements(as: Float.self)
    let residual = try inputs.optional(5).map { (r) throws(Diagnostic) in try QuantizedRows(r, scale: inputs.optional(6)) }
    var results = QuantizedResults(sums.shape, scale: inputs.optional(7))
    let (filters, plane) = (sums.shape[1], sums.shape[2...].clampedProduct)
    for row in 0..<sums.shape[0] * filters {
      let filter = row % filters
      let factor = own * scales[filter]
      try results.append(
        (row * plane..<(row + 1) * plane).map { place in
          let sum = Float(codes[place])
          let value = bias.map { CanonicalArithmetic.fused(sum, factor, $0[filter]) } ?? sum * factor
          // All of a residual has one scale, so that its places may count as one row.
          return CanonicalArithmetic.activated(residual?.added(to: value, 0, place) ?? value, by: convolution.activation)
        })
    }
    return try results.tensors()
  }

  private func misfit(_ message: String) -> Diagnostic { .invalid("operator/quantized-convolution", "QuantizedConvolution: \(message)") }
}

extension QuantizedConvolution: Decomposable {
  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    func operand(_ position: Int) -> ValueID? { position < inputs.count ? inputs[position] : nil }
    let x = try builder.add(DequantizeLinear(), [operand(0), operand(1)])
    let w = try builder.add(DequantizeLinear(axis: 0), [operand(2), operand(3)])
    let residual = try operand(6).map { (scale) throws(Diagnostic) in try builder.add(DequantizeLinear(), [operand(5), scale]) }
    let y = try convolution.decompose([x, w, operand(4), residual ?? operand(5)], in: &builder)
    guard let scale = operand(7) else { return y }
    return y + [try builder.add(QuantizeLinear(outputType: .int8), [y[0], scale])]
  }
}
