import LatheIR
import LatheOperators
import LatheTensors

/// Integers that depend linearly on their place: offset + Σ coefficient · index, with extents of other tensors as factors.
///
/// Exporters compute places in this form, as in `batch · sequence + column`; knowing it tells what a Gather by such places does, and which
/// comparisons always hold.
struct AffineIndices {
  var shape: Shape
  /// One for each axis.
  var coefficients: [Dimension]
  var offset: Dimension

  /// The smallest and the largest value, where no coefficient is negative; all extents count as at least 1.
  var bounds: (least: Dimension, most: Dimension)? {
    var most = offset
    for (extent, coefficient) in zip(shape, coefficients) {
      guard coefficient.isProvablyNonNegative else { return nil }
      most = most + coefficient * (extent - 1)
    }
    return (offset, most)
  }

  /// The sum with indices of the same shape.
  func adding(_ other: AffineIndices) -> AffineIndices {
    AffineIndices(
      shape: zip(shape, other.shape).map { $0 == 1 ? $1 : $0 },
      coefficients: zip(coefficients, other.coefficients).map { $0 + $1 }, offset: offset + other.offset)
  }

  /// Whether these are 0, 1, 2, … in row-major order.
  var countsRowMajor: Bool {
    var stride = Dimension.known(1)
    for (extent, coefficient) in zip(shape, coefficients).reversed() {
      guard extent == 1 || coefficient.isProvablyEqual(to: stride) else { return false }
      stride = stride * extent
    }
    return offset == 0
  }
}

/// Finds values of a graph that are affine in their place.
struct AffineAnalysis {
  private let graph: Graph
  private let inference: TypeInference
  private var known: [ValueID: AffineIndices?] = [:]

  /// Follows small integer tensors through the whole graph first.
  init(_ graph: Graph) {
    self.graph = graph
    var (inference, copy) = (TypeInference(), graph)
    // What cannot be inferred is not known to be affine.
    for id in graph.order { try? inference.visit(id, in: &copy) }
    self.inference = inference
  }

  /// The value as affine in its place; nil if it is not known to be.
  mutating func indices(_ value: ValueID) -> AffineIndices? {
    if let result = known[value] { return result }
    known[value] = .some(nil)
    let result = computed(value)
    known[value] = .some(result)
    return result
  }

  private mutating func computed(_ value: ValueID) -> AffineIndices? {
    guard let type = graph[value].type?.tensor, type.dtype == .int64 || type.dtype == .int32, let shape = type.shape
    else { return nil }
    if let elements = inference.operand(value, in: graph)?.elements, elements.count == 1, elements[0] != .unknown {
      return AffineIndices(shape: shape, coefficients: shape.map { _ in 0 }, offset: elements[0])
    }
    if let constant = graph.constant(value) { return counted(constant) }
    guard let id = graph.source(value), let input = graph.input(0, of: id) else { return nil }
    switch graph[id].op {
    case is RangeOperator: return range(id, shape)
    case is Cast where graph[input].type?.tensor?.dtype.isFloat == true: return uniform(input, shape)
    case is Cast, is Identity: return indices(input)
    case is Unsqueeze, is Squeeze, is Reshape: return indices(input).flatMap { rearranged($0, to: shape) }
    case is Expand: return indices(input).map { stretched($0, to: shape) }
    case let fill as ConstantOfShape: return filled(fill, shape)
    case is Slice: return cut(id, input, shape)
    case let sum as CumSum where !sum.isExclusive && !sum.isReverse: return counted(sum: id, input, shape)
    case is Add: return sum(id, shape, sign: 1)
    case is Sub: return sum(id, shape, sign: -1)
    case is Mul: return product(id, shape)
    default: return nil
    }
  }

  /// A constant that counts up along its last axis and is the same along all others.
  private func counted(_ tensor: Tensor) -> AffineIndices? {
    guard tensor.elementCount > 1, tensor.elementCount <= 1 << 16, let numbers = tensor.integers(), let extent = tensor.shape.last
    else { return nil }
    let step = extent > 1 ? numbers[1] - numbers[0] : 0
    guard numbers.indices.allSatisfy({ numbers[$0] == numbers[0] + step * ($0 % extent) }) else { return nil }
    var coefficients = tensor.shape.map { _ in Dimension.known(0) }
    coefficients[coefficients.count - 1] = .known(step)
    return AffineIndices(
      shape: tensor.shape.map { .known($0) }, coefficients: coefficients, offset: .known(numbers[0]))
  }

  private func range(_ id: NodeID, _ shape: Shape) -> AffineIndices? {
    func number(_ position: Int) -> Dimension? {
      graph.input(position, of: id).flatMap { inference.operand($0, in: graph)?.elements?.first }
    }
    guard let start = number(0), let step = number(2), start != .unknown, step != .unknown else { return nil }
    return AffineIndices(shape: shape, coefficients: [step], offset: start)
  }

  /// One whole number everywhere, as exporters cast it from floats.
  private func uniform(_ value: ValueID, _ shape: Shape) -> AffineIndices? {
    var value = value
    while let id = graph.source(value), graph[id].op is Expand, let input = graph.input(0, of: id) { value = input }
    var tensor = graph.constant(value)
    if let fill = graph.source(value).flatMap({ graph[$0].op as? ConstantOfShape }) { tensor = fill.value }
    guard let tensor, tensor.elementCount == 1, let number = tensor.doubles()?.first, let whole = Int(exactly: number) else {
      return nil
    }
    return AffineIndices(shape: shape, coefficients: shape.map { _ in 0 }, offset: .known(whole))
  }

  private func filled(_ fill: ConstantOfShape, _ shape: Shape) -> AffineIndices? {
    guard let number = fill.value?.integers()?.first else { return nil }
    return AffineIndices(shape: shape, coefficients: shape.map { _ in 0 }, offset: .known(number))
  }

  /// Every entry from constant starts on.
  private mutating func cut(_ id: NodeID, _ input: ValueID, _ shape: Shape) -> AffineIndices? {
    guard var indices = indices(input), let starts = graph.constant(graph.input(1, of: id))?.integers(),
      starts.allSatisfy({ $0 >= 0 })
    else { return nil }
    let steps = graph.input(4, of: id)
    guard steps == nil || graph.constant(steps)?.integers()?.allSatisfy({ $0 == 1 }) == true else { return nil }
    let given = graph.input(3, of: id)
    guard let axes = given == nil ? Array(starts.indices) : graph.constant(given)?.integers(), axes.count == starts.count
    else { return nil }
    for (axis, start) in zip(axes, starts) {
      let place = axis < 0 ? axis + shape.count : axis
      guard shape.indices.contains(place), indices.shape.count == shape.count else { return nil }
      indices.offset = indices.offset + indices.coefficients[place] * .known(start)
    }
    indices.shape = shape
    return indices
  }

  /// Running sums of one number again and again.
  private mutating func counted(sum id: NodeID, _ input: ValueID, _ shape: Shape) -> AffineIndices? {
    guard let terms = indices(input), terms.coefficients.allSatisfy({ $0 == 0 }),
      let axis = graph.constant(graph.input(1, of: id))?.integers()?.first
    else { return nil }
    let place = axis < 0 ? axis + shape.count : axis
    guard shape.indices.contains(place) else { return nil }
    var coefficients = shape.map { _ in Dimension.known(0) }
    coefficients[place] = terms.offset
    return AffineIndices(shape: shape, coefficients: coefficients, offset: terms.offset)
  }

  /// Axes of extent 1 added or removed.
  private func rearranged(_ indices: AffineIndices, to shape: Shape) -> AffineIndices? {
    var wide = zip(indices.shape, indices.coefficients).filter { $0.0 != 1 }.map { $0 }[...]
    var coefficients: [Dimension] = []
    for extent in shape {
      guard extent != 1 else {
        coefficients.append(0)
        continue
      }
      guard let next = wide.popFirst(), next.0.isProvablyEqual(to: extent) else { return nil }
      coefficients.append(next.1)
    }
    return wide.isEmpty ? AffineIndices(shape: shape, coefficients: coefficients, offset: indices.offset) : nil
  }

  /// The same numbers along new axes and along those of extent 1.
  private func stretched(_ indices: AffineIndices, to shape: Shape) -> AffineIndices {
    let missing = shape.count - indices.shape.count
    let coefficients = shape.indices.map { axis -> Dimension in
      axis < missing || indices.shape[axis - missing] == 1 ? 0 : indices.coefficients[axis - missing]
    }
    return AffineIndices(shape: shape, coefficients: coefficients, offset: indices.offset)
  }

  private mutating func operands(_ id: NodeID, _ shape: Shape) -> (AffineIndices, AffineIndices)? {
    guard let a = graph.input(0, of: id).flatMap({ indices($0) }), let b = graph.input(1, of: id).flatMap({ indices($0) })
    else { return nil }
    return (stretched(a, to: shape), stretched(b, to: shape))
  }

  private mutating func sum(_ id: NodeID, _ shape: Shape, sign: Dimension) -> AffineIndices? {
    guard let (a, b) = operands(id, shape) else { return nil }
    let coefficients = zip(a.coefficients, b.coefficients).map { $0 + sign * $1 }
    return AffineIndices(shape: shape, coefficients: coefficients, offset: a.offset + sign * b.offset)
  }

  private mutating func product(_ id: NodeID, _ shape: Shape) -> AffineIndices? {
    guard let (a, b) = operands(id, shape) else { return nil }
    let isFactor = { (one: AffineIndices) in one.coefficients.allSatisfy { $0 == 0 } }
    guard let (factor, other) = isFactor(b) ? (b, a) : isFactor(a) ? (a, b) : nil else { return nil }
    return AffineIndices(
      shape: shape, coefficients: other.coefficients.map { $0 * factor.offset }, offset: other.offset * factor.offset)
  }
}

extension AffineAnalysis {
  /// Whether a Boolean value is known to be true everywhere.
  mutating func isAlwaysTrue(_ value: ValueID) -> Bool {
    if let constant = graph.constant(value) {
      return constant.elementCount <= 1 << 16 && constant.elements(as: Bool.self)?.allSatisfy { $0 } == true
    }
    guard let id = graph.source(value), let first = graph.input(0, of: id) else { return false }
    switch graph[id].op {
    case is Cast: return graph[first].type?.tensor?.dtype == .bool && isAlwaysTrue(first)
    case is Expand, is Unsqueeze, is Squeeze, is Reshape, is Identity: return isAlwaysTrue(first)
    case let fill as ConstantOfShape: return fill.value?.elements(as: Bool.self) == [true]
    case is And: return isAlwaysTrue(first) && (graph.input(1, of: id).map { isAlwaysTrue($0) } ?? false)
    case is GreaterOrEqual: return compares(id) { $0.least - $1.most }
    case is LessOrEqual: return compares(id) { $1.least - $0.most }
    case is Greater: return compares(id) { $0.least - $1.most - 1 }
    case is Less: return compares(id) { $1.least - $0.most - 1 }
    default: return false
    }
  }

  private mutating func compares(
    _ id: NodeID, _ margin: ((least: Dimension, most: Dimension), (least: Dimension, most: Dimension)) -> Dimension
  ) -> Bool {
    guard let a = graph.input(0, of: id).flatMap({ indices($0) })?.bounds,
      let b = graph.input(1, of: id).flatMap({ indices($0) })?.bounds
    else { return false }
    return margin(a, b).isProvablyNonNegative
  }
}
