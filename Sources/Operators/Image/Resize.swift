import LatheDiagnostics
import LatheIR
import LatheTensors

/// The input with some axes resized: by picking the nearest elements, or by weighted means of neighbours.
public struct Resize: NumericEvaluable {
  /// How an element of the result is made.
  public enum Mode: String, Sendable, Hashable, CaseIterable {
    case nearest, linear, cubic
  }

  /// How `sizes` are read.
  public enum AspectPolicy: String, Sendable, Hashable, CaseIterable {
    /// As they are.
    case stretch
    /// As the largest and the smallest extents allowed, while all axes are scaled alike.
    case notLarger = "not_larger"
    case notSmaller = "not_smaller"
  }

  public static let schema = OperatorSchema(
    "Resize", since: 19,
    inputs: [
      .init("X", "T1", .movable), .init("roi", "T2", [.float16, .float32, .float64], .optional),
      .init("scales", "", [.float32], .optional), .init("sizes", "", .int64, .optional),
    ],
    outputs: [.init("Y", "T1", .movable)],
    attributes: [
      "antialias": .integer, "axes": .integers, "coordinate_transformation_mode": .string, "cubic_coeff_a": .float,
      "exclude_outside": .integer, "extrapolation_value": .float, "keep_aspect_ratio_policy": .string, "mode": .string,
      "nearest_mode": .string,
    ])

  public var mode: Mode
  /// Axes that scales, sizes and regions are for; nil for all.
  public var axes: [Int]?
  public var policy: AspectPolicy
  /// How positions in the result correspond to positions in the input, and how these are read.
  public var sampling: ResizeSampling

  public init(
    mode: Mode = .nearest, axes: [Int]? = nil, policy: AspectPolicy = .stretch,
    sampling: ResizeSampling = ResizeSampling()
  ) {
    self.mode = mode
    self.axes = axes
    self.policy = policy
    self.sampling = sampling
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    mode = try attributes.choice("mode", default: .nearest)
    axes = try attributes.integers("axes")
    policy = try attributes.choice("keep_aspect_ratio_policy", default: .stretch)
    sampling = try ResizeSampling(decoding: attributes)
    guard mode != .nearest || !sampling.isAntialiased else {
      throw .invalid("operator/attribute-value", "antialias is for the modes linear and cubic of Resize only")
    }
  }

  public func encode(into attributes: inout Attributes) {
    if mode != .nearest { attributes.set("mode", mode.rawValue) }
    if let axes { attributes.set("axes", axes) }
    if policy != .stretch { attributes.set("keep_aspect_ratio_policy", policy.rawValue) }
    sampling.encode(into: &attributes)
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    let given = try given(inputs)
    guard var shape = type.shape else { return [.tensor(type)] }
    let order = try order(rank: shape.count)
    if let length = given.operand.vectorLength, length != order.count {
      throw .invalid("operator/resize", "Resize is given \(length) \(given.role) for \(order.count) axes of \(type)")
    }
    let extents = order.map { shape[$0] }
    let result = given.role == "sizes" ? try sized(extents, given.operand) : try scaled(extents, given.operand)
    for (position, axis) in order.enumerated() { shape[axis] = result[position] }
    return [.tensor(TensorType(type.dtype, try checked(shape: shape)))]
  }

  /// The input that says how large the result is; an empty vector counts as left out.
  private func given(_ inputs: [Operand?]) throws(Diagnostic) -> (operand: Operand, role: String) {
    var found: [(Operand, String)] = []
    for (position, role) in [(2, "scales"), (3, "sizes")] {
      guard let operand = inputs.optional(position) else { continue }
      if let rank = try operand.tensor().rank, rank != 1 {
        throw .invalid("operator/rank", "the \(role) of Resize should be a vector, but are \(operand.type)")
      }
      if operand.vectorLength != 0 || axes == [] { found.append((operand, role)) }
    }
    // Of two inputs whose lengths are unknown, either may turn out to be empty.
    guard let first = found.first, found.count == 1 || found.contains(where: { $0.0.vectorLength == nil }) else {
      throw .invalid("operator/resize", "Resize needs either its input scales or its input sizes, and not both")
    }
    guard found.count == 1 else {
      return found.first { $0.0.vectorLength != nil } ?? (Operand(type: .tensor(TensorType(.int64, nil))), "sizes")
    }
    return first
  }

  private func order(rank: Int) throws(Diagnostic) -> [Int] {
    guard let axes else { return Array(0..<rank) }
    _ = try normalized(axes: axes, rank: rank)
    return axes.map { $0 < 0 ? $0 + rank : $0 }
  }

  private func scaled(_ extents: [Dimension], _ operand: Operand) throws(Diagnostic) -> [Dimension] {
    guard let scales = operand.constant?.doubles(), scales.count == extents.count else {
      return extents.map { _ in .unknown }
    }
    return try zip(extents, scales).map { (extent, scale) throws(Diagnostic) -> Dimension in
      guard scale > 0, scale.isFinite else {
        throw .invalid("operator/resize", "Resize cannot scale an axis by \(scale)")
      }
      guard let number = extent.known else {
        return Int(exactly: scale).map { extent * .known($0) } ?? .unknown
      }
      // In single precision, as runtimes do it: 10 times the float next to 0.7 is 7.
      guard let size = Int(exactly: (Float(number) * Float(scale)).rounded(.down)) else {
        throw .invalid("operator/resize", "an axis of \(number) scaled by \(scale) is too large to be counted")
      }
      return .known(size)
    }
  }

  private func sized(_ extents: [Dimension], _ operand: Operand) throws(Diagnostic) -> [Dimension] {
    guard let sizes = try operand.vector("list of sizes") else { return extents.map { _ in .unknown } }
    guard policy != .stretch else { return sizes }
    let (before, after) = (extents.compactMap(\.known), sizes.compactMap(\.known))
    guard before.count == extents.count, after.count == sizes.count else { return extents.map { _ in .unknown } }
    guard !before.contains(0), let scale = commonScale(before, after) else {
      throw .invalid("operator/resize", "Resize cannot keep the aspect ratio of \(before) in \(after)")
    }
    return try before.map { (extent) throws(Diagnostic) -> Dimension in
      guard let size = Int(exactly: (scale * Double(extent) + 0.5).rounded(.down)), size >= 0 else {
        throw .invalid("operator/resize", "an axis of \(extent) scaled by \(scale) has no extent")
      }
      return .known(size)
    }
  }

  private func commonScale(_ before: [Int], _ after: [Int]) -> Double? {
    let scales = zip(before, after).map { Double($1) / Double($0) }
    return policy == .notLarger ? scales.min() : scales.max()
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    guard mode == .nearest else { return try evaluateNumeric(inputs) }
    let (input, shape) = (try inputs.required(0), try concreteShape(inputs))
    guard !shape.contains(0) else { return [try Tensor.zeros(input.dtype, shape)] }
    var runs = input.shape.map { [AxisRun.input(0, $0)] }
    for plan in try plans(inputs) { runs[plan.axis] = plan.nearest(sampling) }
    var fill: Tensor?
    if sampling.extrapolation != 0, input.dtype.numericType != nil {
      fill = try Tensor(numbers: input.dtype, [1]) { _ in Double(sampling.extrapolation) }
    }
    return [try input.picked(runs, fill: fill)]
  }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    let shape = try concreteShape(inputs)
    guard !shape.contains(0) else { return [try Tensor.zeros(input.dtype, shape)] }
    var current = input.withElements(as: T.self) { $0.map(\.double) }
    var extents = input.shape
    // Axes that shrink go first, so that nothing in between is larger than both input and result.
    for plan in try plans(inputs).sorted(by: { $0.growth < $1.growth }) {
      current = plan.weights(sampling, isCubic: mode == .cubic).applied(to: current, extents, axis: plan.axis)
      extents[plan.axis] = plan.output
    }
    let isFloat = T.dtype.isFloat
    let result = try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) in
      for index in target.indices {
        target[index] = T(double: isFloat ? current[index] : current[index].rounded(.toNearestOrEven))
      }
    }
    return [result]
  }

  /// What happens on each axis that changes.
  private func plans(_ inputs: [Tensor?]) throws(Diagnostic) -> [ResizeAxis] {
    let input = try inputs.required(0)
    let (shape, order) = (try concreteShape(inputs), try order(rank: input.rank))
    let scales = inputs.optional(2).flatMap { $0.elementCount > 0 ? $0.doubles() : nil }
    let regions = sampling.transformation == .cropAndResize ? inputs.optional(1)?.doubles() : nil
    if sampling.transformation == .cropAndResize {
      guard let regions, regions.count == 2 * order.count, regions.allSatisfy({ $0.isFinite && abs($0) < 1e9 }) else {
        throw .invalid("operator/resize", "tf_crop_and_resize needs a finite start and end of the region for each axis")
      }
    }
    let sizes = inputs.optional(3)?.integers() ?? []
    let common = scales == nil && policy != .stretch ? commonScale(order.map { input.shape[$0] }, sizes) : nil
    var plans: [ResizeAxis] = []
    for (position, axis) in order.enumerated() {
      let (before, after) = (input.shape[axis], shape[axis])
      guard before > 0 || after == 0 else {
        throw .invalid("operator/resize", "an empty axis cannot be resized to \(after)")
      }
      let scale = scales?[position] ?? common ?? Double(after) / Double(Swift.max(1, before))
      let region = regions.map { ($0[position], $0[order.count + position]) }
      let plan = ResizeAxis(axis: axis, input: before, output: after, scale: scale, region: region)
      if !plan.isIdentity { plans.append(plan) }
    }
    return plans
  }
}

extension Resize: AxisMapping {
  /// Axes that are resized are not explained, even where they keep their extent.
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let x = inputs.optional(0)?.type.tensor?.shape, let y = outputs.first?.shape, x.count == y.count,
      let resized = try? order(rank: x.count)
    else { return nil }
    var map = AxisMap(inputs: inputs.count)
    let scales = inputs.optional(2)?.constant?.doubles() ?? []
    var (before, after): ([AxisMap.Axis], [AxisMap.Axis]) = ([], [])
    for axis in x.indices {
      let place = resized.firstIndex(of: axis)
      let isKept = place.map { scales.indices.contains($0) && scales[$0] == 1 } ?? true
      if isKept, x[axis].isProvablyEqual(to: y[axis]), sampling.transformation != .cropAndResize {
        before.append(map.axis(x[axis]))
        after.append(before[axis])
      } else {
        before.append(map.axis(x[axis], .normalized))
        after.append(map.axis(y[axis], .fresh))
      }
    }
    map.inputs[0] = before
    map.outputs[0] = after
    return map
  }
}
