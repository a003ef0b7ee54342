import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Removes nodes that return an operand unchanged, whatever the inputs are.
///
/// ```
/// %a = Identity(%x)            →    (nothing)
/// %b = Mul(%a, 1.0)
/// %c = Reshape(%b, @same)
/// %y = Add(%c, @b)             →    %y = Add(%x, @b)
/// ```
/// Removed are, where the types inferred for operand and result are equal and wholly known: Identity; Dropout outside of training; Cast
/// to the same type; Transpose that moves no axis but those of extent 1; Reshape, Flatten, Squeeze, Unsqueeze, Expand and Tile to the
/// same shape; Slice of everything; Pad by nothing; Concat, Sum, Max and Min of one operand; x·1, x/1, x^1, x − 0 and x + (−0); Where
/// that always chooses one side; And, Or with what decides nothing; double Not. A Cast after one that loses nothing reads the latter's
/// operand.
///
/// Left alone: x + 0 of floats, since it turns −0 into 0; Where(IsNaN(p), 0, p) after a Softmax, since a row of which all is −∞
/// makes NaN; and an Identity from a graph input or a constant straight to a graph output, which gives the output its name. Arithmetic
/// that is left out does not quiet a signalling NaN.
public struct EliminateIdentities: Pass {
  public static let id: PassID = "simplify/eliminate-identities"
  public static let summary = "removes nodes that return an operand unchanged"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    var changed: [NodeID] = []
    for id in graph.order {
      guard let finding = finding(id, graph) else { continue }
      let description = graph.describe(id)
      switch finding {
      case .kept(let reason): outcome.record(description, .declined(reason))
      case .reads(let value):
        if let producer = (graph[id].inputs.first ?? nil).flatMap({ graph[$0].producer }) { changed.append(producer) }
        graph.setInput(0, of: id, to: value)
        outcome.record(description, .done)
      case .same(let value):
        guard let output = graph[id].outputs.first ?? nil else { continue }
        if let reason = try context.substitute(value, for: output, in: &graph) {
          outcome.record(description, .declined(reason))
        } else {
          changed.append(id)
          outcome.record(description, .done)
        }
      }
    }
    context.removeUnread(changed, in: &graph)
    return outcome
  }
}

/// What became of a node that may be an identity.
private enum Finding {
  /// Its result is this value.
  case same(ValueID)
  /// It can read this value instead of its first operand.
  case reads(ValueID)
  case kept(String)
}

extension EliminateIdentities {
  private func finding(_ id: NodeID, _ graph: Graph) -> Finding? {
    let node = graph[id]
    guard let input = node.inputs.first ?? nil, let output = node.outputs.first ?? nil else { return nil }
    guard node.outputs.count == 1 || node.op is Dropout else { return nil }
    let isSame = Self.haveOneType(input, output, graph)
    switch node.op {
    case is Identity: return .same(input)
    case is Dropout: return dropout(node, input, graph)
    case let cast as Cast: return self.cast(cast, input, graph)
    case is CastLike: return isSame ? .same(input) : nil
    case let transpose as Transpose: return isSame && movesNothing(transpose, input, graph) ? .same(input) : nil
    case is Reshape, is Flatten, is Squeeze, is Unsqueeze, is Expand, is Tile: return isSame ? .same(input) : nil
    case is Slice: return isSame && Self.areAll(1, optional(4, node), graph) ? .same(input) : nil
    case is Pad: return isSame && Self.areAll(0, optional(1, node), graph) ? .same(input) : nil
    case is Concat, is Sum, is Max, is Min: return isSame && node.inputs.count == 1 ? .same(input) : nil
    case is Not: return doubleNegation(input, graph)
    default: return arithmetic(node, output, graph)
    }
  }

  private func optional(_ position: Int, _ node: Node) -> ValueID? {
    position < node.inputs.count ? node.inputs[position] : nil
  }

  private func dropout(_ node: Node, _ input: ValueID, _ graph: Graph) -> Finding? {
    if let mask = node.outputs.count > 1 ? node.outputs[1] : nil, !graph[mask].users.isEmpty || graph.isOutput(mask) {
      return .kept("its mask is read")
    }
    let (ratio, mode) = (optional(1, node), optional(2, node))
    guard mode == nil || Self.areAll(0, mode, graph) || ratio != nil && Self.areAll(0, ratio, graph) else {
      return .kept("it drops elements at random where its training_mode is true")
    }
    return .same(input)
  }

  private func movesNothing(_ transpose: Transpose, _ input: ValueID, _ graph: Graph) -> Bool {
    guard let shape = graph[input].type?.tensor?.shape else { return false }
    let order = transpose.permutation ?? Array(shape.indices.reversed())
    let moved = order.filter { shape[$0] != 1 }
    return moved == moved.sorted()
  }

  private func cast(_ cast: Cast, _ input: ValueID, _ graph: Graph) -> Finding? {
    guard let type = graph[input].type?.tensor else { return nil }
    if type.dtype == cast.target { return .same(input) }
    guard let inner = graph.producer(of: input), inner.op is Cast, let source = inner.inputs.first ?? nil,
      let original = graph[source].type?.tensor, original.dtype.isHeld(by: type.dtype), cast.target != .string
    else { return nil }
    return original.dtype == cast.target ? .same(source) : .reads(source)
  }

  private func doubleNegation(_ input: ValueID, _ graph: Graph) -> Finding? {
    guard let inner = graph.producer(of: input), inner.op is Not, let source = inner.inputs.first ?? nil else { return nil }
    return .same(source)
  }

  private func arithmetic(_ node: Node, _ output: ValueID, _ graph: Graph) -> Finding? {
    if node.op is Where { return choice(node, output, graph) }
    guard node.inputs.count == 2, let a = node.inputs[0], let b = node.inputs[1] else { return nil }
    let sides = node.op is any Commutative ? [(a, b), (b, a)] : [(a, b)]
    for (kept, other) in sides {
      switch node.op {
      case is Add:
        guard Self.areAll(0, other, graph), Self.haveOneType(kept, output, graph) else { continue }
        let isExact = graph[kept].type?.tensor?.dtype.isInteger == true || Self.areAll(0, other, graph, sign: .minus)
        return isExact ? .same(kept) : .kept("adding 0 turns −0 into 0")
      case is Sub:
        guard Self.areAll(0, other, graph, sign: .plus), Self.haveOneType(kept, output, graph) else { continue }
        return .same(kept)
      case is Mul, is Div, is Pow:
        guard Self.areAll(1, other, graph), Self.haveOneType(kept, output, graph) else { continue }
        return .same(kept)
      case is And, is Or:
        let neutral: Double = node.op is And ? 1 : 0
        if kept == other { return .same(kept) }
        if Self.areAll(neutral, other, graph), Self.haveOneType(kept, output, graph) { return .same(kept) }
        if Self.areAll(1 - neutral, other, graph), Self.haveOneType(other, output, graph) { return .same(other) }
      default: return nil
      }
    }
    return nil
  }

  private func choice(_ node: Node, _ output: ValueID, _ graph: Graph) -> Finding? {
    guard node.inputs.count == 3, let condition = node.inputs[0], let x = node.inputs[1], let y = node.inputs[2] else {
      return nil
    }
    if x == y, Self.haveOneType(x, output, graph) { return .same(x) }
    if Self.areAll(1, condition, graph), Self.haveOneType(x, output, graph) { return .same(x) }
    if Self.areAll(0, condition, graph), Self.haveOneType(y, output, graph) { return .same(y) }
    if let test = graph.producer(of: condition), test.op is IsNaN, test.inputs.first == y,
      graph.producer(of: y)?.op is Softmax
    {
      return .kept("a row of the Softmax that is −∞ throughout makes NaN, and nothing proves that there is none")
    }
    return nil
  }

  /// Whether both are tensors of one type, every extent of which can be told apart from others.
  private static func haveOneType(_ a: ValueID, _ b: ValueID, _ graph: Graph) -> Bool {
    guard let type = graph[a].type?.tensor, let shape = type.shape, !shape.contains(.unknown) else { return false }
    return type == graph[b].type?.tensor
  }

  /// Elements up to which constants are looked at; those that decide nothing are mostly single numbers.
  private static let largestConstant = 1 << 16

  /// Whether this is a constant of which every element is `number`; an operand that is left out is.
  private static func areAll(
    _ number: Double, _ id: ValueID?, _ graph: Graph, sign: FloatingPointSign? = nil
  ) -> Bool {
    guard let id else { return true }
    guard let constant = graph.constant(id), (1...largestConstant).contains(constant.elementCount) else { return false }
    return constant.doubles()?.allSatisfy { $0 == number && (sign == nil || $0.sign == sign) } ?? false
  }
}

extension DType {
  /// Whether every value of this type is one of `other`, and a Cast from there does what a Cast from here does.
  fileprivate func isHeld(by other: DType) -> Bool {
    switch self {
    case .bool: other.isInteger || other.isFloat
    case .float16: other == .float32 || other == .float64
    case .bfloat16: other == .float32 || other == .float64
    case .float32: other == .float64
    default:
      isInteger && other.isInteger && bitWidth < other.bitWidth && (isUnsignedInteger || !other.isUnsignedInteger)
    }
  }
}
