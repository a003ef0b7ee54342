import LatheDiagnostics
import LatheIR
import LatheTensors

/// FusedAttention on symmetric INT8 values: Q, K and V, each with a scale.
///
/// X is [batch, queries, heads · size] beside K and V, as in FusedAttention, or, without them, [batch, sequence, 3 · heads · size] and holds all
/// three side by side. Products of Q and K are summed in 32-bit integers and scaled; after the mask, the weights of the keys
/// are e^(x − largest), rounded to multiples of 1/255; the sums with V are integers again, and their quotient by the sum of the weights is Y. With
/// `y_scale`, one number or one for each column, Q is the same as INT8 values. Floats are computed in `CanonicalArithmetic`.
public struct QuantizedAttention: Evaluable {
  public static let schema = OperatorSchema(
    "QuantizedAttention", domain: "lathe", since: 1,
    inputs: [
      .init("X", "", [.int8]), .init("q_scale", "S", [.float32]), .init("k_scale", "S", [.float32]), .init("v_scale", "S", [.float32]),
      .init("mask", "", [.float32, .bool], .optional), .init("y_scale", "S", [.float32], .optional),
      .init("K", "", [.int8], .optional), .init("V", "", [.int8], .optional),
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
    var floats: [Operand?] = []
    for position in [0, 6, 7] {
      floats.append(
        try inputs.optional(position).map { (operand) throws(Diagnostic) in
          Operand(type: .tensor(TensorType(.float32, try operand.tensor().shape)))
        })
    }
    let result = try attention.infer(floats + [inputs.optional(4)])
    return try inputs.quantizedTypes(result[0].tensor?.shape, scale: 5, name)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let parts = try Parts(inputs, heads: attention.heads)
    let scales = try (1...3).map { position throws(Diagnostic) in try inputs.required(position).elements(as: Float.self)?.first ?? 0 }
    let mask = try inputs.optional(4)?.broadcast(to: [parts.batch, attention.heads, parts.queries, parts.keys])
    let factor = scales[0] * scales[1] * attention.scale
    var results = QuantizedResults([parts.batch, parts.queries, parts.width * attention.heads], scale: inputs.optional(5))
    for row in 0..<parts.batch {
      for query in 0..<parts.queries {
        var line: [Float] = []
        for head in 0..<attention.heads {
          let scores = scores(parts, row, query, head, factor, mask)
          line += attended(parts, scores, row, head, scales[2])
        }
        try results.append(line)
      }
    }
    return try results.tensors()
  }

  /// Codes of Q, K and V, and where those of a token begin.
  private struct Parts {
    let q, k, v: [Int8]
    let batch, queries, keys, size, width: Int
    private let strides: (q: Int, k: Int, v: Int)
    private let starts: (k: Int, v: Int)

    init(_ inputs: [Tensor?], heads: Int) throws(Diagnostic) {
      let x = try inputs.required(0)
      (batch, queries, q) = (x.shape[0], x.shape[1], x.elements(as: Int8.self) ?? [])
      guard let own = inputs.optional(6), let values = inputs.optional(7) else {
        let columns = x.shape[2] / 3
        (k, v, keys, size, width) = (q, q, queries, columns / heads, columns / heads)
        (strides, starts) = ((3 * columns, 3 * columns, 3 * columns), (columns, 2 * columns))
        return
      }
      (k, v, keys) = (own.elements(as: Int8.self) ?? [], values.elements(as: Int8.self) ?? [], own.shape[1])
      (size, width) = (x.shape[2] / heads, values.shape[2] / heads)
      (strides, starts) = ((x.shape[2], own.shape[2], values.shape[2]), (0, 0))
    }

    func query(_ row: Int, _ token: Int, _ head: Int) -> Int { (row * queries + token) * strides.q + head * size }
    func key(_ row: Int, _ token: Int, _ head: Int) -> Int { (row * keys + token) * strides.k + starts.k + head * size }
    func value(_ row: Int, _ token: Int, _ head: Int) -> Int { (row * keys + token) * strides.v + starts.v + head * width }
  }

  private func scores(_ parts: Parts, _ row: Int, _ query: Int, _ head: Int, _ factor: Float, _ mask: Tensor?) -> [Float] {
    let added = mask?.elements(as: Float.self), kept = mask?.elements(as: Bool.self)
    let first = ((row * attention.heads + head) * parts.queries + query) * parts.keys
    let q = parts.query(row, query, head)
    return (0..<parts.keys).map { key in
      let k = parts.key(row, key, head)
      let dot = (0..<parts.size).reduce(Int32(0)) { $0 &+ Int32(parts.q[q + $1]) &* Int32(parts.k[k + $1]) }
      if let kept, !kept[first + key] { return attention.maskedValue }
      return added.map { CanonicalArithmetic.fused(Float(dot), factor, $0[first + key]) } ?? Float(dot) * factor
    }
  }

  private func attended(_ parts: Parts, _ scores: [Float], _ row: Int, _ head: Int, _ scale: Float) -> [Float] {
    guard !scores.isEmpty else { return Array(repeating: 0, count: parts.width) }
    var most = scores.reduce(-Float.infinity) { $1 > $0 ? $1 : $0 }
    if most == -.infinity { most = 0 }
    let weights = scores.map { score -> Int32 in
      let weight = Double(CanonicalArithmetic.exponential(score - most)) * 255
      return (score - most).isNaN ? 0 : Int32(weight.rounded(.toNearestOrEven))
    }
    let total = weights.reduce(0, +)
    guard total > 0 else {
      return Array(repeating: attention.zeroesMaskedRows ? 0 : Float(bitPattern: 0x7FC0_0000), count: parts.width)
    }
    let factor = scale / Float(total)
    return (0..<parts.width).map { column in
      let sum = weights.enumerated().reduce(Int32(0)) { sum, weight in
        sum &+ weight.element &* Int32(parts.v[parts.value(row, weight.offset, head) + column])
      }
      return Float(sum) * factor
    }
  }
}

extension QuantizedAttention: Decomposable {
  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    func operand(_ position: Int) -> ValueID? { position < inputs.count ? inputs[position] : nil }
    var parts = [operand(0), operand(6), operand(7)]
    if parts[1] == nil { parts = try builder.add(Split(axis: 2, pieces: 3), [inputs[0]], outputCount: 3) }
    var operands: [ValueID?] = []
    for (part, scale) in zip(parts, inputs[1...3]) { operands.append(try builder.add(DequantizeLinear(), [part, scale])) }
    if inputs.count > 4 { operands.append(inputs[4]) }
    let y = try attention.decompose(operands, in: &builder)
    guard inputs.count > 5, let scale = inputs[5] else { return y }
    return y + [try builder.quantized(y[0], by: scale)]
  }
}
