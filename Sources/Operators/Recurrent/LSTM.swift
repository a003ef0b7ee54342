import LatheDiagnostics
import LatheIR
import LatheTensors

/// A layer of long short-term memory over a sequence, in one direction or both.
///
/// Gates come in ONNX's order input, output, forget, cell. Steps beyond a sequence's length give zeros and leave its
/// state as it is; the reverse direction starts at its last valid step. States and sums of floats of 16 bits are kept
/// in Float and rounded at the end. Where the specification is open, ONNX Runtime is followed: an empty sequence ends
/// in zeros, and `clip` bounds the gates' sums only.
public struct LSTM: FloatEvaluable {
  /// In which order the steps are taken.
  public enum Direction: String, Sendable, Hashable, CaseIterable {
    case forward, reverse, bidirectional

    /// Number of passes over the sequence.
    public var count: Int { self == .bidirectional ? 2 : 1 }
  }

  public static let schema = OperatorSchema(
    "LSTM", since: 22,
    inputs: [
      .init("X", "T", .floats), .init("W", "T", .floats), .init("R", "T", .floats), .init("B", "T", .floats, .optional),
      .init("sequence_lens", "T1", [.int32], .optional), .init("initial_h", "T", .floats, .optional),
      .init("initial_c", "T", .floats, .optional), .init("P", "T", .floats, .optional),
    ],
    outputs: [
      .init("Y", "T", .floats, .optional), .init("Y_h", "T", .floats, .optional), .init("Y_c", "T", .floats, .optional),
    ],
    attributes: [
      "activation_alpha": .floats, "activation_beta": .floats, "activations": .strings, "clip": .float,
      "direction": .string, "hidden_size": .integer, "input_forget": .integer, "layout": .integer,
    ])

  /// Which passes over the sequence are made.
  public var direction: Direction
  /// Extent of the state; nil takes it from the weights.
  public var hiddenSize: Int?
  /// Names of the functions f, g and h of each direction; nil is Sigmoid, Tanh, Tanh.
  public var activations: [String]?
  /// Parameters of those functions that have an α, in their order.
  public var activationAlphas: [Float]
  /// Parameters of those functions that have a β, in their order.
  public var activationBetas: [Float]
  /// Bound on the magnitude of the gates' sums; nil for none.
  public var clip: Float?
  /// Whether the forget gate is 1 minus the input gate.
  public var couplesGates: Bool
  /// Whether the batch is the first axis of X, Y and the states, rather than the steps and directions.
  public var isBatchFirst: Bool

  public init(
    direction: Direction = .forward, hiddenSize: Int? = nil, activations: [String]? = nil,
    activationAlphas: [Float] = [],
    activationBetas: [Float] = [], clip: Float? = nil, couplesGates: Bool = false, isBatchFirst: Bool = false
  ) {
    self.direction = direction
    self.hiddenSize = hiddenSize
    self.activations = activations
    self.activationAlphas = activationAlphas
    self.activationBetas = activationBetas
    self.clip = clip
    self.couplesGates = couplesGates
    self.isBatchFirst = isBatchFirst
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    direction = try attributes.choice("direction", default: .forward)
    hiddenSize = try attributes.integer("hidden_size")
    activations = try attributes.strings("activations")
    activationAlphas = try attributes.floats("activation_alpha") ?? []
    activationBetas = try attributes.floats("activation_beta") ?? []
    clip = try attributes.float("clip")
    couplesGates = try attributes.flag("input_forget", default: false)
    isBatchFirst = try attributes.flag("layout", default: false)
    _ = try gateActivations()
    if let clip, !(clip >= 0) {
      throw .invalid("operator/attribute-value", "clip should not be negative, but is \(clip)")
    }
  }

  public func encode(into attributes: inout Attributes) {
    if direction != .forward { attributes.set("direction", direction.rawValue) }
    if let hiddenSize { attributes.set("hidden_size", hiddenSize) }
    if let activations { attributes.set("activations", activations) }
    if !activationAlphas.isEmpty { attributes.set("activation_alpha", activationAlphas) }
    if !activationBetas.isEmpty { attributes.set("activation_beta", activationBetas) }
    if let clip { attributes.set("clip", clip) }
    if couplesGates { attributes.set("input_forget", true) }
    if isBatchFirst { attributes.set("layout", true) }
  }

  /// The functions f, g and h of each direction.
  func gateActivations() throws(Diagnostic) -> [GateActivation] {
    let count = 3 * direction.count
    let names = activations ?? Array(repeating: ["Sigmoid", "Tanh", "Tanh"], count: direction.count).flatMap { $0 }
    guard names.count == count else {
      throw .invalid(
        "operator/attribute-value", "LSTM \(direction.rawValue) needs \(count) activations, not \(names.count)")
    }
    return try GateActivation.list(names, alphas: activationAlphas, betas: activationBetas)
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    let extents = try LSTMExtents(inputs, self)
    let (steps, batch, hidden) = (extents.steps, extents.batch, extents.hidden)
    let directions = Dimension.known(direction.count)
    let state: Shape = isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
    let all: Shape = isBatchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden]
    return [all, state, state].map { .tensor(TensorType(x.dtype, $0)) }
  }
}
