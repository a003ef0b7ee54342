import LatheDiagnostics
import LatheIR
import LatheTensors

/// The number, or slope · x where it is negative; the slope broadcasts to the input.
public struct PRelu: NumericEvaluable, AttributeFree, Broadcast {
  public static let schema = OperatorSchema(
    "PRelu", since: 16,
    inputs: [.init("X", "T", .wide), .init("slope", "T", .wide)],
    outputs: [.init("Y", "T", .wide)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (x, slope) = (try inputs.tensor(0), try inputs.tensor(1))
    guard let shape = x.shape, let other = slope.shape else { return [.tensor(x)] }
    let widens = zip(shape.suffix(other.count), other).contains { own, given in
      given.known.map { $0 != 1 && own.isProvablyDifferent(from: given) } ?? false
    }
    guard other.count <= shape.count, !widens else {
      throw .invalid("operator/broadcast", "the slope \(slope) does not broadcast to \(x)")
    }
    return [.tensor(x)]
  }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (x, slope) = try inputs.pair()
    let slopes = try slope.broadcast(to: x.shape)
    return [try Broadcasting.map(x, slopes) { (x: T, slope: T) in x < T.zero ? T.multiplying(slope, x) : x }]
  }
}
