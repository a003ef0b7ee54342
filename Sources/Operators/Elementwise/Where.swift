import LatheDiagnostics
import LatheIR
import LatheTensors

/// The element of X where the condition holds, of Y where it does not, with broadcasting of all three.
public struct Where: Evaluable, ShapeArithmetic, AttributeFree {
  public static let schema = OperatorSchema(
    "Where", since: 16,
    inputs: [.init("condition", "B", .bool), .init("X", "T", .movable), .init("Y", "T", .movable)],
    outputs: [.init("output", "T", .movable)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let types = try inputs.tensors()
    return [.tensor(TensorType(try inputs.tensor(1).dtype, try Broadcasting.shape(of: types)))]
  }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    let lists = inputs.map { $0?.followed }
    guard lists.count == 3, let x = lists[1], let y = lists[2] else { return [nil] }
    // A condition that cannot be followed still leaves what both sides agree on.
    let condition = lists[0] ?? inputs.optional(0)?.vectorLength.map { Array(repeating: .unknown, count: $0) }
    guard let condition else { return [nil] }
    let lengths = Set([condition.count, x.count, y.count]).subtracting([1])
    guard lengths.count <= 1 else { return [nil] }
    return [
      (0..<(lengths.first ?? 1)).map { position in
        let (one, other) = (x[x.count == 1 ? 0 : position], y[y.count == 1 ? 0 : position])
        let holds = condition[condition.count == 1 ? 0 : position].known
        return holds.map { $0 != 0 ? one : other } ?? (one == other ? one : .unknown)
      }
    ]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let shape = try concreteShape(inputs)
    let condition = try inputs.required(0).broadcast(to: shape)
    let (x, y) = (try inputs.required(1).broadcast(to: shape), try inputs.required(2).broadcast(to: shape))
    let choices = condition.codes ?? []
    return [
      try Tensor(dtype: x.dtype, shape: shape, copying: [x, y]) { emit in
        var start = 0
        while start < choices.count {
          var end = start + 1
          while end < choices.count, choices[end] == choices[start] { end += 1 }
          emit(ElementRun(source: choices[start] != 0 ? 0 : 1, start: start, count: end - start))
          start = end
        }
      }
    ]
  }
}
