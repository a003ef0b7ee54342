import LatheDiagnostics
import LatheIR
import LatheTensors

/// The front of a BERT: word, position and segment embeddings, added and normalized, and the number of unmasked tokens.
///
/// The last output is the sum before normalization. Without a mask, the second output is zeros.
public struct EmbedLayerNormalization: Evaluable {
  private static let types: DTypeDomain = [.float32, .float16]

  public static let schema = OperatorSchema(
    "EmbedLayerNormalization", domain: "com.microsoft", since: 1,
    inputs: [
      .init("input_ids", "T1", [.int32]), .init("segment_ids", "T1", [.int32], .optional),
      .init("word_embedding", "T", types), .init("position_embedding", "T", types),
      .init("segment_embedding", "T", types, .optional), .init("gamma", "T", types), .init("beta", "T", types),
      .init("mask", "T1", [.int32], .optional), .init("position_ids", "T1", [.int32], .optional),
    ],
    outputs: [
      .init("output", "T", types), .init("mask_index", "T1", [.int32], .optional),
      .init("embedding_sum", "T", types, .optional),
    ],
    attributes: ["epsilon": .float, "mask_index_type": .integer])

  /// Added to the variance.
  public var epsilon: Float
  /// 0 if there is no mask index; only ONNX Runtime's own inference looks at it.
  public var maskIndexType: Int?

  public init(epsilon: Float = 1e-12, maskIndexType: Int? = nil) {
    self.epsilon = epsilon
    self.maskIndexType = maskIndexType
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    epsilon = try attributes.float("epsilon", default: 1e-12)
    maskIndexType = try attributes.integer("mask_index_type")
  }

  public func encode(into attributes: inout Attributes) {
    if epsilon != 1e-12 { attributes.set("epsilon", epsilon) }
    if let maskIndexType { attributes.set("mask_index_type", maskIndexType) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (ids, words) = (try inputs.tensor(0), try inputs.tensor(2))
    guard (inputs.optional(1) == nil) == (inputs.optional(4) == nil) else {
      throw misfit("segment_ids and segment_embedding are needed together")
    }
    let tokens = try matrix(ids, "input_ids") ?? [.unknown, .unknown]
    let hidden = try matrix(words, "word_embedding")?[1] ?? .unknown
    for (position, role) in [(3, "position_embedding"), (4, "segment_embedding")] {
      guard let type = try inputs.optional(position)?.tensor(), let shape = try matrix(type, role) else { continue }
      guard !shape[1].isProvablyDifferent(from: hidden) else { throw misfit("\(role) \(type) does not fit \(words)") }
    }
    for (position, role) in [(1, "segment_ids"), (7, "mask"), (8, "position_ids")] {
      guard let type = try inputs.optional(position)?.tensor(), let shape = try matrix(type, role) else { continue }
      let fits = !shape[1].isProvablyDifferent(from: tokens[1])
      guard fits, position == 8 && shape[0] == 1 || !shape[0].isProvablyDifferent(from: tokens[0]) else {
        throw misfit("\(role) \(type) does not fit \(ids)")
      }
    }
    for (position, role) in [(5, "gamma"), (6, "beta")] {
      guard let shape = try inputs.tensor(position).shape else { continue }
      guard shape.count == 1, !shape[0].isProvablyDifferent(from: hidden) else {
        throw misfit("\(role) does not fit \(words)")
      }
    }
    let output = ValueType.tensor(TensorType(words.dtype, tokens + [hidden]))
    return [output, .tensor(TensorType(.int32, [tokens[0]])), output]
  }

  private func matrix(_ type: TensorType, _ role: String) throws(Diagnostic) -> Shape? {
    guard let shape = type.shape else { return nil }
    guard shape.count == 2 else { throw misfit("\(role) should have 2 axes, but is \(type)") }
    return shape
  }

  private func misfit(_ message: String) -> Diagnostic {
    .invalid("operator/embed-layer-normalization", "EmbedLayerNormalization: \(message)")
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let ids = try inputs.required(0)
    let (batch, steps) = (ids.shape[0], ids.shape[1])
    let own = Int32(clamping: steps)
    let counted = try Tensor(Array(0..<own), shape: [1, steps])
    let positions = inputs.optional(8) ?? counted
    var sum = try Gather(axis: 0).evaluate([try inputs.required(2), ids])[0]
    sum = try Add().evaluate([sum, try Gather(axis: 0).evaluate([try inputs.required(3), positions])[0]])[0]
    if let segments = inputs.optional(1) {
      sum = try Add().evaluate([sum, try Gather(axis: 0).evaluate([try inputs.required(4), segments])[0]])[0]
    }
    let output = try LayerNormalization(epsilon: epsilon).evaluate([
      sum, try inputs.required(5), try inputs.required(6),
    ])[0]
    var counts = [Int32](repeating: 0, count: batch)
    if let mask = inputs.optional(7)?.elements(as: Int32.self) {
      for (place, value) in mask.enumerated() where value == 1 { counts[place / steps] += 1 }
    }
    return [output, try Tensor(counts, shape: [batch]), sum]
  }
}

extension EmbedLayerNormalization: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let y = outputs.first?.shape, y.count == 3 else { return nil }
    var map = AxisMap(inputs: inputs.count, outputs: outputs.count)
    let isCounted = inputs.optional(8) == nil
    // Tokens are counted along the sequence where there is a mask.
    let batch = map.axis(y[0])
    let steps = map.axis(y[1], isCounted || inputs.optional(7) != nil ? .normalized : .carried)
    let hidden = map.axis(y[2], .normalized)
    for (table, ids) in [(2, 0), (3, 8), (4, 1)] {
      guard let rows = inputs.optional(table)?.type.tensor?.shape?.first else { continue }
      map.inputs[table] = [map.axis(rows, inputs.optional(ids) == nil ? .normalized : .lookedUp(by: ids)), hidden]
    }
    for ids in [0, 1, 7, 8] {
      guard let operand = inputs.optional(ids) else { continue }
      guard let own = operand.type.tensor?.shape, let axes = map.align(own, to: [batch, steps], of: Array(y[..<2])) else { return nil }
      map.inputs[ids] = axes
    }
    for position in [5, 6] where inputs.optional(position) != nil { map.inputs[position] = [hidden] }
    for position in outputs.indices { map.outputs[position] = position == 1 ? [batch] : [batch, steps, hidden] }
    return map
  }
}
