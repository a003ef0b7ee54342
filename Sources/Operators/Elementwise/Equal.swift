import LatheDiagnostics
import LatheIR
import LatheTensors

/// Whether the two are equal, element by element, with broadcasting; also for truth values and text.
public struct Equal: Comparison, Commutative {
  public static let schema = formal("Equal", since: 19, DTypeDomain.numeric.union([.bool, .string]))

  public init() {}

  static func holds<T: NumericElement>(_ a: T, _ b: T) -> Bool { a == b }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (a, b) = try inputs.pair()
    switch a.dtype {
    case .bool: return [try Broadcasting.map(a, b) { (x: Bool, y: Bool) in x == y }]
    case .string:
      let shape = try Broadcasting.shape(of: [a, b])
      let left = try a.broadcast(to: shape).strings ?? []
      let right = try b.broadcast(to: shape).strings ?? []
      return [try Tensor(zip(left, right).map { $0.utf8.elementsEqual($1.utf8) }, shape: shape)]
    default: return try evaluateNumeric(inputs)
    }
  }
}
