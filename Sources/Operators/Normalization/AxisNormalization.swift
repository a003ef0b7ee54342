import LatheDiagnostics
import LatheIR
import LatheTensors

/// A function of all numbers along one axis at once, computed in double precision.
protocol AxisNormalization: FloatEvaluable, AxisMapping {
  /// The axis; negative counts from the back.
  var axis: Int { get }

  init(axis: Int)

  /// Replaces the numbers of one line along the axis; there is at least one.
  static func normalize(_ line: inout [Double])
}

extension AxisNormalization {
  /// Formal operands of every such operator.
  static func formal(_ name: String, since version: Int) -> OperatorSchema {
    OperatorSchema(
      name, since: version,
      inputs: [.init("input", "T", .floats)],
      outputs: [.init("output", "T", .floats)],
      attributes: ["axis": .integer])
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    self.init(axis: try attributes.integer("axis", default: -1))
  }

  public func encode(into attributes: inout Attributes) {
    if axis != -1 { attributes.set("axis", axis) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    if let rank = type.rank { _ = try normalized(axis: axis, rank: rank) }
    return [.tensor(type)]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    let axis = try normalized(axis: axis, rank: input.rank)
    let extent = input.shape[axis]
    let inner = input.shape[(axis + 1)...].reduce(1, *)
    let lines = extent == 0 ? 0 : input.shape[..<axis].reduce(1, *) * inner
    let result = try Tensor(of: T.self, shape: input.shape) { (target: UnsafeMutableBufferPointer<T>) in
      input.withElements(as: T.self) { source in
        var line = [Double](repeating: 0, count: lines == 0 ? 0 : extent)
        for start in 0..<lines {
          let first = (start / inner) * extent * inner + start % inner
          for index in 0..<extent { line[index] = source[first + index * inner].wide }
          Self.normalize(&line)
          for index in 0..<extent { target[first + index * inner] = T(double: line[index]) }
        }
      }
    }
    return [result]
  }
}

extension AxisNormalization {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let rank = outputs.first?.rank, let place = try? normalized(axis: axis, rank: rank) else { return nil }
    return .along([place], .normalized, inputs, outputs)
  }
}
