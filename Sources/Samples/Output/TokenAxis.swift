import LatheTensors

/// Tells which outputs have one element for each token on their second axis.
struct TokenAxis {
  private let types: [String: TensorType]
  /// The second axis of the input ids; nil if texts do not suit the model or it fixes their length.
  private let tokens: Dimension?

  init(_ interface: ModelInterface) {
    types = Dictionary(interface.outputs.compactMap { port in port.type.map { (port.name, $0) } }) { first, _ in first }
    let binding = try? TextBinding(interface)
    let ids = binding?.targets.first { $0.role == .ids }?.name
    guard binding?.fixedLength == nil, let shape = ids.flatMap(interface.input)?.type?.shape, shape.count == 2 else {
      tokens = binding != nil && binding?.fixedLength == nil ? .unknown : nil
      return
    }
    tokens = shape[1]
  }

  /// Whether the output's second axis runs over the tokens of padded texts.
  ///
  /// Its declared type says so if it has the ids' symbol there. A number there says no. Under another symbol or none, the
  /// axis must be as long as the padding of every batch, and without a declared rank paddings must differ besides.
  func isSecondAxis(ofOutput name: String, _ shapes: [[Int]], _ paddedLengths: [Int?]) -> Bool {
    guard let tokens, !shapes.isEmpty else { return false }
    for (shape, padded) in zip(shapes, paddedLengths) {
      guard shape.count > 1, shape[1] == padded else { return false }
    }
    guard let shape = types[name]?.shape, shape.count > 1 else { return Set(paddedLengths).count > 1 }
    return shape[1].isProvablyEqual(to: tokens) || shape[1].known == nil
  }
}
