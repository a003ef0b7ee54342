import LatheDiagnostics
import LatheIR
import LatheTensors

/// An operator that gives its first input another shape and leaves the elements as they are.
protocol Reshaping: Evaluable, ShapeArithmetic, AxisMapping {}

extension Reshaping {
  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    [try inputs.required(0).reshaped(to: try concreteShape(inputs))]
  }

  /// The elements themselves, as long as the result has at most one axis.
  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    guard let elements = inputs.optional(0)?.followed, let type = try? infer(inputs).first?.tensor,
      let rank = type.rank,
      rank <= 1
    else { return [nil] }
    return [elements]
  }
}

extension Operand {
  /// Elements of an integer vector as dimensions; nil if they cannot be told.
  ///
  /// - Throws: `operator/rank` if this is no vector, or has more elements than a tensor has axes.
  func vector(_ role: String) throws(Diagnostic) -> [Dimension]? {
    let type = try tensor()
    if let rank = type.rank, rank != 1 {
      throw .invalid("operator/rank", "the \(role) should be a vector, but is \(type)")
    }
    if let length = vectorLength, length > Tensor.maximumRank {
      throw .invalid(
        "operator/rank", "the \(role) has \(length) elements, but no tensor has more than \(Tensor.maximumRank) axes")
    }
    return elements ?? integers?.map { .known($0) }
  }

  /// Number of elements of a vector, if known.
  var vectorLength: Int? { type.tensor?.shape.flatMap { $0.count == 1 ? $0[0].known : nil } }

  /// Number of axes given as a vector or scalar, if known.
  var axisCount: Int? { type.tensor?.rank == 0 ? 1 : vectorLength }

  /// Axes given as a vector or, as ONNX's own tests do, as a scalar; nil if not all are known.
  ///
  /// - Throws: `operator/rank` for more axes than one.
  func axes() throws(Diagnostic) -> [Int]? {
    if try tensor().rank == 0 { return integers }
    return try numbers("list of axes")
  }

  /// Elements of an integer vector as numbers; nil if not all are known.
  ///
  /// - Throws: `operator/rank` if this is no vector.
  func numbers(_ role: String) throws(Diagnostic) -> [Int]? {
    _ = try vector(role)
    return integers
  }
}

/// Axes counted from the front, ascending, each once, for a tensor of `rank` axes.
///
/// - Throws: `operator/axis` for axes outside the tensor and, unless `allowsRepeats`, for repeated ones.
func normalized(axes: [Int], rank: Int, allowsRepeats: Bool = false) throws(Diagnostic) -> [Int] {
  var result: Set<Int> = []
  for axis in axes {
    let isNew = result.insert(try normalized(axis: axis, rank: rank)).inserted
    guard isNew || allowsRepeats else { throw .invalid("operator/axis", "the axis \(axis) is given twice in \(axes)") }
  }
  return result.sorted()
}

/// Dimensions of a shape that must not be negative.
///
/// - Throws: `operator/shape` for a negative one.
func checked(shape: [Dimension]) throws(Diagnostic) -> [Dimension] {
  if let negative = shape.first(where: { $0.known.map { $0 < 0 } ?? false }) {
    throw .invalid("operator/shape", "the shape \(shape) has the negative dimension \(negative)")
  }
  return shape
}

extension [Dimension] {
  /// As many unknown dimensions, if the number is known.
  static func unknown(_ rank: Int?) -> [Dimension]? { rank.map { Array(repeating: .unknown, count: $0) } }

  /// Product of the dimensions.
  var product: Dimension { reduce(.known(1)) { $0 * $1 } }
}

extension Reshaping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let before = inputs.optional(0)?.type.tensor?.shape, let after = outputs.first?.shape,
      let common = AxisMap.reshaping(before, after)
    else { return nil }
    var map = common
    map.inputs += Array(repeating: nil, count: inputs.count - 1)
    return map
  }
}
