import LatheDiagnostics
import LatheIR
import LatheTensors

/// Gemm with an activation behind it.
public struct FusedGemm: FloatEvaluable {
  public static let schema = OperatorSchema(
    "FusedGemm", domain: "com.microsoft", since: 1,
    inputs: [.init("A", "T", .floats), .init("B", "T", .floats), .init("C", "T", .floats, .optional)],
    outputs: [.init("Y", "T", .floats)],
    attributes: Gemm.schema.attributes.merging([
      "activation": .string, "activation_alpha": .float, "activation_beta": .float, "activation_gamma": .float,
    ]) { first, _ in first })

  /// The product and the addend.
  public var product: Gemm
  /// Name of the function; nil for none.
  public var activation: String?
  /// The function's parameter α.
  public var alpha: Float?
  /// The function's parameter β.
  public var beta: Float?
  /// The function's parameter γ.
  public var gamma: Float?

  public init(
    product: Gemm, activation: String? = nil, alpha: Float? = nil, beta: Float? = nil, gamma: Float? = nil
  ) {
    self.product = product
    self.activation = activation
    self.alpha = alpha
    self.beta = beta
    self.gamma = gamma
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    product = try Gemm(decoding: attributes)
    activation = try attributes.string("activation")
    alpha = try attributes.float("activation_alpha")
    beta = try attributes.float("activation_beta")
    gamma = try attributes.float("activation_gamma")
    _ = try function()
  }

  public func encode(into attributes: inout Attributes) {
    product.encode(into: &attributes)
    if let activation { attributes.set("activation", activation) }
    if let alpha { attributes.set("activation_alpha", alpha) }
    if let beta { attributes.set("activation_beta", beta) }
    if let gamma { attributes.set("activation_gamma", gamma) }
  }

  private func function() throws(Diagnostic) -> FusedActivation? {
    guard let activation else { return nil }
    return try FusedActivation(activation, [alpha, beta, gamma])
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { try product.infer(inputs) }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let y = try product.evaluate(inputs)[0]
    guard let function = try function() else { return [y] }
    return [try function(y, as: T.self)]
  }
}

extension FusedGemm: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? { product.axisMap(inputs, outputs) }
}
