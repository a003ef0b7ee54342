import LatheIR
import LatheTensors

/// A node on its way into a graph, in the meaning of some version of its operator set.
struct NodeDraft {
  var name: OperatorName
  var overload = ""
  /// Version of the operator's domain that the node is written in.
  var version: Int
  var attributes = Attributes()
  var inputs: [ValueID?]
  /// Names in the graph; nil where not produced.
  var outputs: [String?]
  var nodeName = ""
  var provenance: Provenance
  var annotations = Annotations()
  /// Whether the node stays as it is written, because what its newest meaning needs is not known.
  var isKept = false
  /// Values that each graph in the attributes uses, by attribute.
  var captures: [String: [[ValueID]]] = [:]

  init(_ name: OperatorName, version: Int, inputs: [ValueID?], outputs: [String?], provenance: Provenance) {
    self.name = name
    self.version = version
    self.inputs = inputs
    self.outputs = outputs
    self.provenance = provenance
  }

  /// Name of the first output, after which values are named that an upgrade makes.
  var firstOutput: String { outputs.lazy.compactMap { $0 }.first ?? nodeName }

  /// The input at a position; nil if it is left out.
  func input(_ position: Int) -> ValueID? { position < inputs.count ? inputs[position] : nil }

  /// Makes the input at a position read `value`.
  mutating func setInput(_ position: Int, _ value: ValueID?) {
    while inputs.count <= position { inputs.append(nil) }
    inputs[position] = value
  }
}
