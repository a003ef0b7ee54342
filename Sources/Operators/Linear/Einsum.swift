import LatheDiagnostics
import LatheIR
import LatheTensors

/// An Einstein summation: products of elements with equal labels, summed over all labels that the result lacks.
///
/// Operands are combined from left to right, each time as one matrix product. Axes of extent 1 broadcast. Floats of 16 bits
/// are summed in Float and rounded once; integers wrap.
public struct Einsum: NumericEvaluable {
  public static let schema = OperatorSchema(
    "Einsum", since: 28,
    inputs: [.init("Inputs", "T", .numeric, .variadic)],
    outputs: [.init("Output", "T", .numeric)],
    attributes: ["equation": .string])

  /// Terms of letters and `...`, separated by commas, and the result's term after `->`.
  public var equation: String
  private let parsed: EinsumEquation

  /// - Throws: `operator/einsum` for text that is no equation.
  public init(equation: String) throws(Diagnostic) {
    self.equation = equation
    parsed = try EinsumEquation(equation)
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    try self.init(equation: try Attributes.required("equation", try attributes.string("equation")))
  }

  public func encode(into attributes: inout Attributes) { attributes.set("equation", equation) }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let types = try inputs.tensors()
    guard let dtype = types.first?.dtype else { throw .invalid("operator/inputs", "Einsum needs at least one input") }
    let ranks = types.compactMap(\.rank)
    try parsed.check(operands: inputs.count)
    guard ranks.count == types.count else { return [.tensor(TensorType(dtype, .unknown(parsed.outputRank)))] }
    let labels = try parsed.labels(ranks: ranks)
    var extents: [Int: TensorType] = [:]
    for (type, names) in zip(types, labels.inputs) {
      for (label, extent) in try ownExtents(names, type.shape ?? []) {
        let axis = TensorType(dtype, [extent])
        extents[label] = TensorType(dtype, try Broadcasting.shape(of: [extents[label] ?? axis, axis]))
      }
    }
    return [.tensor(TensorType(dtype, labels.output.map { extents[$0]?.shape?.first ?? .unknown }))]
  }

  /// Extents of one operand by label; a repeated label has one extent.
  private func ownExtents(_ names: [Int], _ shape: Shape) throws(Diagnostic) -> [Int: Dimension] {
    var extents: [Int: Dimension] = [:]
    for (label, extent) in zip(names, shape) {
      if let other = extents[label] {
        guard !other.isProvablyDifferent(from: extent) else {
          throw EinsumEquation.broken(equation, "a repeated letter has the extents \(other) and \(extent)")
        }
        if extent.known == nil { continue }
      }
      extents[label] = extent
    }
    return extents
  }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let shape = try concreteShape(inputs)
    var tensors: [Tensor] = []
    for position in inputs.indices {
      tensors.append(try MatrixProduct.widened(try inputs.required(position), from: T.self))
    }
    let labels = try parsed.labels(ranks: tensors.map(\.rank))
    let factors = try factors(tensors, labels)
    let result =
      tensors[0].dtype == T.dtype
      ? try product(factors, labels.output, as: T.self) : try product(factors, labels.output, as: Float.self)
    return [try MatrixProduct.narrowed(result, to: T.self).reshaped(to: shape)]
  }

  /// The operands with each label once: diagonals taken, axes that broadcast dropped.
  private func factors(_ tensors: [Tensor], _ labels: EinsumEquation.Labels) throws(Diagnostic) -> [EinsumFactor] {
    var extents: [Int: Int] = [:]
    for (tensor, names) in zip(tensors, labels.inputs) {
      for (label, extent) in zip(names, tensor.shape) where extent != 1 || extents[label] == nil {
        extents[label] = extent
      }
    }
    var factors: [EinsumFactor] = []
    for (tensor, names) in zip(tensors, labels.inputs) {
      factors.append(try EinsumFactor(tensor, names, extents))
    }
    return factors
  }

  private func product<T: NumericElement>(
    _ factors: [EinsumFactor], _ output: [Int], as type: T.Type
  ) throws(Diagnostic) -> Tensor {
    var result = factors[0]
    for (position, factor) in factors.enumerated().dropFirst() {
      let needed = Set(output).union(factors[(position + 1)...].flatMap(\.labels))
      result = try result.times(factor, keeping: needed, as: T.self)
    }
    result = try result.summed(keeping: Set(output), as: T.self)
    return try result.ordered(output).tensor
  }
}

extension Einsum: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    let shapes = inputs.map { $0?.type.tensor?.shape }
    let ranks = shapes.compactMap { $0?.count }
    guard ranks.count == inputs.count, let labels = try? parsed.labels(ranks: ranks) else { return nil }
    var map = AxisMap(inputs: inputs.count)
    var axes: [Int: (axis: AxisMap.Axis, extent: Dimension)] = [:]
    for (position, names) in labels.inputs.enumerated() {
      guard let shape = shapes[position] else { return nil }
      for (label, extent) in zip(names, shape) where extent != 1 && axes[label] == nil {
        axes[label] = (map.axis(extent, labels.output.contains(label) ? .carried : .contracted), extent)
      }
    }
    for (position, names) in labels.inputs.enumerated() {
      guard let shape = shapes[position] else { return nil }
      var own: [AxisMap.Axis] = []
      for (label, extent) in zip(names, shape) {
        guard let known = axes[label], extent != 1 else {
          own.append(AxisMap.one)
          continue
        }
        guard known.extent.isProvablyEqual(to: extent) else { return nil }
        own.append(known.axis)
      }
      map.inputs[position] = own
    }
    map.outputs[0] = labels.output.map { axes[$0]?.axis ?? AxisMap.one }
    return map
  }
}
