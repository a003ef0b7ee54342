import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// What `structure/resolve-masks` tells of a run: what went, what is zero in part, and how many zeros are left without structure.
struct MaskReport {
  private struct Cut {
    let subject: String
    let extent: Int
    var gone: Int
  }

  private var cuts: [Cut] = []
  private var keptOnes: [String] = []
  private var remainders: [(subject: String, reason: String)] = []
  private var zeros = 0
  private var elements = 0
  private var weightCount = 0

  /// The class by its weights and what goes with them: `blocks of 32 along axis 1 of @query, with @query.bias and 5 more`.
  static func subject(_ masked: MaskedClass, _ graph: Graph) -> String {
    let slices = masked.axisClass.slices.filter { graph.constant($0.value)?.dtype.isFloat == true }
    guard let first = slices.first(where: { masked.weights.contains($0.value) }) else { return "" }
    var names: [String] = []
    for slice in slices where slice.value != first.value && !names.contains("@\(graph[slice.value].name)") {
      names.append("@\(graph[slice.value].name)")
    }
    let block = first.block.known ?? 1
    let (shown, more) = (names.prefix(3).joined(separator: ", "), names.count > 3 ? " and \(names.count - 3) more" : "")
    return "\(block > 1 ? "blocks of \(block)" : "indices") along axis \(first.axis) of @\(graph[first.value].name)"
      + (names.isEmpty ? "" : ", with \(shown)\(more)")
  }

  /// Notes what went of a class, on top of what went of it before.
  mutating func add(_ masked: MaskedClass, _ graph: Graph) {
    let subject = Self.subject(masked, graph)
    if let known = cuts.firstIndex(where: { $0.subject == subject }) {
      cuts[known].gone += masked.gone.count
    } else {
      cuts.append(Cut(subject: subject, extent: masked.axisClass.extent.known ?? 0, gone: masked.gone.count))
    }
  }

  /// Notes that all indices of a class were to go, and the first stays.
  mutating func keptOne(of masked: MaskedClass, _ graph: Graph) {
    let subject = Self.subject(masked, graph)
    if !keptOnes.contains(subject) { keptOnes.append(subject) }
  }

  /// Looks at what is left in the end.
  mutating func finish(_ all: [MaskedClass], _ graph: Graph) {
    for masked in all {
      let (subject, extent) = (Self.subject(masked, graph), masked.axisClass.extent)
      for remainder in masked.remainders {
        let names = remainder.weights.prefix(3).map { "@\(graph[$0].name)" }.joined(separator: ", ")
        let more = remainder.weights.count > 3 ? " and \(remainder.weights.count - 3) more" : ""
        let zeros = names.isEmpty ? "" : " (zero in \(names)\(more))"
        remainders.append(("\(remainder.count) of the \(extent) \(subject)\(zeros)", remainder.reason))
      }
    }
    for value in Self.factors(of: graph) {
      guard let tensor = graph.constant(value) else { continue }
      weightCount += 1
      zeros += tensor.zeroCount
      elements += tensor.elementCount
    }
  }

  /// Weights that are factors of sums.
  private static func factors(of graph: Graph) -> [ValueID] {
    var seen: Set<ValueID> = []
    let products = graph.order.filter { id in
      switch graph[id].op {
      case is MatMul, is Gemm, is Linear, is Conv, is Convolution, is LSTM, is GRU, is RNN, is PackedLSTM, is PackedGRU: true
      default: false
      }
    }
    return products.flatMap { graph[$0].inputs.compactMap { $0 } }.filter { value in
      guard let tensor = graph.constant(value), tensor.dtype.isFloat, tensor.rank > 1 else { return false }
      return seen.insert(value).inserted
    }
  }

  /// - Parameter failed: what could not be cut, and why.
  func write(_ failed: [String: String], parameters: (before: Int, after: Int), to outcome: inout PassOutcome) {
    let lines = cuts.map { "\($0.gone) of the \($0.extent) \($0.subject)" }
    for line in lines { outcome.record(line, .done) }
    for (subject, reason) in failed.sorted(by: { $0.key < $1.key }) { outcome.record(subject, .declined(reason)) }
    for (subject, reason) in remainders { outcome.record(subject, .declined(reason)) }
    let gone = cuts.reduce(0) { $0 + $1.gone }
    outcome.notes.append(
      gone == 0 ? "nothing is zero as a whole that may go"
        : "\(gone) structure\(gone == 1 ? " is" : "s are") gone, of \(cuts.count) ax\(cuts.count == 1 ? "is" : "es"): "
          + "\(parameters.before) → \(parameters.after) parameters")
    if zeros > 0 {
      outcome.notes.append(
        "\(Self.percent(zeros, elements)) of the \(elements) elements in the \(weightCount) weights that are left "
          + "are zeros without structure")
    }
    outcome.notes += keptOnes.map { "all \($0) are zero: the first stays, since an axis needs an index" }
    outcome.notes += lines.map { "gone: \($0)" }
  }

  private static func percent(_ part: Int, _ whole: Int) -> String {
    let tenths = Int((1000 * Double(part) / Double(max(1, whole))).rounded())
    return "\(tenths / 10).\(tenths % 10) %"
  }
}
