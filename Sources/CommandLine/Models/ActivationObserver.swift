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

  /// What was seen at each point.
  ///
  /// - Throws: the runtime's diagnostics, and `calibration/value` for a value that is no tensor of 32-bit floats.
  func observe(_ graph: Graph, _ points: [ObservationPoint]) throws(Diagnostic) -> [Observation] {
    let runtime = try Runtime(graph, limits: limits, threads: threads)
    let known = Set(graph.inputs.map { graph[$0].name })
    var watches = points.map { Watch($0, graph) }
    var places: [ValueID: [Int]] = [:]
    for (index, point) in points.enumerated() { places[source(of: point.value, graph), default: []].append(index) }
    let progress = ProgressBar("calibrating", total: set.count)
    defer { progress.finish() }
    for (number, feed) in set.feeds.enumerated() {
      let inputs = feed.restricted(to: known)
      for input in graph.inputs {
        guard let indices = places[input], let tensor = inputs.inputs[graph[input].name] else { continue }
        for index in indices { try watches[index].add(feed.withoutPadding(tensor, of: input, in: graph)) }
      }
      _ = try runtime.run(inputs.inputs, tapping: Set(places.keys)) { (_, value, tensor) throws(Diagnostic) in
        for index in places[value] ?? [] { try watches[index].add(feed.withoutPadding(tensor, of: value, in: graph)) }
      }
      // Kernels have their own copies of the weights by now.
      if number == 0 { for value in graph.valueIDsInOrder { graph[value].constant?.storage?.0.dropPages() } }
      progress.advance(by: feed.samples.count)
    }
    return watches.map(\.observation)
  }

  /// The value that nodes which only reshape pass on.
  private func source(of value: ValueID, _ graph: Graph) -> ValueID {
    guard let producer = graph.producer(of: value) else { return value }
    switch producer.op {
    case is Reshape, is Squeeze, is Unsqueeze, is Flatten, is Identity: return producer.inputs[0].map { source(of: $0, graph) } ?? value
    default: return value
    }
  }
}

/// What is kept of the values at one point.
private struct Watch {
  private enum State {
    case ranges([ActivationStatistics])
    /// nil before the first value.
    case channels(ChannelStatistics?)
  }

  private let name: String
  /// The last extent of the value itself: what is seen in its place may have another shape of the same elements.
  private let width: Int?
  private var state: State

  init(_ point: ObservationPoint, _ graph: Graph) {
    name = graph[point.value].name
    width = graph[point.value].type?.tensor?.shape?.last?.known
    switch point.aspect {
    case .ranges(let parts): state = .ranges(Array(repeating: ActivationStatistics(), count: max(1, parts)))
    case .channels: state = .channels(nil)
    }
  }

  var observation: Observation {
    switch state {
    case .ranges(let parts): .ranges(parts.map { ActivationRange($0) })
    case .channels(let channels): .channels(channels ?? ChannelStatistics(channels: 0))
    }
  }

  mutating func add(_ tensor: Tensor) throws(Diagnostic) {
    guard tensor.dtype == .float32, let own = tensor.shape.last else { throw misfit(tensor) }
    let width = width ?? own
    guard width == own || width > 0 && tensor.elementCount % width == 0 else { throw misfit(tensor) }
    switch state {
    case .ranges(var parts):
      // Emptied, so that what is changed is not copied.
      state = .channels(nil)
      guard width % parts.count == 0 else { throw misfit(tensor) }
      Self.add(tensor, width, to: &parts)
      state = .ranges(parts)
    case .channels(let known):
      state = .channels(nil)
      var channels = known ?? ChannelStatistics(channels: width)
      guard channels.largest.count == width else { throw misfit(tensor) }
      tensor.withElements(as: Float.self) { channels.add($0) }
      state = .channels(channels)
    }
  }

  private static func add(_ tensor: Tensor, _ width: Int, to parts: inout [ActivationStatistics]) {
    let size = width / parts.count
    tensor.withElements(as: Float.self) { values in
      guard parts.count > 1 else { return parts[0].add(values) }
      for part in parts.indices {
        let own = stride(from: part * size, to: values.count, by: max(1, width)).flatMap { values[$0..<$0 + size] }
        own.withUnsafeBufferPointer { parts[part].add($0) }
      }
    }
  }

  private func misfit(_ tensor: Tensor) -> Diagnostic {
    .invalid(
      "calibration/value", "\(name) is \(tensor.dtype)\(tensor.shape), which has no INT8 scale", at: Location(value: name),
      fix: "leave the node that reads it out with the option ignore")
  }
}
