import LatheDiagnostics
import LatheIR
import LatheTensors

/// The upper or the lower triangle of matrices, with zeros elsewhere.
public struct Trilu: Evaluable {
  public static let schema = OperatorSchema(
    "Trilu", since: 14,
    inputs: [.init("input", "T", .movable), .init("k", "", .int64, .optional)],
    outputs: [.init("output", "T", .movable)],
    attributes: ["upper": .integer])

  /// Whether what lies on and above the diagonal is kept, rather than what lies on and below it.
  public var isUpper: Bool

  public init(isUpper: Bool = true) { self.isUpper = isUpper }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    isUpper = try attributes.flag("upper", default: true)
  }

  public func encode(into attributes: inout Attributes) {
    if !isUpper { attributes.set("upper", false) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    if let rank = type.rank, rank < 2 {
      throw .invalid("operator/rank", "Trilu takes matrices, but is given \(type)")
    }
    if let offset = try inputs.optional(1)?.tensor(), let rank = offset.rank, rank > 1 || offset.knownShape == [0] {
      throw .invalid("operator/rank", "the diagonal of Trilu should be a single number, but is \(offset)")
    }
    return [.tensor(type)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    guard input.elementCount > 0 else { return [input] }
    let (rows, columns) = (input.shape[input.rank - 2], input.shape[input.rank - 1])
    let given = inputs.optional(1)?.integers() ?? [0]
    guard given.count == 1 else {
      throw .invalid("operator/rank", "the diagonal of Trilu should be a single number, but there are \(given.count)")
    }
    let offset = Swift.min(Swift.max(given[0], -rows), columns)
    let zeros = try Tensor.zeros(input.dtype, [columns])
    let result = try Tensor(dtype: input.dtype, shape: input.shape, copying: [input, zeros]) { emit in
      for line in 0..<input.elementCount / columns {
        // First column on the diagonal, for the lower triangle the one after it.
        let edge = Swift.min(Swift.max(line % rows + offset + (isUpper ? 0 : 1), 0), columns)
        let (start, split) = (line * columns, line * columns + edge)
        emit(ElementRun(source: isUpper ? 1 : 0, start: isUpper ? 0 : start, count: edge))
        emit(ElementRun(source: isUpper ? 0 : 1, start: isUpper ? split : 0, count: columns - edge))
      }
    }
    return [result]
  }
}
