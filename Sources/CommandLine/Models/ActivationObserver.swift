import LatheCalibration
import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheRuntime
import LatheSamples
import LatheTensors

/// Runs graphs on samples and keeps statistics of the values that passes ask for.
struct ActivationObserver: Sendable {
  let set: SampleSet
  let limits: ResourceLimits
  let threads: Int

  /// What was seen at each point, part by part.
  ///
  /// - Throws: the runtime's diagnostics, and `calibration/value` for a value that is no tensor of 32-bit floats.
  func observe(_ graph: Graph, _ points: [ObservationPoint]) throws(Diagnostic) -> [[ActivationStatistics]] {
    let runtime = try Runtime(graph, limits: limits, threads: threads)
    let known = Set(graph.inputs.map { graph[$0].name })
    var statistics = points.map { Array(repeating: ActivationStatistics(), count: $0.parts) }
    var places: [ValueID: [Int]] = [:]
    for (index, point) in points.enumerated() { places[source(of: point.value, graph), default: []].append(index) }
    let progress = ProgressBar("calibrating", total: set.count)
    defer { progress.finish() }
    for feed in set.feeds {
      let inputs = feed.restricted(to: known)
      for input in graph.inputs {
        guard let indices = places[input], let tensor = inputs.inputs[graph[input].name] else { continue }
        for index in indices { try add(tensor, feed, to: &statistics[index], graph[input].name) }
      }
      _ = try runtime.run(inputs.inputs, tapping: Set(places.keys)) { (_, value, tensor) throws(Diagnostic) in
        for index in places[value] ?? [] { try add(tensor, feed, to: &statistics[index], graph[value].name) }
      }
      progress.advance(by: feed.samples.count)
    }
    return statistics
  }

  /// The value that nodes which only reshape pass on.
  private func source(of value: ValueID, _ graph: Graph) -> ValueID {
    guard let producer = graph.producer(of: value) else { return value }
    switch producer.op {
    case is Reshape, is Squeeze, is Unsqueeze, is Flatten, is Identity: return producer.inputs[0].map { source(of: $0, graph) } ?? value
    default: return value
    }
  }

  /// Takes in a value without its padding.
  private func add(_ value: Tensor, _ feed: Feed, to parts: inout [ActivationStatistics], _ name: String) throws(Diagnostic) {
    let tensor = try feed.withoutPadding(value)
    guard tensor.dtype == .float32, let width = tensor.shape.last, width % parts.count == 0 else {
      throw .invalid(
        "calibration/value", "\(name) is \(tensor.dtype)\(tensor.shape), which has no INT8 scale", at: Location(value: name),
        fix: "leave the node that reads it out with the option ignore")
    }
    let size = width / parts.count
    tensor.withElements(as: Float.self) { values in
      guard parts.count > 1 else { return parts[0].add(values) }
      for part in parts.indices {
        let own = stride(from: part * size, to: values.count, by: max(1, width)).flatMap { values[$0..<$0 + size] }
        own.withUnsafeBufferPointer { parts[part].add($0) }
      }
    }
  }
}
