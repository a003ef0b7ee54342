import LatheDiagnostics
import LatheIR
import LatheTensors

/// FusedAttention on symmetric INT8 values that one projection put side by side: Q, K and V, each with a scale.
///
/// X is [batch, sequence, 3 · heads · size]. Products of Q and K are summed in 32-bit integers and scaled; after the mask, the weights of the keys
/// are e^(x − largest), rounded to multiples of 1/255; the sums with V are integers again, and their quotient by the sum of the weights is Y. With
/// `y_scale`, one number or one for each column, Q is the same as INT8 values. Floats are computed in `CanonicalArithmetic`.
public struct QuantizedAttention: Evaluable {
  public static let schema = OperatorSchema(
    "QuantizedAttention", domain: "lathe", since: 1,
    inputs: [
      .init("X", "", [.int8]), .init("q_scale", "S", [.float32]), .init("k_scale", "S", [.float32]), .init("v_scale", "S", [.float32]),
      .init("mask", "", [.float32, .bool], .optional), .init("y_scale", "S", [.float32], .optional),
    ],
    outputs: [.init("Y", "S", [.float32], .optional), .init("Q", "", [.int8], .optional)],
    attributes: FusedAttention.schema.attributes)

  /// Heads, factor, and what masks mean.
  public var attention: FusedAttention

  public init(_ attention: FusedAttention) { self.attention = attention }

  public init(decoding attributes: Attributes) throws(Diagnostic) { attention = try FusedAttention(decoding: attributes) }

  public func encode(into attributes: inout Attributes) { attention.encode(into: &attributes) }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    for position in 1...3 { try inputs.checkNumber(at: position, name) }
    let floats = Operand(type: .tensor(TensorType(.float32, try inputs.tensor(0).shape)))
    let result = try attention.infer([floats, nil, nil, inputs.optional(4)])
    return try inputs.quantizedTypes(result[0].tensor?.shape, scale: 5, name)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let (batch, steps, columns) = (x.shape[0], x.shape[1], x.shape[2] / 3)
    let scales = try (1...3).map { position throws(Diagnostic) in try inputs.required(position).elements(as: Float.self)?.first ?? 0 }
    let codes = x.elements(as: Int8.self) ?? []
    let mask = try inputs.optional(4)?.broadcast(to: [batch, attention.heads, steps, steps])
    let factor = scales[0] * scales[1] * attention.scale
    var results = QuantizedResults([batch, steps, columns], scale: inputs.optional(5))
    for row in 0..<batch {
      for query in 0..<steps {
        var line: [Float] = []
        for head in 0..<attention.heads {
          let scores = Self.scores(codes, row, query, head, steps, columns, attention.heads, factor, mask, attention.maskedValue)
          line += attended(codes, scores, row, head, steps, columns, scales[2])
        }
        try results.append(line)
      }
    }
    return try results.tensors()
  }

  private static func scores(
    _ codes: [Int8], _ row: Int, _ query: Int, _ head: Int, _ steps: Int, _ columns: Int, _ heads: Int, _ factor: Float,
    _ mask: Tensor?, _ maskedValue: Float
  ) -> [Float] {
    let size = columns / heads
    let added = mask?.elements(as: Float.self), kept = mask?.elements(as: Bool.self)
    let first = (row * heads + head) * steps * steps + query * steps
    return (0..<steps).map { key in
      let (q, k) = ((row * steps + query) * 3 * columns + head * size, (row * steps + key) * 3 * columns + columns + head * size)
      let dot = (0..<size).reduce(Int32(0)) { $0 &+ Int32(codes[q + $1]) &* Int32(codes[k + $1]) }
      if let kept, !kept[first + key] { return maskedValue }
      return added.map { CanonicalArithmetic.fused(Float(dot), factor, $0[first + key]) } ?? Float(dot) * factor
    }
  }

  private func attended(
    _ codes: [Int8], _ scores: [Float], _ row: Int, _ head: Int, _ steps: Int, _ columns: Int, _ scale: Float
  ) -> [Float] {
    let size = columns / attention.heads
    var most = scores.reduce(-Float.infinity) { $1 > $0 ? $1 : $0 }
    if most == -.infinity { most = 0 }
    let weights = scores.map { score -> Int32 in
      let weight = Double(CanonicalArithmetic.exponential(score - most)) * 255
      return (score - most).isNaN ? 0 : Int32(weight.rounded(.toNearestOrEven))
    }
    let total = weights.reduce(0, +)
    guard total > 0 else {
      return Array(repeating: attention.zeroesMaskedRows ? 0 : Float(bitPattern: 0x7FC0_0000), count: size)
    }
    let factor = scale / Float(total)
    return (0..<size).map { column in
      let sum = weights.enumerated().reduce(Int32(0)) { sum, weight in
        sum &+ weight.element &* Int32(codes[(row * steps + weight.offset) * 3 * columns + 2 * columns + head * size + column])
      }
      return Float(sum) * factor
    }
  }
}

extension QuantizedAttention: Decomposable {
  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    let parts = try builder.add(Split(axis: 2, pieces: 3), [inputs[0]], outputCount: 3)
    var operands: [ValueID?] = []
    for (part, scale) in zip(parts, inputs[1...3]) { operands.append(try builder.add(DequantizeLinear(), [part, scale])) }
    if inputs.count > 4 { operands.append(inputs[4]) }
    let y = try attention.decompose(operands, in: &builder)
    guard inputs.count > 5, let scale = inputs[5] else { return y }
    return y + [try builder.quantized(y[0], by: scale)]
  }
}
