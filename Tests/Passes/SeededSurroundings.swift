import LatheCalibration
import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheLinearAlgebra
import LathePassKit
import LatheTensors

extension Pipeline.Surroundings {
  /// Surroundings whose samples are seeded inputs, so that golden cases may be of passes that look at activations.
  static var seeded: Pipeline.Surroundings {
    var surroundings = Pipeline.Surroundings()
    surroundings.observe = { (graph, points) throws(Diagnostic) in
      var feeds: [[String: Tensor]] = []
      for seed in 1...4 { feeds.append(try inputs(graph, seed)) }
      return try observe(graph, points, on: feeds)
    }
    surroundings.regress = { (reference, candidate, points) throws(Diagnostic) in
      var feeds: [[String: Tensor]] = []
      for seed in 1...24 { feeds.append(try inputs(reference, seed)) }
      return try regress(reference, candidate, points, on: feeds)
    }
    surroundings.compare = { (reference, candidate) throws(Diagnostic) in try compare(reference, candidate) }
    surroundings.compareBriefly = surroundings.compare
    return surroundings
  }

  private static func inputs(_ graph: Graph, _ seed: Int) throws(Diagnostic) -> [String: Tensor] {
    do {
      return try seededInputs(of: graph, seed)
    } catch {
      throw Diagnostic("test/inputs", .internalFault, "\(error)")
    }
  }

  /// What is seen of activations where a graph has these inputs.
  static func observe(
    _ graph: Graph, _ points: [ObservationPoint], on feeds: [[String: Tensor]]
  ) throws(Diagnostic) -> [Observation] {
    var values: [ValueID: [Tensor]] = [:]
    for inputs in feeds {
      for id in graph.inputs { values[id, default: []].append(contentsOf: inputs[graph[id].name].map { [$0] } ?? []) }
      _ = try Interpreter(graph).run(inputs) { (_, value, tensor) throws(Diagnostic) in values[value, default: []].append(tensor) }
    }
    return points.map { observation($0, values[$0.value] ?? []) }
  }

  /// The sums that a fit on these inputs needs.
  private static func regress(
    _ reference: Graph, _ candidate: Graph, _ points: [RegressionPoint], on feeds: [[String: Tensor]]
  ) throws(Diagnostic) -> [NormalEquations] {
    var sums: [NormalEquations?] = points.map { _ in nil }
    for inputs in feeds {
      let (before, after) = (try values(of: reference, inputs), try values(of: candidate, inputs))
      for (number, point) in points.enumerated() {
        guard let features = after[point.features]?.elements(as: Float.self), let width = after[point.features]?.shape.last else { continue }
        let rows = features.count / width
        var differences = Array(repeating: [Float](), count: rows)
        if let pair = point.target, let left = before[pair.reference]?.elements(as: Float.self), let right = after[pair.candidate]?.elements(as: Float.self),
          let own = after[pair.candidate]?.shape.last, left.count == right.count
        {
          for row in 0..<rows { differences[row] = (row * own..<(row + 1) * own).map { left[$0] - right[$0] } }
        }
        var own = sums[number] ?? NormalEquations(features: width, targets: differences.first?.count ?? 0)
        own.add(features, differences.flatMap { $0 }, weights: Array(repeating: 1, count: rows))
        sums[number] = own
      }
    }
    return sums.map { $0 ?? NormalEquations(features: 0, targets: 0) }
  }

  private static func values(of graph: Graph, _ inputs: [String: Tensor]) throws(Diagnostic) -> [ValueID: Tensor] {
    var values: [ValueID: Tensor] = [:]
    for id in graph.inputs { values[id] = inputs[graph[id].name] }
    _ = try Interpreter(graph).run(inputs) { (_, value, tensor) throws(Diagnostic) in values[value] = tensor }
    return values
  }

  private static func observation(_ point: ObservationPoint, _ tensors: [Tensor]) -> Observation {
    switch point.aspect {
    case .channels:
      var channels = ChannelStatistics(channels: tensors.first?.shape.last ?? 0)
      for tensor in tensors { tensor.withElements(as: Float.self) { channels.add($0) } }
      return .channels(channels)
    case .ranges(let count):
      var parts = Array(repeating: ActivationStatistics(), count: count)
      for tensor in tensors {
        let (values, width) = (tensor.elements(as: Float.self) ?? [], tensor.shape.last ?? 1)
        for part in 0..<count {
          let own = values.indices.filter { $0 % width / (width / count) == part }.map { values[$0] }
          own.withUnsafeBufferPointer { parts[part].add($0) }
        }
      }
      return .ranges(parts.map { ActivationRange($0) })
    }
  }

  private static func compare(_ reference: Graph, _ candidate: Graph) throws(Diagnostic) -> Drift {
    var drift = Drift(samples: 4)
    for seed in 1...4 {
      let inputs = try inputs(reference, seed)
      let pairs = zip(try Interpreter(reference).run(inputs), try Interpreter(candidate).run(inputs))
      for (left, right) in pairs.map({ ($0.doubles() ?? [], $1.doubles() ?? []) }) {
        let dot = zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
        let lengths = [left, right].map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        let cosine = left == right ? 1 : dot / (lengths[0] * lengths[1])
        (drift.cosine, drift.meanCosine) = (min(drift.cosine, cosine), min(drift.meanCosine, cosine))
      }
    }
    return drift
  }
}
