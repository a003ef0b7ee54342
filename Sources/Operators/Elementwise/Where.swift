import LatheDiagnostics
import LatheIR
import LatheTensors

/// The element of X where the condition holds, of Y where it does not, with broadcasting of all three.
public struct Where: Evaluable, ShapeArithmetic, AttributeFree, Elementwise {
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
    let condition =
      lists[0]
      ?? inputs.optional(0)?.vectorLength.flatMap { length in
        length <= Operand.maximumElements ? Array(repeating: .unknown, count: length) : nil
      }
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
    switch x.dtype.isPacked ? 0 : x.dtype.bitWidth {
    case 8: return [try selected(condition, x, y, as: UInt8.self)]
    case 16: return [try selected(condition, x, y, as: UInt16.self)]
    case 32: return [try selected(condition, x, y, as: UInt32.self)]
    case 64: return [try selected(condition, x, y, as: UInt64.self)]
    default: break
    }
    let choices = condition.codes ?? []
    return [
      try Tensor(dtype: x.dtype, shape: shape, copying: [x, y]) { emit in
        for (position, choice) in choices.enumerated() {
          emit(ElementRun(source: choice != 0 ? 0 : 1, start: position, count: 1))
        }
      }
    ]
  }

  /// Elements of one shape, read as unsigned numbers of their width.
  private func selected<U: FixedWidthInteger & BitwiseCopyable>(
    _ condition: Tensor, _ x: Tensor, _ y: Tensor, as type: U.Type
  ) throws(Diagnostic) -> Tensor {
    try Tensor(dtype: x.dtype, shape: x.shape) { raw in
      let target = raw.bindMemory(to: U.self)
      condition.withBytes { choices in
        x.withBytes { first in
          y.withBytes { second in
            let (one, other) = (first.bindMemory(to: U.self), second.bindMemory(to: U.self))
            for index in target.indices { target[index] = choices[index] != 0 ? one[index] : other[index] }
          }
        }
      }
    }
  }
}
