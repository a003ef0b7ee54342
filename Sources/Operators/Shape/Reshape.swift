import LatheDiagnostics
import LatheIR
import LatheTensors

/// The same elements under another shape: −1 stands for what is left over, 0 for the input's own extent.
public struct Reshape: Reshaping {
  public static let schema = OperatorSchema(
    "Reshape", since: 25,
    inputs: [.init("data", "T", .movableWithPacked), .init("shape", "", .int64)],
    outputs: [.init("reshaped", "T", .movableWithPacked)],
    attributes: ["allowzero": .integer])

  /// Whether 0 means an empty axis rather than the input's own extent.
  public var allowsZero: Bool

  public init(allowsZero: Bool = false) { self.allowsZero = allowsZero }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    allowsZero = try attributes.flag("allowzero", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    if allowsZero { attributes.set("allowzero", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let data = try inputs.tensor(0)
    guard let target = try inputs.optional(1)?.vector("target shape") else {
      return [.tensor(TensorType(data.dtype, .unknown(inputs.optional(1)?.vectorLength)))]
    }
    return [.tensor(TensorType(data.dtype, try shape(of: data, target)))]
  }

  private func shape(of data: TensorType, _ target: [Dimension]) throws(Diagnostic) -> Shape {
    var result = target
    // Extents that are copied are left out of both sides, so that a −1 is known even where they are not.
    var source = data.shape
    var copied: Set<Int> = []
    for (axis, extent) in target.enumerated() {
      if let number = extent.known, number < -1 { throw invalid(target, data, "\(number) is no extent") }
      guard extent == 0, !allowsZero else { continue }
      if let shape = data.shape {
        guard axis < shape.count else { throw invalid(target, data, "there is no axis \(axis) to copy") }
        result[axis] = shape[axis]
        source?[axis] = .known(1)
      } else {
        result[axis] = .unknown
      }
      copied.insert(axis)
    }
    let open = target.indices.filter { target[$0] == -1 }
    let given = result.indices.filter { !copied.contains($0) && !open.contains($0) }.map { result[$0] }
    guard open.count <= 1 else { throw invalid(target, data, "-1 may stand there only once") }
    if let position = open.first {
      guard !(allowsZero && target.contains(0)) else { throw invalid(target, data, "-1 beside a 0 can be anything") }
      result[position] = try remainder(of: source, given, target, data)
    } else if let source, source.product.isProvablyDifferent(from: given.product) {
      throw invalid(target, data, "the number of elements differs")
    }
    return result
  }

  /// What −1 stands for: the elements of `source` divided among `given`.
  private func remainder(
    of source: Shape?, _ given: Shape, _ target: Shape, _ data: TensorType
  ) throws(Diagnostic) -> Dimension {
    guard var numerator = source else { return .unknown }
    var denominator: Shape = []
    for extent in given {
      if let match = numerator.firstIndex(where: { extent != .unknown && $0 == extent }), extent != 0 {
        numerator.remove(at: match)
      } else {
        denominator.append(extent)
      }
    }
    let (total, divisor) = (numerator.product, denominator.product)
    guard divisor != 0 else { throw invalid(target, data, "-1 beside an empty axis can be anything") }
    if let total = total.known, let divisor = divisor.known {
      guard total.isMultiple(of: divisor) else {
        throw invalid(target, data, "\(total) elements do not divide into \(divisor)")
      }
      return .known(total / divisor)
    }
    return total.floorDivided(by: divisor)
  }

  private func invalid(_ target: Shape, _ data: TensorType, _ reason: String) -> Diagnostic {
    .invalid("operator/reshape", "\(data) cannot take the shape \(target): \(reason)")
  }
}

extension Reshape {
  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) {
    guard let target = inputs.optional(1)?.extents(following: map.outputs[0], of: map) else { return (self, inputs) }
    return (self, [inputs.optional(0), target])
  }
}
