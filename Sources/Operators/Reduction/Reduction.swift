import LatheDiagnostics
import LatheIR
import LatheTensors

/// An operator that makes one element of all elements along some axes, or along all of them.
///
/// Over no axes at all, as `noop_with_empty_axes` asks for, every element is reduced by itself.
protocol Reduction: Evaluable, AxisMapping {
  /// What the reduced axes are.
  static var reducedRole: AxisMap.Role { get }
  /// Whether the reduced axes stay with extent 1.
  var keepsAxes: Bool { get }
  /// Whether no axes mean that nothing is reduced, rather than everything.
  var skipsWithoutAxes: Bool { get }

  init(keepsAxes: Bool, skipsWithoutAxes: Bool)
}

extension Reduction {
  /// Formal operands of a reduction of `domain`.
  static func formal(_ name: String, since version: Int, _ domain: DTypeDomain) -> OperatorSchema {
    OperatorSchema(
      name, since: version,
      inputs: [.init("data", "T", domain), .init("axes", "", .int64, .optional)],
      outputs: [.init("reduced", "T", domain)],
      attributes: ["keepdims": .integer, "noop_with_empty_axes": .integer])
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    self.init(
      keepsAxes: try attributes.flag("keepdims", default: true),
      skipsWithoutAxes: try attributes.flag("noop_with_empty_axes", default: false))
  }

  public func encode(into attributes: inout Attributes) {
    if !keepsAxes { attributes.set("keepdims", false) }
    if skipsWithoutAxes { attributes.set("noop_with_empty_axes", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    let axes = try reducedAxes(inputs.optional(1), type.rank)
    guard let shape = type.shape, let axes else {
      return [.tensor(TensorType(type.dtype, keepsAxes ? .unknown(type.rank) : nil))]
    }
    let kept = shape.indices.compactMap { axes.contains($0) ? (keepsAxes ? .known(1) : nil) : shape[$0] }
    return [.tensor(TensorType(type.dtype, kept))]
  }

  /// The axes that are reduced; nil if they cannot be told.
  func reducedAxes(_ operand: Operand?, _ rank: Int?) throws(Diagnostic) -> [Int]? {
    let given = operand == nil ? [] : try operand?.numbers("list of axes")
    guard let given, let rank else { return nil }
    if given.isEmpty { return skipsWithoutAxes ? [] : Array(0..<rank) }
    return try normalized(axes: given, rank: rank)
  }

  /// The data with the reduced axes last, how many elements are reduced to one, and the result's shape.
  func rows(_ inputs: [Tensor?]) throws(Diagnostic) -> (data: Tensor, extent: Int, shape: [Int]) {
    let data = try inputs.required(0)
    let axes = try reducedAxes(inputs.optional(1).map { Operand($0) }, data.rank) ?? []
    let extent = axes.reduce(1) { $0 * data.shape[$1] }
    let shape = try concreteShape(inputs)
    return (try data.movedToBack(axes), extent, shape)
  }
}

/// A reduction that is one function of a row of numbers.
protocol RowReduction: Reduction, NumericEvaluable {
  static func reduce<T: NumericElement>(_ row: UnsafeBufferPointer<T>) -> T
}

extension RowReduction {
  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (data, extent, shape) = try rows(inputs)
    let result = try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) in
      data.withElements(as: T.self) { source in
        for row in target.indices {
          target[row] = Self.reduce(UnsafeBufferPointer(rebasing: source[row * extent..<(row + 1) * extent]))
        }
      }
    }
    return [result]
  }
}

extension UnsafeBufferPointer where Element: NumericElement {
  /// The elements combined from `start`: floats in double precision and rounded once at the end, integers in their own type.
  ///
  /// - Parameter finish: applied to the double before it is rounded.
  @inline(__always)
  func folded(
    from start: Double, _ combine: (Double, Double) -> Double, wrapping: (Element, Element) -> Element
  ) -> Element {
    guard Element.dtype.isFloat else { return reduce(Element(double: start), wrapping) }
    return Element(double: reduce(start) { combine($0, $1.double) })
  }
}

extension Tensor {
  /// The tensor with the given axes moved behind all others, in their order.
  func movedToBack(_ axes: [Int]) throws(Diagnostic) -> Tensor {
    let order = shape.indices.filter { !axes.contains($0) } + axes
    guard order != Array(shape.indices) else { return self }
    return try gathered(by: StridedLayout(contiguous: shape).permuted(order))
  }
}

extension Reduction {
  static var reducedRole: AxisMap.Role { .normalized }

  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let shape = inputs.optional(0)?.type.tensor?.shape, let axes = try? reducedAxes(inputs.optional(1), shape.count) else {
      return nil
    }
    var map = AxisMap(inputs: inputs.count)
    let all = shape.enumerated().map { map.axis($1, axes.contains($0) ? Self.reducedRole : .carried) }
    map.inputs[0] = all
    map.outputs[0] = all.indices.compactMap { axes.contains($0) ? (keepsAxes ? AxisMap.one : nil) : all[$0] }
    return map
  }
}
