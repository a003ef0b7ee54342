import LatheDiagnostics
import LatheIR
import LatheJSON
import LatheOperators
import LatheTensors
import LatheWeightDumps
import OrderedCollections

/// A model of any architecture as a checkpoint: the graph's text form is the configuration, its large constants are the tensors.
public enum GraphCheckpoint {
  /// The architecture of such checkpoints.
  public static let architecture = "graph"
  private static let key = "graph"
  /// Smaller constants stand in the text.
  private static let inlineElements = 8

  /// The checkpoint of `graph`, with the names of its classes.
  ///
  /// - Throws: `architecture/graph` if graphs that nodes hold have large constants of their own, which have no names in the dump.
  public static func checkpoint(of graph: Graph, labels: [String]) throws(Diagnostic) -> Checkpoint {
    var tensors: OrderedDictionary<String, Tensor> = [:]
    for id in graph.constants {
      guard let tensor = graph.constant(id), tensor.elementCount > inlineElements else { continue }
      tensors[graph[id].name] = tensor
    }
    for id in graph.order {
      for inner in graph.subgraphs(of: id) where holdsLargeConstants(inner) {
        throw .invalid(
          "architecture/graph",
          "a graph that this node holds has constants of more than \(inlineElements) elements, which a dump cannot name",
          at: Location(node: graph.describe(id)), fix: "write .lathe or .onnx")
      }
    }
    let text = GraphPrinter(inlineElements: inlineElements).print(graph)
    var config: OrderedDictionary<String, JSONValue> = [key: .string(text)]
    if !labels.isEmpty {
      let named = labels.enumerated().map { (String($0.offset), JSONValue.string($0.element)) }
      config["id2label"] = .object(OrderedDictionary(uniqueKeysWithValues: named))
    }
    return Checkpoint(architecture: architecture, config: .object(config), tensors: tensors)
  }

  private static func holdsLargeConstants(_ graph: Graph) -> Bool {
    graph.constants.contains { (graph.constant($0)?.elementCount ?? 0) > inlineElements }
      || graph.order.contains { graph.subgraphs(of: $0).contains(where: holdsLargeConstants) }
  }

  /// The model of such a checkpoint.
  ///
  /// - Throws: `text/…` for a text that is no graph, `architecture/tensors` for tensors that are not those it names.
  static func model(of checkpoint: Checkpoint, limits: ResourceLimits) throws(Diagnostic) -> ArchitectureCatalog.Result
  {
    guard let text = checkpoint.config[key]?.stringValue else {
      throw .invalid("architecture/config", "the configuration has no graph in text form")
    }
    let tensors = checkpoint.tensors
    let parser = GraphParser(catalog: .standard, limits: limits) { name, type, fingerprint in
      tensors[name].flatMap { TensorType(of: $0) == type && $0.fingerprint == fingerprint ? $0 : nil }
    }
    let graph = try parser.parse(text)
    let unused = tensors.keys.elements.filter { graph.value(named: $0) == nil }
    let remark = Diagnostic.warning(
      "architecture/left-over", "\(unused.count) tensors are not in the graph", notes: WeightTable.lines("", unused))
    let warnings = unused.isEmpty ? [] : [remark]
    let labels = try ModelConfiguration(values: checkpoint.config).labels()
    let model = Model(graph: graph, text: labels.isEmpty ? nil : TextAssets(labels: labels))
    return ArchitectureCatalog.Result(model: model, warnings: warnings, maximumLength: nil, vocabularySize: .max)
  }
}
