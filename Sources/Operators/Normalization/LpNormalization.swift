import LatheDiagnostics
import LatheIR
import LatheTensors

/// Elements divided by the norm of order 1 or 2 along one axis; where the norm is 0, zeros.
public struct LpNormalization: FloatEvaluable {
  public static let schema = OperatorSchema(
    "LpNormalization", since: 22,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)],
    attributes: ["axis": .integer, "p": .integer])

  /// The axis; negative counts from the back.
  public var axis: Int
  /// Order of the norm: 1 or 2.
  public var p: Int

  public init(axis: Int = -1, p: Int = 2) {
    self.axis = axis
    self.p = p
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis", default: -1)
    p = try attributes.normExponent()
    guard p <= 2 else { throw .invalid("operator/attribute-value", "p = \(p) should be 1 or 2") }
  }

  public func encode(into attributes: inout Attributes) {
    if axis != -1 { attributes.set("axis", axis) }
    if p != 2 { attributes.set("p", p) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    if let rank = x.rank { _ = try normalized(axis: axis, rank: rank) }
    return [.tensor(x)]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let axis = try normalized(axis: axis, rank: x.rank)
    let (extent, inner) = (x.shape[axis], x.shape[(axis + 1)...].clampedProduct)
    let norm = Norm(p: p)
    let y = try Tensor(of: T.self, shape: x.shape) { (target: UnsafeMutableBufferPointer<T>) in
      guard !target.isEmpty else { return }
      x.withElements(as: T.self) { source in
        for row in 0..<source.count / extent {
          let first = row / inner * extent * inner + row % inner
          var sum = 0.0
          for index in 0..<extent { sum += norm.power(source[first + index * inner].wide) }
          let length = norm.root(sum)
          for index in 0..<extent {
            target[first + index * inner] =
              length == 0 ? T.zero : T(double: source[first + index * inner].wide / length)
          }
        }
      }
    }
    return [y]
  }
}
