import LatheDiagnostics
import LatheIR
import LatheTensors

/// Convolution on INT8 values: activation(x_scale · w_scale · Conv(X − x_zero_point, W − w_zero_point) + B + R), with sums in 32-bit integers.
///
/// X is [batch, channels, …] with one scale and one zero point, which padding counts as, W [filters, channels / group, …] with a scale, and perhaps a
/// zero point, for each filter. The residual has the shape of the result and is floats, or symmetric INT8 values with one scale. Y is floats; with
/// `y_scale`, Q is the same as INT8 values: symmetric ones of −127 … 127, or, with `y_zero_point`, what QuantizeLinear makes of Y. Floats are computed in
/// `CanonicalArithmetic`.
public struct QuantizedConvolution: Evaluable {
  public static let schema = OperatorSchema(
    "QuantizedConvolution", domain: "lathe", since: 1,
    inputs: [
      .init("X", "", .bytes), .init("x_scale", "S", [.float32]), .init("W", "", [.int8]), .init("w_scale", "S", [.float32]),
      .init("B", "S", [.float32], .optional), .init("R", "", [.float32, .int8], .optional),
      .init("r_scale", "S", [.float32], .optional), .init("y_scale", "S", [.float32], .optional),
      .init("x_zero_point", "", .bytes, .optional), .init("y_zero_point", "", .bytes, .optional),
      .init("w_zero_point", "", [.int8], .optional),
    ],
    outputs: [.init("Y", "S", [.float32], .optional), .init("Q", "", .bytes, .optional)],
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
    let depth = w?.dropFirst().compactMap(\.known).clampedProduct
    try inputs.checkWeights(outputs: w?.first ?? .unknown, depth: depth, name)
    return try inputs.quantizedTypes(result[0].tensor?.shape, scale: 7, zeroPoint: 9, name)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let x = try ZeroPoints.subtracted(from: try inputs.required(0), inputs.optional(8), axis: nil)
    let w = try ZeroPoints.subtracted(from: try inputs.required(2), inputs.optional(10), axis: 0)
    let sums = try convolution.convolution.convolved(x, w, as: Int32.self)
    let codes = sums.elements(as: Int32.self) ?? []
    let own = try inputs.required(1).elements(as: Float.self)?.first ?? 0
    let scales = try inputs.required(3).elements(as: Float.self) ?? []
    let bias = inputs.optional(4)?.elements(as: Float.self)
    let residual = try inputs.optional(5).map { (r) throws(Diagnostic) in try QuantizedRows(r, scale: inputs.optional(6)) }
    var results = QuantizedResults(sums.shape, scale: inputs.optional(7), zeroPoint: inputs.optional(9))
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
}

extension QuantizedConvolution: Decomposable {
  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    func operand(_ position: Int) -> ValueID? { position < inputs.count ? inputs[position] : nil }
    let x = try builder.add(DequantizeLinear(), [operand(0), operand(1), operand(8)])
    let w = try builder.add(DequantizeLinear(axis: 0), [operand(2), operand(3), operand(10)])
    let residual = try operand(6).map { (scale) throws(Diagnostic) in try builder.add(DequantizeLinear(), [operand(5), scale]) }
    let y = try convolution.decompose([x, w, operand(4), residual ?? operand(5)], in: &builder)
    guard let scale = operand(7) else { return y }
    guard let zero = operand(9) else { return y + [try builder.add(QuantizeLinear(outputType: .int8), [y[0], scale])] }
    return y + [try builder.add(QuantizeLinear(), [y[0], scale, zero])]
  }
}
