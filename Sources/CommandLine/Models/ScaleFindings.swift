import LatheIR
import LatheOperators
import LatheTensors

/// Scales of quantized values that a constant has swollen, such as that of an attention mask: whatever else the value holds becomes 0.
struct ScaleFindings {
  /// What was found, a sentence each.
  let texts: [String]

  /// Values beyond this are no activations of a network at work.
  private static let largestPlausible = 1e6
  /// Steps back from a quantized value at which a constant is looked for.
  private static let reach = 8

  init(_ graph: Graph) {
    var found: [String] = []
    for id in graph.order where graph[id].op.name.name == "QuantizeLinear" {
      let node = graph[id]
      guard node.inputs.count > 1, let value = node.inputs[0], let scale = node.inputs[1].flatMap({ graph.constant($0) })?.doubles()?.max(),
        graph.constant(value) == nil, scale.isFinite
      else { continue }
      let range = 128 * scale
      guard range > Self.largestPlausible else { continue }
      let cause = Self.constant(near: range, before: value, graph)
      let what = cause.map { ": the constant \($0.name) of \(Self.short($0.value)), which looks like an attention mask, is in it" } ?? ""
      found.append(
        "the scale of \(graph[value].name) is \(Self.short(scale)), for values up to \(Self.short(range))\(what); every activation quantized with it that is less than "
          + "\(Self.short(scale / 2)) becomes 0")
    }
    texts = found.count > 20 ? found.prefix(20) + ["and \(found.count - 20) more scales like these"] : found
  }

  /// The constant that is about as large as the range, among what the value was computed from.
  private static func constant(near range: Double, before value: ValueID, _ graph: Graph) -> (name: String, value: Double)? {
    var (front, seen): ([ValueID], Set<ValueID>) = ([value], [value])
    for _ in 0..<reach {
      var next: [ValueID] = []
      for id in front {
        if let tensor = graph.constant(id) {
          guard tensor.elementCount <= 1 << 20, let largest = tensor.doubles()?.max(by: { abs($0) < abs($1) }), abs(largest) >= range / 4, abs(largest) <= range * 4
          else { continue }
          return (graph[id].name, largest)
        }
        guard let node = graph[id].producer else { continue }
        for input in graph[node].inputs.compactMap({ $0 }) where seen.insert(input).inserted { next.append(input) }
      }
      front = next
    }
    return nil
  }

  private static func short(_ value: Double) -> String {
    let digits = value.description
    guard let mark = digits.firstIndex(of: "e") else { return "\((value * 1000).rounded() / 1000)" }
    return String(digits[..<mark].prefix(5)) + digits[mark...]
  }
}
