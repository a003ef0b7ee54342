import LatheDiagnostics
import LatheIR
import LatheTensors

/// An operator that tells where along an axis the element is that wins over all others; the first NaN wins over numbers.
protocol ArgSelection: NumericEvaluable, AxisMapping {
  /// The axis that is searched; negative counts from the back.
  var axis: Int { get }
  /// Whether the axis stays with extent 1.
  var keepsAxis: Bool { get }
  /// Whether the last of equal elements is named, rather than the first.
  var prefersLast: Bool { get }

  init(axis: Int, keepsAxis: Bool, prefersLast: Bool)

  /// Whether `a` wins over `b`; neither is NaN.
  static func wins<T: NumericElement>(_ a: T, over b: T) -> Bool
}

extension ArgSelection {
  /// Formal operands of both such operators.
  static func formal(_ name: String, since version: Int) -> OperatorSchema {
    OperatorSchema(
      name, since: version,
      inputs: [.init("data", "T", .numeric)],
      outputs: [.init("reduced", "", .int64)],
      attributes: ["axis": .integer, "keepdims": .integer, "select_last_index": .integer])
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    self.init(
      axis: try attributes.integer("axis", default: 0), keepsAxis: try attributes.flag("keepdims", default: true),
      prefersLast: try attributes.flag("select_last_index", default: false))
  }

  public func encode(into attributes: inout Attributes) {
    if axis != 0 { attributes.set("axis", axis) }
    if !keepsAxis { attributes.set("keepdims", false) }
    if prefersLast { attributes.set("select_last_index", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    guard var shape = try inputs.tensor(0).shape else { return [.tensor(TensorType(.int64, nil))] }
    let axis = try normalized(axis: axis, rank: shape.count)
    if keepsAxis { shape[axis] = 1 } else { shape.remove(at: axis) }
    return [.tensor(TensorType(.int64, shape))]
  }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let data = try inputs.required(0)
    let axis = try normalized(axis: axis, rank: data.rank)
    let (extent, inner) = (data.shape[axis], data.shape[(axis + 1)...].reduce(1, *))
    let shape = try concreteShape(inputs)
    guard extent > 0 || shape.contains(0) else {
      throw .invalid("operator/reduce-empty", "\(name) searches an axis without elements in \(data.dtype)\(data.shape)")
    }
    let result = try Tensor(of: Int64.self, shape: shape) { (target: UnsafeMutableBufferPointer<Int64>) in
      data.withElements(as: T.self) { source in
        for position in target.indices {
          let first = (position / inner) * extent * inner + position % inner
          var best = 0
          for index in 1..<Swift.max(1, extent) {
            let (x, held) = (source[first + index * inner], source[first + best * inner])
            if replaces(x, held) { best = index }
          }
          target[position] = Int64(best)
        }
      }
    }
    return [result]
  }

  @inline(__always)
  private func replaces<T: NumericElement>(_ x: T, _ held: T) -> Bool {
    if held != held { return prefersLast && x != x }
    return x != x || Self.wins(x, over: held) || prefersLast && x == held
  }
}

extension ArgSelection {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let shape = inputs.optional(0)?.type.tensor?.shape, let place = try? normalized(axis: axis, rank: shape.count) else {
      return nil
    }
    var map = AxisMap(inputs: 1)
    let all = shape.enumerated().map { map.axis($1, $0 == place ? .normalized : .carried) }
    map.inputs[0] = all
    map.outputs[0] = all.indices.compactMap { $0 == place ? (keepsAxis ? AxisMap.one : nil) : all[$0] }
    return map
  }
}
