import LatheIR
import LatheTensors

/// What samples must know of a model: its inputs and outputs, its vocabulary and its labels.
public struct ModelInterface: Sendable {
  /// An input or output.
  public struct Port: Sendable {
    /// Unique among the inputs, and among the outputs.
    public var name: String
    /// nil if the model does not say, or if the value is no tensor.
    public var type: TensorType?
    /// The type of any value; nil if the model does not say.
    public var valueType: ValueType?
    /// Whether the input may be left out.
    public var hasDefault: Bool

    /// A port of tensors; without a type, anything goes.
    public init(name: String, type: TensorType?, hasDefault: Bool = false) {
      self.init(name: name, valueType: type.map { .tensor($0) }, hasDefault: hasDefault)
    }

    /// A port of values of any type; without a type, anything goes.
    public init(name: String, valueType: ValueType?, hasDefault: Bool = false) {
      self.name = name
      self.type = valueType?.tensor
      self.valueType = valueType
      self.hasDefault = hasDefault
    }
  }

  /// In the model's order.
  public var inputs: [Port]
  /// In the model's order.
  public var outputs: [Port]
  /// Vocabulary, tokenizer options and labels; nil if the model has none.
  public var text: TextAssets?

  /// An interface of ports in the model's order.
  public init(inputs: [Port], outputs: [Port] = [], text: TextAssets? = nil) {
    self.inputs = inputs
    self.outputs = outputs
    self.text = text
  }

  /// The interface of `model`.
  public init(_ model: Model) {
    let graph = model.graph
    func port(_ id: ValueID) -> Port {
      let value = graph[id]
      return Port(name: value.name, valueType: value.type, hasDefault: value.defaultValue != nil)
    }
    self.init(inputs: graph.inputs.map(port), outputs: graph.outputs.map(port), text: model.text)
  }

  /// The inputs that every feed must have.
  var requiredInputs: [Port] { inputs.filter { !$0.hasDefault } }

  /// The input called `name`.
  func input(_ name: String) -> Port? { inputs.first { $0.name == name } }

  /// The names of the inputs, for messages.
  var inputNames: String { inputs.isEmpty ? "none" : inputs.map(\.name).joined(separator: ", ") }
}
