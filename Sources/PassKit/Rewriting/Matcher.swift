import LatheDiagnostics
import LatheIR
import LatheTensors

/// Finds one pattern at one root; holds what `--why` wants to know of the attempt.
///
/// Bounded: an attempt gives up after a fixed number of steps, however often operands can be swapped.
struct Matcher {
  /// How far an attempt came: operators matched, and what stood in the way of the next.
  struct Obstacle: Sendable {
    var matched: Int
    var reason: String
  }

  /// What the steps of a search change; apart from the matcher, since the search goes through closures that call back into it.
  private final class Progress {
    var obstacle: Obstacle?
    var stepsLeft = 4096
  }

  let graph: Graph
  /// Whether reasons are written; off where nobody reads them.
  let explains: Bool
  private let progress = Progress()

  init(_ graph: Graph, explains: Bool = false) {
    self.graph = graph
    self.explains = explains
  }

  var obstacle: Obstacle? { progress.obstacle }

  /// The first match of the pattern whose root is this node.
  func match(_ pattern: Pattern, at root: NodeID) -> Match? {
    var found: Match?
    _ = matchNode(pattern, root, Match(root: root)) { match in
      found = match
      return true
    }
    return found
  }

  /// Continues with each way to match; true ends the search.
  private typealias Continuation = (Match) -> Bool

  private func matchNode(_ pattern: Pattern, _ id: NodeID, _ match: Match, _ next: Continuation) -> Bool {
    switch pattern {
    case .node(let node): return matchNode(node, id, match, next)
    case .either(let patterns): return patterns.contains { matchNode($0, id, match, next) }
    case .optional, .value, .constant, .number: return false
    }
  }

  private func matchNode(_ pattern: NodePattern, _ id: NodeID, _ match: Match, _ next: Continuation) -> Bool {
    let node = graph[id]
    guard type(of: node.op) == pattern.type else {
      return fail(match, "\(graph.describe(id)) stands where \(pattern.type.schema.name) is wanted")
    }
    if let reason = pattern.test(node.op) { return fail(match, "\(graph.describe(id)): \(reason)") }
    guard node.inputs.count <= pattern.operands.count else {
      return fail(match, "\(graph.describe(id)) has more operands than the pattern")
    }
    var match = match
    match.nodes.append(id)
    if let name = pattern.name { match.named[name] = id }
    let inputs = node.inputs + Array(repeating: nil, count: pattern.operands.count - node.inputs.count)
    if matchOperands(pattern.operands[...], inputs[...], match, next) { return true }
    guard node.op is any Commutative, inputs.count == 2 else { return false }
    return matchOperands(pattern.operands[...], [inputs[1], inputs[0]], match, next)
  }

  private func matchOperands(
    _ patterns: ArraySlice<Pattern>, _ inputs: ArraySlice<ValueID?>, _ match: Match, _ next: Continuation
  ) -> Bool {
    guard let pattern = patterns.first, let input = inputs.first else { return next(match) }
    return matchValue(pattern, input, match) { match in
      matchOperands(patterns.dropFirst(), inputs.dropFirst(), match, next)
    }
  }

  private func matchValue(
    _ pattern: Pattern, _ value: ValueID?, _ match: Match, _ next: Continuation
  ) -> Bool {
    progress.stepsLeft -= 1
    guard progress.stepsLeft > 0 else { return fail(match, "the attempt was given up after too many steps") }
    if case .optional(let inner) = pattern {
      return value == nil ? next(match) : matchValue(inner, value, match, next)
    }
    guard let value else { return fail(match, "an operand is left out") }
    switch pattern {
    case .optional: return false
    case .either(let patterns): return patterns.contains { matchValue($0, value, match, next) }
    case .value(let name): return bind(name, value, match, next)
    case .constant(let name):
      guard graph.constant(value) != nil else { return fail(match, "%\(graph[value].name) is no constant") }
      return bind(name, value, match, next)
    case .number(let number):
      guard let constant = graph.constant(value) else { return fail(match, "%\(graph[value].name) is no constant") }
      guard constant.isNumber(number) else { return fail(match, "@\(graph[value].name) is not \(number)") }
      return next(match)
    case .node(let node):
      guard let producer = graph[value].producer, graph[producer].outputs.first == value else {
        return fail(match, "%\(graph[value].name) stands where \(node.type.schema.name) is wanted")
      }
      return matchNode(node, producer, match, next)
    }
  }

  private func bind(_ name: String, _ value: ValueID, _ match: Match, _ next: Continuation) -> Bool {
    if let bound = match.values[name] {
      guard bound == value else {
        return fail(match, "%\(graph[value].name) stands where %\(graph[bound].name) is wanted again")
      }
      return next(match)
    }
    var match = match
    match.values[name] = value
    return next(match)
  }

  private func fail(_ match: Match, _ reason: @autoclosure () -> String) -> Bool {
    if explains, match.nodes.count > progress.obstacle?.matched ?? 0 {
      progress.obstacle = Obstacle(matched: match.nodes.count, reason: reason())
    }
    return false
  }
}

extension Tensor {
  /// Whether this is a single number, of rank 0 or more, that equals `number` to the precision of its type.
  ///
  /// One unit in the last place is allowed, since exporters round the constants of approximations more than once.
  public func isNumber(_ number: Double) -> Bool {
    guard elementCount == 1, let element = doubles()?.first else { return false }
    return element == number || abs(element - number) <= abs(number) * dtype.roundingStep
  }
}

extension DType {
  /// Relative distance of neighbouring numbers; 0 where numbers are exact.
  fileprivate var roundingStep: Double {
    switch self {
    case .float64: 0x1p-52
    case .float32: 0x1p-23
    case .float16: 0x1p-10
    case .bfloat16: 0x1p-7
    default: 0
    }
  }
}
