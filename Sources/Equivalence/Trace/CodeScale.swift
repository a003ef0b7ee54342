import LatheIR
import LatheTensors

/// What the 8-bit integers of a quantized value mean: x = (q − zero point) · scale, with one scale for all or one for each column.
public struct CodeScale: Sendable, Hashable {
  public let dtype: DType
  public let scales: [Float]
  /// One for all, or one for each scale.
  public let zeroPoints: [Int]
  /// The codes that values beyond the range become.
  public let lowest, highest: Int

  /// The scale by which a node makes integers of floats; nil for any other value, and for scales that are only known as the model runs.
  public init?(of value: ValueID, in graph: Graph) {
    guard let node = graph.producer(of: value), let dtype = graph[value].type?.tensor?.dtype, dtype == .int8 || dtype == .uint8,
      let scale = graph.constant(Self.operand("y_scale", of: node)), let scales = scale.doubles(), !scales.isEmpty,
      Self.isKnown(scale, toReadersOf: value, in: graph),
      scales.count == 1 || Self.runsOverColumns(node, graph[value].type?.tensor?.shape)
    else { return nil }
    self.dtype = dtype
    self.scales = scales.map { Float($0) }
    let zeroPoint = Self.operand("y_zero_point", of: node)
    guard zeroPoint == nil || graph.constant(zeroPoint) != nil else { return nil }
    zeroPoints = graph.constant(zeroPoint)?.integers() ?? [0]
    guard zeroPoints.count == 1 || zeroPoints.count == scales.count else { return nil }
    let isSymmetric = node.op.name.domain == "lathe" && zeroPoint == nil
    (lowest, highest) = dtype == .uint8 ? (0, 255) : (isSymmetric ? -127 : -128, 127)
  }

  private static func operand(_ name: String, of node: Node) -> ValueID? {
    // The operator that only quantizes has no other scale.
    let wanted = node.op.name.description == "lathe::QuantizeRows" && name == "y_scale" ? "scale" : name
    let position = type(of: node.op).schema.inputs.firstIndex { $0.name == wanted }
    return position.flatMap { node.inputs.indices.contains($0) ? node.inputs[$0] : nil }
  }

  /// Whether every reader has the scale as well: codes that are read by other scales mean something else.
  private static func isKnown(_ scale: Tensor, toReadersOf value: ValueID, in graph: Graph) -> Bool {
    graph[value].users.allSatisfy { user in graph[user].inputs.contains { graph.constant($0) == scale } }
  }

  /// Whether several scales are those of the last axis.
  private static func runsOverColumns(_ node: Node, _ shape: Shape?) -> Bool {
    guard node.op.name.description == "QuantizeLinear" else { return node.op.name.domain == "lathe" }
    let axis = (try? node.op.attributes.integer("axis", default: 1)) ?? 1
    let isBlocked = ((try? node.op.attributes.integer("block_size", default: 0)) ?? 0) != 0
    return !isBlocked && (axis == -1 || shape.map { axis == $0.count - 1 } ?? false)
  }

  /// The floats that codes mean; nil for a tensor of another type or width.
  public func floats(of codes: Tensor) -> Tensor? {
    guard let numbers = codes.bytesAsNumbers, fits(codes.shape) else { return nil }
    let floats = numbers.enumerated().map { Float($1 - zeroPoint($0)) * scale($0) }
    return try? Tensor(floats, shape: codes.shape)
  }

  /// The codes of floats, rounded to the nearest, ties to even; nil for a tensor of another type or width.
  public func codes(of floats: Tensor) -> Tensor? {
    guard let values = floats.elements(as: Float.self), fits(floats.shape) else { return nil }
    let codes = values.enumerated().map { index, value -> Int in
      let quotient = (value / scale(index)).rounded(.toNearestOrEven) + Float(zeroPoint(index))
      return quotient.isNaN ? 0 : Int(Swift.max(Float(lowest), Swift.min(Float(highest), quotient)))
    }
    return dtype == .int8
      ? try? Tensor(codes.map { Int8($0) }, shape: floats.shape) : try? Tensor(codes.map { UInt8($0) }, shape: floats.shape)
  }

  /// How many codes are at an end of the range.
  public func saturated(_ codes: Tensor) -> Int { codes.bytesAsNumbers?.count { $0 <= lowest || $0 >= highest } ?? 0 }

  /// How many floats lie beyond what the outermost codes mean, by more than half a step.
  public func clipped(_ floats: Tensor) -> Int {
    guard let values = floats.elements(as: Float.self), fits(floats.shape) else { return 0 }
    return values.enumerated().count { index, value in
      let quotient = value / scale(index) + Float(zeroPoint(index))
      return quotient > Float(highest) + 0.5 || quotient < Float(lowest) - 0.5
    }
  }

  private func fits(_ shape: [Int]) -> Bool { scales.count == 1 || shape.last == scales.count }

  /// Columns run fastest.
  private func scale(_ index: Int) -> Float { scales.count == 1 ? scales[0] : scales[index % scales.count] }

  private func zeroPoint(_ index: Int) -> Int { zeroPoints.count == 1 ? zeroPoints[0] : zeroPoints[index % zeroPoints.count] }
}
