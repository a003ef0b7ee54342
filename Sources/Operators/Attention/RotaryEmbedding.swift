import LatheDiagnostics
import LatheIR
import LatheTensors

/// Pairs of elements turned by an angle that grows with the position in the sequence.
///
/// The input is [batch, heads, sequence, size] or [batch, sequence, heads · size]. Computed in double precision and rounded once.
public struct RotaryEmbedding: FloatEvaluable {
  private static let types: DTypeDomain = [.float32, .float16, .bfloat16]

  public static let schema = OperatorSchema(
    "RotaryEmbedding", since: 23,
    inputs: [
      .init("X", "T", types), .init("cos_cache", "T", types), .init("sin_cache", "T", types),
      .init("position_ids", "M", .int64, .optional),
    ],
    outputs: [.init("Y", "T", types)],
    attributes: ["interleaved": .integer, "num_heads": .integer, "rotary_embedding_dim": .integer])

  /// Whether the elements of a pair are neighbours, rather than half a head apart.
  public var isInterleaved: Bool
  /// Number of heads, where the input has 3 axes; 0 for none.
  public var heads: Int
  /// How many elements at the front of each head are turned; 0 for all.
  public var turnedSize: Int

  public init(isInterleaved: Bool = false, heads: Int = 0, turnedSize: Int = 0) {
    self.isInterleaved = isInterleaved
    self.heads = heads
    self.turnedSize = turnedSize
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    isInterleaved = try attributes.flag("interleaved", default: false)
    heads = try attributes.integer("num_heads", default: 0)
    turnedSize = try attributes.integer("rotary_embedding_dim", default: 0)
    guard heads >= 0, turnedSize >= 0, turnedSize % 2 == 0 else {
      throw .invalid(
        "operator/attribute-value",
        "num_heads = \(heads) should not be negative, and rotary_embedding_dim = \(turnedSize) be even")
    }
  }

  public func encode(into attributes: inout Attributes) {
    if isInterleaved { attributes.set("interleaved", true) }
    if heads != 0 { attributes.set("num_heads", heads) }
    if turnedSize != 0 { attributes.set("rotary_embedding_dim", turnedSize) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    guard let shape = x.shape else { return [.tensor(x)] }
    guard shape.count == 3 || shape.count == 4 else {
      throw .invalid("operator/rank", "RotaryEmbedding takes tensors of 3 or 4 axes, but is given \(x)")
    }
    if shape.count == 3, heads == 0 {
      throw .invalid("operator/attribute-missing", "RotaryEmbedding needs num_heads for an input of 3 axes")
    }
    let size = shape.count == 4 ? shape[3] : shape[2].exactlyDivided(by: .known(heads)) ?? .unknown
    if shape.count == 3, let hidden = shape[2].known, hidden % heads != 0 {
      throw misfit("\(hidden) elements cannot be split into \(heads) heads")
    }
    if let size = size.known, turnedSize == 0 ? size % 2 != 0 : turnedSize > size {
      throw misfit("of \(size) elements in a head, \(turnedSize == 0 ? size : turnedSize) cannot be turned in pairs")
    }
    let half = turnedSize == 0 ? size.exactlyDivided(by: 2) ?? .unknown : .known(turnedSize / 2)
    let (batch, steps) = (shape[0], shape[shape.count == 4 ? 2 : 1])
    let positions = inputs.optional(3)
    let expected: Shape = positions == nil ? [batch, steps, half] : [.unknown, half]
    for (position, role) in [(1, "cos_cache"), (2, "sin_cache")] { try check(inputs, position, role, expected) }
    if positions != nil { try check(inputs, 3, "position_ids", [batch, steps]) }
    return [.tensor(x)]
  }

  private func check(_ inputs: [Operand?], _ position: Int, _ role: String, _ expected: Shape) throws(Diagnostic) {
    guard let shape = try inputs.tensor(position).shape else { return }
    guard shape.count == expected.count, !zip(shape, expected).contains(where: { $0.isProvablyDifferent(from: $1) })
    else {
      throw misfit("\(role) should have the shape \(expected), but has \(shape)")
    }
  }

  private func misfit(_ message: String) -> Diagnostic {
    .invalid("operator/rotary-embedding", "RotaryEmbedding: \(message)")
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let heads = x.rank == 4 ? x.shape[1] : self.heads
    let steps = x.shape[x.rank == 4 ? 2 : 1]
    let size = x.rank == 4 ? x.shape[3] : x.shape[2] / heads
    let half = (turnedSize == 0 ? size : turnedSize) / 2
    let (cosines, sines) = (try inputs.required(1).doubles() ?? [], try inputs.required(2).doubles() ?? [])
    let rows = try rows(inputs, count: x.shape[0] * steps)
    // Distances between heads and between steps.
    let (headStride, stepStride) = x.rank == 4 ? (steps * size, size) : (size, heads * size)
    let y = try Tensor(of: T.self, shape: x.shape) { (target: UnsafeMutableBufferPointer<T>) in
      x.withElements(as: T.self) { source in
        _ = target.update(fromContentsOf: source)
        for item in 0..<x.shape[0] * steps {
          for head in 0..<heads {
            let first = (item / steps) * heads * steps * size + head * headStride + item % steps * stepStride
            for index in 0..<half {
              let (cosine, sine) = (cosines[rows[item] * half + index], sines[rows[item] * half + index])
              let one = first + (isInterleaved ? 2 * index : index)
              let other = isInterleaved ? one + 1 : one + half
              let (a, b) = (source[one].wide, source[other].wide)
              target[one] = T(double: cosine * a - sine * b)
              target[other] = T(double: sine * a + cosine * b)
            }
          }
        }
      }
    }
    return [y]
  }

  /// The row of the caches for each step of each sequence.
  private func rows(_ inputs: [Tensor?], count: Int) throws(Diagnostic) -> [Int] {
    guard let positions = inputs.optional(3)?.integers() else { return Array(0..<count) }
    let length = Swift.min(try inputs.required(1).shape[0], try inputs.required(2).shape[0])
    var result: [Int] = []
    for position in positions {
      guard position >= 0, position < length else {
        throw misfit("the position \(position) is outside caches of \(length)")
      }
      result.append(position)
    }
    return result
  }
}
