import LatheDiagnostics
import LatheTensors
import OrderedCollections

/// An operator that Lathe does not know: it is carried from import through passes to export, and cannot be run.
public struct OpaqueOperator: SubgraphHolder {
  public static let schema = OperatorSchema(
    "Opaque", domain: "lathe", since: 1,
    inputs: [OperatorSchema.Operand("inputs", "", .all, .variadic)],
    outputs: [OperatorSchema.Operand("outputs", "", .all, .variadic)])

  public let name: OperatorName
  /// Which overload of a function, empty for none.
  public let overload: String
  /// Version of its domain in the source, to which exports are bound.
  public let version: Int
  private let stored: Attributes

  public init(name: OperatorName, overload: String = "", version: Int, attributes: Attributes) {
    self.name = name
    self.overload = overload
    self.version = version
    stored = attributes
  }

  /// Not decodable by itself: the name is not among the attributes.
  public init(decoding attributes: Attributes) throws(Diagnostic) {
    throw .invalid("operator/unknown", "an operator that Lathe does not know has to be named")
  }

  public func encode(into attributes: inout Attributes) { attributes = stored }

  /// Nothing is known about the outputs.
  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { [] }

  public var subgraphs: [(name: String, graph: Graph)] {
    stored.values.flatMap { name, value -> [(name: String, graph: Graph)] in
      switch value {
      case .graph(let graph): [(name, graph)]
      case .graphs(let graphs): graphs.map { (name, $0) }
      default: []
      }
    }
  }

  public func replacingSubgraphs(_ graphs: [Graph]) -> any SubgraphHolder {
    var remaining = graphs[...]
    var attributes = stored
    for (name, value) in stored.values {
      switch value {
      case .graph: if let graph = remaining.popFirst() { attributes[name] = .graph(graph) }
      case .graphs(let old):
        attributes[name] = .graphs(Array(remaining.prefix(old.count)))
        remaining = remaining.dropFirst(old.count)
      default: break
      }
    }
    return OpaqueOperator(name: name, overload: overload, version: version, attributes: attributes)
  }
}
