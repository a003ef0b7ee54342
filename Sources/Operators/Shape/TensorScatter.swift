import LatheDiagnostics
import LatheIR
import LatheTensors

/// A cache of keys or values with new entries written along its sequence axis, for each sample from an entry on.
public struct TensorScatter: Evaluable {
  /// What happens at the cache's end.
  public enum Mode: String, Sendable, Hashable, CaseIterable {
    /// Nothing may be written beyond it.
    case linear
    /// Writing goes on at the start.
    case circular
  }

  private static let types = DTypeDomain.movableWithPacked.subtracting([.uint2, .int2])

  public static let schema = OperatorSchema(
    "TensorScatter", since: 24,
    inputs: [
      .init("past_cache", "T", types), .init("update", "T", types), .init("write_indices", "", .int64, .optional),
    ],
    outputs: [.init("present_cache", "T", types)],
    attributes: ["axis": .integer, "mode": .string])

  /// The sequence axis; negative counts from the back.
  public var axis: Int
  public var mode: Mode

  public init(axis: Int = -2, mode: Mode = .linear) {
    self.axis = axis
    self.mode = mode
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis", default: -2)
    mode = try attributes.choice("mode", default: .linear)
  }

  public func encode(into attributes: inout Attributes) {
    if axis != -2 { attributes.set("axis", axis) }
    if mode != .linear { attributes.set("mode", mode.rawValue) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (cache, update) = (try inputs.tensor(0), try inputs.tensor(1))
    guard let shape = cache.shape else { return [.tensor(cache)] }
    let axis = try sequenceAxis(rank: shape.count)
    if let given = update.shape {
      let differs =
        given.count != shape.count
        || shape.indices.contains { position in
          position != axis && given[position].isProvablyDifferent(from: shape[position])
        }
      if differs || zip([shape[axis]], given.dropFirst(axis)).contains(where: { ($1.known ?? 0) > ($0.known ?? .max) })
      {
        throw .invalid("operator/shape", "\(update) does not fit into the cache \(cache) along its axis \(axis)")
      }
    }
    if let starts = try inputs.optional(2)?.tensor(), let given = starts.shape,
      given.count != 1 || given[0].isProvablyDifferent(from: shape[0])
    {
      throw .invalid("operator/shape", "TensorScatter needs an index for each sample of \(cache), but has \(starts)")
    }
    return [.tensor(cache)]
  }

  private func sequenceAxis(rank: Int) throws(Diagnostic) -> Int {
    let position = try normalized(axis: axis, rank: rank)
    guard position != 0 else { throw .invalid("operator/axis", "the axis of TensorScatter is that of the batch") }
    return position
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (cache, update) = try inputs.pair()
    let axis = try sequenceAxis(rank: cache.rank)
    let (capacity, count) = (cache.shape[axis], update.shape[axis])
    let starts = try starts(inputs.optional(2), batch: cache.shape[0], capacity: capacity, count: count)
    let length = cache.shape[(axis + 1)...].reduce(1, *)
    let perSample = cache.shape[1..<axis].reduce(1, *)
    guard update.elementCount > 0 else { return [cache] }
    let result = try cache.overwritten(by: update) { body in
      for prefix in 0..<cache.shape[0] * perSample {
        let first = starts[prefix / perSample]
        let (target, source) = (prefix * capacity * length, prefix * count * length)
        let whole = Swift.min(count, capacity - first)
        body(target + first * length, source, whole * length)
        if whole < count { body(target, source + whole * length, (count - whole) * length) }
      }
    }
    return [result]
  }

  /// First entry to write for each sample, inside the cache.
  private func starts(
    _ given: Tensor?, batch: Int, capacity: Int, count: Int
  ) throws(Diagnostic) -> [Int] {
    let starts = given?.integers() ?? Array(repeating: 0, count: batch)
    guard mode == .linear else { return starts.map { capacity == 0 ? 0 : (($0 % capacity) + capacity) % capacity } }
    if let outside = starts.first(where: { $0 < 0 || $0 > capacity - count }) {
      throw .invalid("operator/index", "\(count) entries from \(outside) on do not fit into a cache of \(capacity)")
    }
    return starts
  }
}
