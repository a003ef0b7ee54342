import LatheIR

/// An operator of the domain ai.onnx.ml, of models other than neural networks.
protocol Classical: Evaluable {}

extension Classical {
  /// A schema of the domain.
  static func formal(
    _ name: String, since version: Int, inputs: [OperatorSchema.Operand], outputs: [OperatorSchema.Operand],
    attributes: [String: Attribute.Kind] = [:]
  ) -> OperatorSchema {
    OperatorSchema(
      name, domain: "ai.onnx.ml", since: version, inputs: inputs, outputs: outputs, attributes: attributes)
  }
}
