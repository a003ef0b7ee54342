import LatheDiagnostics
import LatheIR
import LatheTensors

/// softmax(scale · Q·Kᵀ, masked) · V for each head, between projections whose columns are split into heads.
///
/// Q is [batch, queries, heads · size], K [batch, keys, heads · size], V [batch, keys, heads · width], and the result
/// [batch, queries, heads · width]. Without K and V, Q is [batch, sequence, 3 · heads · size] and holds all three side by side. The mask
/// broadcasts to [batch, heads, queries, keys]: floats are added to the scaled products, and where a Boolean is false the product
/// becomes `masked_value`.
public struct FusedAttention: DefinedByDecomposition {
  public static let schema = OperatorSchema(
    "FusedAttention", domain: "lathe", since: 1,
    inputs: [
      .init("Q", "T", .floats), .init("K", "T", .floats, .optional), .init("V", "T", .floats, .optional),
      .init("mask", "M", .floats.union(.bool), .optional),
    ],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["heads": .integer, "masked_value": .float, "scale": .float, "zero_masked_rows": .integer])

  /// Number of heads.
  public var heads: Int
  /// Factor of the products.
  public var scale: Float
  /// What products become where a Boolean mask is false.
  public var maskedValue: Float
  /// Whether a query whose products are all −∞ gives zeros rather than NaN.
  public var zeroesMaskedRows: Bool

  public init(heads: Int, scale: Float, maskedValue: Float = -.infinity, zeroesMaskedRows: Bool = false) {
    self.heads = heads
    self.scale = scale
    self.maskedValue = maskedValue
    self.zeroesMaskedRows = zeroesMaskedRows
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    heads = try Attributes.required("heads", try attributes.headCount("heads"))
    scale = try Attributes.required("scale", try attributes.float("scale"))
    maskedValue = try attributes.float("masked_value", default: -.infinity)
    zeroesMaskedRows = try attributes.flag("zero_masked_rows", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("heads", heads)
    attributes.set("scale", scale)
    if maskedValue != -.infinity { attributes.set("masked_value", maskedValue) }
    if zeroesMaskedRows { attributes.set("zero_masked_rows", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    let q = try projection(inputs, 0, "Q")
    guard (inputs.optional(1) == nil) == (inputs.optional(2) == nil) else { throw misfit("K and V are needed together") }
    guard inputs.optional(1) != nil else {
      if let columns = q[2].known, columns % (3 * heads) != 0 {
        throw misfit("\(columns) columns are not 3 times \(heads) heads")
      }
      let width = q[2].exactlyDivided(by: 3) ?? .unknown
      try checkMask(inputs, [q[0], .known(heads), q[1], q[1]])
      return [.tensor(TensorType(type.dtype, [q[0], q[1], width]))]
    }
    let (k, v) = (try projection(inputs, 1, "K"), try projection(inputs, 2, "V"))
    for columns in [q[2], k[2], v[2]].compactMap(\.known) where columns % heads != 0 {
      throw misfit("\(columns) columns are not a multiple of \(heads) heads")
    }
    let pairs = [(q[2], k[2]), (q[0], k[0]), (k[0], v[0]), (k[1], v[1])]
    guard !pairs.contains(where: { $0.isProvablyDifferent(from: $1) }) else {
      throw misfit("Q, K and V do not fit each other")
    }
    try checkMask(inputs, [q[0], .known(heads), q[1], k[1]])
    return [.tensor(TensorType(type.dtype, [q[0], q[1], v[2]]))]
  }

  private func projection(_ inputs: [Operand?], _ position: Int, _ role: String) throws(Diagnostic) -> Shape {
    let type = try inputs.tensor(position)
    guard let shape = type.shape else { return [.unknown, .unknown, .unknown] }
    guard shape.count == 3 else { throw misfit("\(role) should have 3 axes, but is \(type)") }
    return shape
  }

  private func checkMask(_ inputs: [Operand?], _ scores: Shape) throws(Diagnostic) {
    guard let mask = try inputs.optional(3)?.tensor(), let shape = mask.shape else { return }
    let fits =
      shape.count <= 4
      && !zip(shape.reversed(), scores.reversed()).contains { $0 != 1 && $0.isProvablyDifferent(from: $1) }
    guard fits else { throw misfit("a mask of \(mask) does not broadcast to the products") }
  }

  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    let (q, k, v) = try operands(inputs, in: &builder)
    var scores = try builder.add(MatMul(), [q, try builder.add(Transpose(permutation: [0, 1, 3, 2]), [k])])
    if scale != 1 { scores = try builder.add(Mul(), [scores, try builder.number(Double(scale), like: scores)]) }
    if inputs.count > 3, let mask = inputs[3] {
      if builder.graph[mask].type?.tensor?.dtype == .bool {
        scores = try builder.add(Where(), [mask, scores, try builder.number(Double(maskedValue), like: scores)])
      } else {
        scores = try builder.add(Add(), [scores, mask])
      }
    }
    var shares = try builder.add(Softmax(), [scores])
    if zeroesMaskedRows {
      shares = try builder.add(
        Where(), [try builder.add(IsNaN(), [shares]), try builder.number(0, like: shares), shares])
    }
    let joined = try builder.add(Transpose(permutation: [0, 2, 1, 3]), [try builder.add(MatMul(), [shares, v])])
    return [try builder.reshaped(joined, to: [0, 0, -1])]
  }

  /// Queries, keys and values as [batch, heads, sequence, size].
  private func operands(
    _ inputs: [ValueID?], in builder: inout GraphBuilder
  ) throws(Diagnostic) -> (ValueID, ValueID, ValueID) {
    guard let query = inputs.first ?? nil else { throw misfit("Q is missing") }
    if inputs.count > 2, let key = inputs[1], let value = inputs[2] {
      return (try split(query, in: &builder), try split(key, in: &builder), try split(value, in: &builder))
    }
    let parts = try builder.add(Split(axis: 2, pieces: 3), [query], outputCount: 3)
    return (try split(parts[0], in: &builder), try split(parts[1], in: &builder), try split(parts[2], in: &builder))
  }

  private func split(_ projection: ValueID, in builder: inout GraphBuilder) throws(Diagnostic) -> ValueID {
    try builder.add(Transpose(permutation: [0, 2, 1, 3]), [try builder.reshaped(projection, to: [0, 0, heads, -1])])
  }

  private func misfit(_ message: String) -> Diagnostic {
    .invalid("operator/fused-attention", "FusedAttention: \(message)")
  }
}

extension FusedAttention: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let q = inputs.optional(0)?.type.tensor?.shape, let y = outputs.first?.shape, let width = y[2].known else { return nil }
    var map = AxisMap(inputs: inputs.count)
    let (batch, head) = (map.axis(y[0]), map.atom(.known(heads)))
    let queries = map.axis(q[1])
    let value = map.atom(.known(width / heads))
    var keys = queries
    if let k = inputs.optional(1)?.type.tensor?.shape, let columns = q[2].known {
      keys = map.axis(k[1], .normalized)
      let product = [[head, map.atom(.known(columns / heads), .contracted)]]
      map.inputs[0] = [batch, queries, product]
      map.inputs[1] = [batch, keys, product]
      map.inputs[2] = [batch, keys, [[head, value]]]
    } else {
      // Queries and keys lie beside the values, so that all three keep one size; and each place is a key to the others.
      map.setRole(.normalized, of: value)
      map.setRole(.normalized, of: queries[0][0])
      map.inputs[0] = [batch, queries, [[head, value], [head, value], [head, value]]]
    }
    map.outputs[0] = [batch, queries, [[head, value]]]
    guard let mask = inputs.optional(3) else { return map }
    let extents = [y[0], .known(heads), y[1], map.extent(of: keys)]
    guard let own = mask.type.tensor?.shape, let axes = map.align(own, to: [batch, [[head]], queries, keys], of: extents) else {
      return nil
    }
    map.inputs[3] = axes
    return map
  }

  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) {
    guard let head = map.outputs[0]?[2].first?.first, let count = map.atoms[head].extent.known else { return (self, inputs) }
    var op = self
    op.heads = count
    return (op, inputs)
  }
}
