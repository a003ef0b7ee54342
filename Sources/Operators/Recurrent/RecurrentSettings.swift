import LatheDiagnostics
import LatheIR
import LatheTensors

/// The attributes that GRU and RNN share.
public struct RecurrentSettings: Sendable, Hashable {
  /// Which passes over the sequence are made.
  public var direction: LSTM.Direction
  /// Extent of the state; nil takes it from the weights.
  public var hiddenSize: Int?
  /// Names of the functions of each direction; nil is the operator's default.
  public var activations: [String]?
  /// Parameters of those functions that have an α, in their order.
  public var activationAlphas: [Float]
  /// Parameters of those functions that have a β, in their order.
  public var activationBetas: [Float]
  /// Bound on the magnitude of the gates' sums; nil for none.
  public var clip: Float?
  /// Whether the batch is the first axis of X, Y and the state, rather than the steps and directions.
  public var isBatchFirst: Bool

  public init(
    direction: LSTM.Direction = .forward, hiddenSize: Int? = nil, activations: [String]? = nil,
    activationAlphas: [Float] = [], activationBetas: [Float] = [], clip: Float? = nil, isBatchFirst: Bool = false
  ) {
    self.direction = direction
    self.hiddenSize = hiddenSize
    self.activations = activations
    self.activationAlphas = activationAlphas
    self.activationBetas = activationBetas
    self.clip = clip
    self.isBatchFirst = isBatchFirst
  }

  static let attributeKinds: [String: Attribute.Kind] = [
    "activation_alpha": .floats, "activation_beta": .floats, "activations": .strings, "clip": .float,
    "direction": .string, "hidden_size": .integer, "layout": .integer,
  ]

  init(decoding attributes: Attributes) throws(Diagnostic) {
    direction = try attributes.choice("direction", default: .forward)
    hiddenSize = try attributes.integer("hidden_size")
    activations = try attributes.strings("activations")
    activationAlphas = try attributes.floats("activation_alpha") ?? []
    activationBetas = try attributes.floats("activation_beta") ?? []
    clip = try attributes.float("clip")
    isBatchFirst = try attributes.flag("layout", default: false)
    if let clip, !(clip >= 0) {
      throw .invalid("operator/attribute-value", "clip should not be negative, but is \(clip)")
    }
  }

  func encode(into attributes: inout Attributes) {
    if direction != .forward { attributes.set("direction", direction.rawValue) }
    if let hiddenSize { attributes.set("hidden_size", hiddenSize) }
    if let activations { attributes.set("activations", activations) }
    if !activationAlphas.isEmpty { attributes.set("activation_alpha", activationAlphas) }
    if !activationBetas.isEmpty { attributes.set("activation_beta", activationBetas) }
    if let clip { attributes.set("clip", clip) }
    if isBatchFirst { attributes.set("layout", true) }
  }

  /// The functions of all directions; `defaults` are those of one.
  ///
  /// - Throws: `operator/attribute-value` for a wrong number of them, or one that ONNX does not know.
  func functions(_ defaults: [String], _ name: OperatorName) throws(Diagnostic) -> [GateActivation] {
    let count = defaults.count * direction.count
    let names = activations ?? Array(repeating: defaults, count: direction.count).flatMap { $0 }
    // The default of RNN is written for two directions, whatever their number is.
    guard names.count >= count else {
      throw .invalid(
        "operator/attribute-value", "\(name) \(direction.rawValue) needs \(count) activations, not \(names.count)")
    }
    return try GateActivation.list(Array(names[..<count]), alphas: activationAlphas, betas: activationBetas)
  }
}
