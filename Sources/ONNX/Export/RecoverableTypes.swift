import LatheDiagnostics
import LatheIR
import LatheTensors

/// Which types a reader cannot find again from a graph's inputs, outputs and constants.
enum RecoverableTypes {
  /// Produced values, outputs excepted, whose types have to be written.
  static func exceptions(in graph: Graph) -> Set<ValueID> {
    var bare = graph
    let outputs = Set(graph.outputs)
    for id in graph.order {
      for output in graph[id].outputs.compactMap({ $0 }) where !outputs.contains(output) {
        bare.setType(nil, of: output)
      }
    }
    var exceptions: Set<ValueID> = []
    var inference = TypeInference()
    for id in graph.order {
      // What cannot be inferred is written.
      try? inference.visit(id, in: &bare)
      for output in graph[id].outputs.compactMap({ $0 }) where bare[output].type != graph[output].type {
        bare.setType(graph[output].type, of: output)
        exceptions.insert(output)
      }
    }
    return exceptions
  }
}
