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
      let rows = Rows(feed)
      for input in graph.inputs {
        guard let indices = places[input], let tensor = inputs.inputs[graph[input].name] else { continue }
        for index in indices { try add(tensor, rows, to: &statistics[index], graph[input].name) }
      }
      _ = try runtime.run(inputs.inputs, tapping: Set(places.keys)) { (_, value, tensor) throws(Diagnostic) in
        for index in places[value] ?? [] { try add(tensor, rows, to: &statistics[index], graph[value].name) }
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

  /// Which rows of a feed are tokens, rather than padding.
  private struct Rows {
    let count: Int
    let length: Int
    let lengths: [Int]

    init(_ feed: Feed) {
      lengths = feed.lengths ?? []
      length = feed.paddedLength ?? 0
      count = feed.lengths?.count ?? 0
    }
  }

  /// Takes in a value, tokens only where they can be told from padding.
  private func add(_ tensor: Tensor, _ rows: Rows, to parts: inout [ActivationStatistics], _ name: String) throws(Diagnostic) {
    guard tensor.dtype == .float32, let width = tensor.shape.last, width % parts.count == 0 else {
      throw .invalid("calibration/value", "\(name) is \(tensor.dtype)\(tensor.shape), which has no INT8 scale", at: Location(value: name))
    }
    let size = width / parts.count
    let isPadded = tensor.rank == 3 && rows.count > 0 && tensor.shape[0] >= rows.count && tensor.shape[1] == rows.length
    tensor.withElements(as: Float.self) { values in
      var kept: [[Float]] = Array(repeating: [], count: parts.count)
      for row in 0..<(width == 0 ? 0 : values.count / width) {
        if isPadded {
          let sample = row / rows.length
          guard sample < rows.count, row % rows.length < rows.lengths[sample] else { continue }
        }
        for part in parts.indices { kept[part] += values[(row * width + part * size)..<(row * width + (part + 1) * size)] }
      }
      for part in parts.indices { kept[part].withUnsafeBufferPointer { parts[part].add($0) } }
    }
  }
}
