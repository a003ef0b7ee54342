import LatheDiagnostics
import LatheIR
import LatheTensors

/// LayerNormalization over the last axis in `CanonicalArithmetic`, of floats or symmetric INT8 values, to either or both.
///
/// X and the residual R, which is added first, are floats, or INT8 values with scales. Y is floats; with `y_scale`, one number or one for each column, Q is the same as INT8 values.
public struct QuantizedNormalization: Evaluable {
  public static let schema = OperatorSchema(
    "QuantizedNormalization", domain: "lathe", since: 1,
    inputs: [
      .init("X", "", [.float32, .int8]), .init("x_scale", "S", [.float32], .optional), .init("R", "", [.float32, .int8], .optional),
      .init("r_scale", "S", [.float32], .optional), .init("scale", "S", [.float32]), .init("bias", "S", [.float32], .optional),
      .init("y_scale", "S", [.float32], .optional),
    ],
    outputs: [.init("Y", "S", [.float32], .optional), .init("Q", "", [.int8], .optional)],
    attributes: ["epsilon": .float])

  /// Added to the variance.
  public var epsilon: Float

  public init(epsilon: Float = 1e-5) { self.epsilon = epsilon }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    epsilon = try attributes.float("epsilon", default: 1e-5)
  }

  public func encode(into attributes: inout Attributes) {
    if epsilon != 1e-5 { attributes.set("epsilon", epsilon) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    try inputs.checkScale(of: 0, at: 1, name)
    try inputs.checkScale(of: 2, at: 3, name)
    let (x, scale) = (try inputs.tensor(0), try inputs.tensor(4))
    let width = x.shape?.last ?? .unknown
    for type in [scale, try inputs.optional(5)?.tensor()].compactMap({ $0?.shape }) {
      guard type.count == 1, !type[0].isProvablyDifferent(from: width) else {
        throw .invalid("operator/quantized", "\(name): rows of \(width) do not fit \(scale)")
      }
    }
    if let own = x.shape, let other = try inputs.optional(2)?.tensor().shape,
      own.count != other.count || zip(own, other).contains(where: { $0.isProvablyDifferent(from: $1) })
    {
      throw .invalid("operator/quantized", "\(name): a residual of \(try inputs.tensor(2)) beside \(x)")
    }
    return try inputs.quantizedTypes(x.shape, scale: 6, name)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let rows = try QuantizedRows(x, scale: inputs.optional(1))
    let residual = try inputs.optional(2).map { (r) throws(Diagnostic) in try QuantizedRows(r, scale: inputs.optional(3)) }
    let scale = try inputs.required(4).elements(as: Float.self) ?? []
    let bias = inputs.optional(5)?.elements(as: Float.self)
    var results = QuantizedResults(x.shape, scale: inputs.optional(6))
    for row in 0..<(rows.width == 0 ? 0 : x.elementCount / rows.width) {
      let z = (0..<rows.width).map { column in
        residual?.added(to: rows.value(row, column), row, column) ?? rows.value(row, column)
      }
      try results.append(CanonicalArithmetic.normalized(z, scale: scale, bias: bias, epsilon: epsilon))
    }
    return try results.tensors()
  }
}

extension QuantizedNormalization: Decomposable {
  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    func operand(_ position: Int) -> ValueID? { position < inputs.count ? inputs[position] : nil }
    func floats(_ position: Int) throws(Diagnostic) -> ValueID? {
      guard let scale = operand(position + 1) else { return operand(position) }
      return try builder.add(DequantizeLinear(), [operand(position), scale])
    }
    var x = try floats(0)
    if let residual = try floats(2) { x = try builder.add(Add(), [x, residual]) }
    let y = try builder.add(LayerNormalization(epsilon: epsilon), [x, operand(4), operand(5)])
    guard let scale = operand(6) else { return [y] }
    return [y, try builder.quantized(y, by: scale)]
  }
}
