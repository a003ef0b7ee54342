import LatheDiagnostics
import LatheIR
import LatheTensors

/// EmbedLayerNormalization with quantized tables and parameters: each has one scale and one zero point.
public struct QEmbedLayerNormalization: Evaluable {
  public static let schema = OperatorSchema(
    "QEmbedLayerNormalization", domain: "com.microsoft", since: 1,
    inputs: [
      .init("input_ids", "T1", [.int32]), .init("segment_ids", "T1", [.int32], .optional),
      .init("word_embedding_quant", "T2", .bytes), .init("position_embedding_quant", "T2", .bytes),
      .init("segment_embedding", "T2", .bytes, .optional), .init("gamma_quant", "T2", .bytes),
      .init("beta_quant", "T2", .bytes), .init("mask", "T1", [.int32], .optional),
      .init("word_embedding_scale", "T", [.float32]), .init("position_embedding_scale", "T", [.float32]),
      .init("segment_embedding_scale", "T", [.float32], .optional), .init("gamma_scale", "T", [.float32]),
      .init("beta_scale", "T", [.float32]), .init("word_embedding_zero_point", "T2", .bytes),
      .init("position_embedding_zero_point", "T2", .bytes),
      .init("segment_embedding_zero_point", "T2", .bytes, .optional), .init("gamma_zero_point", "T2", .bytes),
      .init("beta_zero_point", "T2", .bytes),
    ],
    outputs: [.init("layernorm_out", "T", [.float32]), .init("mask_index_out", "T1", [.int32])],
    attributes: ["epsilon": .float])

  /// Added to the variance.
  public var epsilon: Float

  public init(epsilon: Float = 1e-12) { self.epsilon = epsilon }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    epsilon = try attributes.float("epsilon", default: 1e-12)
  }

  public func encode(into attributes: inout Attributes) {
    if epsilon != 1e-12 { attributes.set("epsilon", epsilon) }
  }

  /// Positions of the tables and parameters; their scales come 6, their zero points 11 behind.
  private static let quantized = 2...6

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    for position in 8...17 { try ZeroPoints.check(try inputs.optional(position)?.tensor(), channels: 1) }
    var plain = Array(inputs.prefix(8))
    for position in Self.quantized {
      guard let type = try inputs.optional(position)?.tensor() else { continue }
      guard inputs.optional(position + 6) != nil else {
        throw .invalid("operator/inputs", "\(name): the scale of input \(position) is missing")
      }
      plain[position] = Operand(type: .tensor(TensorType(.float32, type.shape)))
    }
    return Array(try EmbedLayerNormalization(epsilon: epsilon).infer(plain).prefix(2))
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    var plain = Array(inputs.prefix(8))
    for position in Self.quantized {
      guard let tensor = inputs.optional(position) else { continue }
      let scale = try inputs.required(position + 6).reshaped(to: [])
      let zeroPoint = try inputs.optional(position + 11)?.reshaped(to: [])
      plain[position] = try DequantizeLinear().evaluate([tensor, scale, zeroPoint])[0]
    }
    return Array(try EmbedLayerNormalization(epsilon: epsilon).evaluate(plain).prefix(2))
  }
}
