import LatheDiagnostics
import LatheIR
import LatheTensors

/// The input's extents from axis `start` up to axis `end`, as a vector.
public struct ShapeOperator: Evaluable, ShapeArithmetic {
  public static let schema = OperatorSchema(
    "Shape", since: 25,
    inputs: [.init("data", "T", .movableWithPacked)],
    outputs: [.init("shape", "T1", .int64)],
    attributes: ["start": .integer, "end": .integer])

  /// First axis; negative counts from the back, and what lies outside is clamped.
  public var start: Int
  /// Axis after the last one, or nil for all; negative counts from the back, and what lies outside is clamped.
  public var end: Int?

  public init(start: Int = 0, end: Int? = nil) {
    self.start = start
    self.end = end
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    start = try attributes.integer("start", default: 0)
    end = try attributes.integer("end")
  }

  public func encode(into attributes: inout Attributes) {
    if start != 0 { attributes.set("start", start) }
    if let end { attributes.set("end", end) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let rank = try inputs.tensor(0).rank
    return [.tensor(TensorType(.int64, [rank.map { .known(axes(rank: $0).count) } ?? .unknown]))]
  }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    guard let shape = inputs.optional(0)?.type.tensor?.shape else { return [nil] }
    return [Array(shape[axes(rank: shape.count)])]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let shape = try inputs.required(0).shape
    let extents = shape[axes(rank: shape.count)].map { Int64($0) }
    return [try Tensor(extents, shape: [extents.count])]
  }

  private func axes(rank: Int) -> Range<Int> {
    func clamped(_ axis: Int) -> Int { Swift.min(Swift.max(axis < 0 ? axis + rank : axis, 0), rank) }
    let first = clamped(start)
    return first..<Swift.max(first, clamped(end ?? rank))
  }
}

extension ShapeOperator: AxisMapping {
  /// Axes that are not read are carried to nowhere.
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let shape = inputs.optional(0)?.type.tensor?.shape else { return nil }
    var map = AxisMap(inputs: 1)
    let read = axes(rank: shape.count)
    map.inputs[0] = shape.enumerated().map { map.axis($1, read.contains($0) ? .fresh : .carried) }
    map.outputs[0] = [map.axis(.known(read.count), .fresh)]
    return map
  }
}
