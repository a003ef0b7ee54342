import LatheDiagnostics
import LatheIR
import LatheTensors

/// An LSTM with quantized weights, whose input and states are quantized as DynamicQuantizeLinear does.
///
/// Weights are [directions, features or hidden, 4 · hidden]; each direction has a scale and a zero point, or one for each column. The
/// input is quantized as a whole, the states of a step together; ONNX Runtime does so too, unless it splits a batch among threads.
public struct DynamicQuantizeLSTM: Evaluable {
  public static let schema = OperatorSchema(
    "DynamicQuantizeLSTM", domain: "com.microsoft", since: 1,
    inputs: [
      .init("X", "T", [.float32]), .init("W", "T2", .bytes), .init("R", "T2", .bytes),
      .init("B", "T", [.float32], .optional), .init("sequence_lens", "T1", [.int32], .optional),
      .init("initial_h", "T", [.float32], .optional), .init("initial_c", "T", [.float32], .optional),
      .init("P", "T", [.float32], .optional), .init("W_scale", "T", [.float32]), .init("W_zero_point", "T2", .bytes),
      .init("R_scale", "T", [.float32]), .init("R_zero_point", "T2", .bytes),
    ],
    outputs: [
      .init("Y", "T", [.float32], .optional), .init("Y_h", "T", [.float32], .optional),
      .init("Y_c", "T", [.float32], .optional),
    ],
    attributes: LSTM.schema.attributes.filter { $0.key != "layout" })

  /// The layer in floats.
  public var layer: LSTM

  public init(layer: LSTM) { self.layer = layer }

  public init(decoding attributes: Attributes) throws(Diagnostic) { layer = try LSTM(decoding: attributes) }

  public func encode(into attributes: inout Attributes) { layer.encode(into: &attributes) }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    var plain = Array(inputs.prefix(8))
    for position in 1...2 {
      let type = try inputs.tensor(position)
      let shape = type.shape
      if let shape, shape.count != 3 {
        throw .invalid("operator/lstm", "DynamicQuantizeLSTM: the weight \(type) should have 3 axes")
      }
      plain[position] = Operand(type: .tensor(TensorType(.float32, shape.map { [$0[0], $0[2], $0[1]] })))
      for parameter in 0...1 { try check(try inputs.tensor(6 + 2 * position + parameter), fits: type) }
    }
    return try layer.infer(plain)
  }

  /// Scales and zero points are [directions], or [directions, 4 · hidden].
  private func check(_ parameter: TensorType, fits weight: TensorType) throws(Diagnostic) {
    guard let own = parameter.shape, let shape = weight.shape else { return }
    let fits = own.count == 1 || own.count == 2 && !own[1].isProvablyDifferent(from: shape[2])
    guard fits, !own[0].isProvablyDifferent(from: shape[0]) else {
      throw .invalid("operator/quantization", "DynamicQuantizeLSTM: \(parameter) does not fit the weight \(weight)")
    }
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    var plain = Array(inputs.prefix(8))
    plain[0] = try Self.coarsened(try inputs.required(0))
    for position in 1...2 {
      let weight = try inputs.required(position)
      let scale = try inputs.required(6 + 2 * position)
      let zeroPoint = try inputs.required(7 + 2 * position)
      func spread(_ tensor: Tensor) throws(Diagnostic) -> Tensor {
        try tensor.reshaped(to: [tensor.shape[0], 1, tensor.rank == 2 ? tensor.shape[1] : 1])
      }
      let centred = try ZeroPoints.difference(
        try ZeroPoints.widened(weight), try spread(try ZeroPoints.widened(zeroPoint)))
      plain[position] = try Broadcasting.map(centred, try spread(scale)) { (x: Int32, scale: Float) in
        Float(x) * scale
      }.permuted([0, 2, 1])
    }
    return try layer.layer(plain, as: Float.self) { (states: [Float]) throws(Diagnostic) in
      try Self.coarsened(try Tensor(states, shape: [states.count])).elements(as: Float.self) ?? states
    }
  }

  /// What is left of the numbers when they are quantized.
  private static func coarsened(_ tensor: Tensor) throws(Diagnostic) -> Tensor {
    guard tensor.elementCount > 0 else { return tensor }
    return try DequantizeLinear().evaluate(try DynamicQuantizeLinear().evaluate([tensor]))[0]
  }
}
